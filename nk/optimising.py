"""`nk optim`: the best options of a model by inner folds of its training part, and what choosing them is worth."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk import runfolder
from nk.errors import NkError
from nk.manifest import Stopwatch, manifest
from nk.optim import best, store
from nk.optim.material import Part, material, part_of
from nk.optim.nested import Nested, best_of, repeated
from nk.optim.result import Searched
from nk.optim.search import search, tried, tries
from nk.optim.setting import Setting, setting
from nk.optim.trials import bench
from nk.paths import looked_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nk.config import Loaded
    from nk.optim.material import Material
    from nk.optim.setting import Outer
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

    Raises:
        NkError: the config, the data or the installation does not allow it, or no trial could be trained
    """
    asked, watch = setting(loaded, jobs, nested), Stopwatch()
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
    _write(done, overrides, watch, ui)
    return done


def place_of(loaded: Loaded) -> Path:
    """The folder of the search: `<root>/<name>_optim`."""
    return Path(loaded.config.exp.root) / f"{loaded.config.exp.name}_optim"


def planned(asked: Setting, part: Part) -> Planned:
    """What is about to be done."""
    how, optim = asked.how, asked.loaded.config.optim
    options = [f"`{one.key}` {_range(one.values)}" for one in how.dims]
    tried = f"{how.count} combinations" if how.kind == "grid" else f"{how.count} combinations by `{how.kind}`"
    steps = ", first on few speakers (halving)" if how.halving else ""
    lines = [
        f"search on {part.words}",
        f"model: {asked.setup.recipe.text}",
        f"options: {'; '.join(options)}",
        f"trials: {tried}{steps}, each in {optim.cv_folds} inner folds, chosen by {asked.aim.called}",
    ]
    if asked.nested:
        lines.append("nested: all of it again in each outer fold")
    return Planned(tuple(lines))


def _range(values: Sequence[Any]) -> str:
    some = [f"{one:.4g}" if isinstance(one, float) else str(one) for one in [*values[:8], values[-1]]]
    return ", ".join(some[:-1]) if len(values) <= 8 else f"{', '.join(some[:3])}, ... {some[-1]}"


@contextmanager
def _studies(place: Path, *, fresh: bool) -> Iterator[Any]:
    """The studies of the folder, which is there as soon as there is a trial, so that one that is stopped can go on."""
    if not place.is_dir():
        with runfolder.writing(place.parent, place.name, way_out=_WAY_OUT) as folder:
            folder.json("manifest.json", manifest(seed=0, seconds={}, command="optim"))
    file = place / store.FILE
    if fresh:
        file.unlink(missing_ok=True)
    with store.opened(file) as storage:
        yield storage


def _searched(asked: Setting, found: Material, storage: Any, place: Path, watch: Stopwatch, ui: Ui) -> Searched:
    how, jobs = asked.how, asked.setup.jobs
    where = bench(found.rows, found.places, found.way, asked.aim, folds=asked.folds, rungs=how.rungs)
    study = store.Study(storage, found.key, how.dims, maximize=asked.aim.greater_is_better)
    left = tries(how, len(where.rungs)) - sum(len(one.records) for one in tried(study, how))
    with watch("search"), ui.progress("trying", max(0, left), "trials") as progress:
        search(study, where, how, asked.make, jobs=jobs, done=progress.advance)
    trials = tuple(tried(study, how))
    best_of(trials, asked.aim)  # an error where none could be trained
    estimate, why = _nested(asked, found, storage, study, watch, ui) if asked.nested else (None, "")
    return Searched(
        place, asked, where, trials, best.name_of(asked.loaded), bool(found.folds), left <= 0, estimate, why
    )


def _nested(
    asked: Setting, found: Material, storage: Any, study: store.Study, watch: Stopwatch, ui: Ui
) -> tuple[Nested | None, str]:
    """What the search is worth, or why that cannot be said."""
    outer = found.outer(asked.nested)
    try:
        with watch("nested"), ui.progress("nested", len(outer), "outer folds") as progress:
            return repeated(asked, found, storage, study, jobs=asked.setup.jobs, done=progress.advance), ""
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
        folder.text("log.txt", "\n".join(ui.lines) + "\n")
        about = manifest(seed=loaded.config.exp.random_seed, seconds=watch.seconds, command="optim")
        folder.json("manifest.json", {**about, "config": loaded.file.name, **looked_from(done.place, loaded.file)})
