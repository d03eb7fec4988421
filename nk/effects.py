"""Effect sizes: how far two groups are apart, whatever their number of rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nk.registry import Doubles

# A deviation that is this small beside the values is what rounding leaves of 0.
_NOTHING = 1e-12
# From which size on an effect is called so: Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988.
_WORDS = ((0.8, "large"), (0.5, "medium"), (0.2, "small"))


def cohens_d(one: Doubles, other: Doubles) -> float:
    """Cohen's d: mean of the other minus mean of the one, by their pooled standard deviation.

    d = (m2 - m1) / s, s^2 = ((n1 - 1) s1^2 + (n2 - 1) s2^2) / (n1 + n2 - 2), with the variances of samples (dividing by
    n - 1).

    Args:
        one: shape (n1,)
        other: shape (n2,)

    Returns:
        NaN where a group has fewer than two values, or all values of each are the same
    """
    if min(len(one), len(other)) < 2:
        return math.nan
    degrees = len(one) + len(other) - 2
    variance = (one.var(ddof=1) * (len(one) - 1) + other.var(ddof=1) * (len(other) - 1)) / degrees
    largest = max(abs(one).max(), abs(other).max())
    if math.sqrt(variance) <= _NOTHING * largest:
        return math.nan
    return float((other.mean() - one.mean()) / math.sqrt(variance))


def size_word(effect: float) -> str:
    """What an effect of this size is called."""
    return next((word for least, word in _WORDS if abs(effect) >= least), "negligible")
