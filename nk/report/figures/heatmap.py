"""What was trained on against what was tested on, a cell a run, with the value and its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nk.intervals import FEWEST_SPEAKERS
from nk.report.figures import PEN, Pen, blank, write_caption, write_title

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CELL = 1.25  # inches
_BELOW = "below each value its 95 % interval"
_MARKED = "; * over utterances, as there are too few speakers: too narrow"


def draw(table: pl.DataFrame, *, measure: str, title: str, pen: Pen = PEN) -> Figure:
    """Draw a cell a pair, from dark (low) to bright, so that it can be read in grey; without a value, it is blank.

    Args:
        table: with `train`, `test`, `value`, `low`, `high` and `n_speakers`
        measure: what the values are
        title: what to put above
        pen: how texts are written
    """
    trains, tests = (table[side].unique(maintain_order=True).to_list() for side in ("train", "test"))
    values = np.full((len(trains), len(tests)), np.nan)
    for row in table.iter_rows(named=True):
        if row["value"] is not None:
            values[trains.index(row["train"]), tests.index(row["test"])] = row["value"]
    beside = 0.09 * max(map(len, trains))
    figure, axes = blank(_CELL * len(tests) + beside + 2.0, _CELL * 0.8 * len(trains) + 2.0)
    shown = axes.imshow(values, cmap="cividis", interpolation="nearest", aspect="auto")
    figure.colorbar(shown, ax=axes, label=measure, shrink=0.8, pad=0.03)
    axes.set_xticks(range(len(tests)), pen.labels(tests), rotation=30, ha="right")
    axes.set_yticks(range(len(trains)), pen.labels(trains))
    axes.tick_params(length=0)
    axes.set_xlabel("tested on")
    axes.set_ylabel("trained on")
    middle = float(np.nanmin(values) + np.nanmax(values)) / 2
    for row in table.iter_rows(named=True):
        _write(axes, tests.index(row["test"]), trains.index(row["train"]), row, middle)
    write_title(figure, [pen.text(title)])
    marked = any(map(_is_narrow, table.iter_rows(named=True)))
    write_caption(figure, [_BELOW + _MARKED * marked])
    return figure


def _write(axes: Axes, x: int, y: int, row: dict[str, float | None], middle: float) -> None:
    value, low, high = row["value"], row["low"], row["high"]
    if value is None:
        axes.text(x, y, "no value", ha="center", va="center", fontsize=8, color="0.3")
        return
    mark = " *" if _is_narrow(row) else ""
    ends = f"\n{low:.2f} to {high:.2f}{mark}" if low is not None and high is not None else ""
    colour = "black" if value > middle else "white"
    axes.text(x, y, f"{value:.3f}{ends}", ha="center", va="center", fontsize=8, color=colour)


def _is_narrow(row: dict[str, float | None]) -> bool:
    return row["low"] is not None and (row["n_speakers"] or 0) < FEWEST_SPEAKERS
