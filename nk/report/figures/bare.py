"""A figure for a text that says itself what stands above and below it: without title and caption, and their room."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from nk.report.figures import ABOVE, BELOW, lay_out, save
from nk.report.figures.slim import slim_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

    from nk.report.figures import Pen

KINDS = ("svg", "pdf")  # for a screen and for paper
_MANY = 4000  # points; more are an image, which is smaller
_EDGE = 0.06  # inches
_LINE = 0.15


def lines_below(figure: Figure) -> list[str]:
    """What stands below a figure, before it is laid out."""
    return _lines(figure, BELOW)


def result_of(figure: Figure) -> list[str]:
    """What the words of a figure say of its result: the lines above but for the first, its title, and those below."""
    return [*_lines(figure, ABOVE)[1:], *lines_below(figure)]


def _lines(figure: Figure, place: str) -> list[str]:
    texts = [text.get_text() for text in figure.texts if text.get_gid() == place]
    return [line.replace(r"\$", "$") for text in texts for line in text.split("\n") if line]


def add_below(figure: Figure, lines: Sequence[str]) -> None:
    """Write further lines below a figure, which becomes taller by them."""
    for text in [one for one in figure.texts if one.get_gid() == BELOW and lines]:
        text.set_text("\n".join([text.get_text(), *lines]).strip())
        figure.set_figheight(figure.get_figheight() + _LINE * len(lines))


def as_drawn(line: str, pen: Pen) -> str:
    """A line as `lines_below` gives it."""
    return pen.text(line).replace("`", "").replace(r"\$", "$")


def save_bare(figure: Figure, folder: Path, stem: str, kinds: Sequence[str] = KINDS) -> list[str]:
    """Write a figure in each of these formats, and leave it as it was but for many points; the files' names."""
    _paint_crowds(figure)
    lay_out(figure)
    names = [f"{stem}.{kind}" for kind in kinds]
    with _without_words(figure):
        box = _box(figure)
        for name in names:
            save(figure, folder / name, box=box)
    if "svg" in kinds:
        slim_file(folder / f"{stem}.svg")
    return names


@contextmanager
def _without_words(figure: Figure) -> Iterator[None]:
    words = [text for text in figure.texts if text.get_gid() in {ABOVE, BELOW}]
    try:
        for text in words:
            text.set_visible(False)
        yield
    finally:
        for text in words:
            text.set_visible(True)


def _box(figure: Figure) -> Bbox:
    """The whole width and the height that is drawn on, in inches."""
    from matplotlib.transforms import Bbox

    drawn = figure.get_tightbbox()
    return Bbox.from_extents(0, drawn.y0 - _EDGE, figure.get_figwidth(), drawn.y1 + _EDGE)


def _paint_crowds(figure: Figure) -> None:
    """Points become an image where they are many, and only there."""
    import numpy as np
    from matplotlib.collections import PathCollection

    for axes in figure.axes:
        clouds = [one for one in axes.collections if isinstance(one, PathCollection)]
        many = sum(np.shape(one.get_offsets())[0] for one in clouds) > _MANY
        for one in [] if axes.name == "3d" else clouds:
            one.set_rasterized(many)
