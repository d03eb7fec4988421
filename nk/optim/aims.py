"""What a search is for: a measure of nk, or one of those that [OPTIM] knows beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nk import families
from nk.intervals import Interval, interval
from nk.metrics._counts import Counts, count, mean_of_defined, ratio
from nk.metrics._moments import measure as moments
from nk.registry import Bounds, Measure, Options, Task

if TYPE_CHECKING:
    from nk.intervals import Groups
    from nk.registry import Doubles, Ints

# Other words for measures of nk.
_SAME = {"f1": "macro_f1", "recall": "uar"}


class _Own(Measure[Counts]):
    """A measure that results do not have."""

    task: ClassVar[Task] = "classification"
    bounds: ClassVar[Bounds] = "unit"
    by_class = True
    chance = "as the measures that it is made of"


class Precision(_Own):
    """Mean over classes of the hits of the rows given the class.

    It is over the classes that occur in truth or prediction, so one that is never given counts as 0.
    """

    def values(self, tally: Counts) -> Doubles:
        """See `Measure.values`."""
        found = tally.precision
        return mean_of_defined(np.where(np.isnan(found) & (tally.truths > 0), 0.0, found))


class Sensitivity(_Own):
    """Of two classes the recall of the last, which is the positive one; of more the mean recall."""

    def values(self, tally: Counts) -> Doubles:
        """See `Measure.values`."""
        return _of_positive(tally.recall)


class Specificity(_Own):
    """Of two classes the recall of the first; of more the mean share of the rest that is not given the class."""

    def values(self, tally: Counts) -> Doubles:
        """See `Measure.values`."""
        rest = tally.truths.sum(axis=1, keepdims=True) - tally.truths
        wrong = tally.guesses - tally.hits
        return _of_positive(ratio(rest - wrong, rest))


_OWN: dict[str, type[_Own]] = {"precision": Precision, "sensitivity": Sensitivity, "specificity": Specificity}


# Of two classes, the place of the one whose recall it is.
ONE_SIDED = {"sensitivity": 1, "specificity": 0}


def _of_positive(values: Doubles) -> Doubles:
    return values[:, 1] if values.shape[1] == 2 else mean_of_defined(values)


def aim_of(name: str) -> Measure[Any]:
    """The measure of a name that [OPTIM] `metric` may have."""
    if name in _OWN:
        return _OWN[name](Options(), name=name)
    return families.metrics.get(_SAME.get(name, name))(Options(), name=name)


def values(aim: Measure[Any], truth: Any, scores: Doubles, groups: Ints, size: int) -> Doubles:
    """A measure over all rows, and with each group left out: shape (1 + size,).

    Args:
        aim: the measure
        truth: class numbers or values, shape (rows,)
        scores: class scores, shape (rows, classes), or values, shape (rows,)
        groups: numbers from 1 to `size`, or 0 for rows that stay, shape (rows,)
        size: number of groups
    """
    if scores.ndim == 1:
        return aim.values(moments(truth, scores, groups, size))
    return aim.values(count(truth, scores.argmax(axis=1), scores, groups, size))


def interval_of(aim: Measure[Any], found: Doubles, truth: Any, groups: Groups) -> Interval:
    """The interval of what `values` has found."""
    trials = len(truth)
    if aim.by_class and aim.task == "classification":
        sizes = np.bincount(truth)
        trials = int((sizes > 0).sum() * sizes[sizes > 0].min())
    return interval(found, aim.bounds, groups, trials=trials)
