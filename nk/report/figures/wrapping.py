"""Titles and captions in lines that fit their figure. Matplotlib would wrap them anew each time they are drawn."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

_EDGE = 0.08  # inches at both sides
# What is never parted: `p < .001`, or a word, with the blanks behind. Chinese, Japanese and Korean lines may end
# behind any sign.
_EAST = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
_PIECES = re.compile(rf"[{_EAST}]\s*|[^\s{_EAST}]+ [<=>] [^\s{_EAST}]+\s*|[^\s{_EAST}]+\s*")


def wrap(figure: Figure) -> None:
    """Wrap the texts above and below a figure that want it, for good."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    room = (figure.get_figwidth() - 2 * _EDGE) * figure.dpi
    canvas: Any = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    for text in figure.texts:
        if text.get_wrap():
            properties = text.get_fontproperties()

            @cache
            def width(piece: str, properties: Any = properties) -> float:
                written = piece.replace(r"\$", "$")
                return float(renderer.get_text_width_height_descent(written, properties, ismath=False)[0])

            lines = [one for line in text.get_text().split("\n") for one in wrapped(line, room, width)]
            text.set_text("\n".join(lines))
            text.set_wrap(False)


def wrapped(line: str, room: float, width: Callable[[str], float]) -> list[str]:
    """A line in as many as it needs, each as long as there is room; what is never parted may be longer."""
    lines, taken = [""], 0.0
    for piece in _PIECES.findall(line):
        if lines[-1] and taken + width(piece.rstrip()) > room:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
            taken = 0.0
        lines[-1] += piece
        taken += width(piece)
    return lines
