"""Effect sizes with 95 % intervals: how much, beside whether."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nk import effects

if TYPE_CHECKING:
    from nk.registry import Doubles

_LOW, _HIGH = 0.025, 0.975
_Z = 1.959963984540054
_NOTHING = 1e-10  # what rounding leaves of 0
V = "corrected Cramér's V"
MEAN_D = "Cohen's d by the mean variance"


@dataclass(frozen=True)
class Effect:
    """An effect and its interval, None where there is none."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def cohens_d(one: Doubles, other: Doubles) -> Effect:
    """Cohen's d, see `nk.effects`, with the exact interval for equal variances, from the noncentral t distribution.

    Cumming and Finch, Educational and Psychological Measurement 61, 2001.
    """
    value = effects.cohens_d(one, other)
    root = math.sqrt(1 / len(one) + 1 / len(other))
    return Effect("Cohen's d", value, *_of_t(value / root, len(one) + len(other) - 2, root))


def mean_variance_d(one: Doubles, other: Doubles) -> Effect:
    """Mean of the other less that of the one, by the root of the mean of their variances, where these differ.

    Bonett, Psychological Methods 13, 2008: the interval takes neither the variances nor the sizes to be equal.
    """
    variances = np.array([one.var(ddof=1), other.var(ddof=1)])
    degrees, square = np.array([len(one) - 1, len(other) - 1]), float(variances.mean())
    if not square:
        return Effect(MEAN_D, math.nan)
    value = float(other.mean() - one.mean()) / math.sqrt(square)
    of_size = float((variances**2 / degrees).sum()) / (8 * square**2)
    wide = _Z * math.sqrt(value**2 * of_size + float((variances / degrees).sum()) / square)
    return Effect(MEAN_D, value, value - wide, value + wide)


def cohens_dz(differences: Doubles) -> Effect:
    """Mean of paired differences by their deviation, with the exact interval, from the noncentral t distribution."""
    deviation = differences.std(ddof=1)
    value = float(differences.mean() / deviation) if deviation else math.nan
    root = math.sqrt(1 / len(differences))
    return Effect("Cohen's dz", value, *_of_t(value / root, len(differences) - 1, root))


def _of_t(t: float, degrees: int, root: float) -> tuple[float | None, float | None]:
    from scipy.special import nctdtrinc

    if math.isnan(t):
        return None, None
    return float(nctdtrinc(degrees, _HIGH, t)) * root, float(nctdtrinc(degrees, _LOW, t)) * root


def cliffs_delta(one: Doubles, other: Doubles) -> Effect:
    """P(other > one) - P(other < one) over all pairs of values, with a consistent, asymmetric interval.

    Feng and Cliff, Journal of Modern Applied Statistical Methods 3, 2004; at 1 and -1 the bound is that of their
    formula as the variance goes to its least.
    """
    m, n = len(one), len(other)
    below, above = np.sort(one), np.sort(other)
    # Of each value how many of the other group are below it less how many are above: all pairs from two sorts.
    of_other = _ranked(other, below) / m
    of_one = -_ranked(one, above) / n
    delta = float(of_other.mean())
    ties = int((np.searchsorted(above, one, "right") - np.searchsorted(above, one, "left")).sum())
    square = float(m * n - ties)  # sum of the squares of all signs
    most = m * n * (m - 1) * (n - 1)
    if abs(delta) >= 1 or min(m, n) < 2:
        return Effect("Cliff's delta", delta, *_at_end(delta, min(m, n)))
    rows = n * n * float(((of_one - delta) ** 2).sum()) + m * m * float(((of_other - delta) ** 2).sum())
    variance = (rows - (square - m * n * delta**2)) / most
    variance = max(variance, (1 - delta**2) / (m * n - 1))
    middle, wide = delta - delta**3, _Z * math.sqrt(variance) * math.sqrt((1 - delta**2) ** 2 + _Z**2 * variance)
    whole = 1 - delta**2 + _Z**2 * variance
    return Effect("Cliff's delta", delta, max(-1.0, (middle - wide) / whole), min(1.0, (middle + wide) / whole))


def _ranked(values: Doubles, others: Doubles) -> Doubles:
    """Of each value how many of the sorted others are below it less how many are above."""
    below, upto = (np.searchsorted(others, values, side) for side in ("left", "right"))
    found: Doubles = (below - (len(others) - upto)).astype(np.float64)
    return found


def _at_end(delta: float, least: int) -> tuple[float, float]:
    far = max(-1.0, (least - _Z**2) / (least + _Z**2))
    return (far, 1.0) if delta > 0 else (-1.0, -far)


def rank_biserial(differences: Doubles) -> Effect:
    """Of paired differences the ranks that are for the one sign less those for the other, as a share of all.

    Kerby, Comprehensive Psychology 3, 2014; the interval leaves each pair out in turn (`nk.intervals`).
    """
    from nk.intervals import Groups, interval

    kept = differences[differences != 0]
    without = [_matched(np.delete(kept, place)) for place in range(len(kept))]
    values = np.array([_matched(kept), *without])
    names = tuple(map(str, range(len(kept))))
    found = interval(values, "signed", Groups(np.arange(1, len(kept) + 1), names, "pair"), trials=len(kept))
    return Effect("rank-biserial correlation", float(values[0]), found.low, found.high)


def _matched(differences: Doubles) -> float:
    from scipy.stats import rankdata

    ranks = rankdata(abs(differences))
    return float((ranks * np.sign(differences)).sum() / ranks.sum()) if len(ranks) else math.nan


def cramers_v(chi2: float, shape: tuple[int, int], n: int) -> Effect:
    """Cramer's V without what chance adds: root of (chi-square - df) / (n (smaller side - 1)), 0 where that is below.

    Left as it is, V of unrelated columns with many categories is far above 0 (Bergsma, Journal of the Korean
    Statistical Society 42, 2013); interval as for `of_chi2`.
    """
    share = of_chi2("", chi2, (shape[0] - 1) * (shape[1] - 1), n * (min(shape) - 1))
    low, high = (None if one is None else math.sqrt(one) for one in (share.low, share.high))
    return Effect(V, math.sqrt(share.value), low, high)


def eta_squared(h: float, groups: int, n: int) -> Effect:
    """Eta squared of H, (H - k + 1) / (n - k): Tomczak and Tomczak, Trends in Sport Sciences 1, 2014."""
    return of_chi2("eta squared (H)", h, groups - 1, n - groups)


def of_chi2(name: str, chi2: float, degrees: int, most: float) -> Effect:
    """What a chi-square has above chance, as a share of the most that it can be.

    The interval is that of the noncentrality: Smithson, Confidence Intervals, 2003, chapter 4.
    """
    from scipy.special import chndtr, chndtrinc

    if degrees < 1 or most <= 0:
        return Effect(name, math.nan)
    # Of less than chance gives no interval would be left: then the upper end is that of what it gives on average.
    low, high = (
        0.0 if chndtr(value, degrees, 0) < share else min(1.0, float(chndtrinc(value, degrees, share)) / most)
        for value, share in ((chi2, _HIGH), (max(chi2, degrees), _LOW))
    )
    return Effect(name, min(1.0, max(0.0, (chi2 - degrees) / most)), low, high)


def v_over_speakers(excess: Doubles) -> Effect:
    """V as above, with an interval that leaves out speakers in turn.

    Args:
        excess: the square of V, below 0 where chance explains more; of all rows, then without each speaker
    """
    from scipy.special import stdtrit

    from nk.intervals import FEWEST_SPEAKERS, standard_error

    value, speakers = float(excess[0]), len(excess) - 1
    root = math.sqrt(max(0.0, value))
    if speakers < FEWEST_SPEAKERS or np.ptp(excess[1:]) < _NOTHING:
        return Effect(V, root)
    wide = float(stdtrit(speakers - 1, _HIGH)) * standard_error(excess[1:])
    low, high = (math.sqrt(min(1.0, max(0.0, end))) for end in (value - wide, max(value, 0.0) + wide))
    return Effect(V, root, low, high)


def kendalls_w(ranks: Doubles) -> Effect:
    """Agreement of speakers about the order of groups, with an interval that leaves out speakers in turn.

    W = 12 sum of (rank sum - mean)^2 / (n^2 (k^3 - k) - n sum of (t^3 - t)), over all ties t of each speaker.

    Args:
        ranks: of the groups, for each speaker, shape (speakers, groups)
    """
    from nk.intervals import Groups, interval

    n, k = ranks.shape
    # The sum of squares about the mean knows of ties.
    within = ((ranks - (k + 1) / 2) ** 2).sum(axis=1)
    sums = np.vstack([ranks.sum(axis=0), ranks.sum(axis=0) - ranks])
    counts, most = np.array([n, *[n - 1] * n]), np.array([within.sum(), *(within.sum() - within)])
    between = ((sums - sums.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    values = np.divide(between, counts * most, out=np.full(n + 1, np.nan), where=most > 0)
    found = interval(values, "unit", Groups(np.arange(1, n + 1), tuple(map(str, range(n))), "speaker"), trials=n)
    return Effect("Kendall's W", float(values[0]), found.low, found.high)


def correlation(name: str, value: float, n: int) -> Effect:
    """A correlation with the interval of Fisher's z; of ranks with the variance of Bonett and Wright.

    Bonett and Wright, Psychometrika 65, 2000: (1 + r^2 / 2) / (n - 3) for Spearman's, 1 / (n - 3) for Pearson's.
    """
    if n < 4 or math.isnan(value) or abs(value) >= 1:
        return Effect(name, value)
    wide = _Z * math.sqrt((1 + value**2 / 2 if name == "Spearman's rho" else 1) / (n - 3))
    return Effect(name, value, math.tanh(math.atanh(value) - wide), math.tanh(math.atanh(value) + wide))
