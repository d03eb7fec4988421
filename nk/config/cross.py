"""What has to hold between keys of a config."""

from __future__ import annotations

from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Any

from nk import families
from nk.config import unused
from nk.config.check import several, shown
from nk.config.data import Database
from nk.config.field import spots
from nk.config.model import DEFAULTS
from nk.config.options import options_for, refused
from nk.config.plugins import define
from nk.config.scoring import measure_of, scorers
from nk.config.values import MisfitError, as_file_name, is_nothing
from nk.errors import ConfigError, Problem

if TYPE_CHECKING:
    from nk.config.build import Build
    from nk.config.plugins import Definition
    from nk.config.source import Entry

_TASKS = {"classification": "classes", "regression": "numbers"}
_MOST = 10_000  # combinations of values to try
# What says how a database is split, which one that is only tested is not.
_SPLITTING = {
    "split_strategy", "test_size", "dev_size", "split_column", "train_vals", "dev_vals", "test_vals", "train", "dev",
    "test", "as_train", "as_test",
}  # fmt: skip


def check(build: Build, mentioned: set[str]) -> None:
    """Add the problems that lie between keys."""
    _databases(build, mentioned)
    _tested(build)
    _splits(build)
    _labels(build)
    _named_once(build)
    _numbers_alone(build)
    if "feats" in build.sections:
        _pooling(build)
        _training(build)
    if "model" in build.sections:
        _task(build)
        _measure(build)
        _folds(build)
        _tuning(build)
    if "plot" in build.sections:
        _plots(build)
    _options(build)
    unused.check(build)


def _databases(build: Build, mentioned: set[str]) -> None:
    data, sets, found = build.sections["data"], build.data, build.found
    elsewhere = _has_roots(build)
    for name in sets.listed:
        entry = sets.list_entry
        if entry and name not in sets.bases and not elsewhere:
            hint = several(name) or f"add `{name} = <path>`"
            found.wrong(entry, f"names `{name}`, but nothing says where it is", hint)
        elif not elsewhere:
            _path(build, sets.bases[name], name, data.databases[name])
    for entry, name in build.mentions() if not elsewhere else ():
        if name.lower() not in {known.lower() for known in (*sets.listed, *sets.bases)}:
            found.wrong(entry, f"names `{name}`, but nothing says where it is", f"add `{name} = <path>` to [DATA]")
    for name in data.others if sets.listed else ():
        if name.lower() not in {item.lower() for item in mentioned} and sets.bases.get(name):
            found.odd(sets.bases[name][0], f"is not used: `{name}` is not in `databases`")


def _has_roots(build: Build) -> bool:
    """Whether there is another file with keys of databases that was not, or could not be, read."""
    entry = build.entry("data", "root_folders")
    return not build.roots and entry is not None and not is_nothing(entry.value)


def _path(build: Build, entries: list[Entry], name: str, database: Database) -> None:
    wrong_type = "type" not in database.model_fields_set and any(
        entry.key.lower() == f"{name}.type".lower() for entry in entries
    )
    if database.path is None and database.type != "synthetic" and not wrong_type:
        first = entries[0]
        problem = Problem(first.file, first.line, f"[DATA] `{name}` has no path", f"add `{name} = <path>`")
        build.found.problems.append(problem)


def _tested(build: Build) -> None:
    """Databases in `tests` have a path; how they would be split does not matter."""
    data = build.sections["data"]
    for name, database in data.tested.items():
        _folder(build, name)
        entries = next((each for key, each in build.data.bases.items() if key.lower() == name.lower()), [])
        if any(key.lower() == name.lower() for key in data.databases) or not entries:
            continue
        if not _has_roots(build):
            _path(build, entries, name, database)
        for entry in [one for one in entries if one.file == build.file]:
            key = entry.key[len(name) + 1 :].lower()
            value = getattr(database, key) if key in _SPLITTING else None
            if value is not None and value != "test" and value != spots(Database)[key].default:
                build.found.odd(entry, "has no effect: all rows of a database in `tests` are tested")


def _folder(build: Build, name: str) -> None:
    """Results of a test go into a folder of the database's name."""
    entry = build.entry("data", "tests")
    try:
        as_file_name(name)
    except MisfitError:
        if entry:
            hint = "give it a name without `/`, `\\` and a dot at its start"
            build.found.wrong(entry, f"names `{name}`, which cannot be a folder of results", hint)


def _splits(build: Build) -> None:
    data = build.sections["data"]
    for name, database in {**data.databases, **data.others}.items():
        entries = {
            entry.key.lower().removeprefix(f"{name.lower()}."): entry for entry in build.data.bases.get(name, [])
        }
        strategy = entries.get("split_strategy")
        if (
            strategy
            and database.split_strategy == "speakers_stated"
            and not (database.train or database.dev or database.test)
        ):
            build.found.wrong(strategy, "names no speakers", f"name them: `{name}.test = ['s1', 's2']`")
        _lock(build, name, entries, database)
        _sizes(build, name, entries, database)
        _apart(build, entries, database)


def _lock(build: Build, name: str, entries: dict[str, Entry], database: Database) -> None:
    """A lock needs its place, and the strategy that goes by it."""
    strategy, lock = entries.get("split_strategy"), entries.get("lock")
    locked = database.split_strategy == "lock"
    if strategy and locked and not database.lock:
        hint = f"name a run folder: `{name}.lock = results/first`"
        build.found.wrong(strategy, "is `lock`, but nothing says which", hint)
    elif lock and database.lock and not locked:
        build.found.odd(lock, "has no effect", f"write `{name}.split_strategy = lock`, too")


def _sizes(build: Build, name: str, entries: dict[str, Entry], database: Database) -> None:
    """The shares for test and dev must leave something; dev has a share only where there is a dev part."""
    for key in ("test_size", "dev_size"):
        size = getattr(database, key)
        if key in entries and 0 < size < 1:
            build.found.odd(
                entries[key], f"is {size:g} % of the speakers", f"write {100 * size:g} for {100 * size:g} %"
            )
    three = "dev_size" in entries or ("exp" in build.sections and build.sections["exp"].traindevtest)
    if three and "test_size" in entries and database.test_size + database.dev_size > 100:
        text = f"and `{name}.dev_size` are {database.test_size + database.dev_size:g} % together"
        build.found.wrong(entries["test_size"], text, "leave something to train on")


def _apart(build: Build, entries: dict[str, Entry], database: Database) -> None:
    """The values and speakers of the parts must differ."""
    for keys in (("train_vals", "dev_vals", "test_vals"), ("train", "dev", "test")):
        for one, other in combinations(keys, 2):
            same = sorted(set(getattr(database, one) or ()) & set(getattr(database, other) or ()))
            entry = entries.get(other) or entries.get(one)
            if same and entry:
                build.found.wrong(
                    entry,
                    f"shares {', '.join(map(shown, same))} with `{one if entry is entries.get(other) else other}`",
                )


def _named_once(build: Build) -> None:
    """Columns and plug-ins that are joined side by side must differ."""
    for section, key in (("data", "groups"), ("feats", "type"), ("feats", "features"), ("feats", "pooling")):
        entry = build.entry(section, key)
        names = getattr(build.sections.get(section), key, None) or ()
        twice = sorted({name for name in names if names.count(name) > 1})
        if entry and twice:
            build.found.wrong(entry, f"names {', '.join(map(shown, twice))} twice", "name each once")
    groups = build.entry("data", "groups")
    if groups and not build.sections["data"].groups:
        build.found.wrong(groups, "is empty", "write `groups = row` where every row is to stand for itself")


def _labels(build: Build) -> None:
    data = build.sections["data"]
    labels, bins = build.entry("data", "labels"), build.entry("data", "bins")
    if labels and data.labels is not None:
        twice = sorted({item for item in data.labels if data.labels.count(item) > 1})
        if twice:
            build.found.wrong(labels, f"names {', '.join(map(shown, twice))} twice")
        if len(data.labels) == 1 and "," in data.labels[0]:
            build.found.odd(labels, f"is a single class, {shown(data.labels[0])}", several(data.labels[0]))
        if not data.labels:
            build.found.wrong(labels, "is empty", "name the classes, or leave it out for all there are")
    if bins and data.bins is not None:
        if list(data.bins) != sorted(set(data.bins)):
            build.found.wrong(bins, "must rise from edge to edge")
        elif len(data.bins) < 3:
            build.found.wrong(bins, "makes a single class", "give three edges at least")
        elif data.labels is not None and len(data.bins) != len(data.labels) + 1:
            text = f"has {len(data.bins)} edges for {len(data.labels)} labels, there must be one more than labels"
            build.found.wrong(bins, text)


def _training(build: Build) -> None:
    """Balancing is for classes, and speakers that are to be told apart are not to be scaled alike."""
    feats = build.sections["feats"]
    balancing, scale, gaps = (build.entry("feats", key) for key in ("balancing", "scale", "nan_strategy"))
    if balancing and feats.balancing and build.task == "regression":
        text = f"is `{feats.balancing}`, which evens out classes, but [EXP] `type` is `regression`"
        build.found.wrong(balancing, text, "leave it out")
    if scale and feats.scale == "speaker" and build.sections["data"].target == "speaker":
        hint = "use `scale = standard`"
        build.found.wrong(
            scale, "is `speaker`, which takes away what tells speakers apart, but they are the target", hint
        )
    own = build.sections["model"].nan_strategy if "model" in build.sections else None
    if gaps and own and feats.nan_strategy not in {own, "zero", "zeros"}:
        build.found.odd(gaps, f"has no effect: [MODEL] `nan_strategy = {own}` comes before it")


def _numbers_alone(build: Build) -> None:
    """What is done to numbers does nothing to classes."""
    data = build.sections["data"]
    if build.task != "classification" or data.type == "continuous":
        return
    for entry in build.groups["data"].entries.values():
        if entry.key.lower() in {"bins", "target_divide_by"} and getattr(data, entry.key.lower()) is not None:
            build.found.odd(entry, "has no effect: the target is classes", "it is for `type = continuous` in [DATA]")
    for name, database in data.databases.items():
        for entry in build.data.bases.get(name, []):
            key = entry.key[len(name) + 1 :].lower()
            if key in {"reverse", "scale"} and getattr(database, key):
                build.found.odd(entry, "has no effect: the target is classes")


def _plots(build: Build) -> None:
    plot, found = build.sections["plot"], build.found
    threshold, combine = build.entry("plot", "uncertainty_threshold"), build.entry("plot", "combine_per_speaker")
    if build.task == "regression" and threshold and plot.uncertainty_threshold is not None:
        found.odd(threshold, "has no effect: only classes have an uncertainty")
    if build.task == "regression" and combine and plot.combine_per_speaker == "mode":
        found.odd(combine, "is `mode`, and of numbers the mean is taken", "write `combine_per_speaker = mean`")
    column = build.entry("plot", "combine_per_speaker.col")
    if column and not plot.combine_per_speaker and plot.combine_per_speaker_col != "speaker":
        found.odd(column, "has no effect without `combine_per_speaker`", "add `combine_per_speaker = mean`")


def _pooling(build: Build) -> None:
    entry, feats = build.entry("feats", "pooling"), build.sections["feats"]
    if entry and not feats.pooling:
        build.found.wrong(entry, "is empty", "say how the vectors of frames become one: `pooling = ['mean', 'std']`")
    elif entry and feats.pooling != type(feats)().pooling and not _gives_frames(build):
        build.found.odd(entry, "has no effect: no feature in `type` comes frame by frame")


def _gives_frames(build: Build) -> bool:
    """Whether a feature comes in frames, or may do so: it is not built, or its options are wrong."""
    feats = build.sections["feats"]
    for name in feats.type:
        if not families.features.knows(name):
            return True
        plugin = families.features.get(name)
        try:
            options = options_for(plugin, feats.options)
        except ConfigError:
            return True
        if plugin(options, name=name).frame_level:
            return True
    return False


def _task(build: Build) -> None:
    entry, learner = build.entry("model", "type"), build.learner
    task = build.task
    if entry is None or learner is None or learner.task is None or task in {None, learner.task}:
        return
    others = [item.name for item in families.models.all() if item.task == task and "*" not in item.name]
    hint = f"set [EXP] `type = {learner.task}`, or take one of {', '.join(f'`{name}`' for name in others)}"
    build.found.wrong(
        entry, f"is `{learner.called}`, which learns {_TASKS[learner.task]}, but [EXP] `type` is `{task}`", hint
    )


def _measure(build: Build) -> None:
    """A metric of classes says nothing of numbers, and the other way round."""
    entry, measure = build.entry("model", "measure"), build.sections["model"].measure
    if entry is None or measure is None:
        return
    task = families.metrics.get(measure).task
    if build.task not in {None, task}:
        others = [item.name for item in families.metrics.all() if item.task == build.task]
        hint = f"take one of {', '.join(f'`{name}`' for name in others)}, or set [EXP] `type = {task}`"
        build.found.wrong(
            entry, f"is `{measure}`, which measures {_TASKS[task]}, but [EXP] `type` is `{build.task}`", hint
        )


def _folds(build: Build) -> None:
    model = build.sections["model"]
    given = [key for key in ("loso", "logo", "k_fold_cross") if getattr(model, key) not in {None, False}]
    for key in given[1:]:
        entry = build.entry("model", key)
        if entry:
            build.found.odd(entry, f"has no effect: `{given[0]}` makes the folds")
    three = build.entry("exp", "traindevtest")
    if given and three and build.sections["exp"].traindevtest:
        build.found.odd(three, f"has no effect: `{given[0]}` folds all rows")
    selection = build.entry("data", "filter.sample_selection")
    if given and selection and build.sections["data"].filter_selection != "all":
        build.found.wrong(selection, f"names a part, and `{given[0]}` folds all rows", "remove one of the two")


def _tuning(build: Build) -> None:
    """Every option to try has values, and the model has the option; what decides is a measure of the task."""
    entry, model = build.entry("model", "tuning_params"), build.sections["model"]
    known = {key.lower(): values for key, values in {**model.options, **model.search}.items()}
    for name in model.tuning_params or () if entry else ():
        values, learner = known.get(name.lower()), _learner(build)
        if entry and name.lower() not in known:
            build.found.wrong(entry, f"names `{name}`, but there is no `{name} = [...]` with its values")
        elif entry and learner and learner.built and name.lower() not in learner.spots:
            hint = f"it has {', '.join(f'`{spot.key}`' for spot in learner.spots.values()) or 'no options'}"
            build.found.wrong(entry, f"names `{name}`, which `{learner.called}` does not have", hint)
        own = build.entry("model", name)
        if own and name.lower() in {key.lower() for key in model.search}:
            _values(build, own, values or ())
    if entry and prod(map(len, model.spaces.values())) > _MOST:
        build.found.wrong(entry, f"makes more than {_MOST:,} combinations", "name fewer values")
    _scoring(build)


def _learner(build: Build) -> Definition | None:
    """The model that learns: that of `type`, or the usual one of the task."""
    usual = DEFAULTS.get(build.task or "") if build.sections["model"].type is None else None
    return define("models", usual) if usual else build.learner


def _values(build: Build, entry: Entry, values: tuple[Any, ...]) -> None:
    twice = [value for place, value in enumerate(values) if value in values[:place]]
    if not values:
        build.found.wrong(entry, "is empty", "name the values to try")
    elif twice:
        build.found.wrong(entry, f"has {shown(twice[0])} twice", "name each once")


def _scoring(build: Build) -> None:
    entry, model = build.entry("model", "scoring"), build.sections["model"]
    if entry is None or model.scoring is None:
        return
    measure = measure_of(model.scoring)
    if not model.tuning_params:
        build.found.odd(entry, "has no effect: there are no `tuning_params`")
    elif measure is None:
        own = [one.name for one in families.metrics.all() if build.task in {None, one.task}]
        names = ", ".join(f"`{name}`" for name in dict.fromkeys([*own, *scorers(own)]))
        build.found.wrong(entry, f"is `{model.scoring}`, which is no measure here", f"take one of {names}")
    elif build.task not in {None, families.metrics.get(measure).task}:
        task = families.metrics.get(measure).task
        text = f"is `{model.scoring}`, which measures {_TASKS[task]}, but [EXP] `type` is `{build.task}`"
        build.found.wrong(entry, text, "leave it out for the usual one")


def _options(build: Build) -> None:
    """Let the named plug-ins see their options together, as far as they are right one by one."""
    from pydantic import ValidationError

    for section, family in (("model", "models"), ("feats", "features")):
        if section not in build.sections:
            continue
        options = build.sections[section].options
        for definition in build.named.get(family, []):
            own = {
                spot.field.alias or spot.name: options[spot.key]
                for spot in definition.spots.values()
                if spot.key in options
            }
            try:
                if own:
                    definition.options.model_validate(own, strict=True)
            except ValidationError as error:
                entry = build.entry(section, "type")
                texts = [refused(definition.called, item) for item in error.errors(include_url=False)]
                line, file = (entry.line, entry.file) if entry else (0, build.file)
                build.found.problems += [Problem(file, line, f"[{section.upper()}] {text}") for text in texts]
