"""`nk flags`: a run for every combination of values that [FLAGS] lists, and what choosing among them is worth."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import chosen, comparing, members, pipeline, runfolder
from nk.cells import Cell, cells
from nk.config import load_config
from nk.errors import ConfigError, DataError, NkError, Problem
from nk.families import metrics as measures
from nk.manifest import Stopwatch, manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.chosen import Choice
    from nk.comparing import Comparison
    from nk.config import Loaded
    from nk.members import Member
    from nk.ui import Ui

NAME = "sweep.json"
_WAY_OUT = "choose another `name` or `root` in [EXP], or move it away"
_MOST = 40  # runs whose pairs are compared: with more, hardly a difference outlives the correction


@dataclass(frozen=True)
class Swept:
    """A cell and its run: the folder, the main measure, the measures of its test part; or why there are none."""

    cell: Cell
    folder: Path
    target: str
    measure: str
    metrics: dict[str, dict[str, Any]]
    seconds: float
    again: bool = False
    error: str | None = None
    exit_code: int = 0

    @property
    def metric(self) -> dict[str, Any]:
        """The main measure with its interval."""
        return self.metrics.get(self.measure, {})

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        told = {"name": self.cell.name, "values": self.cell.values, "folder": self.folder.name, "target": self.target}
        return {**told, "measure": self.measure, "metrics": self.metrics, "error": self.error, "seconds": self.seconds}


@dataclass(frozen=True)
class Estimate:
    """What choosing among the runs of a target is worth; where that cannot be said, `why` says so.

    `best` is the run that is best by its own test rows; `comparison` has the pairs, None where there are too many.
    """

    target: str
    measure: str
    runs: int
    best: Swept
    choice: Choice | None = None
    comparison: Comparison | None = None
    why: str = ""

    @property
    def alike(self) -> int | None:
        """How many of the others cannot be told apart from the best."""
        if self.comparison is None:
            return None
        pairs = [pair for pair in self.comparison.pairs if self.comparison.runs[0].name in (pair.one, pair.other)]
        return sum(not pair.apart for pair in pairs)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        told: dict[str, Any] = {"target": self.target, "measure": self.measure, "runs": self.runs}
        told |= {"best": {"name": self.best.cell.name, **self.best.metric}, "not_apart_from_best": self.alike}
        if self.choice:
            told["choice"] = {"by": self.choice.how, "cross_validated": self.choice.folded,
                              "metric": vars(self.choice.metric), "chosen": self.choice.chosen}  # fmt: skip
        return {**told, "why_not": self.why or None}


@dataclass(frozen=True)
class Sweep:
    """All cells, those that ran from the best to the worst, and an estimate a target."""

    place: Path
    runs: tuple[Swept, ...]
    estimates: tuple[Estimate, ...]

    @property
    def exit_code(self) -> int:
        """That of the first cell that failed, 0 where all are well."""
        return next((run.exit_code for run in self.runs if run.error), 0)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        runs, estimates = [run.as_dict() for run in self.runs], [one.as_dict() for one in self.estimates]
        return {"schema": 1, "cells": runs, "estimates": estimates}


def sweep(loaded: Loaded, overrides: Sequence[str], ui: Ui, *, jobs: int | None = None, force: bool = False) -> Sweep:
    """Run every cell; one that fails is reported, and the others go on.

    A cell whose run is there already is not computed again, so that a sweep that was stopped goes on where it was.

    Args:
        loaded: the config with [FLAGS]
        overrides: what was put over its file, as for `load_config`
        ui: where to say what happens
        jobs: as for `pipeline.run`
        force: compute all in any case

    Raises:
        ConfigError: [FLAGS] lists nothing to sweep over
        DataError: no cell could be run, or the table cannot be written
    """
    found, place = cells(loaded), place_of(loaded)
    _check(loaded, place)
    watch, runs = Stopwatch(), []
    with watch("run"):
        for number, cell in enumerate(found, 1):
            ui.note(f"cell {number} of {len(found)}: {cell.name}")
            runs.append(_run(cell, loaded, overrides, ui, jobs=jobs, force=force))
            _say(runs[-1], ui)
    if all(run.error for run in runs):
        raise DataError(f"none of {len(runs)} cells could be run, first `{runs[0].cell.name}`: {runs[0].error}",
                        hint="`nk run` with its values in the config says more")  # fmt: skip
    with watch("compare"):
        ranked = tuple(sorted(runs, key=_rank))
        targets = dict.fromkeys(run.target for run in ranked if not run.error)
        estimates = tuple(_estimate([run for run in ranked if run.target == target], loaded) for target in targets)
    done = Sweep(place, ranked, estimates)
    _write(done, loaded, watch, ui)
    return done


def place_of(loaded: Loaded) -> Path:
    """The folder of the table: `<root>/<name>_flags`."""
    return Path(loaded.config.exp.root) / f"{loaded.config.exp.name}_flags"


def _check(loaded: Loaded, place: Path) -> None:
    if loaded.config.exp.save_test:
        file, line = loaded.places.get("exp.save_test") or (str(loaded.file), 0)
        text = "[EXP] `save_test` names one file, which every cell would write"
        raise ConfigError([Problem(file, line, text, "leave it out: each run folder has its `predictions.csv`")])
    runfolder.check_command(place, "flags", way_out=_WAY_OUT)


def _run(cell: Cell, loaded: Loaded, overrides: Sequence[str], ui: Ui, *, jobs: int | None, force: bool) -> Swept:
    """The run of a cell, with a log of its own; what it warns of is said once, whichever cell it is."""
    watch, own = Stopwatch(), ui.alone()
    folder = Path(loaded.config.exp.root) / cell.name
    target, error, code = loaded.config.data.target or "", None, 0
    try:
        with watch("run"):
            given = load_config(loaded.file, [*overrides, *cell.overrides])
            folder, target = Path(given.config.exp.root) / cell.name, given.config.data.target or ""
            for warning in given.warnings:
                own.problem(warning, warning=True)
            result = pipeline.run(given, own, jobs=jobs, force=force)
    except NkError as raised:
        error, code = str(raised), raised.exit_code
    except Exception as raised:  # noqa: BLE001 - a fault in one cell must not cost the others; it is told and counted
        error, code = f"this is a fault of nk: {type(raised).__name__}: {raised}", 1
        ui.detail(traceback.format_exc())
    for text in own.warnings:
        if not any(told.endswith(text) for told in ui.warnings):
            ui.warn(f"{cell.name}: {text}")
    if error or not isinstance(result, pipeline.Result):
        return Swept(cell, folder, target, "", {}, 0.0, error=error, exit_code=code)
    metrics = result.metrics["metrics"].get("test", {})
    measure = result.measure or next(iter(metrics), "")
    return Swept(cell, folder, target, measure, metrics, watch.seconds["run"], again=result.made is not None)


def _say(run: Swept, ui: Ui) -> None:
    if run.error:
        ui.warn(f"cell `{run.cell.name}` failed: {run.error}")
        return
    value = run.metric.get("value")
    known = ", as it was run before" if run.again else f" in {run.seconds:.1f} s"
    ui.note(f"  {run.measure} {'not defined' if value is None else f'{value:.3f}'}{known}")


def _rank(run: Swept) -> tuple[str, bool, float]:
    """By target, the best first, those that failed last."""
    value = run.metric.get("value")
    if run.error or value is None:
        return run.target, True, 0.0
    return run.target, False, -value if measures.get(run.measure).greater_is_better else value


def _estimate(all_runs: Sequence[Swept], loaded: Loaded) -> Estimate:
    """What the choice among the runs of a target is worth."""
    runs = [run for run in all_runs if not run.error]
    measure = loaded.config.model.measure or runs[0].measure
    about = (runs[0].target, measure, len(runs), runs[0])
    if len(runs) == 1:
        return Estimate(*about, why="there is one run alone, and no choice")
    try:
        read = members.named([members.read(run.folder) for run in runs])
        same = members.matched(read)
        comparison = comparing.of_members(same, measure) if len(same) <= _MOST else None
        return Estimate(*about, _choice(read, same, measure), comparison)
    except NkError as error:
        return Estimate(*about, why=str(error))


def _choice(read: Sequence[Member], same: Sequence[Member], measure: str) -> Choice:
    names, test = [one.name for one in same], [one.predictions for one in same]
    one = comparing.measure_of(measure, test[0].target)
    if all(each.predictions.part("dev").frame["truth"].drop_nulls().len() for each in read):
        dev = [each.predictions for each in members.matched(read, "dev")]
        return chosen.by_dev(dev, test, names, one)
    return chosen.by_others(test, names, one)


def _write(done: Sweep, loaded: Loaded, watch: Stopwatch, ui: Ui) -> None:
    with runfolder.writing(done.place.parent, done.place.name, way_out=_WAY_OUT) as folder:
        folder.json(NAME, done.as_dict())
        folder.csv("sweep.csv", table(done))
        for number, found in enumerate([one.comparison for one in done.estimates if one.comparison], 1):
            name = "comparison" if number == 1 else f"comparison_{number}"
            comparing.draw(folder.path, found, loaded.config.plot, ui, name)
        folder.text("log.txt", "\n".join(ui.lines) + "\n")
        about = manifest(seed=loaded.config.exp.random_seed, seconds=watch.seconds, command="flags")
        folder.json("manifest.json", {**about, "config": loaded.file.name})


def table(done: Sweep) -> pl.DataFrame:
    """A row a cell: its name, the value of each axis, the main measure with its interval, seconds, the error."""
    rows = [
        {
            "cell": run.cell.name,
            **run.cell.values,
            "measure": run.measure or None,
            **{key: run.metric.get(key) for key in ("value", "low", "high", "n", "n_speakers")},
            "seconds": run.seconds,
            "error": run.error,
        }
        for run in done.runs
    ]
    return pl.DataFrame(rows, infer_schema_length=None)
