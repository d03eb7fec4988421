"""A figure of what a command has found, drawn for a report into a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nk.report import fonts
from nk.report.drawings import Drawing
from nk.report.figures import save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from matplotlib.figure import Figure

    from nk.report.figures import Pen

Kind = Literal["svg", "pdf"]


def draw_with(make: Callable[[Pen], Figure], path: Path, title: str, texts: Iterable[str]) -> Drawing:
    """Draw a figure that holds these texts of the user's."""
    with fonts.writing(texts) as pen:
        save(make(pen), path)
    return Drawing(path, title)
