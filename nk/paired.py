"""Is one model better than another on the same rows, or is it the luck of which speakers were tested?

Two tests over speakers, since utterances of one speaker succeed or fail together. Both rest on pseudo-values: speaker
s has p_s = d - (S - 1) (d_s - m), where d is the difference of the two models' measures over all rows, d_s without that
speaker, and m the mean of the d_s (delete-one jackknife: Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
chapter 11, but for the estimate of the bias, which is noise where a measure makes steps, as EER: their mean is d). So
they serve any measure, also one that is no mean over rows, as UAR, AUC or CCC.

- Jackknife-t: d over the standard error of the mean of the pseudo-values, Student's t with S - 1 degrees of freedom;
  the interval is of the same make.
- Sign flips: if the models are equally good, it is a matter of chance which of them a speaker suits better, and the
  sign of a pseudo-value might as well be the other one. p is the share of all ways to set the signs whose mean is as
  far from 0 (Fisher, The Design of Experiments, 1935, section 21). With few speakers there are few ways: with four, p
  is never below 1/8.

McNemar's test, for rows without a speaker, takes rows as independent. benchmarks/compare.py simulates how often each of
them finds a difference where there is none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nk.intervals import FEWEST_SPEAKERS, LEVEL, standard_error

if TYPE_CHECKING:
    import numpy.typing as npt

    from nk.intervals import Groups
    from nk.registry import Bounds, Doubles

ALPHA = 1 - LEVEL
_ALL_FLIPS = 13  # up to so many speakers, all ways to set their signs are gone through
_FLIPS = 9_999
_CELLS = 20_000_000  # signs that are drawn at most
_BLOCK = 200_000  # signs at a time
# A difference that is this small beside the largest is what rounding leaves of none.
_TIE = 1e-9


@dataclass(frozen=True)
class Difference:
    """The first model's measure minus the second's, with its interval and the p values of both tests.

    They are None where there is no test, and `why` says the reason. Where the difference is the same whichever speaker
    is left out, there is no spread for an interval, and `p` is that of the sign flips.
    """

    value: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_flips: float | None = None
    why: str = ""


def difference(one: Doubles, other: Doubles, bounds: Bounds, groups: Groups, *, seed: int = 0) -> Difference:
    """Compare two models by a measure.

    Args:
        one: the first model's measure over all rows, then with each group left out: shape (1 + groups,)
        other: the second model's
        bounds: the range of the measure; no bound of the interval is beyond what it allows
        groups: what was left out
        seed: for sign flips where there are too many to go through all
    """
    apart, count = one - other, len(groups)
    value = float(apart[0])
    why = _obstacle(one, other, groups)
    if why:
        return Difference(value, why=why)
    if np.abs(apart).max() <= _TIE * max(1.0, np.abs(one).max()):
        return Difference(0.0, 0.0, 0.0, 1.0, 1.0)
    flips = sign_flips(value - (count - 1) * (apart[1:] - apart[1:].mean()), seed=seed)
    error = standard_error(apart[1:])
    if error <= _TIE * np.abs(apart).max():
        why = f"the difference is the same whichever {groups.kind} is left out"
        return Difference(value, p=flips, p_flips=flips, why=why)
    low, high, p = student(value, error, count - 1)
    return Difference(value, max(low, -widest(bounds)), min(high, widest(bounds)), p, flips)


def widest(bounds: Bounds) -> float:
    """The largest difference that there can be."""
    return {"unit": 1.0, "signed": 2.0}.get(bounds, math.inf)


def _obstacle(one: Doubles, other: Doubles, groups: Groups) -> str:
    if len(groups) < FEWEST_SPEAKERS:
        return f"{groups} {'is' if len(groups) == 1 else 'are'} too few"
    if np.isnan(one[0]) or np.isnan(other[0]):
        return "the measure is not defined for these rows"
    lacking = np.isnan(one[1:]) | np.isnan(other[1:])
    if lacking.any():
        return f"without {groups.kind} `{groups.names[int(lacking.argmax())]}` the measure is not defined"
    return ""


def student(value: float, error: float, degrees: float) -> tuple[float, float, float]:
    """The interval of a value with a standard error, and the p value of it being 0."""
    from scipy.special import stdtr, stdtrit  # scipy.stats takes half a second to import

    reach = float(stdtrit(degrees, (1 + LEVEL) / 2)) * error
    return value - reach, value + reach, 2 * float(stdtr(degrees, -abs(value) / error))


def sign_flips(values: Doubles, *, seed: int = 0) -> float:
    """How often a mean of values with signs set by chance is as far from 0 as theirs, on either side.

    All ways to set the signs of up to 13 values, of more as many as can be drawn (9,999, fewer of very many values),
    where the values themselves count as one more way (Phipson and Smyth, Statistical Applications in Genetics and
    Molecular Biology 9, 2010).

    Args:
        values: shape (groups,)
        seed: of the draw
    """
    seen, count = abs(values.sum()) * (1 - _TIE), len(values)
    if count <= _ALL_FLIPS:
        signs = (np.arange(2 ** (count - 1))[:, None] >> np.arange(count)) & 1  # the other half mirrors it
        return float(np.mean(np.abs((1 - 2 * signs) @ values) >= seen))
    generator, rounds = np.random.default_rng(seed), max(999, min(_FLIPS, _CELLS // count))
    far, block = 0, max(1, _BLOCK // count)
    for done in range(0, rounds, block):
        signs = generator.integers(0, 2, (min(block, rounds - done), count), dtype=np.int8)
        far += int((np.abs((1 - 2 * signs) @ values) >= seen).sum())
    return (1 + far) / (1 + rounds)


def mcnemar(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    """The exact test of McNemar (Psychometrika 12, 1947): p of the rows that one model alone has right.

    If the models are equally good, each of these rows is as likely to be the one's as the other's, if rows are
    independent of each other.

    Args:
        one: whether the first model is right, shape (rows,)
        other: whether the second is
    """
    from scipy.special import bdtr

    first, second = int((one & ~other).sum()), int((other & ~one).sum())
    return min(1.0, 2 * float(bdtr(min(first, second), first + second, 0.5)))


def holm(values: list[float | None]) -> list[float | None]:
    """Holm's correction of p values for their number (Scandinavian Journal of Statistics 6, 1979); None stays."""
    from nk.audit.probe import holm as corrected

    found = iter(corrected([value for value in values if value is not None]))
    return [None if value is None else next(found) for value in values]
