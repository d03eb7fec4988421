"""One number against another: points, and the lines of least squares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.report.figures import PEN, VERMILION, Pen, blank, shorten_label, write_caption, write_title
from nk.report.figures.clouds import look, scatter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from nk.explore.colours import Colours
    from nk.registry import Doubles

_DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1, 1, 1)))


def draw(
    x: Doubles,
    y: Doubles,
    colours: Colours,
    lines: Sequence[tuple[str, Doubles, Doubles]],
    *,
    labels: tuple[str, str],
    title: str,
    caption: str,
    pen: Pen = PEN,
) -> Figure:
    """Draw points and lines.

    Args:
        x: horizontal, shape (rows,)
        y: vertical, shape (rows,)
        colours: of the points
        lines: their name, and the two coordinates of their ends; empty where there is none
        labels: of the axes
        title: what to put above
        caption: what to put below
        pen: how texts are written
    """
    figure, axes = blank(6.6, 5.2)
    scatter(figure, axes, (x, y), colours, pen, dashes=_DASHES if len(lines) > 1 else ())
    for place, (_, across, up) in enumerate(lines):
        colour = look(colours, place)[1] if len(lines) > 1 else VERMILION
        axes.plot(across, up, color="white", linewidth=3.6)
        axes.plot(across, up, color=colour, linewidth=1.8, linestyle=_DASHES[place % len(_DASHES)])
    axes.set_xlabel(pen.text(shorten_label(labels[0]) if len(labels[0]) > 60 else labels[0]))
    axes.set_ylabel(pen.text(shorten_label(labels[1]) if len(labels[1]) > 40 else labels[1]))
    axes.spines[["top", "right"]].set_visible(False)
    write_title(figure, [pen.text(title)])
    write_caption(figure, [pen.text(caption), "line: least squares" if lines else ""])
    return figure
