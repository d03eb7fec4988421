"""Counts of categories: a bar each, in pieces of another column's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from nk.registry import Ints
    from nk.report.figures import Pen

# Colours of Okabe and Ito, the first three in grey from dark to light, the others hatched: all can be told in grey.
PIECES = (
    ("#0072B2", ""), ("#E69F00", ""), ("#F0E442", ""), ("#CC79A7", "///"), ("#56B4E9", ".."), ("#009E73", "\\\\\\"),
    ("#D55E00", "xxx"), ("#FFFFFF", "---"),
)  # fmt: skip


def draw(
    axes: Axes,
    table: Ints,
    labels: Sequence[str],
    pieces: Sequence[str],
    *,
    name: str,
    of: str,
    what: str,
    pen: Pen,
) -> None:
    """Draw a bar a label; with more pieces than can be told apart, a grid of counts.

    Args:
        axes: where
        table: counts, shape (labels, pieces)
        labels: of the bars
        pieces: what the bars are made of; none for bars of one piece
        name: of the bars' column
        of: of the pieces' column
        what: is counted
        pen: how texts are written
    """
    if len(pieces) > len(PIECES):
        _draw_grid(axes, table, pieces, of=of, what=what, pen=pen)
    else:
        _draw_bars(axes, table, pen.labels(pieces, of), what=what)
    axes.set_yticks(range(len(labels)), pen.labels(labels, name), fontsize=9 if len(labels) <= 15 else 7)
    axes.tick_params(axis="y", length=0)


def _draw_bars(axes: Axes, table: Ints, pieces: Sequence[str], *, what: str) -> None:
    from matplotlib.ticker import MaxNLocator

    ends = np.zeros(len(table))
    for place, counts in enumerate(table.T):
        colour, hatch = PIECES[place % len(PIECES)]
        axes.barh(range(len(table)), counts, left=ends, height=0.72, color=colour, hatch=hatch, edgecolor="0.2",
                  linewidth=0.5, label=pieces[place] if pieces else None)  # fmt: skip
        ends = ends + counts
    for place, end in enumerate(ends):
        axes.text(end, place, f" {end:,.0f}", va="center", fontsize=8)
    beside = len(axes.get_shared_x_axes().get_siblings(axes)) > 1 and not axes.get_autoscalex_on()
    axes.set_xlim(0, max(1.0, 1.18 * float(ends.max()), axes.get_xlim()[1] if beside else 0.0))
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_xlabel(what, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_grid(axes: Axes, table: Ints, pieces: Sequence[str], *, of: str, what: str, pen: Pen) -> None:
    axes.imshow(table, cmap="Blues", aspect="auto", vmin=0, interpolation="none")
    high = table.max(initial=1) / 2
    if table.size <= 400:
        for row, col in np.ndindex(*table.shape):
            colour = "white" if table[row, col] > high else "black"
            axes.text(col, row, f"{table[row, col]:,}", ha="center", va="center", fontsize=7, color=colour)
    axes.set_xticks(range(len(pieces)), pen.labels(pieces, of), rotation=90, fontsize=8)
    axes.set_xlabel(pen.text(f"{of} ({what})"), fontsize=9)
    axes.spines[:].set_visible(False)
