"""The regression scatter: prediction against truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nk.metrics._rows import labelled
from nk.report.figures import blank, bracket_text, plain, sample_text, value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nk.tables import Metric, Predictions

    Values = npt.NDArray[np.float64]

# Blue and vermilion of Okabe and Ito, which the colour-blind tell apart and which differ in grey.
_POINTS, _FIT = "#0072B2", "#D55E00"
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
    predictions: Predictions, metrics: Sequence[Metric], *, split: str = "test", title: str | None = None
) -> Figure:
    """Draw a point a row, the line of perfect prediction and the line of least squares.

    Args:
        predictions: of any parts
        metrics: as `evaluate` gives them, for CCC, PCC and MAE in the title
        split: the part
        title: what to put above them

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    rows = labelled(predictions, split)
    figure, axes = blank(5.2, 5.9)
    _draw_points(axes, rows.truth, rows.predicted)
    _draw_lines(axes, rows.truth, rows.predicted)
    axes.set_xlabel(f"{plain(predictions.target.name)}, truth")
    axes.set_ylabel(f"{plain(predictions.target.name)}, predicted")
    ccc, pcc, mae = (value_text(metrics, name, split) for name in ("ccc", "pcc", "mae"))
    heading = [plain(title or ""), ccc, "   ".join(text for text in (pcc, mae) if text)]
    axes.set_title("\n".join(text for text in heading if text), fontsize=11)
    caption = sample_text(rows.n, rows.n_speakers, rows.frame.height) + bracket_text((ccc, pcc, mae))
    figure.supxlabel(caption, fontsize=8, color="0.35")
    return figure


def _draw_points(axes: Axes, truth: Values, predicted: Values) -> None:
    many = len(truth) > _MANY
    # So that a heap of points still shows where they are densest.
    alpha = float(np.clip(12 / np.sqrt(max(len(truth), 1)), 0.08, 0.8))
    size = 8 if many else 22
    axes.scatter(truth, predicted, s=size, alpha=alpha, color=_POINTS, linewidths=0, rasterized=many)


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
        axes.plot(ends, fit, color=_FIT, linewidth=2, label=f"least squares, slope {slope:.2f}")
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
