"""How many are wrong of the rows that the model is sure of: what it gains to leave the others to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk.metrics._rows import labelled
from nk.report.figures import BLUE, FAINT, PEN, VERMILION, Pen, blank, sample_text, write_caption, write_title
from nk.stages.certainty import curve

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from nk.tables import Predictions


def data(predictions: Predictions, split: str = "test") -> pl.DataFrame:
    """The numbers of the figure, as `nk.stages.rejection.curve` gives them.

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    return curve(predictions, split)


def draw(
    predictions: Predictions,
    told: dict[str, Any],
    decided: dict[str, Any] | None = None,
    *,
    split: str = "test",
    title: str = "",
    pen: Pen = PEN,
) -> Figure:
    """Draw the share of wrong rows among the surest ones.

    Args:
        predictions: of any parts
        told: `risk_coverage` of the part in `metrics.json`
        decided: `decided` of it, where there is a threshold that was learnt elsewhere
        split: the part
        title: what to put above
        pen: how texts are written

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    table = data(predictions, split)
    figure, axes = blank(6, 4.2)
    axes.plot(table["coverage"], table["risk"], color=BLUE, linewidth=2, label="from the surest row on")
    axes.axhline(told["risk"], color=FAINT, linestyle=(0, (4, 3)), linewidth=1, label="all rows")
    notes = []
    if decided and decided["metrics"]:
        risk = 1 - decided["metrics"]["accuracy"]["value"]
        axes.plot([decided["share"]], [risk], "D", color=VERMILION, markersize=8, label="with the threshold", zorder=3)
        notes = [f"threshold: learnt on other rows, to decide on {100 * decided['wanted']:.0f} % of them"]
    axes.set(
        xlim=(0, 1), ylim=(0, None), xlabel="coverage: share of rows decided on", ylabel="risk: share of wrong rows"
    )
    axes.legend(frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    write_title(figure, [pen.text(title), f"risk by coverage, on average {told['area']:.3f}"])
    rows = labelled(predictions, split)
    write_caption(figure, [sample_text(rows.n, rows.n_speakers, rows.frame.height), *notes])
    return figure
