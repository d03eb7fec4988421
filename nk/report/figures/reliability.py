"""How often rows are right that have a score: whether scores mean what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nk.metrics._rows import labelled
from nk.report.figures import BLUE, FAINT, PEN, Pen, blank, sample_text, write_caption, write_title
from nk.stages.reliability import bins

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from nk.tables import Predictions


def data(predictions: Predictions, split: str = "test") -> pl.DataFrame:
    """The numbers of the figure, as `nk.stages.reliability.bins` gives them.

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    return bins(predictions, split)


def draw(
    predictions: Predictions, told: dict[str, Any], *, split: str = "test", title: str = "", pen: Pen = PEN
) -> Figure:
    """Draw the share of right rows by score, a point a bin, with intervals; on the line scores are as often right.

    Args:
        predictions: of any parts
        told: `calibration` of the part in `metrics.json`
        split: the part
        title: what to put above
        pen: how texts are written

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    table = data(predictions, split)
    figure, axes = blank(5, 4.6)
    axes.plot([0, 1], [0, 1], color=FAINT, linestyle=(0, (4, 3)), linewidth=1, label="as often right as they say")
    score, right = table["score"].to_numpy(), table["right"].to_numpy()
    ends = [np.abs(table[name].fill_null(table["right"]).to_numpy() - right) for name in ("low", "high")]
    axes.errorbar(
        score, right, ends, color=BLUE, marker="o", linewidth=1.5, elinewidth=1, capsize=3, label="rows, in bins"
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="score of the class that was predicted", ylabel="share of right rows")
    axes.set_aspect("equal")
    axes.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    axes.spines[["top", "right"]].set_visible(False)
    write_title(figure, [pen.text(title), f"calibration error {told['ece']:.3f} (perfect scores: {_perfect(told)})"])
    rows = labelled(predictions, split)
    text = f"{len(table)} bins of as many rows each; bars: 95 % interval of the share"
    write_caption(figure, [sample_text(rows.n, rows.n_speakers, rows.frame.height), text])
    return figure


def _perfect(told: dict[str, Any]) -> str:
    return f"{told['perfect']:.3f}, up to {told['perfect_high']:.3f}"
