"""The regression scatter: prediction against truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nk.metrics._rows import labelled
from nk.report.figures import (
    BLUE,
    PEN,
    VERMILION,
    Pen,
    blank,
    bracket_text,
    sample_text,
    shorten_label,
    value_text,
    write_caption,
    write_title,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nk.tables import Metric, Predictions

    Values = npt.NDArray[np.float64]

# More points than this are drawn as an image within svg and pdf, which would be slow to open otherwise.
_MANY = 2000


def data(predictions: Predictions, split: str = "test") -> pl.DataFrame:
    """The numbers of the figure, a row a point: `id`, `speaker`, `run` (where there are such), `truth`, `predicted`.

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    frame = labelled(predictions, split).frame
    wanted = ("id", "speaker", "run", "truth", "predicted")
    return frame.select([name for name in wanted if name in frame.columns])


def draw(
    predictions: Predictions,
    metrics: Sequence[Metric],
    *,
    split: str = "test",
    title: str = "",
    unit: str = "recording",
    notes: Sequence[str] = (),
    pen: Pen = PEN,
) -> Figure:
    """Draw a point a row, the line of perfect prediction and the line of least squares.

    Args:
        predictions: of any parts
        metrics: as `evaluate` gives them, for CCC, PCC and MAE in the title
        split: the part
        title: what to put above them
        unit: what a row is
        notes: further lines below
        pen: how texts are written

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    rows, name = labelled(predictions, split), pen.text(shorten_label(predictions.target.name))
    figure, axes = blank(5.2, 5.9)
    _draw_points(axes, rows.truth, rows.predicted)
    _draw_lines(axes, rows.truth, rows.predicted)
    axes.set_xlabel(f"{name}, truth")
    axes.set_ylabel(f"{name}, predicted")
    ccc, pcc, mae = (value_text(metrics, measure, split) for measure in ("ccc", "pcc", "mae"))
    write_title(figure, [pen.text(title), ccc, "   ".join(text for text in (pcc, mae) if text)])
    sample = sample_text(rows.n, rows.n_speakers, rows.frame.height, pen.text(unit))
    write_caption(figure, [sample + bracket_text((ccc, pcc, mae)), *map(pen.text, notes)])
    return figure


def _draw_points(axes: Axes, truth: Values, predicted: Values) -> None:
    many = len(truth) > _MANY
    # So that a heap of points still shows where they are densest.
    alpha = float(np.clip(12 / np.sqrt(max(len(truth), 1)), 0.08, 0.8))
    size = 8 if many else 22 if len(truth) > 100 else 40
    axes.scatter(truth, predicted, s=size, alpha=alpha, color=BLUE, linewidths=0, rasterized=many)


def _draw_lines(axes: Axes, truth: Values, predicted: Values) -> None:
    """Both axes get the same scale, so that the line of perfect prediction is the diagonal."""
    both = np.concatenate([truth, predicted]) if len(truth) else np.array([0.0, 1.0])
    pad = 0.05 * float(np.ptp(both)) or 1.0
    low, high = float(both.min()) - pad, float(both.max()) + pad
    axes.plot([low, high], [low, high], color="0.25", linewidth=1, linestyle=(0, (4, 3)), label="prediction = truth")
    if len(truth) and np.ptp(truth) > 0:
        slope = float(np.cov(truth, predicted, bias=True)[0, 1] / truth.var())
        ends = np.array([truth.min(), truth.max()])
        fit = predicted.mean() + slope * (ends - truth.mean())
        axes.plot(ends, fit, color=VERMILION, linewidth=2, label=f"least squares, slope {slope:.2f}")
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
