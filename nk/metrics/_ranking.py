"""One class against the rest by its score: area under the ROC curve and equal error rate, and both without each group.

The scores are sorted once. What leaving a group out changes follows from the group's own rows, so that all groups
together cost about as much as the whole: O(rows log rows), not O(groups * rows log rows).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from nk.registry import Doubles, Ints


@dataclass(frozen=True)
class Side:
    """The rows of one side (positive or negative).

    `ranks` and `groups` have shape (rows,). `keys` is `group * levels + rank` of rows that can be left out, sorted: in
    the order of groups, and of scores within a group. `below[r]` counts rows of a rank below r, shape (levels + 1,);
    `left` counts rows with group g left out, shape (1 + groups,); `starts` is where group g starts in `keys`.
    """

    ranks: Ints
    groups: Ints
    keys: Ints
    below: Ints
    left: Ints
    starts: Ints

    def lower(self, levels: Ints, width: int) -> Ints:
        """Rows of a rank below `levels[g]` with group g left out, shape (1 + groups,)."""
        own = np.searchsorted(self.keys, np.arange(len(levels)) * width + levels) - self.starts
        return self.below[levels] - own


@dataclass(frozen=True)
class Ranking:
    """Positive and negative rows; `levels` is the number of different scores."""

    positive: Side
    negative: Side
    levels: int

    def area(self) -> Doubles:
        """P(score of a positive > score of a negative) + half of P(equal), shape (1 + groups,); NaN for an empty side.

        Pairs of a group's positives with all negatives and of all positives with its negatives go; pairs within the
        group would go twice and come back once.
        """
        one, other = self.positive, self.negative
        size = len(one.left)
        won = (other.below[one.ranks] + other.below[one.ranks + 1]) / 2
        lost = len(one.ranks) - (one.below[other.ranks] + one.below[other.ranks + 1]) / 2
        keys = one.groups * self.levels + one.ranks
        within = (np.searchsorted(other.keys, keys, "left") + np.searchsorted(other.keys, keys, "right")) / 2
        within -= other.starts[one.groups]
        gone = np.bincount(one.groups, won - within, size) + np.bincount(other.groups, lost, size)
        gone[0] = 0.0
        return _rate(won.sum() - gone, one.left * other.left)

    def equal_error(self) -> Doubles:
        """Where the ROC curve, straight between its points, has false positives = misses: shape (1 + groups,).

        At level r rows of a rank below r are rejected. False positives minus misses falls with r from 1 to -1, so the
        crossing is found by halving, for all groups at once; whole numbers are compared, so no rounding matters.
        """
        low, high = np.zeros_like(self.positive.left), np.full_like(self.positive.left, self.levels)
        while np.any(high - low > 1):
            middle = (low + high) // 2
            false, missed = self._errors(middle)
            before = false * self.positive.left >= missed * self.negative.left
            low, high = np.where(before, middle, low), np.where(before, high, middle)
        return self._crossing(self._errors(low), self._errors(high))

    def _errors(self, levels: Ints) -> tuple[Ints, Ints]:
        """False positives and misses at these levels, each with its group left out."""
        false = self.negative.left - self.negative.lower(levels, self.levels)
        return false, self.positive.lower(levels, self.levels)

    def _crossing(self, before: tuple[Ints, Ints], after: tuple[Ints, Ints]) -> Doubles:
        """The error rate where the line between two points of the curve crosses the diagonal."""
        weights = self.negative.left, self.positive.left
        false, missed = map(_rate, before, weights)
        false_after, missed_after = map(_rate, after, weights)
        gap, gap_after = false - missed, false_after - missed_after
        share = np.divide(gap, gap - gap_after, out=np.full_like(gap, np.nan), where=gap > gap_after)
        return false + share * (false_after - false)


def rank(positive: npt.NDArray[np.bool_], score: Doubles, groups: Ints, size: int) -> Ranking:
    """Sort the rows.

    Args:
        positive: whether a row is of the class, shape (rows,)
        score: its score, shape (rows,)
        groups: numbers from 1, or 0 for rows that stay, shape (rows,)
        size: 1 + number of groups
    """
    order = np.argsort(score)
    steps = np.diff(score[order]) > 0
    ranks = np.empty(len(score), dtype=np.int64)
    ranks[order] = np.concatenate([[0], np.cumsum(steps)]) if len(score) else 0
    levels = int(ranks.max(initial=-1)) + 1
    one, other = (_side(ranks[rows], groups[rows], levels, size) for rows in (positive, ~positive))
    return Ranking(one, other, levels)


def _side(ranks: Ints, groups: Ints, levels: int, size: int) -> Side:
    leaves = groups > 0
    keys = np.sort(groups[leaves] * levels + ranks[leaves])
    return Side(
        ranks=ranks,
        groups=groups,
        keys=keys,
        below=np.concatenate([[0], np.cumsum(np.bincount(ranks, minlength=levels))]),
        left=len(ranks) - np.bincount(groups[leaves], minlength=size),
        starts=np.searchsorted(keys, np.arange(size) * levels),
    )


def _rate(part: Doubles | Ints, whole: Ints) -> Doubles:
    rates: Doubles = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return rates
