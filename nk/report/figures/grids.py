"""Panels in rows, each drawn by a function of its own: what figures of data share."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nk.report.figures import Pen, shorten_label, write_caption, write_title

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEWEST, _MOST = 2, 3  # panels in a row
_SHAPE = 1.4  # width by height that a page and a slide have room for


@dataclass(frozen=True)
class Panel:
    """A picture within a figure: what draws it, its size in inches, and what the legend of all panels is called."""

    draw: Callable[[Axes, Pen], None]
    width: float
    height: float
    title: str = ""
    legend: str = ""

    def titled(self, title: str) -> Panel:
        """The same with a title, before the one that it has."""
        return replace(self, title=", ".join(one for one in (title, self.title) if one))


def draw_grid(
    panels: Sequence[Panel], title: Sequence[str], caption: Sequence[str], pen: Pen, *, alike: bool = False
) -> Figure:
    """Draw panels side by side, two or three in a row, with a title above, a caption below, and one legend for all.

    Args:
        panels: what
        title: lines above
        caption: lines below
        pen: how texts are written
        alike: whether panels show the same, so that their axes are to be the same
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    beside = 1.3 if any(one.legend for one in panels) else 0.0
    wide, tall = max(one.width for one in panels), max(one.height for one in panels)
    columns = min(len(panels), _columns(len(panels), wide, tall))
    rows = math.ceil(len(panels) / columns)
    size = max(5.2, columns * wide) + beside, rows * tall + 1.1
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))
    first = None
    names = pen.labels([panel.title for panel in panels])
    for place, (panel, name) in enumerate(zip(panels, names, strict=True), start=1):
        axes = figure.add_subplot(rows, columns, place, sharex=first, sharey=first)
        first = axes if alike and first is None else first
        panel.draw(axes, pen)
        if panel.title:
            axes.set_title(name, fontsize=10)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=8, title_fontsize=8,
                      title=pen.text(shorten_label(panels[0].legend)) or None)  # fmt: skip
    write_title(figure, map(pen.text, title))
    write_caption(figure, map(pen.text, caption))
    return figure


def _columns(panels: int, wide: float, tall: float) -> int:
    """How many stand in a row, so that the whole is neither a ribbon nor a tower."""

    def off(columns: int) -> float:
        return abs(math.log(columns * wide / (math.ceil(panels / columns) * tall) / _SHAPE))

    return min(range(_FEWEST, _MOST + 1), key=off)
