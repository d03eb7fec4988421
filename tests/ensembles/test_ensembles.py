"""Late fusion: every formula against tables computed by hand, and what it may not depend on."""

from __future__ import annotations

import re
import time
from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.cli.ensemble import METHODS
from nk.ensembling import method_of
from nk.errors import ConfigError, DataError
from nk.families import ensembles
from nk.stages.ensemble import combine
from nk.tables import Predictions, Target
from nk.votes import Votes

LABELS = ("a", "b", "c")
# Three models, two rows, three classes; the uncertainties are given, not those of the scores.
SCORES = np.array([
    [[0.6, 0.3, 0.1], [0.4, 0.6, 0.0]],
    [[0.2, 0.7, 0.1], [0.5, 0.3, 0.2]],
    [[0.4, 0.2, 0.4], [0.0, 0.2, 0.8]],
])  # fmt: skip
UNCERTAINTY = np.array([[0.5, 0.2], [0.25, 0.8], [1.0, 0.4]])


def joined(name: str, **options: Any) -> Any:
    return method_of(name, options).combine(Votes(SCORES, UNCERTAINTY), None)


def test_mean_and_sum_by_hand() -> None:
    # Row 1: (.6 + .2 + .4, .3 + .7 + .2, .1 + .1 + .4) / 3; row 2: (.9, 1.1, 1.0) / 3
    known = [[0.4, 0.4, 0.2], [0.3, 1.1 / 3, 1 / 3]]
    assert joined("mean") == pytest.approx(np.array(known))
    assert joined("sum") == pytest.approx(np.array(known))


def test_max_by_hand() -> None:
    assert joined("max") == pytest.approx(
        np.array([[0.6 / 1.7, 0.7 / 1.7, 0.4 / 1.7], [0.5 / 1.9, 0.6 / 1.9, 0.8 / 1.9]])
    )


def test_max_class_by_hand() -> None:
    assert joined("max_class") == pytest.approx(np.array([SCORES[1, 0], SCORES[2, 1]]))  # .7 and .8 are the largest


def test_majority_voting_by_hand() -> None:
    # Row 1: a (.6), b (.7), a (.4 comes first): a. Row 2: b, a, c: a tie, of which b has the highest mean, 1.1 / 3.
    found = joined("majority_voting")
    assert found.argmax(axis=1).tolist() == [0, 1]
    assert found[0] == pytest.approx(np.array([2 + 0.2, 1 + 0.2, 0 + 0.1]) / 3.5)
    assert found[1] == pytest.approx(np.array([1 + 0.15, 1 + 0.55 / 3, 1 + 0.5 / 3]) / 3.5)


def test_uncertainty_threshold_by_hand() -> None:
    assert joined("uncertainty_threshold") == pytest.approx(np.array([SCORES[1, 0], SCORES[0, 1]]))
    # At .2 the first row's .25 is not sure enough: the mean; the second's .2 is.
    known = np.array([[0.4, 0.4, 0.2], SCORES[0, 1]])
    assert joined("uncertainty_threshold", threshold=0.2) == pytest.approx(known)
    assert joined("uncertainty", threshold=0.2) == pytest.approx(known)


def test_uncertainty_weighted_by_hand() -> None:
    # Row 1: weights 2, 4, 1 of 7: a (1.2 + .8 + .4) / 7, b (.6 + 2.8 + .2) / 7, c (.2 + .4 + .4) / 7
    # Row 2: weights 5, 1.25, 2.5 of 8.75: a (2 + .625) , b (3 + .375 + .5), c (.25 + 2)
    known = np.array([np.array([2.4, 3.6, 1.0]) / 7, np.array([2.625, 3.875, 2.25]) / 8.75])
    assert joined("uncertainty_weighted") == pytest.approx(known)


def test_confidence_weighted_by_hand() -> None:
    # Row 1: weights .5, .75, 0 of 1.25: a .3 + .15, b .15 + .525, c .05 + .075; row 2: .8, .2, .6 of 1.6
    known = np.array([np.array([0.45, 0.675, 0.125]) / 1.25, np.array([0.42, 0.66, 0.52]) / 1.6])
    assert joined("confidence_weighted") == pytest.approx(known)


def test_weights_over_the_rows_of_a_model_by_hand() -> None:
    # Confidence of the models: (.5, .8) / 1.3, (.75, .2) / .95, (0, .6) / .6; row 1 without the third.
    first = 0.5 / 1.3 * SCORES[0, 0] + 0.75 / 0.95 * SCORES[1, 0]
    second = 0.8 / 1.3 * SCORES[0, 1] + 0.2 / 0.95 * SCORES[1, 1] + SCORES[2, 1]
    known = np.array([first / first.sum(), second / second.sum()])
    assert joined("confidence_weighted", normalize="model") == pytest.approx(known)


def test_performance_weighted_by_hand() -> None:
    # 1, 2, 1 of 4. Row 1: a (.6 + .4 + .4) / 4, b (.3 + 1.4 + .2) / 4, c (.1 + .2 + .4) / 4
    known = np.array([[0.35, 0.475, 0.175], [0.35, 0.35, 0.3]])
    assert joined("performance_weighted", weights=(1.0, 2.0, 1.0)) == pytest.approx(known)


def test_performance_is_the_uar_of_other_rows() -> None:
    # Of the rows to learn from the first model has a and half of b: (1 + .5) / 2; the second has a alone: .5
    scores = np.array([np.eye(2)[[0, 1, 0]], np.eye(2)[[0, 0, 0]]])
    learnt = Votes(scores, np.zeros((2, 3)), np.array([0, 1, 1]))
    votes = Votes(np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), np.zeros((2, 1)))
    assert method_of("performance_weighted", {}).combine(votes, learnt) == pytest.approx(np.array([[0.6, 0.4]]))


def test_numbers_by_hand() -> None:
    votes = Votes(np.array([[[1.0]], [[2.0]], [[9.0]]]), np.zeros((3, 1)))
    # Mean squared errors 1, 4, 4: weights 1, 1/4, 1/4 of 1.5
    learnt = Votes(np.array([[[1.0]], [[2.0]], [[-2.0]]]), np.zeros((3, 1)), np.array([0.0]))
    assert method_of("mean", {}).combine(votes, None).item() == 4.0
    assert method_of("median", {}).combine(votes, None).item() == 2.0
    assert method_of("weighted", {"weights": (1.0, 1.0, 2.0)}).combine(votes, None).item() == 5.25
    assert method_of("weighted", {}).combine(votes, learnt).item() == pytest.approx((1 + 0.5 + 2.25) / 1.5)


def test_the_help_names_every_method() -> None:
    named = re.findall(r"\w+", METHODS.replace("; for numbers", ","))
    assert sorted({*named}) == ensembles.names()


def test_weights_have_to_fit() -> None:
    with pytest.raises(DataError, match="2 weights for 3 models"):
        joined("performance_weighted", weights=(1.0, 2.0))
    with pytest.raises(DataError, match="all weights are 0"):
        joined("performance_weighted", weights=(0.0, 0.0, 0.0))
    with pytest.raises(ConfigError, match="greater than or equal to 0"):
        joined("performance_weighted", weights=(-1.0, 2.0, 1.0))
    with pytest.raises(ConfigError, match="`--weights` has no effect with `mean`"):
        method_of("mean", {"weights": (1.0,)})


def table(scores: Any, labels: tuple[str, ...] = LABELS, folds: int = 1, seed: int = 0) -> Predictions:
    generator, rows = np.random.default_rng(seed), len(scores)
    frame = pl.DataFrame({"id": [f"{row:06}" for row in range(rows)]}).with_columns(
        split=pl.lit("test"),
        speaker=pl.Series([f"s{row % 6}" for row in range(rows)]),
        run=pl.lit(0),
        fold=pl.Series([f"{row % 6 % folds}" for row in range(rows)]),
        truth=pl.Series(generator.choice(labels, rows)),
        predicted=pl.Series([labels[place] for place in scores.argmax(axis=1)]),
        **{f"p_{label}": scores[:, place] for place, label in enumerate(labels)},
    )
    return Predictions(frame, Target("x", labels))


def drawn(count: int, rows: int, classes: int = 3, folds: int = 1) -> list[Predictions]:
    generator, labels = np.random.default_rng(1), tuple("abcdefghij"[:classes])
    return [table(generator.dirichlet(np.ones(classes), rows), labels, folds) for _ in range(count)]


CLASSIC = ["majority_voting", "mean", "sum", "max", "max_class", "uncertainty_threshold", "uncertainty_weighted",
           "confidence_weighted"]  # fmt: skip


@pytest.mark.parametrize("name", CLASSIC)
@given(st.integers(0, 1000))
def test_a_tie_goes_to_the_first_label_whatever_the_order_of_the_models(name: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    tenths = generator.multinomial(10, [1 / 3] * 3, size=(3, 4)) / 10
    found = set()
    for order in permutations(range(3)):
        frame = combine(method_of(name, {}), [table(tenths[place]) for place in order]).predictions.frame
        found.add(tuple(frame["predicted"]))
        scores = frame.select("p_a", "p_b", "p_c").to_numpy()
        assert scores.sum(axis=1) == pytest.approx(1.0)
        assert [LABELS[place] for place in scores.argmax(axis=1)] == frame["predicted"].to_list()
    if name != "uncertainty_threshold":  # of two equally sure models the first decides
        assert len(found) == 1


@pytest.mark.parametrize("name", ["stacking", "performance_weighted"])
def test_what_is_tested_is_never_learnt_from(name: str) -> None:
    some = drawn(3, 60, folds=3)
    others = [
        Predictions(
            one.frame.with_columns(truth=pl.when(pl.col("fold") == "1").then(pl.lit("a")).otherwise("truth")),
            one.target,
        )
        for one in some
    ]
    first, second = (combine(method_of(name, {}), each) for each in (some, others))
    assert first.learnt_from == "the rows of the other folds"
    apart = (first.predictions.scores != second.predictions.scores).any(axis=1)
    fold = first.predictions.frame["fold"].to_numpy()
    assert not apart[fold == "1"].any()
    assert apart[fold == "2"].any()


def test_stacking_learns_from_dev() -> None:
    generator = np.random.default_rng(2)
    dev = table(generator.dirichlet(np.ones(3), 90))
    # The first model always says the class that comes after the truth.
    after = np.eye(3)[(dev.frame["truth"].cast(pl.Enum(LABELS)).to_physical().to_numpy() + 1) % 3]
    wrong = Predictions(table(after).frame.with_columns(dev.frame["truth"]), dev.target)
    test = [table(np.eye(3)[[1, 2, 0]]), table(generator.dirichlet(np.ones(3), 3))]
    found = combine(method_of("stacking", {}), test, [wrong, dev])
    assert found.learnt_from == "the dev part"
    assert found.predictions.frame["predicted"].to_list() == ["a", "b", "c"]


def test_without_rows_to_learn_from_it_says_so() -> None:
    with pytest.raises(DataError, match="`stacking` has nothing to learn from: no dev part, and no folds"):
        combine(method_of("stacking", {}), drawn(2, 10))


def test_a_prediction_that_is_not_that_of_the_scores_is_an_error() -> None:
    one, other = drawn(2, 10)
    first = one.frame["predicted"][0]
    strange = one.frame.with_columns(predicted=pl.when(pl.col("predicted") == first).then(
        pl.lit(next(label for label in LABELS if label != first))).otherwise("predicted"))  # fmt: skip
    with pytest.raises(DataError, match="not the class with the highest score"):
        combine(method_of("mean", {}), [Predictions(strange, one.target), other])


@pytest.mark.parametrize("name", [*CLASSIC, "performance_weighted"])
def test_ten_models_of_a_hundred_thousand_rows_take_seconds(name: str, large: list[Predictions]) -> None:
    options = {"weights": (1.0,) * 10} if name == "performance_weighted" else {}
    start = time.process_time()
    combine(method_of(name, options), large)
    assert time.process_time() - start < 6  # under 2 s on a quiet machine


@pytest.fixture(scope="module")
def large() -> list[Predictions]:
    return drawn(10, 100_000, 10)
