"""Points in groups that can be told apart in grey, or coloured by a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nk.report.figures import Pen, shorten_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from nk.explore.colours import Colours
    from nk.registry import Doubles

# Colours of Okabe and Ito; in grey the shapes tell the groups apart.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "black", "#F0E442")
_MARKS = "os^DvPX*<>pd"
_REST = ("o", "0.75")  # of what is not told apart
_MAP = "cividis"
_MANY = 2000
REST = ("others", "not known")


def scatter(
    figure: Figure, axes: Any, places: tuple[Doubles, ...], colours: Colours, pen: Pen, dashes: Sequence[Any] = ()
) -> None:
    """Draw points on two or three axes, with what their colours mean; groups that have a line have one of `dashes`."""
    many = len(places[0]) > _MANY
    style: dict[str, Any] = {"linewidths": 0.3, "edgecolors": "black", "s": size(len(places[0])), "rasterized": many}
    style["alpha"] = float(np.clip(30 / np.sqrt(max(len(places[0]), 1)), 0.3, 0.85))
    if colours.is_number:
        _by_number(figure, axes, places, colours, pen, style)
        return
    names = []
    for place, name in enumerate(pen.labels(colours.names, colours.label)):
        mine = colours.values == place
        names.append(f"{name} ({int(mine.sum()):,})")
        mark, colour = look(colours, place)
        rest = colours.names[place] in REST
        axes.scatter(*(one[mine] for one in places), marker=mark, color=colour, zorder=0.9 if rest else 1, **style)
    if len(colours.names) > 1:
        _explain(figure, names, colours, pen.text(shorten_label(colours.label)), dashes)


def _explain(figure: Figure, names: Sequence[str], colours: Colours, title: str, dashes: Sequence[Any]) -> None:
    """A legend whose marks can be seen, however small and pale those of the points are."""
    from matplotlib.lines import Line2D

    handles = []
    for place, name in enumerate(names):
        mark, colour = look(colours, place)
        dash: Any = dashes[place % len(dashes)] if dashes else "none"
        handles.append(Line2D([], [], marker=mark, color=colour, markersize=6, markeredgecolor="black", linestyle=dash,
                              markeredgewidth=0.3, label=name))  # fmt: skip
    figure.legend(handles=handles, loc="outside right center", frameon=False, fontsize=9, title=title,
                  handlelength=4 if dashes else 1.5)  # fmt: skip


def look(colours: Colours, place: int) -> tuple[str, str]:
    """Mark and colour of a group."""
    return _REST if colours.names[place] in REST else (_MARKS[place % len(_MARKS)], _COLOURS[place % len(_COLOURS)])


def size(count: int) -> float:
    """Of a point, in square points, where there are so many."""
    return 8 if count > _MANY else 16 if count > 200 else 34


def _by_number(
    figure: Figure, axes: Any, places: tuple[Doubles, ...], colours: Colours, pen: Pen, style: dict[str, Any]
) -> None:
    known = ~np.isnan(colours.values)
    if not known.all():
        axes.scatter(*(one[~known] for one in places), facecolors="none", **{**style, "linewidths": 0.6})
    shown = axes.scatter(*(one[known] for one in places), c=colours.values[known], cmap=_MAP, **style)
    figure.colorbar(shown, ax=axes, label=pen.text(shorten_label(colours.label)), shrink=0.7, pad=0.02)
