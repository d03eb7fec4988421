"""Intervals of 95 % for a measure: how far it might be off with other speakers.

Speakers, not utterances, are what a test set samples: utterances of one speaker succeed or fail together, and an
interval over utterances is too narrow. So speakers are left out one at a time (delete-one jackknife: Efron and
Tibshirani, An Introduction to the Bootstrap, 1993, chapter 11) and Student's t with one degree of freedom less than
there are speakers makes up for their small number. Both are taken on a scale without ends, so that no bound leaves the
range of the measure: logit for [0, 1], Fisher's z for [-1, 1], logarithm for errors (the interval of RMSE is then the
root of that of MSE) and for 1 - R2, which is an error too. Where a value without some speaker is at the end of its
range, that scale has no place for it, and the standard error is carried over from the plain scale (delta method: Korn
and Graubard, Survey Methodology 24, 1998). benchmarks/coverage.py simulates how often the intervals hold the true
value: in 93 to 96 % of test sets of 4 to 24 speakers, fewer where nearly everything is right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from nk.registry import Bounds, Doubles, Ints

LEVEL = 0.95
# With two speakers (or utterances) Student's t has one degree of freedom, and an interval says nothing.
FEWEST_SPEAKERS = 3
# A standard error that is this small beside the value is what rounding leaves of 0.
_NOTHING = 1e-10


@dataclass(frozen=True)
class Interval:
    """Bounds and how they were made; both are None where there is no interval, and `method` says why."""

    low: float | None
    high: float | None
    method: str


@dataclass(frozen=True)
class Groups:
    """Which rows go together when they are left out.

    `numbers` are 1 to `len(names)`, shape (rows,), `names` the groups' names in that order, `kind` is what they are and
    `why` the reason, where they are not speakers, or not all of them.
    """

    numbers: Ints
    names: tuple[str, ...]
    kind: str
    why: str = ""

    def __len__(self) -> int:
        return len(self.names)

    def __str__(self) -> str:
        plural = "" if len(self) == 1 else "s"
        return f"{len(self)} {self.kind}{plural}" + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True)
class _Scale:
    """A scale without ends: `slope` is its derivative, `back` turns points on it into values."""

    name: str
    to: Callable[[Doubles], Doubles]
    slope: Callable[[float], float]
    back: Callable[[Doubles], Doubles]


_SCALES: dict[Bounds, _Scale] = {
    # tanh instead of 1 / (1 + exp(-z)), which overflows
    "unit": _Scale(
        "logit", lambda v: np.log(v / (1 - v)), lambda v: 1 / (v * (1 - v)), lambda z: (1 + np.tanh(z / 2)) / 2
    ),
    "signed": _Scale("Fisher z", np.arctanh, lambda v: 1 / (1 - v * v), np.tanh),
    "positive": _Scale("log", np.log, lambda v: 1 / v, np.exp),
    "below_one": _Scale("log(1 - x)", lambda v: -np.log(1 - v), lambda v: 1 / (1 - v), lambda z: 1 - np.exp(-z)),
}


def group(
    ids: pl.Series, speakers: pl.Series | None, *, speakers_are_target: bool = False, unit: str = "utterance"
) -> Groups:
    """Decide what is left out in turn: speakers, or rows where there are too few or where they are the target.

    Rows of one id (several runs) are one utterance. Rows without a speaker, among others with one, count as one speaker
    more, `(unknown)`: the careful choice.

    Args:
        ids: of the rows
        speakers: of the rows; None or null where not known
        speakers_are_target: speakers are the classes, so that no speaker can be left out
        unit: what a row is
    """
    known = 0 if speakers is None else speakers.drop_nulls().n_unique()
    if speakers is not None and known >= FEWEST_SPEAKERS and not speakers_are_target:
        why = "rows without one counted as one more" if speakers.null_count() else ""
        return Groups(*_number(speakers.fill_null("(unknown)")), "speaker", why)
    return Groups(
        *_number(ids), unit, "the speaker is the target" if speakers_are_target else _no_speakers(known, unit)
    )


def _no_speakers(known: int, unit: str) -> str:
    if unit == "speaker":
        return ""
    if known:
        return f"{known} speaker{'' if known == 1 else 's'}, too few to leave one out"
    return "speakers not known" if unit == "utterance" else "not by speaker"


def _number(names: pl.Series) -> tuple[Ints, tuple[str, ...]]:
    unique = names.unique().sort()
    return names.rank("dense").to_numpy().astype(np.int64), tuple(unique.to_list())


def interval(values: Doubles, bounds: Bounds, groups: Groups, *, trials: int) -> Interval:
    """The interval of a measure.

    Args:
        values: its value over all rows, then with each group left out: shape (1 + groups,); NaN where not defined
        bounds: its range
        groups: what was left out
        trials: rows that a share of exactly 0 or 1 rests on, see `exact`
    """
    value = float(values[0])
    if math.isnan(value):
        return Interval(None, None, "not defined for these rows")
    if bounds == "unit" and value in (0.0, 1.0):
        return exact(value, trials, groups)
    reason = _obstacle(values, bounds, groups)
    return Interval(None, None, f"no interval: {reason}") if reason else _jackknife(values, bounds, groups)


def _obstacle(values: Doubles, bounds: Bounds, groups: Groups) -> str:
    """Why there is no jackknife interval, or nothing."""
    value, without = float(values[0]), values[1:]
    if len(groups) < FEWEST_SPEAKERS:
        return (
            f"there is one {groups.kind} only" if len(groups) == 1 else f"there are {len(groups)} {groups.kind}s only"
        )
    if _at_end(value, bounds):
        return "the value is at the end of its range"
    if np.isnan(without).any():
        name = groups.names[int(np.isnan(without).argmax())]
        return f"without {groups.kind} `{name}` the value is not defined"
    if standard_error(without) <= _NOTHING * np.abs(without).max():
        return f"the value is the same whichever {groups.kind} is left out"
    return ""


def _at_end(values: Doubles | float, bounds: Bounds) -> bool:
    """Whether one of them is at an end of the range, or so near that the difference is rounding."""
    lowest = {"unit": 0.0, "signed": -1 + _NOTHING, "positive": 0.0, "below_one": -math.inf}[bounds]
    highest = math.inf if bounds == "positive" else 1 - _NOTHING
    return bool(np.any(values <= np.asarray(lowest)) or np.any(values >= np.asarray(highest)))


def standard_error(without: Doubles) -> float:
    """Of the jackknife: sqrt((S - 1) / S * sum of (value without s - their mean)^2)."""
    count = len(without)
    return math.sqrt((count - 1) / count * float(np.sum((without - without.mean()) ** 2)))


def _jackknife(values: Doubles, bounds: Bounds, groups: Groups) -> Interval:
    from scipy.special import stdtrit  # Student's quantile; scipy.stats takes half a second to import

    scale, value, degrees = _SCALES[bounds], float(values[0]), len(groups) - 1
    if _at_end(values[1:], bounds):
        error, how = standard_error(values[1:]) * scale.slope(value), " by the delta method"
    else:
        error, how = standard_error(scale.to(values[1:])), ""
    reach = float(stdtrit(degrees, (1 + LEVEL) / 2)) * error
    with np.errstate(over="ignore"):
        ends = scale.back(scale.to(values[:1]) + np.array([-reach, reach]))
    if not np.isfinite(ends).all():
        return Interval(None, None, f"no interval: it has no end ({groups})")
    method = f"jackknife over {groups}, Student's t with {degrees} degrees of freedom, {scale.name} scale{how}"
    # The value itself comes back from its scale a rounding off.
    return Interval(min(float(ends[0]), value), max(float(ends[1]), value), method)


def exact(value: float, trials: int, groups: Groups) -> Interval:
    """The exact binomial interval of a share of 0 or 1 (Clopper and Pearson, Biometrika 26, 1934).

    There is no spread between speakers to go by, so rows are taken as independent, which is too narrow if speakers
    differ; the method says so. For 0 of n the upper bound is 1 - (0.025)^(1/n), for n of n the lower one its mirror.

    Args:
        value: 0 or 1
        trials: n
        groups: whose rows they are
    """
    far = 1 - ((1 - LEVEL) / 2) ** (1 / trials)
    low, high = (0.0, far) if value == 0 else (1 - far, 1.0)
    whose = f" of {groups}" if groups.kind == "speaker" else ""
    return Interval(low, high, f"exact binomial as for {trials} independent rows{whose}")
