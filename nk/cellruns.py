"""Runs of cells, each with a folder and a log of its own; one that fails is told.

A cell makes no report: the command that runs them makes one of all.
"""

from __future__ import annotations

import math
import traceback
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk import pipeline
from nk.apart import Lost, run_apart
from nk.config import load_config
from nk.errors import ClusterError, DataError, NkError, PluginError
from nk.execute import HERE, cores
from nk.manifest import Stopwatch
from nk.memory import that_fit
from nk.ui import told_in_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nk.cells import Cell
    from nk.config import Loaded
    from nk.execute import Executor
    from nk.ui import Ui

WAY_OUT = "choose another `name` or `root` in [EXP], or move it away"
_ENOUGH = 2  # cells for which another process is worth its start
_NEED = 700 * 2**20  # bytes that a process takes which runs cells of a small database


@dataclass(frozen=True)
class CellRun:
    """A cell and its run: the folder, the main measure, the measures of its test part; or why there are none.

    `guesses` are what chance and majority have in the main measure.
    """

    cell: Cell
    folder: Path
    target: str
    measure: str
    metrics: dict[str, dict[str, Any]]
    seconds: float
    again: bool = False
    error: str | None = None
    exit_code: int = 0
    guesses: dict[str, float | None] = field(default_factory=dict)

    @property
    def metric(self) -> dict[str, Any]:
        """The main measure with its interval."""
        return self.metrics.get(self.measure, {})

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        told = {"name": self.cell.name, "values": self.cell.values, "folder": self.folder.name, "target": self.target}
        told |= {"measure": self.measure, "metrics": self.metrics, "guesses": self.guesses}
        return {**told, "error": self.error, "seconds": self.seconds}


def run_all(
    cells: Sequence[Cell],
    loaded: Loaded,
    overrides: Sequence[str],
    ui: Ui,
    *,
    jobs: int | None,
    force: bool,
    executor: Executor = HERE,
) -> list[CellRun]:
    """Run cells; one that fails is reported, and the others go on.

    First those that need features which no cell before them did, one after the other, each with all cores; then the
    others, several at once, if there are two cores for each.

    Args:
        cells: what to set in each
        loaded: the config whose file it is set in
        overrides: what was put over that file, as for `load_config`
        ui: where to say what happens
        jobs: as for `pipeline.run`
        force: as for `pipeline.run`
        executor: as for `pipeline.run`

    Raises:
        ConfigError: all would write one file
        DataError: no cell could be run
        ClusterError: the cluster was lost
    """
    if loaded.config.exp.save_test:
        text = "[EXP] `save_test` names one file, which every cell would write"
        raise loaded.error("exp.save_test", text, "leave it out: each run folder has its `predictions.csv`")
    jobs = jobs or min(loaded.config.model.n_jobs or cores(), cores())
    about = _About(loaded.file, tuple(overrides), loaded.config.model.measure, force, executor, ui.alone())
    found: dict[str, CellRun] = {}
    with ui.progress("cells", len(cells), "cells") as progress:
        for done in _each(cells, about, loaded, jobs):
            found[done.run.cell.name] = done.run
            ui.note(f"cell {len(found)} of {len(cells)}: {done.run.cell.name}")
            _say(done, ui)
            progress.advance()
    runs = [found[cell.name] for cell in cells]
    if all(run.error for run in runs):
        raise DataError(f"none of {len(runs)} cells could be run, first `{runs[0].cell.name}`: {runs[0].error}",
                        hint="`nk run` with its values in the config says more")  # fmt: skip
    return runs


@dataclass(frozen=True)
class _About:
    """What all cells have in common; `ui` is one of which each of them takes an own."""

    file: Path
    overrides: tuple[str, ...]
    measure: str | None
    force: bool
    executor: Executor
    ui: Ui


@dataclass(frozen=True)
class _Done:
    """A cell that was run, what it warned of, and where a fault of ours was raised."""

    run: CellRun
    warnings: tuple[str, ...] = ()
    fault: str | None = None


def _each(cells: Sequence[Cell], about: _About, loaded: Loaded, jobs: int) -> Iterator[_Done]:
    """The cells as they are done."""
    first, rest = _parted(cells, about)
    # Folds of a cell alone keep two cores busy; where they are on a cluster, a cell here does little but wait.
    most = jobs if about.executor.remote else jobs // 2
    number = that_fit(min(most, len(rest) // _ENOUGH), _NEED) if len(rest) >= 2 * _ENOUGH else 1
    if number < 2 or loaded.config.plot.runs_compare:  # which looks at the runs that there are
        first, rest = list(cells), []
    for cell in first:
        yield _run(about, jobs, cell)
    one = partial(_run, about, max(1, jobs // max(1, number)))
    several = run_apart(one, rest, jobs=number, limit=lambda _: math.inf, idle=lambda: None, enough=_ENOUGH,
                        nested=True, what="cells")  # fmt: skip
    for cell, outcome in several:
        yield _lost(cell, outcome, loaded) if isinstance(outcome, Lost) else outcome


def _parted(cells: Sequence[Cell], about: _About) -> tuple[list[Cell], list[Cell]]:
    """The cells that need features of a database which no cell before them needs, and the others."""
    known: set[tuple[str, str]] = set()
    first: list[Cell] = []
    rest: list[Cell] = []
    for cell in cells:
        try:
            config = load_config(about.file, [*about.overrides, *cell.overrides]).config
        except NkError:
            rest.append(cell)  # it says so when it is run
            continue
        features = repr((config.feats.type, sorted(config.feats.options.items(), key=str)))
        needs = {(features, database) for database in config.data.databases}
        (first if needs - known else rest).append(cell)
        known |= needs
    return first, rest


def _lost(cell: Cell, outcome: Lost, loaded: Loaded) -> _Done:
    folder = Path(loaded.config.exp.root) / cell.name
    return _Done(CellRun(cell, folder, loaded.config.data.target or "", "", {}, 0.0, error=outcome.why,
                         exit_code=PluginError.exit_code))  # fmt: skip


def _run(about: _About, jobs: int, cell: Cell) -> _Done:
    """The run of a cell, here, with a log of its own."""
    watch, own = Stopwatch(), about.ui.alone()
    folder, target, code, fault = Path(cell.name), "", 0, None
    error: str | None = None
    try:
        with watch("run"), told_in_log(own):
            given = load_config(about.file, [*about.overrides, *cell.overrides])
            folder, target = Path(given.config.exp.root) / cell.name, given.config.data.target or ""
            for warning in given.warnings:
                own.problem(warning, warning=True)
            result = pipeline.run(given, own, jobs=jobs, force=about.force, executor=about.executor, report=False)
    except ClusterError:
        raise  # it is that of all cells
    except NkError as raised:
        error, code = str(raised), raised.exit_code
    except Exception as raised:  # noqa: BLE001 - a fault in one cell must not cost the others; it is told and counted
        error, code = f"this is a fault of nk: {type(raised).__name__}: {raised}", 1
        fault = traceback.format_exc()
    warned = tuple(own.warnings)
    if error is not None or not isinstance(result, pipeline.Result):
        return _Done(CellRun(cell, folder, target, "", {}, 0.0, error=error, exit_code=code), warned, fault)
    metrics = result.metrics["metrics"].get("test", {})
    # Not the cell's own measure: all are ranked by the same.
    measure = about.measure if about.measure and about.measure in metrics else next(iter(metrics), "")
    guessed = result.metrics["baselines_by_part"].get("test", {})
    guesses = {base: each.get(measure) for base, each in guessed.items()}
    again, seconds = result.made is not None, watch.seconds["run"]
    return _Done(CellRun(cell, folder, target, measure, metrics, seconds, again=again, guesses=guesses), warned)


def _say(done: _Done, ui: Ui) -> None:
    """Tell how a cell went; what it warns of is said once, whichever cell it is."""
    run = done.run
    if done.fault:
        ui.detail(done.fault)
    for text in done.warnings:
        if not any(told.endswith(text) for told in ui.warnings):
            # With `--verbose` the cell has said it itself.
            ui.log(f"warning: {run.cell.name}: {text}") if ui.verbose else ui.warn(f"{run.cell.name}: {text}")
    if run.error:
        ui.warn(f"cell `{run.cell.name}` failed: {run.error}")
        return
    value = run.metric.get("value")
    known = ", as it was run before" if run.again else f" in {run.seconds:.1f} s"
    ui.note(f"  {run.measure} {'not defined' if value is None else f'{value:.3f}'}{known}")
