"""A figure of what a command has found, drawn for a report into a file, without its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nk.report import fonts
from nk.report.drawings import Drawing
from nk.report.exhibits import sentences
from nk.report.figures.bare import result_of, save_bare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from matplotlib.figure import Figure

    from nk.report.figures import Pen

Kind = Literal["svg", "pdf"]


def draw_with(make: Callable[[Pen], Figure], path: Path, title: str, texts: Iterable[str]) -> Drawing:
    """Draw a figure that holds these texts of the user's; what stood below it is said beside it."""
    with fonts.writing(texts) as pen:
        figure = make(pen)
        save_bare(figure, path.parent, path.stem, (path.suffix.removeprefix("."),))
    return Drawing(path, title, sentences(result_of(figure)))
