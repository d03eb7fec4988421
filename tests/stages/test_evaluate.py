"""Evaluation of whole tables: rows without truth, runs, folds, baselines and the content of `metrics.json`."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from nk.errors import DataError
from nk.stages.baselines import baselines
from nk.stages.evaluate import (
    across_runs,
    by_fold,
    by_run,
    evaluate,
    per_class,
    per_speaker,
    uncertainty,
)
from nk.stages.results import metrics_json
from nk.tables import Predictions, Target

if TYPE_CHECKING:
    from nk.tables import Metric

LABELS = ("anger", "joy", "sad")


def table(truth: list[Any], predicted: list[Any], speakers: list[Any], **columns: Any) -> pl.DataFrame:
    size = len(truth)
    frame = {
        "id": [f"db/{number:03}#0-1000" for number in range(size)],
        "speaker": speakers,
        "split": ["test"] * size,
        "run": [0] * size,
        "fold": [None] * size,
        "truth": truth,
        "predicted": predicted,
    }
    return pl.DataFrame(frame | columns)


def classes(truth: list[Any], predicted: list[str], speakers: list[Any], **columns: Any) -> Predictions:
    """Predictions whose scores are .8 for the class predicted."""
    scores: dict[str, Any] = {f"p_{label}": [0.8 if one == label else 0.1 for one in predicted] for label in LABELS}
    scores["uncertainty"] = [0.58] * len(truth)
    return Predictions(table(truth, predicted, speakers, **scores, **columns), Target("emotion", LABELS))


def numbers(truth: list[Any], predicted: list[Any], speakers: list[Any], **columns: Any) -> Predictions:
    return Predictions(table(truth, predicted, speakers, **columns), Target("age"))


def named(found: tuple[Metric, ...]) -> dict[str, Metric]:
    return {one.name: one for one in found}


TRUTH = ["anger", "anger", "joy", "sad"] * 4
SPEAKERS = [f"s{number // 4}" for number in range(16)]


@pytest.fixture
def four() -> Predictions:
    """Four speakers who say 2, 1 and 1 of the classes; the first two are wrong once each."""
    predicted = [*TRUTH]
    predicted[0], predicted[6] = "joy", "sad"
    return classes(TRUTH, predicted, SPEAKERS)


def test_evaluate(four: Predictions) -> None:
    found = evaluate(four, split="test")
    assert [one.name for one in found] == ["uar", "accuracy", "macro_f1", "auc", "eer"]
    uar = found[0]
    assert uar.value == pytest.approx((7 / 8 + 3 / 4 + 1) / 3)
    assert (uar.n, uar.n_speakers, uar.split) == (16, 4, "test")
    assert uar.method == "jackknife over 4 speakers, Student's t with 3 degrees of freedom, logit scale"
    assert uar.low is not None
    assert uar.high is not None
    assert 0 < uar.low < uar.value < uar.high < 1


def test_interval_of_uar_by_hand(four: Predictions) -> None:
    # Leaving out s0, s1, s2 and s3; each has 2 anger, 1 joy, 1 sad.
    without = np.array([(1 + 2 / 3 + 1) / 3, (5 / 6 + 1 + 1) / 3, (5 / 6 + 2 / 3 + 1) / 3, (5 / 6 + 2 / 3 + 1) / 3])
    logits = np.log(without / (1 - without))
    reach = 3.182446305284263 * math.sqrt(3 / 4 * np.sum((logits - logits.mean()) ** 2))
    value = (7 / 8 + 3 / 4 + 1) / 3
    centre = math.log(value / (1 - value))
    uar = evaluate(four, split="test")[0]
    assert uar.low == pytest.approx(1 / (1 + math.exp(-(centre - reach))))
    assert uar.high == pytest.approx(1 / (1 + math.exp(-(centre + reach))))


def test_order_of_rows_and_names_of_speakers_do_not_matter(four: Predictions) -> None:
    moved = four.frame.sample(fraction=1.0, shuffle=True, seed=3).with_columns("other_" + pl.col("speaker"))
    assert evaluate(Predictions(moved, four.target), split="test") == evaluate(four, split="test")


def test_rows_without_truth_are_left_out_and_counted(four: Predictions) -> None:
    more = classes([*TRUTH, None, None], [*four.frame["predicted"], "joy", "sad"], [*SPEAKERS, "s0", "s9"])
    for one, other in zip(evaluate(more, split="test"), evaluate(four, split="test"), strict=True):
        assert (one.value, one.low, one.high, one.n) == (other.value, other.low, other.high, 16)
        assert one.method == other.method + "; 2 rows without truth left out"


def test_numbers_without_truth_may_be_nan() -> None:
    some = numbers([1.0, 2.0, math.nan, None, 5.0], [1.5, 2.5, 1.0, 1.0, 4.0], ["a", "b", "c", "d", "e"])
    found = named(evaluate(some, split="test"))
    assert found["mae"].value == pytest.approx(2 / 3)
    assert (found["mae"].n, found["mae"].n_speakers) == (3, 3)
    assert found["mae"].method.endswith("; 2 rows without truth left out")


def test_nothing_to_evaluate(four: Predictions) -> None:
    assert evaluate(four, split="dev") == ()
    assert evaluate(classes([None], ["joy"], ["a"]), split="test") == ()


def test_two_speakers_are_too_few(four: Predictions) -> None:
    found = named(evaluate(Predictions(four.frame.head(8), four.target), split="test"))
    assert found["accuracy"].n_speakers == 2
    assert found["accuracy"].method.startswith("jackknife over 8 utterances (2 speakers, too few to leave one out), ")


def test_the_target_is_the_speaker(four: Predictions) -> None:
    found = named(evaluate(four, split="test", speakers_are_target=True))
    assert found["accuracy"].method.startswith("jackknife over 16 utterances (the speaker is the target), ")


def test_a_speaker_who_alone_holds_a_class_is_named() -> None:
    truth = ["anger", "joy", "anger", "joy", "anger", "joy", "sad"]
    some = classes(truth, ["anger", "joy", "joy", "joy", "anger", "anger", "sad"], ["a", "a", "b", "b", "c", "c", "c"])
    found = named(evaluate(some, split="test"))
    for name in ("uar", "macro_f1", "auc", "eer"):
        assert found[name].method.endswith("; `sad` is held by speaker `c` alone")
    assert "alone" not in found["accuracy"].method
    # Without `c`: anger 1/2, joy 1; the class drops out of the mean instead of counting 0.
    without = named(evaluate(Predictions(some.frame.head(4), some.target), split="test"))
    assert without["uar"].value == pytest.approx((1 / 2 + 1) / 2)


def test_all_right_is_exact_and_goes_by_the_smallest_class() -> None:
    found = named(evaluate(classes(TRUTH, TRUTH, SPEAKERS), split="test"))
    # 16 rows; 3 classes of at least 4
    assert found["accuracy"].method == "exact binomial as for 16 independent rows of 4 speakers"
    assert found["uar"].method == "exact binomial as for 12 independent rows of 4 speakers"
    assert found["accuracy"].low == pytest.approx(0.025 ** (1 / 16))
    assert found["uar"].low == pytest.approx(0.025 ** (1 / 12))
    assert found["eer"].high == pytest.approx(1 - 0.025 ** (1 / 12))


def test_constant_truth_has_no_correlation() -> None:
    found = named(evaluate(numbers([3.0] * 4, [1.0, 2.0, 3.0, 4.0], list("abcd")), split="test"))
    for name in ("ccc", "pcc", "r2"):
        assert math.isnan(found[name].value)
        assert found[name].low is None
        assert found[name].method.startswith("not defined for these rows: ")
    assert found["mae"].value == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"predicted": None}, "predictions are missing (16 rows): `db/000#0-1000`"),
        ({"truth": "rage"}, "labels are no classes of `emotion` (16 rows): `rage`"),
        ({"id": "db/x"}, "rows are predicted twice in a run (16 rows): `db/x`"),
    ],
)
def test_what_cannot_be_evaluated(four: Predictions, change: dict[str, Any], message: str) -> None:
    columns = [pl.lit(value, dtype=pl.String).alias(name) for name, value in change.items()]
    with pytest.raises(DataError) as caught:
        evaluate(Predictions(four.frame.with_columns(columns), four.target), split="test")
    assert str(caught.value).startswith(message)


def test_per_class(four: Predictions) -> None:
    found = per_class(four, "test")
    assert found["class"].to_list() == list(LABELS)
    assert found["recall"].to_list() == pytest.approx([7 / 8, 3 / 4, 1])
    assert found["precision"].to_list() == pytest.approx([1, 3 / 4, 4 / 5])
    assert found["f1"].to_list() == pytest.approx([14 / 15, 3 / 4, 8 / 9])
    assert found["support"].to_list() == [8, 4, 4]
    for low, recall, high in found.select("low", "recall", "high").iter_rows():
        assert low <= recall <= high
    assert found["low"][2] == pytest.approx(0.025 ** (1 / 4))


def test_per_class_without_rows() -> None:
    found = per_class(classes(["anger", "joy"], ["anger", "anger"], ["a", "b"]), "test")
    assert found.row(2, named=True) == {
        "class": "sad", "precision": None, "recall": None, "f1": None, "support": 0, "low": None, "high": None,
    }  # fmt: skip


def test_per_speaker(four: Predictions) -> None:
    found = per_speaker(four, "test")
    assert found["speaker"].to_list() == ["s0", "s1", "s2", "s3"]
    assert found["n"].to_list() == [4] * 4
    assert found["accuracy"].to_list() == [0.75, 0.75, 1, 1]
    assert found["uar"].to_list() == pytest.approx([(1 / 2 + 1 + 1) / 3, (1 + 0 + 1) / 3, 1, 1])


def test_per_speaker_of_numbers() -> None:
    found = per_speaker(numbers([1.0, 2.0, 5.0], [2.0, 2.0, 4.0], ["a", "a", "b"]), "test")
    assert found.to_dicts() == [
        {"speaker": "a", "n": 2, "mae": 0.5, "rmse": pytest.approx(math.sqrt(0.5)), "bias": 0.5},
        {"speaker": "b", "n": 1, "mae": 1.0, "rmse": 1.0, "bias": -1.0},
    ]


def test_runs_are_pooled_and_kept(four: Predictions) -> None:
    perfect = classes(TRUTH, TRUTH, SPEAKERS, run=[1] * 16)
    both = Predictions(pl.concat([four.frame, perfect.frame]), four.target)
    runs = by_run(both, "test")
    value = (7 / 8 + 3 / 4 + 1) / 3
    assert runs.select("run", "n", "n_speakers", "uar").rows() == [(0, 16, 4, pytest.approx(value)), (1, 16, 4, 1.0)]
    means = across_runs(runs)
    assert means["mean"]["uar"] == pytest.approx((value + 1) / 2)
    assert means["std"]["uar"] == pytest.approx((1 - value) / math.sqrt(2))
    assert across_runs(runs.head(1))["std"]["uar"] is None
    pooled = evaluate(both, split="test")[0]
    assert pooled.n == 16
    assert pooled.value == pytest.approx((value + 1) / 2)
    # Over utterances, both predictions of one go together.
    assert evaluate(both, split="test", speakers_are_target=True)[0].method.startswith("jackknife over 16 utterances")


def test_folds(four: Predictions) -> None:
    some = four.frame.with_columns(fold=pl.Series([0] * 8 + [1] * 8))
    found = by_fold(Predictions(some, four.target))
    assert found.select("run", "fold", "n", "n_speakers", "accuracy").rows() == [(0, 0, 8, 2, 0.75), (0, 1, 8, 2, 1.0)]


def test_baselines_of_classes(four: Predictions) -> None:
    found = baselines(four, {None: pl.Series(["sad", "joy", "joy", None, "sad"])})
    # `joy` and `sad` are equally frequent: the first in order
    assert found["majority"] == pytest.approx(
        {"uar": 1 / 3, "accuracy": 1 / 4, "macro_f1": (2 * 4 / (4 + 16)) / 3, "auc": 0.5, "eer": 0.5}
    )
    assert found["chance"] == pytest.approx(
        {"uar": 1 / 3, "accuracy": 1 / 3, "macro_f1": (1 / 2.5 + 2 * 0.5 / 1.75) / 3, "auc": 0.5, "eer": 0.5}
    )


def test_baselines_of_numbers() -> None:
    some = numbers([1.0, 2.0, 4.0], [0.0, 0.0, 0.0], ["a", "b", "c"])
    found = baselines(some, {None: pl.Series([0.0, 2.0, 2.0, 8.0])})
    differences = np.subtract.outer([1.0, 2.0, 4.0], [0.0, 2.0, 2.0, 8.0])
    assert found["chance"]["mae"] == pytest.approx(np.abs(differences).mean())
    assert found["chance"]["mse"] == pytest.approx((differences**2).mean())
    assert found["chance"]["ccc"] == found["chance"]["pcc"] == 0
    assert found["majority"]["mae"] == pytest.approx((2 + 1 + 1) / 3)
    assert found["majority"]["ccc"] == 0
    assert found["majority"]["pcc"] is None


def test_a_guess_knows_the_training_rows_of_its_own_fold_alone() -> None:
    """Known answer: two folds of two rows, each guessed by the mean, or a draw, of the other."""
    some = numbers([1.0, 3.0, 7.0, 9.0], [0.0] * 4, list("abcd"), fold=["x", "x", "y", "y"])
    found = baselines(some, {"x": pl.Series([7.0, 9.0]), "y": pl.Series([1.0, 3.0])})
    assert found["majority"]["mae"] == pytest.approx((7 + 5 + 5 + 7) / 4)
    assert found["majority"]["r2"] == pytest.approx(1 - (49 + 25 + 25 + 49) / (16 + 4 + 4 + 16))
    draws = [(1.0, 7.0), (1.0, 9.0), (3.0, 7.0), (3.0, 9.0)]
    pairs = np.array([*draws, *[(b, a) for a, b in draws]])
    assert found["chance"]["mse"] == pytest.approx(np.mean((pairs[:, 0] - pairs[:, 1]) ** 2))
    assert found["chance"]["pcc"] == pytest.approx(np.corrcoef(pairs.T)[0, 1])
    of_classes = classes(["joy", "joy", "sad"], ["joy"] * 3, list("abc"), fold=["x", "y", "y"])
    known = {"x": pl.Series(["sad"]), "y": pl.Series(["joy"])}
    assert baselines(of_classes, known)["majority"]["accuracy"] == pytest.approx(1 / 3)


def test_metrics_json(four: Predictions) -> None:
    dev = four.frame.with_columns(pl.lit("dev").alias("split"), "dev" + pl.col("id"), pl.lit("joy").alias("truth"))
    both = Predictions(pl.concat([dev.select(four.frame.columns), four.frame]), four.target)
    found = json.loads(json.dumps(metrics_json(both, {None: pl.Series(TRUTH)}), allow_nan=False))
    assert list(found) == [
        "schema",
        "metrics",
        "per_class",
        "per_speaker",
        "baselines",
        "baselines_by_part",
        "runs",
        "folds",
        "uncertainty",
        "certain",
        "combined",
        "bins",
        "per_database",
    ]
    assert found["schema"] == 1
    assert list(found["metrics"]) == ["dev", "test"]
    assert set(found["metrics"]["test"]["uar"]) == {"value", "low", "high", "n", "n_speakers", "method"}
    assert found["metrics"]["dev"]["auc"]["value"] is None
    assert found["per_class"]["test"][1]["class"] == "joy"
    assert found["per_speaker"]["test"][0]["speaker"] == "s0"
    assert set(found["baselines"]) == {"chance", "majority"}
    assert found["runs"]["test"]["mean"]["uar"] == found["metrics"]["test"]["uar"]["value"]
    assert found["folds"] == []


def test_metrics_json_of_numbers() -> None:
    some = numbers([1.0, 2.0, 4.0, 3.0], [1.0, 2.5, 3.0, 3.5], list("abcd"), fold=[0, 0, 1, 1])
    found = json.loads(
        json.dumps(metrics_json(some, {0: pl.Series([1.0, 5.0]), 1: pl.Series([1.0, 5.0])}), allow_nan=False)
    )
    assert list(found["metrics"]["test"]) == ["ccc", "pcc", "mse", "rmse", "mae", "r2"]
    assert found["per_class"] == {}
    assert [row["fold"] for row in found["folds"]] == [0, 1]


def test_metrics_json_without_truth() -> None:
    found = metrics_json(classes([None], ["joy"], ["a"]), {None: pl.Series(["joy"])})
    assert found["metrics"] == {}
    assert found["baselines"] == {"chance": {}, "majority": {}}


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.25] * 4, 1.0),
        ([0.0, 1.0, 0.0], 0.0),
        ([0.5, 0.5, 0.0, 0.0], 0.5),
        ([0.75, 0.25], -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))),
        ([1.0], 0.0),
    ],
)
def test_uncertainty(scores: list[float], expected: float) -> None:
    assert uncertainty(np.array([scores, scores])) == pytest.approx([expected, expected])
