"""A sweep on the terminal."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING

from nk.runfolder import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.cellruns import CellRun
    from nk.cells import Cell
    from nk.multidb import Matrix
    from nk.sweeping import Estimate, Sweep
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
    if json:
        ui.out(json_text.dumps(plain(done.as_dict()), indent=1, ensure_ascii=False))


def _row(run: CellRun) -> tuple[str, ...]:
    metric, values = run.metric, run.cell.values.values()
    if run.error:
        return (*values, "-", "-", "-", "failed")
    return (*values, run.measure, _number(metric.get("value")), _interval(metric.get("low"), metric.get("high")),
            "run before" if run.again else "")  # fmt: skip


def lines(one: Estimate) -> list[str]:
    """What there is to say of the best and of the choice."""
    start = f"{one.target}: "
    if one.choice is None:
        return [f"{start}what choosing the best is worth cannot be said: {one.why}"] if one.runs > 1 else []
    found, picked = one.choice.metric, one.choice.chosen
    value = f"{found.name} {_number(found.value)} ({_interval(found.low, found.high)})"
    if one.choice.how == "inner folds":
        return [f"{start}nested, chosen for each fold by its training rows: {value}; that was {_often(picked)}",
                *_alike(one, start)]  # fmt: skip
    if one.choice.how == "dev":
        told = [f"{start}chosen by dev, `{next(iter(picked))}` reaches {value} on the test part"]
    else:
        told = [f"{start}chosen for each test speaker by the other speakers: {value}; that was {_often(picked)}"]
        if one.choice.folded:
            told.append(f"{start}other folds were trained on that speaker, so it may be a little too high: `--nested` "
                        "chooses within the training rows of each fold")  # fmt: skip
    return [*told, *_alike(one, start)]


def _often(picked: Mapping[str, int]) -> str:
    return ", ".join(f"`{name}` {count} times" if count > 1 else f"`{name}` once" for name, count in picked.items())


def _alike(one: Estimate, start: str) -> list[str]:
    return [f"{start}{one.alike} of the {one.runs - 1} others cannot be told apart from the best"] if one.alike else []


def caution(one: Estimate) -> str:
    """What is to be borne in mind of the best run."""
    name, value = one.best.cell.name, _number(one.best.metric.get("value"))
    start = f"`{name}` is the best of {one.runs} by the rows that it is tested on"
    if one.choice and one.choice.how != "dev" and [*one.choice.chosen] == [name]:
        left = "speaker" if one.choice.how == "other speakers" else "fold"
        return f"{start}: whichever {left} is left out it is chosen, so little of that is luck; say that it was chosen"
    if one.choice:
        reached = _number(one.choice.metric.value)
        instead = f", not its {one.best.measure} of {value}" if reached != value else ""
        return f"{start}, partly by luck: report what the choice reaches ({reached}){instead}"
    return f"{start}, partly by luck: do not report its {one.best.measure} of {value} as what to expect"


def _number(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.3f}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def show_matrix(done: Matrix, ui: Ui, *, json: bool) -> None:
    """Print what was trained on against what was tested on, and means of cells."""
    by = {(run.cell.values["train"], run.cell.values["test"]): run for run in done.runs}
    rows = [(train, *(_cell(done, by.get((train, test))) for test in done.tests)) for train in done.trains]
    ui.table(f"{done.measure}, trained on (rows) and tested on (columns)", ("", *done.tests), rows)
    said = [f"{name} {value:.3f}" for name, value in done.means().items() if value is not None]
    if said:
        ui.note(f"means of cells: {', '.join(said)}")
    if done.narrow:
        names = ", ".join(f"`{name}`" for name in done.narrow)
        ui.warn(f"too few speakers are tested, so that intervals are over utterances, and too narrow: {names}")
    failed = [run for run in done.runs if run.error]
    if failed:
        ui.warn(f"{len(failed)} of {len(done.runs)} cells failed: `{done.place / 'heatmap.csv'}` says why")
    ui.note(f"written to {done.place}")
    if json:
        ui.out(json_text.dumps(plain(done.as_dict()), indent=1, ensure_ascii=False))


def _cell(done: Matrix, run: CellRun | None) -> str:
    if run is None or run.error:
        return "failed" if run else ""
    metric = done.metric(run)
    return f"{_number(metric.get('value'))} ({_interval(metric.get('low'), metric.get('high'))})"
