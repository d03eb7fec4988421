"""A sweep on the terminal."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING

from nk.runfolder import plain
from nk.show import say_report
from nk.swept_words import caution, lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.cellruns import CellRun
    from nk.cells import Cell
    from nk.multidb import Matrix
    from nk.sweeping import Sweep
    from nk.ui import Ui


def show_cells(cells: Sequence[Cell], ui: Ui, *, json: bool) -> None:
    """Print which cells there would be."""
    axes = list(cells[0].values)
    ui.table(f"{len(cells)} cells", ("", *axes), [(cell.name, *cell.values.values()) for cell in cells])
    if json:
        told = [{"name": cell.name, "values": cell.values} for cell in cells]
        ui.out(json_text.dumps({"schema": 1, "cells": told}, indent=1, ensure_ascii=False))


def show_swept(done: Sweep, ui: Ui, *, json: bool) -> None:
    """Print the table of all cells, and beside the best what choosing it is worth."""
    axes = list(done.runs[0].cell.values)
    ui.table(f"{len(done.runs)} cells", (*axes, "measure", "", "95 % interval", ""), [_row(run) for run in done.runs])
    for one in done.estimates:
        for line in lines(one):
            ui.note(line)
        if one.runs > 1:
            ui.warn(caution(one))
    failed = [run for run in done.runs if run.error]
    if failed:
        ui.warn(f"{len(failed)} of {len(done.runs)} cells failed: `{done.place / 'sweep.csv'}` says why")
    ui.note(f"written to {done.place}")
    if done.report:
        say_report(done.report, ui)
    if json:
        ui.out(json_text.dumps(plain(done.as_dict()), indent=1, ensure_ascii=False))


def _row(run: CellRun) -> tuple[str, ...]:
    metric, values = run.metric, run.cell.values.values()
    if run.error:
        return (*values, "-", "-", "-", "failed")
    return (*values, run.measure, _number(metric.get("value")), _interval(metric.get("low"), metric.get("high")),
            "run before" if run.again else "")  # fmt: skip


def _number(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.3f}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def show_matrix(done: Matrix, ui: Ui, *, json: bool) -> None:
    """Print what was trained on against what was tested on, and means of cells."""
    by = {(run.cell.values["train"], run.cell.values["test"]): run for run in done.runs}
    rows = [(train, *(_cell(done, by.get((train, test))) for test in done.tests)) for train in done.trains]
    ui.table(f"{done.measure}, trained on (rows) and tested on (columns)", ("", *done.tests), rows)
    for line in done.words:
        ui.note(line)
    for text in done.cautions:
        ui.warn(text)
    failed = [run for run in done.runs if run.error]
    if failed:
        ui.warn(f"{len(failed)} of {len(done.runs)} cells failed: `{done.place / 'heatmap.csv'}` says why")
    ui.note(f"written to {done.place}")
    if done.report:
        say_report(done.report, ui)
    if json:
        ui.out(json_text.dumps(plain(done.as_dict()), indent=1, ensure_ascii=False))


def _cell(done: Matrix, run: CellRun | None) -> str:
    if run is None or run.error:
        return "failed" if run else ""
    metric = done.metric(run)
    return f"{_number(metric.get('value'))} ({_interval(metric.get('low'), metric.get('high'))})"
