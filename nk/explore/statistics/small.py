"""Exact p values of few numbers, for which the usual approximations say too much: all arrangements are looked at."""

from __future__ import annotations

from functools import cache
from itertools import combinations, permutations
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

if TYPE_CHECKING:
    from nk.registry import Doubles, Ints

_FEW = 8  # values in a group, or pairs of numbers
_MOST = 20_000  # ways to deal values to groups
_TIE = 1e-9
EXACT = ", p exact: all arrangements counted"


class Done:
    """A statistic with its p, as scipy gives them."""

    def __init__(self, statistic: float, pvalue: float) -> None:
        """Take both."""
        self.statistic, self.pvalue = statistic, pvalue


def mann_whitney(one: Doubles, other: Doubles) -> tuple[Any, str]:
    """Mann and Whitney's test of two groups, and what is to be said of its p, "" where it is scipy's.

    scipy's p is exact for small groups without ties. With ties it is that of a normal distribution, which of three
    equal values against three others makes .047, where no arrangement can be rarer than 1 in 10.
    """
    from scipy.stats import mannwhitneyu

    done: Any = mannwhitneyu(one, other)
    values = np.concatenate([one, other])
    tied = len(np.unique(values)) < len(values)
    if not tied or min(len(one), len(other)) > _FEW or comb(len(values), len(one)) > _MOST:
        return done, ""
    ranks = rankdata(values)
    sums = ranks[_choices(len(values), len(one))].sum(axis=1)
    middle = len(one) * (len(values) + 1) / 2
    p = float((abs(sums - middle) >= abs(ranks[: len(one)].sum() - middle) - _TIE).mean())
    return Done(float(done.statistic), p), EXACT


def spearman_p(one: Doubles, other: Doubles) -> float | None:
    """The exact two-sided p of Spearman's correlation; None where there are too many pairs for it to be needed."""
    if len(one) > _FEW:
        return None
    first, second = (rankdata(values) - (len(one) + 1) / 2 for values in (one, other))
    products = second[_orders(len(one))] @ first
    return float((abs(products) >= abs(first @ second) - _TIE).mean())


@cache
def _choices(of: int, some: int) -> Ints:
    return np.array(list(combinations(range(of), some)), dtype=np.int64)


@cache
def _orders(of: int) -> Ints:
    return np.array(list(permutations(range(of))), dtype=np.int64)
