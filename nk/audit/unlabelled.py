"""Parts and databases in which no row has a truth: nothing is learnt from them, or nothing measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.audit.finding import Finding
from nk.audit.parts import in_order, tested
from nk.audit.words import first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.stages.folds import Fold
    from nk.tables import Dataset


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:
    """A database without labels that is to be trained on is probably a mistake; what is to be predicted needs none."""
    frame = in_order(dataset, folds)
    return [*_databases(frame, dataset.target.name, folds), *_parts(frame, dataset.target.name, folds)]


def _databases(frame: pl.DataFrame, name: str, folds: Sequence[Fold]) -> list[Finding]:
    learnt = np.zeros(frame.height, dtype=bool)
    for fold in folds:
        learnt[fold.train_rows] = True
        if learnt.all():
            break
    counts = frame.filter(learnt).group_by("database").agg(pl.col(name).count()).sort("database")
    empty = counts.filter(pl.col(name) == 0)["database"].to_list()
    if not empty:
        return []
    what = f"databases of which no training row has a `{name}`: nothing is learnt from them"
    do = f"if its column has another name, use `{empty[0]}.colnames`"
    return [Finding("unlabelled", "warning", len(empty), first(empty), what, do)]


def _parts(frame: pl.DataFrame, name: str, folds: Sequence[Fold]) -> list[Finding]:
    places = {"dev": folds[0].dev_rows, "test": tested(folds)}
    text = f"no row of the part `{{}}` has a `{name}`: they are predicted, and there is nothing to measure"
    return [
        Finding("unlabelled", "note", len(rows), first(frame["file"][rows[:5]]), text.format(part),
                "the predictions are in `predictions.csv`")
        for part, rows in places.items() if len(rows) and frame[name][rows].null_count() == len(rows)
    ]  # fmt: skip
