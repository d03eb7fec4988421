"""Runs of cells: one after the other, each with a folder and a log of its own; one that fails is told."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk import pipeline
from nk.config import load_config
from nk.errors import ConfigError, DataError, NkError, Problem
from nk.manifest import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.cells import Cell
    from nk.config import Loaded
    from nk.ui import Ui

WAY_OUT = "choose another `name` or `root` in [EXP], or move it away"


@dataclass(frozen=True)
class CellRun:
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


def run_all(
    cells: Sequence[Cell], loaded: Loaded, overrides: Sequence[str], ui: Ui, *, jobs: int | None, force: bool
) -> list[CellRun]:
    """Run cells; one that fails is reported, and the others go on.

    Args:
        cells: what to set in each
        loaded: the config whose file it is set in
        overrides: what was put over that file, as for `load_config`
        ui: where to say what happens
        jobs: as for `pipeline.run`
        force: as for `pipeline.run`

    Raises:
        ConfigError: all would write one file
        DataError: no cell could be run
    """
    if loaded.config.exp.save_test:
        file, line = loaded.places.get("exp.save_test") or (str(loaded.file), 0)
        text = "[EXP] `save_test` names one file, which every cell would write"
        raise ConfigError([Problem(file, line, text, "leave it out: each run folder has its `predictions.csv`")])
    runs = []
    for number, cell in enumerate(cells, 1):
        ui.note(f"cell {number} of {len(cells)}: {cell.name}")
        runs.append(_run(cell, loaded, overrides, ui, jobs=jobs, force=force))
        _say(runs[-1], ui)
    if all(run.error for run in runs):
        raise DataError(f"none of {len(runs)} cells could be run, first `{runs[0].cell.name}`: {runs[0].error}",
                        hint="`nk run` with its values in the config says more")  # fmt: skip
    return runs


def _run(cell: Cell, loaded: Loaded, overrides: Sequence[str], ui: Ui, *, jobs: int | None, force: bool) -> CellRun:
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
            # With `--verbose` the cell has said it itself.
            ui.log(f"warning: {cell.name}: {text}") if ui.verbose else ui.warn(f"{cell.name}: {text}")
    if error is not None or not isinstance(result, pipeline.Result):
        return CellRun(cell, folder, target, "", {}, 0.0, error=error, exit_code=code)
    metrics = result.metrics["metrics"].get("test", {})
    wanted = loaded.config.model.measure  # not the cell's: all are ranked by the same
    measure = wanted if wanted and wanted in metrics else next(iter(metrics), "")
    return CellRun(cell, folder, target, measure, metrics, watch.seconds["run"], again=result.made is not None)


def _say(run: CellRun, ui: Ui) -> None:
    if run.error:
        ui.warn(f"cell `{run.cell.name}` failed: {run.error}")
        return
    value = run.metric.get("value")
    known = ", as it was run before" if run.again else f" in {run.seconds:.1f} s"
    ui.note(f"  {run.measure} {'not defined' if value is None else f'{value:.3f}'}{known}")
