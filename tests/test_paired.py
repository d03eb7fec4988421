"""Tests of differences: against scipy where they come to the same, and on simulated speakers."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nk.intervals import Groups
from nk.paired import Difference, difference, holm, mcnemar, sign_flips

BENCHMARK = Path(__file__).parent.parent / "benchmarks" / "compare.py"


def speakers(count: int) -> Groups:
    return Groups(np.arange(1, count + 1), tuple(f"s{number}" for number in range(count)), "speaker")


def means(values: Any) -> Any:
    """The mean of all, then without each."""
    return np.array([values.mean(), *((values.sum() - values) / (len(values) - 1))])


def compared(one: Any, other: Any) -> Difference:
    return difference(means(one), means(other), "unit", speakers(len(one)))


def test_of_means_it_is_the_paired_t_test() -> None:
    generator = np.random.default_rng(1)
    one, other = generator.uniform(0.5, 0.9, 8), generator.uniform(0.4, 0.8, 8)
    found, known = compared(one, other), stats.ttest_rel(one, other)
    ends = known.confidence_interval(0.95)
    assert (found.value, found.p) == pytest.approx((float((one - other).mean()), known.pvalue))
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))


@pytest.mark.parametrize("count", [3, 6, 11])
def test_sign_flips_are_those_of_scipy(count: int) -> None:
    values = np.random.default_rng(count).normal(0.5, 1, count)
    known = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert sign_flips(values) == pytest.approx(known.pvalue)


def test_many_sign_flips_are_drawn() -> None:
    values = np.random.default_rng(3).normal(0.35, 1, 30)
    assert sign_flips(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.02)
    assert sign_flips(values) == sign_flips(values)
    assert sign_flips(np.ones(500)) == pytest.approx(1 / 10_000)


def test_four_speakers_have_sixteen_ways() -> None:
    assert sign_flips(np.array([1.0, 2.0, 3.0, 4.0])) == 1 / 8


def test_mcnemar_by_hand() -> None:
    # One alone is right in 9 rows, the other in 2: 2 * P(X <= 2 of 11 coins) = 2 * (1 + 11 + 55) / 2048
    one = np.array([True] * 9 + [False] * 2 + [True] * 50 + [False] * 5)
    other = np.array([False] * 9 + [True] * 2 + [True] * 50 + [False] * 5)
    assert mcnemar(one, other) == pytest.approx(134 / 2048)
    assert mcnemar(one, one) == 1.0


def test_holm_by_hand() -> None:
    assert holm([0.01, None, 0.04, 0.03]) == pytest.approx([0.03, None, 0.06, 0.06])


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=8))
def test_who_is_first_does_not_matter(pairs: list[tuple[float, float]]) -> None:
    one, other = np.array(pairs).T
    there, back = compared(one, other), compared(other, one)
    assert there.value == -back.value
    assert (there.p, there.p_flips, there.why) == (back.p, back.p_flips, back.why)
    if there.low is not None and there.high is not None:
        assert (there.low, there.high) == pytest.approx((-(back.high or 0.0), -(back.low or 0.0)))
        assert -1 <= there.low <= there.value <= there.high <= 1


def test_what_cannot_be_tested_says_why() -> None:
    assert compared(np.array([0.5, 0.6]), np.array([0.4, 0.3])).why == "2 speakers are too few"
    one = np.array([0.5, 0.6, 0.7])
    lacking = difference(np.append(means(one)[:3], np.nan), means(one), "unit", speakers(3))
    assert lacking.why == "without speaker `s2` the measure is not defined"
    assert lacking.p is None
    steady = compared(one, one - 0.25)
    assert (steady.low, steady.p) == (None, 1 / 4)
    same = compared(one, one)
    assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def benchmark() -> Any:
    spec = importlib.util.spec_from_file_location("compare_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_equal_models_are_told_apart_as_often_as_the_level_says_and_naively_too_often(benchmark: Any) -> None:
    # 250 test sets: a rate of 5 % comes out within .01 and .09 in more than 999 of 1,000 tries.
    found = benchmark.rates(8, benchmark.World(), "uar", 250, 0)
    assert 0.01 <= found["t"] <= 0.09
    assert found["flips"] <= 0.09
    assert found["naive t"] > 0.09
    assert found["McNemar"] > 0.09


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["eer", "auc", "ccc", "mae"])
def test_the_tests_over_speakers_hold_their_level_for_any_measure(benchmark: Any, measure: str) -> None:
    # EER makes steps, and CCC is no mean: what leaving a speaker out changes is not his share of the whole.
    found = benchmark.rates(16, benchmark.World(), measure, 200, 0)
    assert found["t"] <= 0.1
    assert found["flips"] <= 0.1


def test_a_better_model_is_found(benchmark: Any) -> None:
    found = benchmark.rates(8, benchmark.World(better=0.8), "uar", 30, 0)
    assert found["t"] > 0.8
    assert found["flips"] > 0.8
