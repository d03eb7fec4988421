"""The confusion matrix: which class was taken for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.metrics._rows import labelled
from nk.report.figures import PEN, Pen, blank, bracket_text, sample_text, value_text, write_caption, write_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nk.tables import Metric, Predictions

    Counts = npt.NDArray[np.int64]
    Shares = npt.NDArray[np.float64]

# Inches: a cell is this wide, but the matrix neither smaller nor larger than these.
_CELL, _SMALLEST, _LARGEST = 0.72, 2.4, 12.0
# Of more classes the numbers would be too small to read; colours alone are drawn.
_MOST_WRITTEN = 30
_NAMED = 4
# Lightness falls evenly, so it reads in grey too.
_COLOURS = "Blues"
# White is easier to read on a saturated blue than equal contrast ratios say.
_DARK = 0.28


def data(predictions: Predictions, split: str = "test") -> pl.DataFrame:
    """The numbers of the figure.

    Returns:
        `truth`, `predicted`, `count` (rows) and `percent` (of the rows of that truth, null where there are none), a
        row a cell, in the order of the labels

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    labels = predictions.target.labels
    counts, shares = _cells(predictions, split)
    cells = {
        "truth": np.repeat(labels, len(labels)).tolist(),
        "predicted": list(labels) * len(labels),
        "count": counts.ravel(),
        "percent": 100 * shares.ravel(),
    }
    return pl.DataFrame(cells).fill_nan(None)


def draw(
    predictions: Predictions,
    metrics: Iterable[Metric],
    *,
    split: str = "test",
    title: str = "",
    unit: str = "recording",
    notes: Sequence[str] = (),
    pen: Pen = PEN,
) -> Figure:
    """Draw the matrix: rows are the truth, colour is the share of the row, cells hold count and per cent.

    Args:
        predictions: of any parts
        metrics: as `evaluate` gives them, for the UAR in the title
        split: the part
        title: what to put before the UAR
        unit: what a row is
        notes: further lines below
        pen: how texts are written

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    counts, shares = _cells(predictions, split)
    rows, labels = labelled(predictions, split), pen.labels(predictions.target.labels)
    look = _look(labels)
    figure, axes = blank(look.side + look.beside + 1.1, look.side + look.below + 1.2 + 0.15 * len(notes))
    image = axes.imshow(np.nan_to_num(shares), cmap=_COLOURS, vmin=0, vmax=1)
    if len(counts) <= _MOST_WRITTEN:
        _write_cells(axes, counts, shares, 72 * look.side / len(counts))
    _name_axes(axes, labels, look)
    beside = axes.inset_axes((1.03, 0, 0.035, 1))
    bar = figure.colorbar(image, cax=beside, format=lambda share, _: f"{100 * share:.0f} %")
    bar.outline.set_visible(False)
    beside.tick_params(length=0, labelsize=8)
    value = value_text(metrics, "uar", split)
    write_title(figure, [pen.text(title), value])
    cells = "cells: count and per cent of the true class" if len(counts) <= _MOST_WRITTEN else ""
    sample = sample_text(rows.n, rows.n_speakers, rows.frame.height, pen.text(unit))
    write_caption(
        figure, [sample + bracket_text([value]), cells, *map(pen.text, notes), _absent(counts, labels), _unnamed(look)]
    )
    return figure


def _unnamed(look: _Look) -> str:
    return f"of {look.step} classes each the first one is named" if look.step > 1 else ""


def _absent(counts: Counts, labels: Sequence[str]) -> str:
    """The classes that no row is of, over which no mean is taken."""
    absent = [label for label, row in zip(labels, counts, strict=True) if not row.sum()]
    more = f" and {len(absent) - _NAMED} more" if len(absent) > _NAMED else ""
    return f"no row is of {', '.join(absent[:_NAMED])}{more}" if absent else ""


@dataclass(frozen=True)
class _Look:
    """Sizes that suit the labels.

    `side` of the matrix and room for labels `beside` and `below` it are in inches, the `size` of labels is in points,
    the `angle` of those below in degrees; each `step`-th is written.
    """

    side: float
    beside: float
    below: float
    size: float
    angle: int
    step: int


def _look(labels: Sequence[str]) -> _Look:
    side = float(np.clip(_CELL * len(labels), _SMALLEST, _LARGEST))
    room = 72 * side / len(labels)  # points
    size = float(np.clip(0.85 * room, 5.5, 10))
    step = max(1, int(np.ceil(size / 0.85 / room - 0.01)))
    width = 0.6 * size * max(map(len, labels))
    # Level where they fit, slanted where the lines do not touch each other, else upright.
    angle = 0 if width < room else 45 if 0.7 * room * step > 1.2 * size else 90
    below = max(size, width * np.sin(np.radians(angle)))
    return _Look(side, width / 72 + 0.35, below / 72 + 0.35, size, angle, step)


def _cells(predictions: Predictions, split: str) -> tuple[Counts, Shares]:
    """Counts and their share of the row, shape (classes, classes); shares of an empty row are NaN."""
    rows, classes = labelled(predictions, split), len(predictions.target.labels)
    counts = np.bincount(rows.truth * classes + rows.predicted, minlength=classes**2).reshape(classes, classes)
    sums = counts.sum(axis=1, keepdims=True)
    return counts, np.divide(counts, sums, out=np.full(counts.shape, np.nan), where=sums > 0)


def _write_cells(axes: Axes, counts: Counts, shares: Shares, points: float) -> None:
    """Write count and per cent into each cell, `points` wide; an empty cell stays empty, for the eye's sake."""
    size = float(np.clip(points / 4.6, 5, 11))
    for (row, column), number in np.ndenumerate(counts):
        if not number:
            continue
        text = f"{number}\n{100 * shares[row, column]:.0f} %"
        colour = _ink(float(shares[row, column]))
        axes.text(column, row, text, ha="center", va="center", fontsize=size, color=colour, linespacing=1.15)


def _ink(share: float) -> str:
    """Black or white, whichever stands out against the colour of a share: by relative luminance, after WCAG 2."""
    from matplotlib import colormaps

    channels = np.array(colormaps[_COLOURS](share)[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return "black" if float(linear @ [0.2126, 0.7152, 0.0722]) > _DARK else "white"


def _name_axes(axes: Axes, labels: list[str], look: _Look) -> None:
    places = range(0, len(labels), look.step)
    shown = labels[:: look.step]
    axes.set_xticks(
        places,
        shown,
        fontsize=look.size,
        rotation=look.angle,
        ha="right" if look.angle == 45 else "center",
        rotation_mode="anchor" if look.angle == 45 else "default",
    )
    axes.set_yticks(places, shown, fontsize=look.size)
    axes.set_xlabel("predicted", fontsize=10)
    axes.set_ylabel("truth", fontsize=10)
    axes.tick_params(length=0)
    # White lines between the cells; no frame.
    axes.set_xticks(np.arange(0.5, len(labels) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(labels) - 1), minor=True)
    axes.grid(which="minor", color="white", linewidth=min(1.2, 36 * look.side / len(labels) / 10))
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
