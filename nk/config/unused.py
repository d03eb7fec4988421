"""Keys that need another key to matter, which is not there: who writes them expects something of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.config.check import OVERRIDE
from nk.config.data import Data
from nk.config.field import match, patterns, spots
from nk.config.whole import section_type

if TYPE_CHECKING:
    from nk.config.build import Build
    from nk.config.data import Database
    from nk.config.source import Entry

_DRAWN = ("speaker_split", "random", "balanced")
# Key of a database -> the strategies that heed it.
_HEEDED = {
    **dict.fromkeys(("train", "dev", "test"), ("speakers_stated",)),
    **dict.fromkeys(("split_column", "train_vals", "dev_vals", "test_vals"), ("column",)),
    "test_size": _DRAWN,
}
_BALANCED = ("balance", "size_diff_weight")
_BOOSTED = ("validation_split", "eval_metric")
_TRIMMING = (
    "filter", "limit_samples", "limit_samples_per_speaker", "min_duration_of_sample", "max_duration_of_sample",
)  # fmt: skip


def check(build: Build) -> None:
    """Warn of the keys that need another."""
    for name, database in build.sections["data"].databases.items():
        _database(build, name, database)
    _data(build)
    feats, seed = build.sections.get("feats"), build.entry("feats", "balancing_random_state")
    if seed and feats and not feats.balancing and feats.balancing_random_state != type(feats)().balancing_random_state:
        build.found.odd(seed, "has no effect without `balancing`")
    _crossed(build)
    if "model" in build.sections:
        _stopping(build)
    if "cluster" in build.sections:
        _jobs(build)
    _searching(build)


def _crossed(build: Build) -> None:
    exp = build.sections.get("exp")
    for key in ("lodo_dev", "lodo_runs"):
        entry = build.entry("exp", key)
        if entry and exp and not exp.lodo and getattr(exp, key) is not None:
            build.found.odd(entry, "has no effect without `lodo = True`")


def _folded(build: Build) -> bool:
    model = build.sections.get("model")
    return bool(model and (model.loso or model.logo or model.k_fold_cross))


def _three(build: Build) -> bool:
    return bool("exp" in build.sections and build.sections["exp"].traindevtest)


def _database(build: Build, name: str, database: Database) -> None:
    """A split is made by one strategy, and in a cross-validation by none, which the run itself says."""
    own = {entry.key[len(name) + 1 :].lower(): entry for entry in build.data.bases.get(name, [])}
    own = {key: entry for key, entry in own.items() if entry.file in {build.file, OVERRIDE}}
    strategy = database.split_strategy
    for key, heeding in {} if _folded(build) else _HEEDED.items():
        if key in own and strategy not in heeding and _is_set(database, key):
            which = f"`{strategy}`" if isinstance(strategy, str) else "a list of speakers"
            hint = f"add `{name}.split_strategy = {heeding[0]}`" if len(heeding) == 1 else None
            build.found.odd(own[key], f"has no effect with {which} as `split_strategy`", hint)
    if "dev_size" in own and database.dev_size and _is_set(database, "dev_size") and not _three(build):
        build.found.odd(own["dev_size"], "has no effect without [EXP] `traindevtest = True`")
    if "reverse.max" in own and not database.reverse and _is_set(database, "reverse_max"):
        build.found.odd(own["reverse.max"], "has no effect without `reverse`")


def _is_set(database: Database, name: str) -> bool:
    default = type(database).model_fields[name].get_default(call_default_factory=True)
    return bool(getattr(database, name) != default)


def _data(build: Build) -> None:
    data = build.sections["data"]
    strategies = {one.split_strategy for one in data.databases.values() if isinstance(one.split_strategy, str)}
    given = {key: build.entry("data", key) for key in _BALANCED if getattr(data, key) != spots(Data)[key].default}
    given |= {key: build.entry("data", key) for key in _binned(build)}
    if "balanced" not in strategies:
        for entry in filter(None, given.values()):
            build.found.odd(entry, "has no effect: no database has `split_strategy = balanced`")
    groups, heeded = build.entry("data", "groups"), {"speaker_split", "balanced"} & strategies
    if groups and data.groups != spots(Data)["groups"].default and not (heeded or _folded(build) or _three(build)):
        text = "has no effect: no split is drawn by groups, as `speaker_split`, `balanced` and cross-validations do"
        build.found.odd(groups, text)
    selection = build.entry("data", "filter.sample_selection")
    if selection and data.filter_selection != "all" and not any(getattr(data, key) for key in _TRIMMING):
        build.found.odd(selection, "has no effect: [DATA] has no filter or limit of its own")


def _binned(build: Build) -> list[str]:
    shapes = [str(spot.note("pattern")) for spot in patterns(Data)]
    return [key for key in build.groups["data"].entries if any(match(shape, key) for shape in shapes)]


def _stopping(build: Build) -> None:
    """What early stopping goes by matters with it alone."""
    model = build.sections["model"]
    known = {key.lower(): value for key, value in {**model.options, **model.search}.items()}
    if (
        build.learner is None
        or "early_stopping_rounds" not in build.learner.spots
        or known.get("early_stopping_rounds")
    ):
        return
    for key in _BOOSTED:
        entry: Entry | None = build.entry("model", key)
        if entry and key in known:
            build.found.odd(entry, "has no effect without `early_stopping_rounds`")


def _searching(build: Build) -> None:
    """A grid draws nothing, and one model is searched."""
    optim, model = build.sections.get("optim"), build.sections.get("model")
    known, named = spots(section_type("optim")), build.entry("optim", "model")
    if named and model and model.type and optim and optim.model not in {None, model.type}:
        build.found.odd(named, f"has no effect: [MODEL] `type` is `{model.type}`")
    if optim is None or "grid" not in optim.search_strategy:
        return
    for key in ("n_iter", "random_state"):
        entry = build.entry("optim", key)
        if entry and getattr(optim, key) != known[key].default:
            build.found.odd(entry, f"has no effect with `{optim.search_strategy}`, which tries all combinations")


def _jobs(build: Build) -> None:
    """What a job is like matters where there is a queueing system."""
    cluster = build.sections["cluster"]
    if cluster.type or cluster.address:
        return
    for name, spot in spots(section_type("cluster")).items():
        entry = build.entry("cluster", name)
        if entry and getattr(cluster, name) != spot.default:
            build.found.odd(entry, "has no effect without `type`")
