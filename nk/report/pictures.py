"""The pictures of a run, each with its numbers beside it as CSV."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nk.report.figures import confusion, save, scatter
from nk.tables import Metric

if TYPE_CHECKING:
    from pathlib import Path

    from nk.config.output import Plot
    from nk.tables import Predictions


def draw_results(folder: Path, predictions: Predictions, metrics: dict[str, Any], plot: Plot) -> None:
    """Draw the confusion matrix, or for numbers the scatter plot, of every part that has results.

    Args:
        folder: where to, as `confusion_<part>.<format>` and `.csv`
        predictions: of all parts
        metrics: the content of `metrics.json`
        plot: the section PLOT: `format`, `name` (put before the file names) and `titles`
    """
    kind, module = ("scatter", scatter) if predictions.target.is_number else ("confusion", confusion)
    measured = _metrics(metrics)
    for part in metrics["metrics"]:
        stem = "_".join(text for text in (plot.name, kind, part) if text)
        module.data(predictions, part).write_csv(folder / f"{stem}.csv")
        figure = module.draw(predictions, measured, split=part, title=f"{predictions.target.name}, {part}")
        if not plot.titles:
            figure.axes[0].set_title("")
        save(figure, folder / f"{stem}.{plot.format}")


def _metrics(metrics: dict[str, Any]) -> list[Metric]:
    return [
        Metric(name=name, split=part, **{**fields, "value": math.nan if fields["value"] is None else fields["value"]})
        for part, found in metrics["metrics"].items()
        for name, fields in found.items()
    ]
