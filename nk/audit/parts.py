"""What the parts of a split have in common, for one fold as for a thousand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.stages.folds import shared_ids
from nk.tables import positions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.stages.folds import Fold, Places
    from nk.tables import Dataset


@dataclass(frozen=True)
class Column:
    """A column of the rows that folds are made of.

    `names` are its different values in order, `number` is the place among them of each row's value, in the order of the
    folds' ids. What is not known has the name "".
    """

    names: list[str]
    number: Places

    @property
    def counts(self) -> Places:
        """How many rows have each value."""
        return np.bincount(self.number, minlength=len(self.names))

    def of(self, fold: Fold, part: str, counts: Places) -> Places:
        """How many rows of a part of a fold have each value; `counts` is how many rows have it."""
        if part == "train" and fold.kept is None:
            # Of a thousand folds each trains on nearly all rows, so that the few others are counted.
            left = counts.copy()
            for rows in (fold.dev_rows, fold.test_rows):
                np.subtract.at(left, self.number[rows], 1)
            return left
        return np.bincount(self.number[getattr(fold, f"{part}_rows")], minlength=len(self.names))


def in_order(dataset: Dataset, folds: Sequence[Fold]) -> pl.DataFrame:
    """The rows in the order of the places that the folds hold.

    Raises:
        ValueError: the folds are of different datasets
        DataError: they are not of this dataset
    """
    ids, own = shared_ids(folds), dataset.ids
    return dataset.frame if own == list(ids) else dataset.frame[positions(own, ids)]


def column_of(values: pl.Series) -> Column:
    """A column of words, in the order of the folds' ids."""
    filled = values.fill_null("")
    names = filled.unique().sort()
    return Column(names.to_list(), filled.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64))


def shared(column: Column, folds: Sequence[Fold], one: str, other: str) -> list[str]:
    """The known values that two parts have in common, in any fold."""
    counts = column.counts
    found: set[int] = set()
    for fold in folds:
        rows = fold.dev_rows if other == "dev" else fold.test_rows
        if len(rows):
            held = np.unique(column.number[rows])
            found.update(held[column.of(fold, one, counts)[held] > 0].tolist())
    return [column.names[place] for place in sorted(found) if column.names[place]]


def tested(folds: Sequence[Fold]) -> Places:
    """The places of all rows that are tested, in any fold."""
    found = np.zeros(len(shared_ids(folds)), dtype=bool)
    for fold in folds:
        found[fold.test_rows] = True
    return np.flatnonzero(found)
