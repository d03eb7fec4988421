"""Classes that a part has no row of."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from nk.audit.finding import Finding, Level
from nk.audit.parts import column_of, in_order, tested
from nk.audit.words import first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.audit.parts import Column
    from nk.stages.folds import Fold, Places
    from nk.tables import Dataset


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:
    """Without training rows a class is never predicted, without test rows not measured, without dev rows not heeded."""
    if dataset.target.is_number:
        return []
    column = column_of(in_order(dataset, folds)[dataset.target.name])
    found = _of_training(dataset, column, folds)
    found += _of_part(column, "test", tested(folds), "warning", "they are not measured; test on them too")
    if len(folds) > 1:
        return found
    return found + _of_part(column, "dev", folds[0].dev_rows, "note", "what is chosen on dev takes no account of them")


def _of_training(dataset: Dataset, column: Column, folds: Sequence[Fold]) -> list[Finding]:
    counts = column.counts
    lost: Counter[str] = Counter({name: len(folds) for name in dataset.target.labels if name not in column.names})
    for fold in folds:
        absent = (column.of(fold, "train", counts) == 0).nonzero()[0]
        lost.update(column.names[place] for place in absent if column.names[place])  # no name: rows without a truth
    if not lost:
        return []
    ways = [f"`{name}` in {count} of {len(folds)} folds" for name, count in lost.items()] if len(folds) > 1 else [*lost]
    what, do = (
        "classes without a training row",
        "such a class is never predicted there: train on it, or leave it out of `labels`",
    )
    return [Finding("missing_classes", "warning", len(lost), first(ways), what, do)]


def _of_part(column: Column, part: str, rows: Places, level: Level, do: str) -> list[Finding]:
    present = {column.names[place] for place in np.unique(column.number[rows])} - {""}
    lost = [name for name in column.names if name and name not in present]
    if not present or not lost:  # of a part without any truth there is nothing to measure at all
        return []
    return [Finding("missing_classes", level, len(lost), first(lost), f"classes without a {part} row", do)]
