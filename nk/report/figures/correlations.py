"""Correlations of features as a map, like features beside each other, groups of nearly equal ones framed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nk.report.figures import PEN, VERMILION, Pen, blank, write_caption, write_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nk.registry import Doubles

_MOST_NAMES = 100
_LEAST = 0.125  # inches of a cell beside which a name can be read
_WRITTEN = 14  # features, up to which the numbers stand in the cells


def draw(
    names: Sequence[str],
    values: Doubles,
    groups: Sequence[tuple[str, ...]],
    *,
    title: str,
    caption: str,
    pen: Pen = PEN,
) -> Figure:
    """Draw a cell a pair, from dark (negative) to bright, so that it can be read in grey.

    Args:
        names: of the features, in order
        values: shape (features, features), from -1 to 1
        groups: those that are to be framed; members are neighbours
        title: what to put above
        caption: what to put below
        pen: how texts are written
    """
    named = len(names) <= _MOST_NAMES
    cell = float(np.clip(4.6 / len(names), _LEAST if named else 0.03, 0.5))
    font = min(8.0, 0.72 * 72 * cell)
    beside = 0.0105 * font * max(map(len, names)) if named else 0.0
    figure, axes = blank(cell * len(names) + beside + 1.5, cell * len(names) + 1.8)
    shown = axes.imshow(values, cmap="cividis", vmin=-1, vmax=1, interpolation="none")
    figure.colorbar(shown, ax=axes, label="Spearman's correlation", shrink=0.7, pad=0.02)
    axes.set_yticks(range(len(names)) if named else [], [pen.text(name) for name in names] if named else [])
    axes.tick_params(axis="y", labelsize=font)
    axes.set_xticks([])
    axes.tick_params(length=0)
    _frame(axes, names, groups)
    if len(names) <= _WRITTEN:
        _write(axes, values)
    write_title(figure, [pen.text(title)])
    write_caption(figure, [pen.text(caption)])
    return figure


def _frame(axes: Axes, names: Sequence[str], groups: Sequence[tuple[str, ...]]) -> None:
    from matplotlib.patches import Rectangle

    place = {name: number for number, name in enumerate(names)}
    for group in groups:
        first, count = min(place[name] for name in group), len(group)
        corner = (first - 0.5, first - 0.5)
        axes.add_patch(Rectangle(corner, count, count, fill=False, edgecolor=VERMILION, linewidth=2))


def _write(axes: Axes, values: Doubles) -> None:
    for (row, column), value in zip(_cells(len(values)), values.ravel(), strict=True):
        dark = value < 0.1
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=6.5, color="white" if dark else "0.1")


def _cells(count: int) -> list[tuple[int, int]]:
    return [(row, column) for row in range(count) for column in range(count)]
