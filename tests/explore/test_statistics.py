"""Every statistic against scipy or statsmodels, and which test is taken."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from nk.explore.statistics import effects, numbers, pairs, tables
from nk.explore.statistics.result import Result, corrected, p_text

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.fixture
def rng() -> np.random.Generator:
    """Draws that are the same whatever other tests are run."""
    return np.random.default_rng(5)


def is_as(found: Result, test: str, **numbers: float) -> bool:
    """Whether a result is of this test, with these numbers."""
    return found.test == test and all(getattr(found, name) == pytest.approx(value) for name, value in numbers.items())


def compare(*groups: Any, speakers: Sequence[Any] | None = None) -> list[Result]:
    """The tests of some arrays, called a, b, ...; `speakers` likewise."""
    names = [chr(97 + place) for place in range(len(groups))]
    group = pl.Series([name for name, values in zip(names, groups, strict=True) for _ in values])
    who = pl.Series([str(one) for some in speakers for one in some]) if speakers is not None else None
    return numbers.compare(group, pl.Series(np.concatenate(groups)), who, names)


def test_equal_variances_are_for_student_and_others_for_welch(rng: np.random.Generator) -> None:
    one, other, wide = rng.normal(0, 1, 40), rng.normal(0.5, 1, 60), rng.normal(0.5, 4, 60)
    (found,) = compare(one, other)
    said: Any = stats.ttest_ind(other, one)
    assert (found.test, found.df, found.n, found.unit) == ("Student's t-test", 98, 100, "rows")
    assert (found.statistic, found.p) == pytest.approx((said.statistic, said.pvalue))
    (found,) = compare(one, wide)
    said = stats.ttest_ind(wide, one, equal_var=False)
    assert found.test == "Welch's t-test"
    assert (found.statistic, found.df, found.p) == pytest.approx((said.statistic, said.df, said.pvalue))


def test_skewed_groups_are_for_mann_and_whitney(rng: np.random.Generator) -> None:
    one, other = rng.lognormal(0, 1, 50), rng.lognormal(0.4, 1, 45)
    (found,) = compare(one, other)
    said = stats.mannwhitneyu(one, other)
    assert (found.test, found.effect_name) == ("Mann-Whitney test", "Cliff's delta")
    assert (found.statistic, found.p) == pytest.approx((said.statistic, said.pvalue))


def test_several_groups_are_tested_together_and_all_pairs_corrected(rng: np.random.Generator) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    groups = [rng.normal(shift, 1, 35) for shift in (0, 0.3, 0.9)]
    whole, *each = compare(*groups)
    said = stats.kruskal(*groups)
    assert is_as(
        whole, "Kruskal-Wallis test", statistic=said.statistic, p=said.pvalue, effect=(said.statistic - 2) / 102
    )
    assert [one.of for one in each] == ["a | b", "a | c", "b | c"]
    assert [one.p_holm for one in each] == pytest.approx(
        multitest.multipletests([one.p for one in each], method="holm")[1]
    )
    assert whole.low is not None
    assert whole.high is not None
    assert whole.low < whole.effect < whole.high


def test_speakers_in_one_group_each_are_compared_by_their_means(rng: np.random.Generator) -> None:
    rows = [rng.normal(mean, 0.1, 5) for mean in (0, 1, 2, 3, 1, 2.2, 3.1, 4)]
    one, other = np.concatenate(rows[:4]), np.concatenate(rows[4:])
    found = compare(one, other, speakers=[np.repeat(range(4), 5), np.repeat(range(4, 8), 5)])
    said: Any = stats.ttest_ind([row.mean() for row in rows[4:]], [row.mean() for row in rows[:4]])
    assert [result.unit for result in found] == ["rows", "speakers"]
    assert is_as(found[1], "Student's t-test", n=8, p=said.pvalue)


def test_speakers_in_several_groups_are_compared_with_themselves(rng: np.random.Generator) -> None:
    base, bent = rng.normal(0, 5, 12), stats.norm.ppf(np.linspace(0.04, 0.96, 12))
    groups = [np.repeat(base + shift + shift * bent, 3) for shift in (0, 0.2, 1)]
    found = compare(*groups, speakers=[np.repeat(range(12), 3)] * 3)
    means = [group.reshape(12, 3).mean(axis=1) for group in groups]
    mine = [result for result in found if result.unit == "speakers"]
    said: Any = stats.ttest_rel(means[2], means[0])
    assert [result.test for result in mine] == ["Friedman test", *["paired t-test"] * 3]
    assert mine[2].of == "a | c"
    assert is_as(mine[2], "paired t-test", statistic=said.statistic, p=said.pvalue)
    whole = stats.friedmanchisquare(*means)
    assert is_as(mine[0], "Friedman test", statistic=whole.statistic, effect=whole.statistic / 24)


def test_differences_that_are_not_normal_are_for_wilcoxon() -> None:
    more = np.array([0.11, 0.12, 0.13, 0.14, 0.16, 0.17, 0.18, -0.2, 30, 0.15, 0.19, 50, -0.1, 0.21, 0.3])
    found = compare(0 * more, more, speakers=[range(15), range(15)])[-1]
    said: Any = stats.wilcoxon(more)
    ranks = stats.rankdata(abs(more)) * np.sign(more)
    effect = ranks.sum() / abs(ranks).sum()
    assert is_as(found, "Wilcoxon signed-rank test", statistic=said.statistic, p=said.pvalue, effect=effect)


def test_few_or_equal_values_are_not_tested() -> None:
    assert compare(np.array([1.0, 2]), np.array([1.0, 2, 3])) == []
    assert compare(np.ones(5), np.ones(5)) == []


def test_the_interval_of_d_is_that_of_the_noncentral_t(rng: np.random.Generator) -> None:
    one, other = rng.normal(0, 1, 12), rng.normal(1, 1, 9)
    found = effects.cohens_d(one, other)
    t: Any = stats.ttest_ind(other, one).statistic
    root = math.sqrt(1 / 12 + 1 / 9)
    assert found.low is not None
    assert found.high is not None
    assert stats.nct.sf(t, 19, found.low / root) == pytest.approx(0.025, abs=1e-6)
    assert stats.nct.cdf(t, 19, found.high / root) == pytest.approx(0.025, abs=1e-6)


def test_delta_is_that_of_all_pairs_and_its_interval_near_that_of_statsmodels(rng: np.random.Generator) -> None:
    nonparametric = pytest.importorskip("statsmodels.stats.nonparametric")
    one, other = rng.integers(0, 12, 80).astype(float), rng.integers(3, 15, 70).astype(float)
    found = effects.cliffs_delta(one, other)
    assert found.value == pytest.approx(np.sign(other[:, None] - one).mean())
    low, high = nonparametric.rank_compare_2indep(other, one).conf_int()
    assert (found.low, found.high) == pytest.approx((2 * low - 1, 2 * high - 1), abs=0.03)
    ends = effects.cliffs_delta(one, one + 100)
    assert (ends.value, ends.high) == (1, 1)
    assert 0.9 < (ends.low or 0) < 1


@pytest.mark.parametrize("size", [40, 400])
def test_intervals_hold_the_true_delta_as_often_as_they_say(size: int, rng: np.random.Generator) -> None:
    true = 2 * stats.norm.cdf(0.5 / math.sqrt(2)) - 1
    draws = [effects.cliffs_delta(rng.normal(0, 1, size), rng.normal(0.5, 1, size)) for _ in range(300)]
    held = np.mean([(one.low or 0) <= true <= (one.high or 0) for one in draws])
    assert 0.91 <= held <= 0.99


def words(table: Any) -> tuple[pl.Series, pl.Series]:
    """Two columns with these counts."""
    cells = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    one, other = zip(*cells, strict=True)
    return pl.Series(map(str, one)), pl.Series(map(str, other))


def test_chi_square_and_v_are_those_of_scipy() -> None:
    table = np.array([[30, 20, 10], [12, 25, 33]])
    (found,) = tables.associate(*words(table), None, "a | b")
    said: Any = stats.chi2_contingency(table, correction=False)
    assert is_as(found, "chi-square test", statistic=said.statistic, df=said.dof, p=said.pvalue)
    plain = stats.contingency.association(table)
    assert found.effect == pytest.approx(math.sqrt(plain**2 - 2 / 130))
    assert found.low is not None
    assert stats.ncx2.sf(said.statistic, 2, found.low**2 * 130) == pytest.approx(0.025, abs=1e-6)


@pytest.mark.parametrize(("rows", "columns", "odds"), [(2, 2, 0.0), (2, 4, 0.1), (5, 8, 0.03)])
def test_intervals_hold_the_true_v_as_often_as_they_say(
    rows: int, columns: int, odds: float, rng: np.random.Generator
) -> None:
    """Of tables in which some cells are likelier by `odds`."""
    chances = np.full((rows, columns), 1 / (rows * columns))
    chances[0, 0] += odds
    chances /= chances.sum()
    true = stats.contingency.association((chances * 1e9).round().astype(int))
    held = 0
    for table in rng.multinomial(300, chances.ravel(), 300).reshape(300, rows, columns):
        found = effects.cramers_v(float(tables.chi_square(table)), (rows, columns), 300)
        held += (found.low or 0) <= true + 1e-4 and true <= (found.high or 0) + 1e-4
    assert held >= 0.9 * 300


def test_small_tables_are_tested_exactly() -> None:
    table = np.array([[8, 1], [2, 7]])
    (found,) = tables.associate(*words(table), None, "a | b")
    assert is_as(found, "Fisher's exact test", p=stats.fisher_exact(table).pvalue)
    large = np.array([[5, 1, 0], [1, 4, 1], [0, 2, 5]])
    (found,) = tables.associate(*words(large), None, "a | b")
    method = stats.MonteCarloMethod(n_resamples=9999, rng=np.random.default_rng(1))
    assert found.test == "chi-square test by 9,999 drawn tables"
    assert found.p == pytest.approx(stats.chi2_contingency(large, correction=False, method=method).pvalue, abs=0.01)


def test_rows_of_one_speaker_are_one_case() -> None:
    """Gender and diagnosis of eight speakers: a hundred rows of each prove no more than the eight."""
    one, other = words([[300, 100], [100, 300]])
    speaker = pl.Series([str(place // 100) for place in range(800)])
    rows, speakers = tables.associate(one, other, speaker, "a | b")
    assert rows.p < 1e-10
    assert is_as(speakers, "Fisher's exact test", n=8, p=stats.fisher_exact([[3, 1], [1, 3]]).pvalue)


def test_values_that_vary_within_speakers_are_dealt_anew(rng: np.random.Generator) -> None:
    one = pl.Series(["x", "y"] * 100)
    other = pl.Series(rng.choice(["u", "v"], 200))
    found = tables.associate(one, other, pl.Series([str(place // 20) for place in range(200)]), "a | b")
    assert [result.unit for result in found] == ["rows", "speakers"]
    assert found[1].p > 0.001
    same = tables.associate(one, one, pl.Series([str(place // 20) for place in range(200)]), "a | b")
    assert same[1].p < 0.01


def test_correlations_are_those_of_scipy_with_intervals(rng: np.random.Generator) -> None:
    one = rng.normal(0, 1, 50)
    other = one + rng.normal(0, 1, 50)
    (found,) = pairs.correlate(pl.Series(one), pl.Series(other), None, "a | b")
    said: Any = stats.pearsonr(one, other)
    ends = said.confidence_interval()
    assert is_as(found, "Pearson correlation", effect=said.statistic, p=said.pvalue)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))
    (found,) = pairs.correlate(pl.Series(np.exp(3 * one)), pl.Series(other), None, "a | b")
    said = stats.spearmanr(one, other)
    assert is_as(found, "Spearman correlation", effect=said.statistic, p=said.pvalue)


def test_correlation_of_speakers_is_that_of_their_means(rng: np.random.Generator) -> None:
    one, other = rng.normal(0, 1, 60), rng.normal(0, 1, 60)
    speaker = np.repeat(range(6), 10)
    found = pairs.correlate(pl.Series(one), pl.Series(other), pl.Series(map(str, speaker)), "a | b")[1]
    means = [np.array([values[speaker == who].mean() for who in range(6)]) for values in (one, other)]
    assert (found.n, found.unit) == (6, "speakers")
    kind: Any = stats.pearsonr if found.test.startswith("Pearson") else stats.spearmanr
    assert is_as(found, found.test, effect=kind(*means).statistic)


def test_concordance_is_below_correlation_where_the_scale_differs() -> None:
    one = pl.Series([1.0, 2, 3, 4])
    assert pairs.concordance(one, one) == pytest.approx(1)
    assert pairs.concordance(one, one + 1) == pytest.approx(2 * 1.25 / (1.25 + 1.25 + 1))


def test_a_result_can_be_cited() -> None:
    one = Result("f | m", "Welch's t-test", 2.314, 21.43, 0.0307, 0.0614, "Cohen's d", 0.43, 0.11, 0.75, 24, "speakers")
    assert one.sentence() == (
        "f | m: Welch's t-test, t(21.43) = 2.314, p = .031, Holm-corrected p = .061, "
        "Cohen's d 0.43 (95 % interval 0.11 to 0.75; small), n = 24 speakers"
    )
    assert not one.is_sure
    assert [p_text(p) for p in (0.0004, 0.05, 1.0)] == ["p < .001", "p = .050", "p = 1.000"]
    assert corrected([one, one])[0].p_holm == pytest.approx(0.0614)


def test_tests_by_speakers_are_wrong_as_seldom_as_they_say(rng: np.random.Generator) -> None:
    """Ten speakers with voices of their own, and groups that differ in nothing: rows find what is not there."""
    wrong = {"rows": 0, "speakers": 0}
    for _ in range(200):
        speaker = np.repeat(range(10), 12)
        number = np.repeat(rng.normal(0, 1, 10), 12) + rng.normal(0, 0.5, 120)
        group = pl.Series(np.where(speaker % 2, "a", "b"))
        for one in numbers.compare(group, pl.Series(number), pl.Series(map(str, speaker)), ["a", "b"]):
            wrong[one.unit] += one.p < 0.05
    assert wrong["rows"] > 80
    assert 2 <= wrong["speakers"] <= 20


def test_d_of_unequal_variances_holds_the_true_one_as_often_as_it_says(rng: np.random.Generator) -> None:
    """The smaller group varies more, which an interval for equal variances holds in 78 of 100 cases."""
    true, held = 1 / math.sqrt(5), 0
    for _ in range(400):
        found = effects.mean_variance_d(rng.normal(0, 3, 10), rng.normal(1, 1, 40))
        held += (found.low or 0) <= true <= (found.high or 0)
    assert 0.92 <= held / 400 <= 0.985
    one, other = np.array([0.0, 2, 4]), np.array([3.0, 4, 5, 6])
    variances = np.array([4, 5 / 3])
    square = variances.mean()
    error = (2.5**2 / square) * (variances**2 / [2, 3]).sum() / (8 * square**2) + (variances / [2, 3]).sum() / square
    found = effects.mean_variance_d(one, other)
    assert found.value == pytest.approx(2.5 / math.sqrt(square))
    assert (found.high or 0) - found.value == pytest.approx(1.959964 * math.sqrt(error))


def test_a_statistic_stands_where_the_test_goes_by_it() -> None:
    (fisher,) = tables.associate(pl.Series(list("aaabbb")), pl.Series(list("xxxyyx")), None, "a | b")
    assert (fisher.statistic, fisher.df) == (None, None)
    assert fisher.sentence().startswith("a | b: Fisher's exact test, p = ")
    (drawn,) = tables.associate(pl.Series(list("aaabbbc")), pl.Series(list("xxxyyxy")), None, "a | b")
    assert drawn.df is None
    assert "drawn tables, χ² = " in drawn.sentence()


def test_equal_means_differ_in_nothing_though_rounding_says_so(rng: np.random.Generator) -> None:
    """The mean of three times 0.1 is not 0.1."""
    speaker = pl.Series([str(one) for one in np.repeat(range(12), 3)])
    group = pl.Series(np.tile(["a", "b", "c"], 12))
    number = np.full(36, 0.1)
    assert numbers.compare(group, pl.Series(number), speaker, ["a", "b", "c"]) == []
    uneven = pl.Series([*group, "a", "a"]), pl.Series([*number, 0.1, 0.3]), pl.Series([*speaker, "0", "99"])
    assert [one.unit for one in numbers.compare(*uneven, ["a", "b", "c"])] == ["rows"] * 4
    assert pairs.correlate(pl.Series(number), pl.Series(rng.normal(0, 1, 36)), speaker, "x | y") == []


def test_a_speaker_of_two_groups_does_not_hide_the_others(rng: np.random.Generator) -> None:
    number, speaker = rng.normal(0, 1, 60), np.repeat(range(20), 3)
    group = np.where(speaker % 2, "a", "b")
    group[0] = "a"
    found = numbers.compare(pl.Series(group), pl.Series(number), pl.Series(map(str, speaker)), ["a", "b"])[1]
    assert (found.unit, found.n) == ("speakers", 19)
    assert found.why.endswith("; 1 of 20 speakers left out, who are in several groups")


def test_a_pair_does_not_stand_for_all_groups(rng: np.random.Generator) -> None:
    """No speaker is in all groups: then there is no test of all by speakers, and a caption must not name one."""
    from nk.explore.relation import main, said

    halves = [("a", "b"), ("b", "c"), ("c", "a")]
    group = np.array([halves[who % 3][row % 2] for who in range(12) for row in range(10)])
    speaker = pl.Series([str(who) for who in range(12) for _ in range(10)])
    found = numbers.compare(pl.Series(group), pl.Series(rng.normal(0, 1, 120)), speaker, ["a", "b", "c"])
    assert {one.of for one in found if one.unit == "speakers"} == {"a | b", "a | c", "b | c"}
    assert main(found, "speakers") is None
    text = said(found, speakers=True)
    assert "By speakers: too few are in all groups for a test of all; no pair differs after Holm's correction." in text


def test_pairs_of_many_groups_are_left_out(rng: np.random.Generator) -> None:
    groups = [rng.normal(0, 1, 5) for _ in range(13)]
    assert [one.of for one in compare(*groups)] == ["all"]
    assert len(compare(*groups[:12])) == 1 + 66


# Student's sleep data (Biometrika 6, 1908), whose statistics stand in many books and in R's help: `?sleep`.
ONE_DRUG = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
OTHER_DRUG = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def test_students_own_data_have_the_published_statistics() -> None:
    rows, pairs_ = compare(ONE_DRUG, OTHER_DRUG, speakers=[range(10), range(10)])
    assert rows.test == "Student's t-test"
    assert (rows.statistic, rows.df, rows.p) == pytest.approx((1.8608, 18, 0.07919), abs=5e-5)
    assert rows.effect == pytest.approx(1.58 / math.sqrt((ONE_DRUG.var(ddof=1) + OTHER_DRUG.var(ddof=1)) / 2))
    assert pairs_.test in {"paired t-test", "Wilcoxon signed-rank test"}
    differences = effects.cohens_dz(OTHER_DRUG - ONE_DRUG)
    assert differences.value * math.sqrt(10) == pytest.approx(4.0621, abs=5e-5)


def test_holm_is_that_of_statsmodels(rng: np.random.Generator) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    found = compare(*(rng.normal(shift, 1, 25) for shift in (0, 0.2, 0.6, 1.0)))[1:]
    said = multitest.multipletests([one.p for one in found], method="holm")[1]
    assert [one.p_holm for one in found] == pytest.approx([*said])


def test_kruskal_and_eta_squared_by_hand() -> None:
    """Three groups of three without a tie: H = 12 / (n (n + 1)) sum of R^2 / 3 - 3 (n + 1)."""
    ranks = np.array([[1.0, 2, 4], [3, 5, 7], [6, 8, 9]])
    h = 12 / 90 * (ranks.sum(axis=1) ** 2 / 3).sum() - 30
    found = compare(*ranks)[0]
    assert is_as(found, "Kruskal-Wallis test", statistic=h, effect=(h - 3 + 1) / (9 - 3))


def test_few_pairs_are_correlated_exactly() -> None:
    """Of four pairs in the same order chance makes 2 of 24, which an approximation calls p = 0."""
    one = [1.0, 2, 3, 100]
    (found,) = pairs.correlate(pl.Series(one), pl.Series([1.0, 2, 3, 4]), None, "a | b")
    assert is_as(found, "Spearman correlation", p=2 / 24, effect=1)
    assert "exact" in found.why
    assert found.sentence().startswith("a | b: Spearman correlation, p = .083, ")
    x, y = np.array([1.0, 2, 2, 3, 5, 90, 800]), np.array([2.0, 1, 4, 4, 6, 5, 9])
    (found,) = pairs.correlate(pl.Series(x), pl.Series(y), None, "a | b")
    said: Any = stats.permutation_test(
        (x,), lambda some: abs(stats.spearmanr(some, y).statistic), permutation_type="pairings", n_resamples=np.inf,
        alternative="greater",
    )  # fmt: skip
    assert found.p == pytest.approx(said.pvalue)


def test_few_values_with_ties_are_ranked_exactly() -> None:
    (found,) = compare(np.zeros(3), np.ones(3))
    assert is_as(found, "Mann-Whitney test", p=0.1, statistic=0)
    one, other = np.array([0.0, 0, 5, 7, 90]), np.array([7.0, 7, 9, 90, 95, 999])
    (found,) = compare(one, other)
    said: Any = stats.permutation_test(
        (one, other), lambda a, b: abs(stats.mannwhitneyu(a, b).statistic - 15), n_resamples=np.inf,
        alternative="greater",
    )  # fmt: skip
    assert found.p == pytest.approx(said.pvalue)
    assert "exact" in found.why


def test_both_rules_are_named_where_both_are_used(rng: np.random.Generator) -> None:
    (found,) = compare(rng.normal(0, 1, 20), rng.normal(0, 1, 200))
    assert "(Shapiro-Wilk and skewness)" in found.why


def test_groups_that_are_too_small_and_pairs_that_are_too_many_are_told_of(rng: np.random.Generator) -> None:
    few = compare(*(rng.normal(0, 1, size) for size in (1, 2, 3, 10)))
    assert [one.of for one in few] == ["c | d"]
    assert few[0].why.endswith("; left out, with fewer than 3 rows: a, b")
    (many,) = compare(*(rng.normal(0, 1, 5) for _ in range(20)))
    assert many.why == "20 groups, too many for tests of pairs (more than 12)"


def test_a_group_may_be_called_speaker(rng: np.random.Generator) -> None:
    group, number = pl.Series(["speaker", "listener"] * 20), pl.Series(rng.normal(0, 1, 40))
    who = pl.Series([f"s{place // 4}" for place in range(40)])
    found = numbers.compare(group, number, who, ["listener", "speaker"])
    assert [one.unit for one in found] == ["rows", "speakers"]


def test_speakers_who_all_differ_by_the_same_are_ranked(rng: np.random.Generator) -> None:
    """A t-test of equal differences would rest on what rounding leaves of their spread."""
    base = rng.normal(0, 1, 6)
    found = compare(base, base + 3, speakers=[range(6), range(6)])[-1]
    assert is_as(found, "Wilcoxon signed-rank test", p=2 / 2**6, effect=1)


def test_two_speakers_are_no_test() -> None:
    found = tables.associate(
        pl.Series(["m", "f"] * 10), pl.Series(["x", "y"] * 10), pl.Series(["p", "q"] * 10), "a | b"
    )
    assert [one.unit for one in found] == ["rows"]
