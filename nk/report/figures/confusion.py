"""The confusion matrix: which class was taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.metrics._rows import labelled
from nk.report.figures import blank, bracket_text, plain, sample_text, value_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nk.tables import Metric, Predictions

    Counts = npt.NDArray[np.int64]
    Shares = npt.NDArray[np.float64]

_LONGEST = 22
# Inches: a cell is this wide, but the matrix neither smaller nor larger than these; the rest holds labels and bar.
_CELL, _SMALLEST, _LARGEST, _MARGIN = 0.72, 2.4, 10.0, 2.3
# Of more classes the numbers would be too small to read; colours alone are drawn.
_MOST_WRITTEN = 30
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
    predictions: Predictions, metrics: Iterable[Metric], *, split: str = "test", title: str | None = None
) -> Figure:
    """Draw the matrix: rows are the truth, colour is the share of the row, cells hold count and per cent.

    Args:
        predictions: of any parts
        metrics: as `evaluate` gives them, for the UAR in the title
        split: the part
        title: what to put before the UAR

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    counts, shares = _cells(predictions, split)
    rows = labelled(predictions, split)
    side = float(np.clip(_CELL * len(counts), _SMALLEST, _LARGEST))
    figure, axes = blank(side + _MARGIN, side + _MARGIN - 0.4)
    image = axes.imshow(np.nan_to_num(shares), cmap=_COLOURS, vmin=0, vmax=1)
    if len(counts) <= _MOST_WRITTEN:
        _write_cells(axes, counts, shares, 72 * side / len(counts))
    _name_axes(axes, [plain(label) for label in shorten_labels(predictions.target.labels)])
    beside = axes.inset_axes((1.03, 0, 0.035, 1))
    bar = figure.colorbar(image, cax=beside, format=lambda share, _: f"{100 * share:.0f} %")
    bar.outline.set_visible(False)
    beside.tick_params(length=0, labelsize=8)
    value = value_text(metrics, "uar", split)
    axes.set_title("\n".join(text for text in (plain(title or ""), value) if text), fontsize=11, pad=10)
    caption = [sample_text(rows.n, rows.n_speakers, rows.frame.height) + bracket_text([value])]
    if len(counts) <= _MOST_WRITTEN:
        caption.append("cells: count and per cent of the true class")
    figure.supxlabel("\n".join(caption), fontsize=8, color="0.35")
    return figure


def shorten_labels(labels: Sequence[str]) -> list[str]:
    """Labels that fit beside an axis; those that would look alike when shortened stay as they are."""
    short = [shorten_label(label) for label in labels]
    return [one if short.count(one) == 1 else label for one, label in zip(short, labels, strict=True)]


def shorten_label(label: str) -> str:
    """A label that fits beside an axis: start and end of a long one, as either may be what tells it from others."""
    return label if len(label) <= _LONGEST else f"{label[:12].rstrip()}…{label[13 - _LONGEST :].lstrip()}"


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


def _name_axes(axes: Axes, labels: list[str]) -> None:
    places = range(len(labels))
    size = 10 if len(labels) <= 12 else 9
    slanted = max(map(len, labels)) > 7 or len(labels) > 9
    axes.set_xticks(
        places,
        labels,
        fontsize=size,
        rotation=45 if slanted else 0,
        ha="right" if slanted else "center",
        rotation_mode="anchor" if slanted else "default",
    )
    axes.set_yticks(places, labels, fontsize=size)
    axes.set_xlabel("predicted", fontsize=10)
    axes.set_ylabel("truth", fontsize=10)
    axes.tick_params(length=0)
    # White lines between the cells; no frame.
    axes.set_xticks(np.arange(0.5, len(labels) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(labels) - 1), minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
