"""Known values, edge cases, and what all measures have to satisfy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nk.families import metrics
from nk.metrics._counts import Counts, count, count_guesses
from nk.metrics._moments import Moments, measure, measure_guesses
from nk.registry import Measure, Options

Array = npt.NDArray[Any]
CLASS_NAMES = ["accuracy", "auc", "eer", "macro_f1", "uar"]
NUMBER_NAMES = ["ccc", "mae", "mse", "pcc", "r2", "rmse"]


def plugin(name: str) -> Measure[Any]:
    return metrics.get(name)(Options(), name=name)


def counts(truth: Any, scores: Any, groups: Any = None, predicted: Any = None) -> Counts:
    truth, scores = np.asarray(truth, dtype=np.int64), np.asarray(scores, dtype=np.float64)
    predicted = scores.argmax(axis=1) if predicted is None else np.asarray(predicted, dtype=np.int64)
    groups = np.zeros(len(truth), dtype=np.int64) if groups is None else np.asarray(groups, dtype=np.int64)
    return count(truth, predicted, scores, groups, int(groups.max(initial=0)))


def moments(truth: Any, predicted: Any, groups: Any = None) -> Moments:
    truth, predicted = np.asarray(truth, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    groups = np.zeros(len(truth), dtype=np.int64) if groups is None else np.asarray(groups, dtype=np.int64)
    return measure(truth, predicted, groups, int(groups.max(initial=0)))


def value(name: str, tally: Any) -> float:
    return float(plugin(name).values(tally)[0])


def labels(truth: list[int], predicted: list[int], classes: int) -> Counts:
    return counts(truth, np.eye(classes)[predicted])


def binary(truth: list[int], positive: list[float]) -> Counts:
    score = np.array(positive)
    return counts(truth, np.column_stack([1 - score, score]))


def test_names() -> None:
    assert metrics.names() == sorted(CLASS_NAMES + NUMBER_NAMES)


@pytest.mark.parametrize("one", metrics.all(), ids=lambda one: one.name)
def test_contract(one: type[Measure[Any]]) -> None:
    assert one.task == ("classification" if one.name in CLASS_NAMES else "regression")
    assert one.bounds in ("unit", "signed", "positive", "below_one")
    assert one.chance
    assert one.__doc__
    assert one.place < Measure.place


def test_main_measures_come_first() -> None:
    for task, name in (("classification", "uar"), ("regression", "ccc")):
        assert min((one for one in metrics.all() if one.task == task), key=lambda one: one.place).name == name


# Three classes of 4, 2 and 1 rows; hits 3, 1, 0.
TRUTH, PREDICTED = [0, 0, 0, 0, 1, 1, 2], [0, 0, 0, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("uar", (3 / 4 + 1 / 2 + 0) / 3),
        ("accuracy", 4 / 7),
        # F1: 2*3/(4+5), 2*1/(2+2), 0
        ("macro_f1", (6 / 9 + 2 / 4 + 0) / 3),
    ],
)
def test_by_hand_classes(name: str, expected: float) -> None:
    assert value(name, labels(TRUTH, PREDICTED, 3)) == pytest.approx(expected, abs=1e-15)


def test_uar_is_over_classes_of_the_truth() -> None:
    # Class 2 has no rows; that it is predicted once costs class 0 its recall and nothing else.
    assert value("uar", labels([0, 0, 1, 1], [0, 2, 1, 1], 3)) == pytest.approx((1 / 2 + 1) / 2)


def test_macro_f1_counts_a_class_that_is_only_predicted() -> None:
    # F1 of 0: 2*1/(2+1), of 1: 1, of 2: 0; class 3 is nowhere and does not count.
    assert value("macro_f1", labels([0, 0, 1, 1], [0, 2, 1, 1], 4)) == pytest.approx((2 / 3 + 1 + 0) / 3)


@pytest.mark.parametrize(
    ("positive", "expected"),
    [
        ([0.1, 0.2, 0.8, 0.9], 1.0),
        ([0.9, 0.8, 0.2, 0.1], 0.0),
        ([0.5, 0.5, 0.5, 0.5], 0.5),
        # pairs: .4>.1 yes, .4>.4 half, .8 both
        ([0.1, 0.4, 0.4, 0.8], 3.5 / 4),
    ],
)
def test_auc_by_hand(positive: list[float], expected: float) -> None:
    assert value("auc", binary([0, 0, 1, 1], positive)) == expected


@pytest.mark.parametrize(
    ("truth", "positive", "expected"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], 0.0),
        ([0, 0, 1, 1], [0.9, 0.8, 0.2, 0.1], 1.0),
        ([0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5], 0.5),
        # one of two rejected while one of two is accepted
        ([0, 0, 1, 1], [0.1, 0.7, 0.6, 0.9], 0.5),
        # ROC from (0, 1/3) to (1/2, 1/3) in one step: false positives reach the miss rate 2/3 only past it,
        # at (1/2, 1/3) misses are 2/3, at (1/2, 1) none: on the line x = 1/2, so the rate is 1/2
        ([0, 0, 1, 1, 1], [0.1, 0.7, 0.5, 0.6, 0.9], 0.5),
        # a tie of one negative and one positive: a slanting piece from (0, 1/2) to (1/2, 1), x = 1 - y at 1/4
        ([0, 0, 1, 1], [0.1, 0.5, 0.5, 0.9], 0.25),
    ],
)
def test_eer_by_hand(truth: list[int], positive: list[float], expected: float) -> None:
    assert value("eer", binary(truth, positive)) == pytest.approx(expected, abs=1e-15)


def test_two_classes_take_the_last_as_positive() -> None:
    # Scores that do not sum to one tell the sides apart: the last column ranks perfectly, the first wrongly.
    scores = [[0.5, 0.1], [0.6, 0.2], [0.7, 0.3], [0.8, 0.4]]
    tally = counts([0, 0, 1, 1], scores)
    assert value("auc", tally) == 1.0
    assert value("eer", tally) == 0.0


def test_regression_by_hand() -> None:
    # truth 1, 2, 3; predicted 2, 2, 5: differences 1, 0, 2; variances 2/3 and 2; covariance 1; bias 1
    tally = moments([1, 2, 3], [2, 2, 5])
    assert value("mse", tally) == pytest.approx(5 / 3)
    assert value("rmse", tally) == pytest.approx(math.sqrt(5 / 3))
    assert value("mae", tally) == pytest.approx(1.0)
    assert value("ccc", tally) == pytest.approx(2 / (2 / 3 + 2 + 1))
    assert value("pcc", tally) == pytest.approx(1 / math.sqrt(4 / 3))
    assert value("r2", tally) == pytest.approx(1 - (5 / 3) / (2 / 3))


@pytest.mark.parametrize("offset", [0.0, 0.1, 1e6])
def test_constants(offset: float) -> None:
    some, same = np.arange(7.0) + offset, np.full(7, 0.3 + offset)
    constant_truth, constant_prediction = moments(same, some), moments(some, same)
    for name in ("ccc", "pcc", "r2"):
        assert math.isnan(value(name, constant_truth))
    assert value("ccc", constant_prediction) == 0.0
    assert math.isnan(value("pcc", constant_prediction))
    assert value("r2", constant_prediction) < 0
    assert math.isnan(value("ccc", moments(same, same)))
    assert value("mse", moments(same, same)) == 0.0


def test_leaving_out_what_varies_leaves_a_constant() -> None:
    # Without group 2 the truth is 0.1 throughout, which no rounding may turn into a value.
    tally = moments([0.1, 0.1, 0.1, 0.7, 0.9], [0.2, 0.3, 0.4, 0.5, 0.6], [1, 1, 3, 2, 2])
    for name in ("ccc", "pcc", "r2"):
        values = plugin(name).values(tally)
        assert math.isnan(values[2])
        assert not np.isnan(values[[0, 1, 3]]).any()


def test_one_class_only() -> None:
    tally = labels([1, 1, 1], [1, 0, 1], 2)
    assert math.isnan(value("auc", tally))
    assert math.isnan(value("eer", tally))
    assert value("uar", tally) == pytest.approx(2 / 3)


class TestAgainstOthers:
    """scikit-learn and scipy, on random data with ties."""

    @pytest.fixture(params=range(4))
    def rows(self, request: pytest.FixtureRequest) -> tuple[Array, Array]:
        rng = np.random.default_rng(request.param)
        classes = (2, 3, 5, 8)[request.param]
        truth = rng.integers(0, classes, 300)
        scores = np.round(rng.dirichlet(np.ones(classes), 300) + 0.3 * np.eye(classes)[truth], 1) + 0.01
        return truth, scores / scores.sum(axis=1, keepdims=True)

    def test_classes(self, rows: tuple[Array, Array]) -> None:
        from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, roc_auc_score

        truth, scores = rows
        predicted, tally = scores.argmax(axis=1), counts(*rows)
        assert value("uar", tally) == pytest.approx(balanced_accuracy_score(truth, predicted), abs=1e-12)
        assert value("accuracy", tally) == pytest.approx(accuracy_score(truth, predicted), abs=1e-12)
        assert value("macro_f1", tally) == pytest.approx(f1_score(truth, predicted, average="macro"), abs=1e-12)
        shown = scores[:, 1] if scores.shape[1] == 2 else scores
        assert value("auc", tally) == pytest.approx(roc_auc_score(truth, shown, multi_class="ovr"), abs=1e-12)

    def test_eer(self, rows: tuple[Array, Array]) -> None:
        from scipy.optimize import brentq
        from sklearn.metrics import roc_curve

        truth, scores = rows
        rates = []
        for k in range(scores.shape[1])[-1 if scores.shape[1] == 2 else 0 :]:
            false, hit, _ = roc_curve(truth == k, scores[:, k], drop_intermediate=False)
            # Parametrised by the way along the curve, as steps go straight up.
            way = np.arange(len(false))
            crossing = brentq(lambda x: np.interp(x, way, false) + np.interp(x, way, hit) - 1, 0, way[-1])  # noqa: B023
            rates.append(np.interp(crossing, way, false))
        assert value("eer", counts(*rows)) == pytest.approx(np.mean(rates), abs=1e-9)

    def test_numbers(self) -> None:
        from scipy.stats import pearsonr
        from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

        rng = np.random.default_rng(5)
        truth = rng.normal(40, 12, 500)
        predicted = 0.7 * truth + rng.normal(10, 6, 500)
        tally = moments(truth, predicted)
        assert value("mse", tally) == pytest.approx(mean_squared_error(truth, predicted), rel=1e-12)
        assert value("mae", tally) == pytest.approx(mean_absolute_error(truth, predicted), rel=1e-12)
        assert value("r2", tally) == pytest.approx(r2_score(truth, predicted), rel=1e-10)
        assert value("pcc", tally) == pytest.approx(pearsonr(truth, predicted).statistic, rel=1e-12)
        # Lin's formula, written out
        both = np.cov(truth, predicted, bias=True)
        lin = 2 * both[0, 1] / (both[0, 0] + both[1, 1] + (truth.mean() - predicted.mean()) ** 2)
        assert value("ccc", tally) == pytest.approx(lin, rel=1e-12)


@st.composite
def class_rows(draw: st.DrawFn) -> tuple[Array, Array, Array]:
    """Truth, coarse scores (many ties) and groups, with or without rows of group 0, which stay."""
    classes, size = draw(st.integers(2, 4)), draw(st.integers(1, 30))
    truth = draw(st.lists(st.integers(0, classes - 1), min_size=size, max_size=size))
    cells = draw(st.lists(st.integers(0, 6), min_size=size * classes, max_size=size * classes))
    groups = draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
    numbers = np.unique(groups, return_inverse=True)[1] + draw(st.integers(0, 1))
    return np.array(truth), np.array(cells, dtype=float).reshape(size, classes) / 6, numbers


@settings(max_examples=150, deadline=None)
@given(class_rows())
def test_classes_equal_a_loop_that_deletes(drawn: tuple[Array, Array, Array]) -> None:
    truth, scores, groups = drawn
    tally = counts(truth, scores, groups)
    for name in CLASS_NAMES:
        kept = [np.where((groups != g) | (g == 0))[0] for g in range(groups.max() + 1)]
        naive = [value(name, counts(truth[rows], scores[rows])) for rows in kept]
        np.testing.assert_allclose(plugin(name).values(tally), naive, atol=1e-12, err_msg=name)


@st.composite
def number_rows(draw: st.DrawFn) -> tuple[Array, Array, Array]:
    size = draw(st.integers(2, 30))
    some = st.lists(st.integers(-20, 20), min_size=size, max_size=size)
    groups = draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
    shift = draw(st.sampled_from([0.0, 0.1, 1000.0]))
    numbers = np.unique(groups, return_inverse=True)[1] + draw(st.integers(0, 1))
    return np.array(draw(some)) / 10 + shift, np.array(draw(some)) / 10 + shift, numbers


@settings(max_examples=150, deadline=None)
@given(number_rows())
def test_numbers_equal_a_loop_that_deletes(drawn: tuple[Array, Array, Array]) -> None:
    truth, predicted, groups = drawn
    tally = moments(truth, predicted, groups)
    for name in NUMBER_NAMES:
        kept = [np.where((groups != g) | (g == 0))[0] for g in range(groups.max() + 1)]
        naive = [value(name, moments(truth[rows], predicted[rows])) for rows in kept]
        np.testing.assert_allclose(plugin(name).values(tally), naive, rtol=1e-7, atol=1e-9, err_msg=name)


@settings(max_examples=100, deadline=None)
@given(class_rows(), st.randoms(use_true_random=False))
def test_order_of_rows_groups_and_classes_does_not_matter(rows: tuple[Array, Array, Array], random: Any) -> None:
    truth, scores, groups = rows
    predicted = scores.argmax(axis=1)
    order, classes = list(range(len(truth))), list(range(scores.shape[1]))
    random.shuffle(order)
    random.shuffle(classes)
    new = np.argsort(classes)
    moved = counts(new[truth[order]], scores[np.ix_(order, classes)], groups[order], new[predicted[order]])
    same = CLASS_NAMES if len(classes) > 2 else ["accuracy", "macro_f1", "uar"]
    for name in same:
        expected = plugin(name).values(counts(truth, scores, groups))
        np.testing.assert_allclose(plugin(name).values(moved), expected, atol=1e-12, err_msg=name)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=30))
def test_either_of_two_classes_may_be_positive(pairs: list[tuple[bool, int]]) -> None:
    truth, score = np.array([int(a) for a, _ in pairs]), np.array([b / 8 for _, b in pairs])
    scores = np.column_stack([1 - score, score])
    for name in ("auc", "eer"):
        one, other = (value(name, tally) for tally in (counts(truth, scores), counts(1 - truth, scores[:, ::-1])))
        assert one == pytest.approx(other, abs=1e-12, nan_ok=True)


def test_either_class_may_be_positive_where_scores_are_next_to_one() -> None:
    """1 - 1e-20 is 1 for a computer: of the one class all scores are equal then, of the other none."""
    small = 10.0 ** -np.arange(18, 26)
    truth = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    scores = np.column_stack([small, 1 - small])
    for name, due in (("auc", 15 / 16), ("eer", 0.25)):
        found = [value(name, tally) for tally in (counts(truth, scores), counts(1 - truth, scores[:, ::-1]))]
        assert found == pytest.approx([due, due])


def test_expected_guesses_are_the_mean_of_all_guesses() -> None:
    truth = np.array([0, 0, 0, 1, 2])
    expected = count_guesses(truth, 4)
    every = np.stack(np.meshgrid(*[range(4)] * 5), axis=-1).reshape(-1, 5)
    values = {
        name: [value(name, labels(list(truth), list(guess), 4)) for guess in every] for name in ("uar", "accuracy")
    }
    for name, found in values.items():
        assert value(name, expected) == pytest.approx(np.mean(found)) == pytest.approx(1 / 4)
    assert value("auc", expected) == value("eer", expected) == 0.5
    # 2 p / (K p + 1) for shares .6, .2, .2 and 0
    assert value("macro_f1", expected) == pytest.approx((1.2 / 3.4 + 2 * 0.4 / 1.8) / 4)


def test_expected_numbers_are_the_mean_over_all_pairs() -> None:
    truth, known = np.array([1.0, 2.0, 4.0]), np.array([0.0, 2.0, 2.0, 7.0])
    pairs = moments(np.repeat(truth, 4), np.tile(known, 3))
    guessed = measure_guesses(truth, ["split"] * 3, {"split": known})
    for name in NUMBER_NAMES:
        assert value(name, guessed) == pytest.approx(value(name, pairs), abs=1e-12)
    assert value("ccc", guessed) == value("pcc", guessed) == 0.0
