"""What class measures are computed from: counts of rows, for all rows and with each group of rows left out.

Everything is an array whose first axis is 1 + groups long: index 0 stands for all rows, index g for all rows but those
of group g. Groups are numbered from 1; rows of group 0 are never left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nk.metrics._ranking import rank

if TYPE_CHECKING:
    import numpy.typing as npt

    from nk.registry import Doubles, Ints


@dataclass(frozen=True)
class Counts:
    """Counts a class, float64 of shape (1 + groups, classes), and the rows they were made from.

    `hits` are rows of a class that were recognised, `truths` rows of a class, `guesses` rows that were given the class.
    `truth` and `groups` have shape (rows,), `scores` (rows, classes).
    """

    hits: Doubles
    truths: Doubles
    guesses: Doubles
    truth: Ints
    scores: Doubles
    groups: Ints

    @property
    def recall(self) -> Doubles:
        """Hits of the rows of the class, shape (1 + groups, classes); NaN for a class without rows."""
        return ratio(self.hits, self.truths)

    @property
    def precision(self) -> Doubles:
        """Hits of the rows given the class, shape (1 + groups, classes); NaN for a class never given."""
        return ratio(self.hits, self.guesses)

    @property
    def f1(self) -> Doubles:
        """Harmonic mean of both, shape (1 + groups, classes); NaN for a class neither in truth nor ever given."""
        return ratio(2 * self.hits, self.truths + self.guesses)

    @property
    def areas(self) -> Doubles:
        """Area under the ROC curve of a class against the rest, shape (1 + groups, classes or 1)."""
        return self._ranked[0]

    @property
    def equal_errors(self) -> Doubles:
        """Equal error rate of a class against the rest, shape (1 + groups, classes or 1)."""
        return self._ranked[1]

    @cached_property
    def _ranked(self) -> tuple[Doubles, Doubles]:
        """Both from one sorting. Of two classes the last is the positive one; the other would give the same values."""
        classes = self.scores.shape[1]
        columns = {k: self.scores[:, k] for k in range(classes)} if classes != 2 else {1: _odds(self.scores)}
        found = [rank(self.truth == k, column, self.groups, len(self.hits)) for k, column in columns.items()]
        return np.column_stack([one.area() for one in found]), np.column_stack([one.equal_error() for one in found])


def _odds(scores: Doubles) -> Doubles:
    """The logarithm of the odds of the second of two classes, shape (rows,).

    It has the order of the scores, but tells apart what is next to 1 as well as what is next to 0, so that it does not
    matter which class is the second.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.round(np.log(scores[:, 1]) - np.log(scores[:, 0]), 12)
    return np.nan_to_num(found, nan=0.0, posinf=1e300, neginf=-1e300)  # without scores all are equal


def count(truth: Ints, predicted: Ints, scores: Doubles, groups: Ints, size: int) -> Counts:
    """Count rows.

    Args:
        truth: class numbers, shape (rows,)
        predicted: class numbers, shape (rows,)
        scores: class scores, shape (rows, classes)
        groups: numbers from 1 to `size`, or 0 for rows that stay, shape (rows,)
        size: number of groups
    """
    classes = scores.shape[1]
    shape = (size + 1, classes)

    def tally(numbers: Ints, rows: npt.NDArray[np.bool_] | slice) -> Doubles:
        cells = groups[rows] * classes + numbers[rows]
        return without_each(np.bincount(cells, minlength=shape[0] * classes).reshape(shape).astype(np.float64))

    return Counts(
        hits=tally(truth, truth == predicted),
        truths=tally(truth, slice(None)),
        guesses=tally(predicted, slice(None)),
        truth=truth,
        scores=scores,
        groups=groups,
    )


def count_guesses(truth: Ints, classes: int) -> Counts:
    """The counts to be expected of guesses that give every class equally often, whatever the truth is."""
    rows = np.bincount(truth, minlength=classes).astype(np.float64)[None, :]
    guesses = np.full((1, classes), rows.sum() / classes)
    nobody = np.zeros(len(truth), dtype=np.int64)
    return Counts(rows / classes, rows, guesses, truth, np.zeros((len(truth), classes)), nobody)


def share(hits: npt.NDArray[np.bool_], groups: Ints, size: int) -> Doubles:
    """Share of rows that are hits, over all and with each of `size` groups left out: shape (1 + groups,)."""
    right = np.bincount(groups, hits.astype(np.float64), minlength=size + 1)
    rows = np.bincount(groups, np.ones(len(hits)), minlength=size + 1)
    return ratio(without_each(right.astype(np.float64)), without_each(rows.astype(np.float64)))


def without_each(sums: Doubles) -> Doubles:
    """From sums a group to sums over all rows and over all but each group."""
    left: Doubles = sums.sum(axis=0) - sums
    left[0] += sums[0]
    return left


def ratio(part: Doubles, whole: Doubles) -> Doubles:
    """Part by whole, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def mean_of_defined(values: Doubles) -> Doubles:
    """Mean over the last axis of the values that are defined, NaN where none is."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))
