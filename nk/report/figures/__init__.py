"""Pictures of results, one a file: `data` gives the numbers as a table, `draw` a figure, `save` writes it.

Figures are made without pyplot, which costs import time and holds state. They use the fonts that come with matplotlib.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nk.tables import Metric

# What the formats would write of the clock, and so differ from run to run.
_METADATA: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
DPI = 150


def save(figure: Figure, path: Path) -> None:
    """Write a figure as png (150 dpi), svg or pdf, by the suffix of `path`; equal figures give equal bytes.

    Raises:
        DataError: the suffix is none of these
    """
    import matplotlib as mpl

    kind = path.suffix.removeprefix(".").lower()
    if kind not in _METADATA:
        raise DataError(f"`{path.name}` is no picture that can be written", hint="use `.png`, `.svg` or `.pdf`")
    # The salt makes the ids of SVG elements the same every time.
    with mpl.rc_context({"svg.hashsalt": "nk"}):
        figure.savefig(path, format=kind, dpi=DPI, metadata=_METADATA[kind])


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes and room at its edges; sizes in inches."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    return figure, figure.add_subplot()


def value_text(metrics: Iterable[Metric], name: str, split: str, *, shown: str | None = None) -> str:
    """A metric for a title, as in `UAR 0.652 [0.611, 0.690]`; empty where there is no such metric.

    Args:
        metrics: of any parts
        name: which
        split: of which part
        shown: how to call it, by default in capitals
    """
    for one in metrics:
        if (one.name, one.split) == (name, split):
            places = decimals(one.value)
            ends = f" [{one.low:.{places}f}, {one.high:.{places}f}]" if one.low is not None else ""
            value = "undefined" if math.isnan(one.value) else f"{one.value:.{places}f}"
            return f"{shown or name.upper()} {value}{ends}"
    return ""


def decimals(value: float) -> int:
    """Decimals that show three significant digits of a value, but never more than three decimals."""
    return min(3, max(0, 2 - math.floor(math.log10(abs(value))))) if value and math.isfinite(value) else 3


def count_text(number: int, what: str) -> str:
    """A number with a noun, as in `1,204 recordings` or `1 speaker`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def plain(text: str) -> str:
    """A text of the user's for a figure: matplotlib would read formulas between dollar signs."""
    return text.replace("$", r"\$")


def bracket_text(heading: Iterable[str]) -> str:
    """What brackets in a title mean, where there are any."""
    return "; brackets: 95 % interval" if any("[" in text for text in heading) else ""


def sample_text(n: int, n_speakers: int | None, rows: int) -> str:
    """What a figure is drawn from, for the line below it."""
    text = count_text(n, "recording")
    if rows > n:
        text += f" ({count_text(rows, 'prediction')})"
    return text + (f" of {count_text(n_speakers, 'speaker')}" if n_speakers else "")
