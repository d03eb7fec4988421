"""Scores with their intervals, a line each, beside what guessing gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.report.figures import BLUE, Pen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

# Name, score, both ends of what is drawn beside it, and whether it is filled.
Bar = tuple[str, float, float, float, bool]


def draw(axes: Axes, rows: Sequence[Bar], chance: float | None, *, name: str, pen: Pen) -> None:
    """Draw a dot a row with its line; `chance` is a dashed line over all.

    Args:
        axes: where
        rows: from above to below
        chance: what guessing gives
        name: of the score
        pen: how texts are written
    """
    for place, (_, score, low, high, filled) in enumerate(rows):
        axes.plot([low, high], [place, place], color=BLUE, linewidth=1.6)
        axes.plot(score, place, "o", markersize=6, color=BLUE, markerfacecolor=BLUE if filled else "white")
        axes.annotate(f"{score:.3f}", (1.01, place), xycoords=("axes fraction", "data"), fontsize=7, va="center")
    if chance is not None:
        axes.axvline(chance, color="0.35", linewidth=1, linestyle=(0, (4, 3)))
        axes.annotate("chance", (chance, 1), xycoords=("data", "axes fraction"), fontsize=7, ha="center", va="bottom")
    axes.set_yticks(range(len(rows)), pen.labels([row[0] for row in rows], "row"), fontsize=9)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    axes.set_xlabel(pen.text(name), fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
