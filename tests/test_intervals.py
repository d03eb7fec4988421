"""Intervals: known values, what has to hold of every one, and what they say of themselves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.intervals import Groups, Interval, exact, group, interval

if TYPE_CHECKING:
    from nk.registry import Bounds


def speakers(count: int) -> Groups:
    return Groups(np.arange(1, count + 1), tuple(f"s{number}" for number in range(count)), "speaker")


def ends(values: list[float], bounds: Bounds, trials: int = 20) -> Interval:
    return interval(np.array(values), bounds, speakers(len(values) - 1), trials=trials)


def test_jackknife_by_hand() -> None:
    # Replicates log 1, log 2, log 4 = 0, .693, 1.386: squares about the mean sum to .9609, times 2/3, root .80037;
    # t(2) = 4.30265; value 2, so log 2 +- 3.44375
    found = ends([2.0, 1.0, 2.0, 4.0], "positive")
    reach = 4.302652729749464 * math.sqrt(2 / 3 * 2 * math.log(2) ** 2)
    assert found.low == pytest.approx(2 * math.exp(-reach))
    assert found.high == pytest.approx(2 * math.exp(reach))
    assert found.method == "jackknife over 3 speakers, Student's t with 2 degrees of freedom, log scale"


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    # Fisher's z is all but straight near 0, so there the interval is that of a mean: t * s / sqrt(n).
    data = np.array([0.001, -0.002, 0.003, 0.0005, -0.0015])
    values = [data.mean(), *((data.sum() - data) / 4)]
    found = ends(values, "signed")
    reach = 2.7764451051977987 * data.std(ddof=1) / math.sqrt(5)
    assert found.low == pytest.approx(data.mean() - reach, rel=1e-4)
    assert found.high == pytest.approx(data.mean() + reach, rel=1e-4)


def test_rmse_is_the_root_of_mse() -> None:
    values = np.array([2.0, 1.5, 2.5, 1.9, 2.2])
    squared, root = ends(list(values), "positive"), ends(list(np.sqrt(values)), "positive")
    assert squared.low is not None
    assert squared.high is not None
    assert (root.low, root.high) == pytest.approx((math.sqrt(squared.low), math.sqrt(squared.high)))


def test_eer_and_its_complement_mirror() -> None:
    values = np.array([0.2, 0.15, 0.25, 0.2, 0.22])
    one, other = ends(list(values), "unit"), ends(list(1 - values), "unit")
    assert one.low is not None
    assert one.high is not None
    assert (other.low, other.high) == pytest.approx((1 - one.high, 1 - one.low))


@pytest.mark.parametrize(("value", "expected"), [(0.0, (0.0, 1 - 0.025 ** (1 / 20))), (1.0, (0.025 ** (1 / 20), 1.0))])
def test_exact_binomial(value: float, expected: tuple[float, float]) -> None:
    from scipy.stats import binomtest

    found = exact(value, 20, speakers(4))
    assert (found.low, found.high) == pytest.approx(expected)
    other = binomtest(int(value * 20), 20).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((other.low, other.high))
    assert found.method == "exact binomial as for 20 independent rows of 4 speakers"


def test_exact_is_used_at_the_ends() -> None:
    for value in (0.0, 1.0):
        assert ends([value] * 5, "unit") == exact(value, 20, speakers(4))


def test_a_replicate_at_the_end_takes_the_delta_method() -> None:
    # Without the second speaker nothing is wrong.
    found = ends([0.975, 0.9667, 1.0, 0.9667, 0.9666], "unit")
    assert found.method.endswith("logit scale by the delta method")
    without = np.array([0.9667, 1.0, 0.9667, 0.9666])
    error = math.sqrt(3 / 4 * np.sum((without - without.mean()) ** 2)) / (0.975 * 0.025)
    centre = math.log(0.975 / 0.025)
    assert found.low == pytest.approx(1 / (1 + math.exp(-centre + 3.182446305284263 * error)))
    assert found.high == pytest.approx(1 / (1 + math.exp(-centre - 3.182446305284263 * error)))


@pytest.mark.parametrize(
    ("values", "bounds", "reason"),
    [
        ([math.nan, 0.5, 0.5], "unit", "not defined for these rows"),
        ([0.5, math.nan], "unit", "no interval: there is one speaker only"),
        ([0.5, 0.4, math.nan, 0.6], "unit", "no interval: without speaker `s1` the value is not defined"),
        ([1.0, 1.0, 1.0, 0.9], "signed", "no interval: the value is at the end of its range"),
        ([0.0, 0.0, 0.0, 0.0], "positive", "no interval: the value is at the end of its range"),
        ([1.0, 1.0, 1.0, 1.0], "below_one", "no interval: the value is at the end of its range"),
        ([0.25, 0.25, 0.25, 0.25], "unit", "no interval: the value is the same whichever speaker is left out"),
    ],
)
def test_no_interval_says_why(values: list[float], bounds: Bounds, reason: str) -> None:
    assert ends(values, bounds) == Interval(None, None, reason)


RANGES: dict[Bounds, tuple[float, float]] = {
    "unit": (0, 1),
    "signed": (-1, 1),
    "positive": (0, math.inf),
    "below_one": (-math.inf, 1),
}


@given(st.data())
def test_bounds_hold_the_value_and_stay_in_range(data: st.DataObject) -> None:
    bounds = data.draw(st.sampled_from(sorted(RANGES)))
    low, high = RANGES[bounds]
    one = st.floats(max(low, -5.0), min(high, 5.0))
    values = data.draw(st.lists(one, min_size=4, max_size=12))
    found = ends(values, bounds)
    assert (found.low is None) == (found.high is None)
    if found.low is not None and found.high is not None:
        assert low <= found.low <= values[0] <= found.high <= high
    else:
        assert found.method.startswith("no interval: ")


class TestGroup:
    ids = pl.Series([f"db/{number}" for number in range(6)])

    def test_speakers(self) -> None:
        found = group(self.ids, pl.Series(["b", "a", "c", "a", "b", "b"]))
        assert found.names == ("a", "b", "c")
        assert found.numbers.tolist() == [2, 1, 3, 1, 2, 2]
        assert str(found) == "3 speakers"

    def test_rows_without_a_speaker_are_one_more(self) -> None:
        found = group(self.ids, pl.Series(["b", None, "c", "a", "b", None]))
        assert found.names == ("(unknown)", "a", "b", "c")
        assert found.numbers.tolist() == [3, 1, 4, 2, 3, 1]

    @pytest.mark.parametrize(
        ("names", "text"),
        [
            (["a", "a", "b", "b", None, "a"], "6 utterances (2 speakers, too few to leave one out)"),
            (["a"] * 6, "6 utterances (1 speaker, too few to leave one out)"),
            ([None] * 6, "6 utterances (speakers not known)"),
        ],
    )
    def test_too_few(self, names: list[str | None], text: str) -> None:
        found = group(self.ids, pl.Series(names, dtype=pl.String))
        assert str(found) == text
        assert found.numbers.tolist() == [1, 2, 3, 4, 5, 6]

    def test_no_column(self) -> None:
        assert str(group(self.ids, None)) == "6 utterances (speakers not known)"

    def test_speaker_is_the_target(self) -> None:
        found = group(self.ids, pl.Series(list("abcdef")), speakers_are_target=True)
        assert str(found) == "6 utterances (the speaker is the target)"

    def test_rows_of_one_id_are_one_utterance(self) -> None:
        found = group(pl.Series(["x", "y", "x", "y"]), None)
        assert found.names == ("x", "y")
        assert found.numbers.tolist() == [1, 2, 1, 2]


def test_rows_of_unknown_speakers_are_told_of() -> None:
    ids, speakers = pl.Series(["a", "b", "c", "d"]), pl.Series(["x", "y", "z", None])
    assert str(group(ids, speakers)) == "4 speakers (rows without one counted as one more)"
    assert str(group(ids[:3], speakers[:3])) == "3 speakers"
