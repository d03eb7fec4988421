"""A matrix of databases as a report says it: what was trained on against what was tested on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nk.report.drawn import draw_with
from nk.report.files import read_json
from nk.report.frame import frame, made_with
from nk.report.leads import lead
from nk.report.parts import figure, measured, part, sentences, table
from nk.report.shapes_of_many import Matrix, Measured, is_narrow
from nk.report.words import counted, listed, measure, number

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from nk.report.drawings import Drawing
    from nk.report.drawn import Kind
    from nk.report.figures import Pen
    from nk.report.parts import Kind as Cells
    from nk.report.shapes import Made
    from nk.report.shapes_of_many import Crossing

NAME = "matrix.json"
_MOST = 40  # databases of a figure, or columns of a table
_MARK = " *"
_SAID = "A row is what was trained on, a column what was tested on."
_MEANS = "A mean is of values as they are, without an interval: databases are few."


class Crossed:
    """The report of a matrix."""

    def __init__(self, folder: Path) -> None:
        """Read the matrix of a folder.

        Raises:
            DataError: it cannot be read
        """
        self.found = read_json(folder / NAME, Matrix)

    def told(self, name: str, made: Made, config: str) -> dict[str, Any]:
        """All that there is to say, as `nk.report.frame.frame` has it."""
        return told(self.found, name, made, config)

    def draw(self, folder: Path, kind: Kind) -> dict[str, Drawing]:
        """The heat map."""
        return {"heatmap": _drawn(self.found, folder / f"heatmap.{kind}")} if _is_drawn(self.found) else {}


def told(found: Matrix, name: str, made: Made, config: str) -> dict[str, Any]:
    """The matrix in a plain dict."""
    return frame(
        name,
        made.made,
        openings=[_opening(found)],
        leads=_leads(found),
        methods=_methods(found, made),
        parts=[_matrix(found), _cells(found)],
        config=config,
        made_with=made_with(made),
    )


def _of(found: Matrix, cell: Crossing) -> Measured:
    return cell.metrics.get(found.measure, Measured())


def _target(found: Matrix) -> str:
    return next((one.target for one in found.cells if one.target), "")


def _opening(found: Matrix) -> dict[str, Any]:
    means, called = found.means, measure(found.measure)
    known = [(_of(found, one).value, one) for one in found.cells if one.values.train != one.values.test]
    values = sorted((value, cell.values.test, cell.values.train) for value, cell in known if value is not None)
    said = []
    if len(values) > 1:
        (low, *lowest), (high, *highest) = values[0], values[-1]
        ends = f"({lowest[1]}, tested on {lowest[0]}) to {number(high)} ({highest[1]}, tested on {highest[0]})"
        said = [f"across from {number(low)} {ends}"]
    small = f"{_target(found)}: mean over {counted(len(known), 'test')} on another database, no interval"
    if means.cross is None:
        lacking = len(known) - len(values)
        small = f"{_target(found)}: {lacking} of {counted(len(known), 'test')} on another database without a value"
    chances = {one.guesses.get("chance") for one in found.cells if not one.error} - {None}
    small += f" · chance {number(chances.pop())}" if len(chances) == 1 else ""
    if means.own is not None:
        small += f" · on the same one {number(means.own)}"
    big = f"{called} {number(means.cross)}" if means.cross is not None else "No mean across"
    return {"big": big, "small": small, "said": sentences(said)}


def _leads(found: Matrix) -> list[dict[str, str]]:
    failed = sum(bool(one.error) for one in found.cells)
    text = f"{failed} of {len(found.cells)} cells failed, and a mean of which one has no value is empty"
    return [
        *(lead("warning", one, "test on more speakers before cells are compared") for one in found.cautions),
        *([lead("warning", text, "their errors are in the table of all cells")] if failed else []),
    ]


def _matrix(found: Matrix) -> dict[str, Any]:
    trains = [*dict.fromkeys(one.values.train for one in found.cells)]
    tests = [*dict.fromkeys(one.values.test for one in found.cells)]
    by = {(one.values.train, one.values.test): one for one in found.cells}
    columns: list[tuple[str, Cells]] = [
        ("trained on", "text"),
        *((name, "measured") for name in tests),
        ("mean", "number"),
    ]
    rows = [[train, *(_entry(found, by.get((train, test))) for test in tests), found.means.by_train.get(train)]
            for train in trains]  # fmt: skip
    rows.append(["mean", *(_only(found.means.by_test.get(test)) for test in tests), found.means.every])
    caption = f"{measure(found.measure)}: {_SAID} {_MEANS}"
    tables = [table(caption, columns, rows, sortable=False)] if len(tests) <= _MOST else []
    drawn = [figure("heatmap", f"{_target(found)}: {measure(found.measure)} of each pair.")] if _is_drawn(found) else []
    return part("Matrix", tables=tables, figures=drawn)


def _all(found: Matrix) -> list[Measured]:
    return [_of(found, one) for one in found.cells]


def _entry(found: Matrix, cell: Crossing | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    one = _of(found, cell)
    return measured(one.value, one.low, one.high, " failed" if cell.error else _MARK if is_narrow(one) else "")


def _only(value: float | None) -> dict[str, Any] | None:
    return None if value is None else measured(value, None, None)


def _cells(found: Matrix) -> dict[str, Any]:
    failed = any(one.error for one in found.cells)
    columns: list[tuple[str, Cells]] = [
        ("trained on", "text"), ("tested on", "text"), (measure(found.measure), "number"),
        ("95 % interval", "interval"), ("rows", "count"), ("speakers", "count"), ("seconds", "seconds"),
    ]  # fmt: skip
    columns += [("error", "note")] if failed else []
    rows = [_row(found, one, failed=failed) for one in found.cells]
    ran = sum(not one.error for one in found.cells)
    said = [f"Each of the {counted(ran, 'cell')} that ran is a look at its test rows, and counts as one.",
            "A cell is a run: `nk report` makes a report of its folder."]  # fmt: skip
    return part("All cells", said, tables=[table("All cells, by what was trained on.", columns, rows)])


def _row(found: Matrix, cell: Crossing, *, failed: bool) -> list[Any]:
    one = _of(found, cell)
    ends = None if one.low is None else [one.low, one.high]
    about = [cell.values.train, cell.values.test, one.value, ends, one.n, one.n_speakers]
    return [*about, None if cell.error else cell.seconds, *([cell.error] if failed else [])]


def _methods(found: Matrix, made: Made) -> str:
    names = [*dict.fromkeys(one.values.test for one in found.cells)]
    trains = [*dict.fromkeys(one.values.train for one in found.cells)]
    out = "each was left out once and tested by a model of all others" if len(trains) == 1 and len(names) > 1 else (
        "a model was trained on each and tested on each")  # fmt: skip
    failed = sum(bool(one.error) for one in found.cells)
    text = f"To see how {_target(found)} is recognised across databases, of {listed(names)} {out}."
    means = [f"{number(value)} {where}" for value, where in
             ((found.means.cross, "on another database than was trained on"), (found.means.own, "on the same"))
             if value is not None]  # fmt: skip
    text += f" The mean {measure(found.measure)} was {listed(means)}." if means else ""
    text += f" {failed} of {len(found.cells)} cells failed." if failed else ""
    return text + (f" Made with nk {made.nk} and Python {made.python}." if made.nk else "")


def _is_drawn(found: Matrix) -> bool:
    sides = [{one.values.train for one in found.cells}, {one.values.test for one in found.cells}]
    return max(map(len, sides)) <= _MOST and any(one.value is not None for one in _all(found))


def _drawn(found: Matrix, path: Path) -> Drawing:
    from nk.report.figures import heatmap

    keys = ("value", "low", "high", "n_speakers")
    rows = [{**one.values.model_dump(), **{key: getattr(_of(found, one), key) for key in keys}} for one in found.cells]
    frame, title = pl.DataFrame(rows, infer_schema_length=None), f"{_target(found)}: {found.measure}"

    def draw(pen: Pen) -> Figure:
        return heatmap.draw(frame, measure=measure(found.measure), title=title, pen=pen)

    return draw_with(draw, path, title, [title, *(name for row in rows for name in (row["train"], row["test"]))])
