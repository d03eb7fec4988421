"""Other looks at predictions, beside the main result.

They are those that are certain, one decision a speaker, numbers in bins, and a database at a time. Each is predictions
again, so that it is measured and drawn like the main result. Rows without truth are never scored, so none is in a view.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.metrics._rows import clean, labelled
from nk.stages.combine import combine
from nk.stages.evaluate import or_null
from nk.stages.target import classes_of
from nk.tables import PARTS, Predictions, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.config.output import Plot
    from nk.tables import Dataset

Known = dict[str, pl.Series]


@dataclass(frozen=True)
class View:
    """Predictions as they are looked at.

    `key` is its place in `metrics.json`, `name` the database where it is one, `title` says in words what it is and
    `unit` what a row is. `about` says for each part what else there is to know of it. `known` is the truth of the rows
    that each fold was trained on, by the name of the fold.
    """

    key: str
    title: str
    predictions: Predictions
    known: Known = field(repr=False)
    about: Mapping[str, dict[str, Any]]
    name: str = ""
    unit: str = "utterance"


def views(
    predictions: Predictions,
    known: Known,
    dataset: Dataset,
    plot: Plot,
    bins: tuple[Sequence[float], Sequence[str]] | None,
) -> list[View]:
    """The other looks that are asked for by the section PLOT, and those that there always are.

    Args:
        predictions: of all parts, folds and runs
        known: truth of the rows that each fold was trained on, by the name of the fold
        dataset: its rows, for the column to combine by
        plot: the section PLOT
        bins: edges and names of classes of numbers
    """
    main = _with_truth(predictions)
    found = []
    if plot.uncertainty_threshold is not None and not main.target.is_number:
        found.append(certain(main, known, plot.uncertainty_threshold))
    if plot.combine_per_speaker:
        found.append(_combined(main, known, dataset, plot))
    if bins:
        found.append(binned(main, known, *bins))
    return [*found, *by_database(main, known)]


def certain(main: Predictions, known: Known, threshold: float) -> View:
    """The rows whose uncertainty is below a threshold."""
    kept = main.frame.filter(pl.col("uncertainty") < threshold)
    about = {}
    for part in parts_of(main):
        before, after = main.part(part).frame, kept.filter(pl.col("split") == part)
        lost = {*before["truth"]} - {*after["truth"]}
        about[part] = {
            "threshold": threshold,
            "rows": after.height,
            "left_out": before.height - after.height,
            "left_out_percent": 100 * (before.height - after.height) / before.height,
            "classes_without_a_row": [label for label in main.target.labels if label in lost],
        }
    return View("certain", f"uncertainty below {threshold:g}", replace(main, frame=kept), known, about)


def _combined(main: Predictions, known: Known, dataset: Dataset, plot: Plot) -> View:
    column = plot.combine_per_speaker_col
    rule = "mean" if main.target.is_number else plot.combine_per_speaker
    frame, about = combine(main, dataset, column, rule or "mean")
    title = f"one decision a {column} ({rule})"
    return View("combined", title, replace(main, frame=frame), known, about, unit=column)


def binned(main: Predictions, known: Known, edges: Sequence[float], labels: Sequence[str]) -> View:
    """Numbers cut into classes: a truth beyond the outermost edges is left out, a prediction falls into the nearest."""
    inside = main.frame.filter(pl.col("truth").is_between(edges[0], edges[-1]))
    frame = inside.with_columns(classes_of(inside[name], edges, labels) for name in ("truth", "predicted"))
    target = Target(main.target.name, tuple(labels))
    about = {
        part: {
            "edges": [or_null(edge) for edge in edges],
            "labels": list(labels),
            "left_out": main.part(part).frame.height - frame.filter(pl.col("split") == part).height,
        }
        for part in parts_of(main)
    }
    learnt = {fold: classes_of(clean(truth, main.target), edges, labels) for fold, truth in known.items()}
    return View("bins", f"in {len(labels)} bins", Predictions(frame, target), learnt, about)


def by_database(main: Predictions, known: Known) -> list[View]:
    """The rows of each database, in the parts that have rows of several."""
    counts = main.frame.group_by("split").agg(pl.col("database").n_unique())
    several = counts.filter(pl.col("database") > 1)["split"].to_list()
    rows = main.frame.filter(pl.col("split").is_in(several))
    return [
        View("per_database", name, own, known, {part: {} for part in parts_of(own)}, name=name)
        for name in rows["database"].unique().sort()
        for own in [replace(main, frame=rows.filter(pl.col("database") == name))]
    ]


def parts_of(predictions: Predictions) -> list[str]:
    """The parts that have rows with truth, in order."""
    return [part for part in PARTS if labelled(predictions, part).frame.height]


def _with_truth(predictions: Predictions) -> Predictions:
    frames = [labelled(predictions, part).frame for part in PARTS]
    return replace(predictions, frame=pl.concat(frames))
