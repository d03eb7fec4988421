"""Rows as points in two or three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk.report.figures import PEN, Pen, blank, write_caption, write_title
from nk.report.figures.clouds import scatter

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nk.explore.colours import Colours
    from nk.registry import Doubles


def draw(
    places: tuple[Doubles, ...], colours: Colours, labels: tuple[str, ...], *, title: str, caption: str, pen: Pen = PEN
) -> Figure:
    """Draw points.

    Args:
        places: the coordinates, two or three of shape (rows,)
        colours: of the points
        labels: of the axes
        title: what to put above
        caption: what to put below
        pen: how texts are written
    """
    figure, axes = _plane() if len(places) == 2 else _space()
    scatter(figure, axes, places, colours, pen)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    if len(places) == 3:
        axes.set_zlabel(labels[2])
    else:
        axes.spines[["top", "right"]].set_visible(False)
    write_title(figure, [pen.text(title)])
    write_caption(figure, [pen.text(caption)])
    return figure


def _plane() -> tuple[Figure, Any]:
    return blank(6.8, 5.4)


def _space() -> tuple[Figure, Any]:
    """A figure with three axes."""
    figure, flat = blank(7.6, 6.4)
    flat.remove()
    axes: Any = figure.add_subplot(projection="3d")
    axes.view_init(elev=22, azim=-60)
    axes.set_box_aspect(None, zoom=0.88)
    axes.tick_params(labelsize=8)
    return figure, axes
