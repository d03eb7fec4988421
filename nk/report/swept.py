"""A sweep as a report says it: what the choice among its cells is worth, all cells, how they compare."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nk.report.drawn import draw_with
from nk.report.files import read_json
from nk.report.frame import frame, made_with
from nk.report.leads import lead
from nk.report.parts import figure, part, sentences, table
from nk.report.shapes_of_many import Sweep, is_narrow
from nk.report.words import counted, interval, listed, measure, number
from nk.tables import Metric

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from nk.report.drawings import Drawing
    from nk.report.drawn import Kind
    from nk.report.figures import Pen
    from nk.report.parts import Kind as Cells
    from nk.report.shapes import Made
    from nk.report.shapes_of_many import Cell, Compared, Estimate, Standing

NAME = "sweep.json"
_CHOSEN = {
    "dev": "chosen by the dev part and measured on the test part",
    "inner folds": "chosen for each fold in inner folds of its training rows, a nested cross-validation",
    "other speakers": "chosen for each test speaker by the rows of the other speakers",
}
_ON_PAPER = 15  # runs of a figure that can be read on a page of paper
_NARROW = "too few speakers are tested, or none is known, so that intervals are over utterances, and too narrow"


class Swept:
    """The report of a sweep."""

    def __init__(self, folder: Path) -> None:
        """Read the sweep of a folder.

        Raises:
            DataError: it cannot be read
        """
        self.found = read_json(folder / NAME, Sweep)

    def told(self, name: str, made: Made, config: str) -> dict[str, Any]:
        """All that there is to say, as `nk.report.frame.frame` has it."""
        return told(self.found, name, made, config)

    def draw(self, folder: Path, kind: Kind) -> dict[str, Drawing]:
        """The comparison of the cells of each target."""
        most = _ON_PAPER if kind == "pdf" else None
        return {name: _drawn(*one, folder / f"{name}.{kind}", most) for name, one in _compared(self.found).items()}


def told(found: Sweep, name: str, made: Made, config: str) -> dict[str, Any]:
    """The sweep in a plain dict."""
    return frame(
        name,
        made.made,
        openings=[_opening(one, _guesses(found, one)) for one in found.estimates],
        leads=_leads(found),
        methods=_methods(found, made),
        parts=[_cells(found), *_choices(found)],
        config=config,
        made_with=made_with(made),
    )


def _guesses(found: Sweep, one: Estimate) -> str:
    """What guessing reaches on the rows of the best, as ` · chance 0.250`."""
    best = next((cell for cell in found.cells if cell.name == one.best.name), None)
    known = best.guesses.items() if best and best.measure == one.measure else ()
    return "".join(f" · {base} {number(value)}" for base, value in known if value is not None)


def _opening(one: Estimate, guesses: str) -> dict[str, Any]:
    best = f"{measure(one.measure)} of the best by its own test rows: {number(one.best.value)}"
    best += f" ({interval(one.best.low, one.best.high)})" if one.best.low is not None else ""
    if one.choice is None:
        big = f"{measure(one.measure)} {number(one.best.value)}" if one.runs == 1 else "No estimate"
        small = f"{one.target}: {counted(one.runs, 'run')}{guesses}"
        return {"big": big, "small": small, "said": sentences([*one.words, *([best] if one.runs > 1 else [])])}
    reached = one.choice.metric
    ends = "no interval" if reached.low is None else f"95 % interval {interval(reached.low, reached.high)}"
    return {
        "big": f"{measure(one.measure)} {number(reached.value)}",
        "small": f"{ends}{guesses} · {one.target}: what choosing among {one.runs} runs reaches",
        "said": sentences([*one.words, best]),
    }


def _leads(found: Sweep) -> list[dict[str, str]]:
    failed = [one for one in found.cells if one.error]
    text = f"{len(failed)} of {len(found.cells)} cells failed"
    narrow = any(is_narrow(one.best) for one in found.estimates)
    return [
        *(lead("warning", one.caution) for one in found.estimates if one.caution),
        *([lead("warning", _NARROW, "test on more speakers before cells are compared")] if narrow else []),
        *([lead("warning", text, "their errors are in the table of all cells")] if failed else []),
    ]


def _cells(found: Sweep) -> dict[str, Any]:
    """All cells, from the best to the worst, and how they compare."""
    axes = [*dict.fromkeys(key for one in found.cells for key in one.values)]
    names = {one.measure for one in found.cells if not one.error}
    failed = any(one.error for one in found.cells)
    columns: list[tuple[str, Cells]] = [(axis, "text") for axis in axes]
    columns += [("measure", "text")] if len(names) > 1 else []
    columns += [(measure(min(names)) if len(names) == 1 else "value", "number"), ("95 % interval", "interval"),
                ("rows", "count"), ("speakers", "count"), ("seconds", "seconds")]  # fmt: skip
    columns += [("error", "note")] if failed else []
    rows = [_row(one, axes, several=len(names) > 1, failed=failed) for one in found.cells]
    ran = sum(not one.error for one in found.cells)
    said = [f"Each of the {counted(ran, 'cell')} that ran is a look at its test rows, and counts as one.",
            "A cell is a run: `nk report` makes a report of its folder."]  # fmt: skip
    figures = [figure(name, _figured(*one)) for name, one in _compared(found).items()]
    cells = table("All cells, by target and from the best to the worst.", columns, rows)
    return part("All cells", said, tables=[cells], figures=figures)


def _row(one: Cell, axes: list[str], *, several: bool, failed: bool) -> list[Any]:
    found = one.main
    ends = None if found.low is None else [found.low, found.high]
    about = [*(one.values.get(axis) for axis in axes), *([measure(one.measure)] if several else [])]
    seconds = None if one.error else one.seconds
    return [*about, found.value, ends, found.n, found.n_speakers, seconds, *([one.error] if failed else [])]


def _choices(found: Sweep) -> list[dict[str, Any]]:
    """How often each cell was chosen, where it was not always the same."""
    chosen = [(one, one.choice) for one in found.estimates if one.choice and len(one.choice.chosen) > 1]
    tables = [
        table(f"{one.target}: how often each was {_CHOSEN[choice.by]}.", [("cell", "text"), ("times", "count")],
              [[*pair] for pair in choice.chosen.items()])
        for one, choice in chosen
    ]  # fmt: skip
    return [part("What was chosen", tables=tables)] if tables else []


def _methods(found: Sweep, made: Made) -> str:
    """The paragraph on methods, which says nothing that the files do not."""
    axes = {key: [*dict.fromkeys(one.values[key] for one in found.cells if key in one.values)]
            for key in dict.fromkeys(key for one in found.cells for key in one.values)}  # fmt: skip
    tried = listed(f"{key} ({', '.join(values)})" for key, values in axes.items())
    failed = sum(bool(one.error) for one in found.cells)
    text = f"All combinations of {tried} were run, {counted(len(found.cells), 'cell')} in all"
    text += f", of which {failed} failed." if failed else "."
    made_by = f" Made with nk {made.nk} and Python {made.python}." if made.nk else ""
    return " ".join([text, *map(_chosen, found.estimates)]) + made_by


def _chosen(one: Estimate) -> str:
    best = f"the best of {counted(one.runs, 'run')} by its own test rows had a {measure(one.measure)} of"
    text = f"For {one.target}, {best} {number(one.best.value)}"
    if one.choice is None:
        return f"{text}, which is too good to be expected, as it was chosen by these." if one.runs > 1 else f"{text}."
    found = one.choice.metric
    ends = f" (95 % interval {interval(found.low, found.high)}, {found.method})" if found.low is not None else ""
    whom = f" of {counted(found.n_speakers, 'speaker')}" if found.n_speakers else ""
    rows = f" on {counted(found.n, 'recording')}{whom}" if found.n else ""
    return f"{text}; {_CHOSEN[one.choice.by]}, runs reach {number(found.value)}{ends}{rows}."


def _compared(found: Sweep) -> dict[str, tuple[Estimate, Compared]]:
    """The estimates that have a figure, by the name of that."""
    some = [(one, one.comparison) for one in found.estimates if one.comparison and len(one.comparison.runs) > 1]
    return {f"comparison_{number}": one for number, one in enumerate(some, 1)}


def _figured(one: Estimate, found: Compared) -> str:
    alike = one.not_apart_from_best
    more = "" if not alike else f" {alike} of the {one.runs - 1} others cannot be told apart from the best."
    more += f" On paper the best {_ON_PAPER} of {len(found.runs)}." if len(found.runs) > _ON_PAPER else ""
    return f"{one.target}: {measure(one.measure)} of the runs on the same rows.{more}"


def _drawn(one: Estimate, found: Compared, path: Path, most: int | None) -> Drawing:
    """The runs with their intervals, the best `most` of them."""
    from nk.report.figures import critical

    runs = [(run.name, _metric(one.measure, run)) for run in found.runs[:most]]
    best = "the best " if len(runs) < len(found.runs) else ""
    title = f"{one.target}: {best}{len(runs)} runs on the same rows"

    def draw(pen: Pen) -> Figure:
        return critical.draw(runs, {*found.apart}, measure=one.measure, basis=found.basis, title=title, pen=pen)

    return draw_with(draw, path, title, [one.target, *(run.name for run in found.runs)])


def _metric(name: str, run: Standing) -> Metric:
    value = math.nan if run.value is None else run.value
    return Metric(name, value, run.low, run.high, n=0, n_speakers=None, split="test", method="")
