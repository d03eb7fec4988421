"""What measures of numbers are computed from: moments, over all rows and with each group of rows left out.

The first axis is as in `_counts`: index 0 stands for all rows, index g for all but those of group g.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nk.metrics._counts import ratio, without_each

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.registry import Doubles, Ints

# A variance that has lost this share of the whole by leaving a group out is what rounding leaves of 0.
_NOTHING = 1e-12


@dataclass(frozen=True)
class Moments:
    """Moments, each of shape (1 + groups,), dividing by the number of rows (not by one less).

    `bias` is the mean of predicted minus truth, in the target's unit, as `absolute` (the mean absolute difference);
    `square` (the mean squared difference), the variances and `covariance` are in its square. NaN where no row is left.
    """

    bias: Doubles
    absolute: Doubles
    square: Doubles
    truth_variance: Doubles
    predicted_variance: Doubles
    covariance: Doubles


def measure(truth: Doubles, predicted: Doubles, groups: Ints, size: int) -> Moments:
    """Compute the moments of truth and prediction, both of shape (rows,), with groups as `count` takes them."""

    def total(values: Doubles) -> Doubles:
        return without_each(np.bincount(groups, values, minlength=size + 1).astype(np.float64))

    def mean(values: Doubles) -> Doubles:
        return ratio(total(values), rows)

    rows = total(np.ones(len(truth)))

    # Moments about a value of the data: small numbers, and exact zeros where all are equal.
    x, y = truth - _middle(truth), predicted - _middle(predicted)
    difference = predicted - truth
    return Moments(
        bias=mean(difference),
        absolute=mean(np.abs(difference)),
        square=mean(difference**2),
        truth_variance=_variance(mean(x**2), mean(x)),
        predicted_variance=_variance(mean(y**2), mean(y)),
        covariance=mean(x * y) - mean(x) * mean(y),
    )


def measure_guesses(truth: Doubles, folds: Sequence[Any], known: Mapping[Any, Doubles]) -> Moments:
    """The moments to be expected of guesses that are drawn at random from the `known` values of each row's fold.

    Args:
        truth: shape (rows,)
        folds: the fold of each row
        known: the values that a fold may draw from
    """
    mean, variance, distance = (np.empty(len(truth)) for _ in range(3))
    place = {fold: number for number, fold in enumerate(known)}
    number = np.array([place[fold] for fold in folds])
    for fold, values in known.items():
        mine = number == place[fold]
        mean[mine], variance[mine] = values.mean(), values.var()
        distance[mine] = _distances(truth[mine], values)
    square = variance + (mean - truth) ** 2
    covariance = float(np.mean((mean - mean.mean()) * (truth - truth.mean())))
    spread = variance.mean() + mean.var()
    moments = ((mean - truth).mean(), distance.mean(), square.mean(), truth.var(), spread, covariance)
    return Moments(*(np.array([value]) for value in moments))


def _middle(values: Doubles) -> float:
    return float(np.sort(values)[len(values) // 2]) if len(values) else 0.0


def _variance(square: Doubles, mean: Doubles) -> Doubles:
    variance = square - mean**2
    return np.where(variance > _NOTHING * square[0], variance, np.where(np.isnan(variance), np.nan, 0.0))


def _distances(left: Doubles, right: Doubles) -> Doubles:
    """For each value on the left its mean distance to those on the right, by sorting: O(n log n)."""
    ordered = np.sort(right)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    below = np.searchsorted(ordered, left)
    distances: Doubles = (left * (2 * below - len(right)) + sums[-1] - 2 * sums[below]) / len(right)
    return distances
