"""Pictures of results, one a file: `data` gives the numbers as a table, `draw` a figure, `save` writes it.

Figures are made without pyplot, which costs import time and holds state. They use the fonts that come with matplotlib.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from nk.errors import DataError
from nk.report.figures.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

    from nk.tables import Metric

# How each format is written; without what they would say of the clock, which differs from run to run.
_FORMATS: dict[str, dict[str, Any]] = {
    "png": {"metadata": {"Software": None}},
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
    "eps": {},
    "jpg": {"pil_kwargs": {"quality": 95}},
    "tif": {"pil_kwargs": {"compression": "tiff_lzw"}},
}
_CLOCK = re.compile(rb"^%%CreationDate:.*\n", re.MULTILINE)
DPI = 150
ABOVE, BELOW = "title", "caption"  # what the words above and below a figure are called in it
_LONGEST = 22

# Blue and vermilion of Okabe and Ito, which the colour-blind tell apart and which differ in grey.
BLUE, VERMILION = "#0072B2", "#D55E00"
FAINT = "0.35"


@dataclass(frozen=True)
class Pen:
    """How texts of the user's are written into figures; `lacking` are characters that no font at hand has."""

    lacking: frozenset[str] = frozenset()

    def text(self, text: str) -> str:
        """A text on one line: matplotlib would read formulas between dollar signs."""
        written = "".join("?" if one in self.lacking else one for one in " ".join(text.split()))
        return written.replace("$", r"\$")

    def labels(self, labels: Sequence[str], kind: str = "class") -> list[str]:
        """Labels that fit beside an axis; one that cannot be written is called by its place, as in `class 3`."""
        return [
            f"{kind} {place}" if self.lacking & {*label} else self.text(label)
            for place, label in enumerate(shorten_labels(labels), start=1)
        ]


PEN = Pen()


def shorten_labels(labels: Sequence[str]) -> list[str]:
    """Labels that fit beside an axis; those that would look alike when shortened stay as they are."""
    short = [shorten_label(label) for label in labels]
    return [one if short.count(one) == 1 else label for one, label in zip(short, labels, strict=True)]


def shorten_label(label: str) -> str:
    """A label that fits beside an axis: start and end of a long one, as either may be what tells it from others."""
    return label if len(label) <= _LONGEST else f"{label[:12].rstrip()}…{label[13 - _LONGEST :].lstrip()}"


def save(figure: Figure, path: Path, *, box: Bbox | None = None) -> None:
    """Write a figure as png, jpg, tif (150 dpi), svg, pdf or eps, by the suffix of `path`; equal figures, equal bytes.

    Args:
        figure: what
        path: where to
        box: the part to write, in inches; the whole where not given

    Raises:
        DataError: the suffix is none of these
    """
    import matplotlib as mpl

    kind = path.suffix.removeprefix(".").lower()
    if kind not in _FORMATS:
        raise DataError(f"`{path.name}` is no picture that can be written", hint="use `.png`, `.svg` or `.pdf`")
    if kind == "eps":
        _make_opaque(figure)
    lay_out(figure)
    written = BytesIO()
    # The salt makes the ids of SVG elements the same every time.
    with mpl.rc_context({"svg.hashsalt": "nk"}):
        figure.savefig(written, format=kind, dpi=DPI, bbox_inches=box, **_FORMATS[kind])
    path.write_bytes(_CLOCK.sub(b"", written.getvalue()) if kind == "eps" else written.getvalue())


def lay_out(figure: Figure) -> None:
    """Find places for everything; matplotlib itself would draw all of it twice for that."""
    engine = figure.get_layout_engine()
    if engine:
        figure.set_dpi(DPI)
        wrap(figure)
        engine.execute(figure)
        figure.set_layout_engine("none")


def _make_opaque(figure: Figure) -> None:
    """Mix translucent colours with the white below them: EPS knows no transparency."""
    from matplotlib.collections import Collection
    from matplotlib.colors import to_rgba_array

    for one in figure.findobj(Collection):
        alpha, colours = one.get_alpha(), to_rgba_array(one.get_facecolor())
        if isinstance(alpha, float) and len(colours):
            one.set_alpha(None)
            one.set_facecolor([tuple(colour) for colour in colours[:, :3] * alpha + 1 - alpha])
        one.set_rasterized(False)


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes and room at its edges; sizes in inches."""
    figure, (axes,) = panels(width, height, 1)
    return figure, axes


def panels(width: float, height: float, count: int) -> tuple[Figure, list[Axes]]:
    """An empty figure with panels side by side, all with the same vertical axis; sizes in inches."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    return figure, list(figure.subplots(1, count, sharey=True, squeeze=False)[0])


def write_title(figure: Figure, lines: Iterable[str]) -> None:
    """Write the lines above a figure, wrapped to its width."""
    figure.suptitle("\n".join(line for line in lines if line), fontsize=11, wrap=True, gid=ABOVE)


def write_caption(figure: Figure, lines: Iterable[str]) -> None:
    """Write the lines below a figure, wrapped to its width."""
    text = "\n".join(line.replace("`", "") for line in lines if line)
    figure.supxlabel(text, fontsize=8, color=FAINT, wrap=True, gid=BELOW)


def remove_title(figure: Figure) -> None:
    """Take the lines above a figure away, and their room."""
    figure.suptitle("").set_in_layout(False)


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


def bracket_text(heading: Iterable[str]) -> str:
    """What brackets in a title mean, where there are any."""
    return "; brackets: 95 % interval" if any("[" in text for text in heading) else ""


def sample_text(n: int, n_speakers: int | None, rows: int, unit: str = "recording") -> str:
    """What a figure is drawn from, for the line below it."""
    text = count_text(n, unit)
    if rows > n:
        text += f" ({count_text(rows, 'prediction')})"
    return text + (f" of {count_text(n_speakers, 'speaker')}" if n_speakers and unit != "speaker" else "")
