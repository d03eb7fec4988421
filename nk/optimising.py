"""`nk optim`: the best options of a model by inner folds of its training part, and what choosing them is worth."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk import reporting, runfolder
from nk.config import to_yaml
from nk.errors import ClusterError, NkError
from nk.execute import HERE
from nk.manifest import Stopwatch, manifest, versions
from nk.optim import aims, best, store, words
from nk.optim.material import Part, material, part_of
from nk.optim.nested import Nested, best_of, name_of, repeated
from nk.optim.result import Searched
from nk.optim.search import FACTOR, search, tried, tries, wanted
from nk.optim.setting import Setting, setting
from nk.optim.trials import bench
from nk.paths import looked_from
from nk.report.files import CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nk.config import Loaded
    from nk.execute import Executor
    from nk.optim.material import Material
    from nk.optim.search import Strategy
    from nk.optim.setting import Outer
    from nk.optim.trials import Bench
    from nk.ui import Ui

NAME = "study.json"
_WAY_OUT = "choose another `name` or `root` in [EXP], or move it away"


@dataclass(frozen=True)
class Planned:
    """What would be done, in words."""

    lines: tuple[str, ...]


def optim(
    loaded: Loaded,
    overrides: Sequence[str],
    ui: Ui,
    *,
    jobs: int | None = None,
    nested: Outer | None = None,
    force: bool = False,
    dry_run: bool = False,
    executor: Executor = HERE,
) -> Searched | Planned:
    """Search the options that [OPTIM] names; a trial that fails is told, and the others go on.

    Trials that are in the folder already are not computed again, so that a search that was stopped goes on.

    Args:
        loaded: the config with [OPTIM]
        overrides: what was put over its file, as for `load_config`
        ui: where to say what happens
        jobs: as for `pipeline.run`
        nested: in place of [OPTIM] `nested`
        force: forget the trials that were made
        dry_run: stop at the plan
        executor: where features are computed and trials made

    Raises:
        NkError: the config, the data or the installation does not allow it, or no trial could be trained
    """
    asked, watch = setting(loaded, jobs, nested, executor), Stopwatch()
    place = place_of(loaded)
    runfolder.check_command(place, "optim", way_out=_WAY_OUT)
    best.text_of(loaded, overrides, asked.model, {})  # that it can be written is known before any work
    part = part_of(asked, ui, watch)
    plan = planned(asked, part)
    for line in plan.lines:
        ui.note(line)
    if dry_run:
        return plan
    found = material(part, asked, ui, watch)
    with _studies(place, fresh=force) as storage:
        done = _searched(asked, found, storage, place, watch, ui)
    done = replace(done, plan=(*plan.lines, _folds(done.where, asked.how)))
    _write(done, overrides, watch, ui)
    return replace(done, report=reporting.at_the_end(place, loaded.config, ui))


def place_of(loaded: Loaded) -> Path:
    """The folder of the search: `<root>/<name>_optim`."""
    return Path(loaded.config.exp.root) / f"{loaded.config.exp.name}_optim"


def planned(asked: Setting, part: Part) -> Planned:
    """What is about to be done."""
    how, optim = asked.how, asked.loaded.config.optim
    options = [f"`{one.key}` {words.tried(one, how)}" for one in how.dims]
    tried = f"{how.count} combinations" if how.kind == "grid" else f"{how.count} combinations by `{how.kind}`"
    steps = ", first on few speakers (halving)" if how.halving else ""
    lines = [
        f"search on {part.words}",
        f"model: {asked.setup.recipe.text}",
        f"options: {'; '.join(options)}",
        f"trials: {tried}{steps}, each in {optim.cv_folds} inner folds, chosen by {asked.aim.called}",
    ]
    labels = part.dataset.target.labels
    if asked.aim.called in aims.ONE_SIDED and len(labels) == 2:
        lines.append(f"{asked.aim.called} is the recall of `{labels[aims.ONE_SIDED[asked.aim.called]]}`")
    if asked.nested:
        lines.append("nested: all of it again in each outer fold")
    return Planned(tuple(lines))


@contextmanager
def _studies(place: Path, *, fresh: bool) -> Iterator[Any]:
    """The studies of the folder, which is there as soon as there is a trial, so that one that is stopped can go on."""
    if not place.is_dir():
        with runfolder.writing(place.parent, place.name, way_out=_WAY_OUT) as folder:
            folder.json("manifest.json", manifest(seed=0, seconds={}, command="optim"))
    file = place / store.FILE
    with store.alone(place):
        if fresh:
            file.unlink(missing_ok=True)
        with store.opened(file) as storage:
            yield storage


def _searched(asked: Setting, found: Material, storage: Any, place: Path, watch: Stopwatch, ui: Ui) -> Searched:
    how, jobs = asked.how, asked.setup.jobs
    where = bench(found.rows, found.places, found.way, asked.aim, folds=asked.folds, rungs=how.rungs)
    ui.note(_folds(where, how))
    study = store.Study(storage, found.key, how.dims, maximize=asked.aim.greater_is_better)
    before = tried(study, how)
    again = len(before) == wanted(how) and all(one.state != "open" for one in before)
    left = 0 if again else tries(how, len(where.rungs)) - sum(len(one.records) for one in before)
    if before and not again:
        ui.note(f"going on: {sum(one.state != 'open' for one in before)} of {wanted(how)} trials are there")
    elif not before and study.others:
        ui.note(
            f"config, data or nk have changed since the search in `{place}`: a new study is begun, the old one stays"
        )
    with watch("search"), ui.progress("trying", left, "trials") as progress:
        search(study, where, how, asked.make, jobs=jobs, done=progress.advance, executor=asked.setup.executor)
    again = again and (not asked.nested or study.noted(name_of(asked, found)) is not None)
    trials = tuple(tried(study, how))
    best_of(trials, asked.aim)  # an error where none could be trained
    estimate, why = _nested(asked, found, storage, study, watch, ui) if asked.nested else (None, "")
    return Searched(place, asked, where, trials, best.name_of(asked.loaded), bool(found.folds), again, estimate, why)


def _folds(where: Bench, how: Strategy) -> str:
    """In what trials are tried, once it is known."""
    kind, last = where.way.kind, where.rungs[-1]
    text = f"inner folds: {len(last.folds)}, of {last.speakers} {kind}"
    if not how.halving:
        return text
    if len(where.rungs) == 1:
        return f"{text}; no smaller number of {kind} will do for halving, so all are tried on all"
    counts = [math.ceil(how.count / FACTOR**number) for number in range(len(where.rungs))]
    steps = [f"{count} trials on {rung.speakers}" for count, rung in zip(counts, where.rungs, strict=True)]
    return f"{text}; halving: {', '.join(steps)}"


def _nested(
    asked: Setting, found: Material, storage: Any, study: store.Study, watch: Stopwatch, ui: Ui
) -> tuple[Nested | None, str]:
    """What the search is worth, or why that cannot be said."""
    outer = found.outer(asked.nested)
    try:
        with watch("nested"), ui.progress("nested", len(outer), "outer folds") as progress:
            return repeated(asked, found, storage, study, jobs=asked.setup.jobs, done=progress.advance), ""
    except ClusterError:
        raise
    except NkError as error:
        return None, str(error)


def _write(done: Searched, overrides: Sequence[str], watch: Stopwatch, ui: Ui) -> None:
    loaded = done.setting.loaded
    text = best.text_of(loaded, overrides, done.setting.model, done.best.values)
    studies = (done.place / store.FILE).read_bytes()
    with runfolder.writing(done.place.parent, done.place.name, way_out=_WAY_OUT) as folder:
        (folder.path / store.FILE).write_bytes(studies)
        folder.json(NAME, done.as_dict())
        folder.csv("trials.csv", done.table)
        folder.text(done.file, text)
        folder.text(CONFIG, to_yaml(loaded.config))
        with watch("figures"):
            _draw(folder.path, done, ui)
        folder.text("log.txt", "\n".join(ui.lines) + "\n")
        about = manifest(
            seed=loaded.config.exp.random_seed,
            seconds=watch.seconds,
            command="optim",
            config=loaded.file.name,
            optuna=versions(["optuna"])["optuna"],
            **looked_from(done.place, loaded.file),
        )
        folder.json("manifest.json", about)


def _draw(folder: Path, done: Searched, ui: Ui) -> None:
    from nk.report import fonts
    from nk.report.figures import search as figures
    from nk.report.pictures import Album

    config, table = done.setting.loaded.config, figures.data(done.table, greater=done.setting.aim.greater_is_better)
    options = {
        one.key: [done.flat(one.key, value) for value in one.values]
        for one in done.setting.how.dims if len(one.values) > 1
    }  # fmt: skip
    measure, title = (
        done.setting.aim.called,
        [f"{config.data.target}: {len(done.trials)} trials of {done.setting.model}"],
    )
    texts = [str(value) for one in done.trials for value in one.values.values()]
    with fonts.writing([*title, *options, *texts]) as pen:
        album = Album(folder, config.plot, pen)
        album.add(figures.draw(table, measure=measure, title=title, pen=pen), table, "search")
        figure = figures.draw_options(table, options, measure=measure, best=done.best.number, title=title, pen=pen)
        album.add(figure, table.select("trial", "state", *options, "value"), "options")
    if pen.lacking:
        ui.warn("no font of this machine can write all names in the figures", "install one; the tables have all names")
