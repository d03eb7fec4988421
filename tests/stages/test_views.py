"""Other looks at predictions: every number by hand, and nothing of it in the main result."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from nk.config.output import Plot
from nk.stages.combine import combine
from nk.stages.outcome import by_outcome, outcomes
from nk.stages.results import VIEWS, metrics_json
from nk.stages.views import View, binned, by_database, certain, parts_of, views
from nk.tables import Dataset, Predictions, Target

LABELS = ("sick", "well")
KNOWN = {"f": pl.Series(["well", "well", "sick"])}


def rows(**columns: list[Any]) -> pl.DataFrame:
    size = len(columns["truth"])
    frame = {
        "id": [f"db/{number:03}#0-1000" for number in range(size)],
        "database": ["db"] * size,
        "speaker": [f"s{number % 4}" for number in range(size)],
        "split": ["test"] * size,
        "run": [0] * size,
        "fold": ["f"] * size,
    }
    return pl.DataFrame(frame | columns, schema_overrides={"speaker": pl.String})


def classes(truth: list[Any], sick: list[float], **columns: list[Any]) -> Predictions:
    """Predictions of two classes by the score of the first."""
    said = ["sick" if one >= 0.5 else "well" for one in sick]
    scores = {"p_sick": sick, "p_well": [1 - one for one in sick], "uncertainty": [0.5] * len(sick)}
    frame = rows(truth=truth, predicted=said, **scores | columns)
    return Predictions(frame, Target("diagnosis", LABELS))


def numbers(truth: list[Any], predicted: list[float], **columns: list[Any]) -> Predictions:
    return Predictions(rows(truth=truth, predicted=predicted, **columns), Target("age"))


def dataset(predictions: Predictions, **columns: list[Any]) -> Dataset:
    frame = predictions.frame.unique("id", keep="first").sort("id").select("id", "speaker")
    return Dataset(frame.with_columns(**{name: pl.Series(values) for name, values in columns.items()}), Target("x"))


def value(view: dict[str, Any], name: str) -> Any:
    return view["metrics"][name]["value"]


# Certain rows


@pytest.fixture
def doubtful() -> Predictions:
    truth = ["sick", "sick", "sick", "well", "well", "well", None]
    return classes(truth, [0.9, 0.8, 0.2, 0.1, 0.6, 0.3, 0.9], uncertainty=[0.1, 0.3, 0.2, 0.4, 0.9, 0.5, 0.0])


def test_rows_below_a_threshold(doubtful: Predictions) -> None:
    (view,) = views(doubtful, KNOWN, dataset(doubtful), Plot(uncertainty_threshold=0.5), None)
    found = metrics_json(doubtful, KNOWN, [view])
    whole, part = found["metrics"]["test"], found["certain"]["test"]
    assert {key: part[key] for key in ("threshold", "rows", "left_out", "classes_without_a_row")} == {
        "threshold": 0.5, "rows": 4, "left_out": 2, "classes_without_a_row": [],
    }  # fmt: skip
    assert part["left_out_percent"] == pytest.approx(100 / 3)
    # Two of three of the sick and the one of the well are right, the row without a truth counts nowhere.
    assert value(part, "uar") == pytest.approx((2 / 3 + 1) / 2)
    assert value(part, "accuracy") == 3 / 4
    assert part["metrics"]["uar"]["n"] == 4
    # Always `well`, the most frequent class of train, is right for one of four.
    assert part["baselines"]["majority"]["accuracy"] == 1 / 4
    # The main result stays what it is.
    assert whole == metrics_json(doubtful, KNOWN)["metrics"]["test"]
    assert whole["accuracy"]["value"] == 4 / 6


def test_a_threshold_that_leaves_no_row_of_a_class(doubtful: Predictions) -> None:
    view = certain(_labelled(doubtful), KNOWN, 0.35)
    assert view.about["test"]["classes_without_a_row"] == ["well"]
    assert view.about["test"]["rows"] == 3


def test_a_threshold_that_leaves_nothing(doubtful: Predictions) -> None:
    found = metrics_json(doubtful, KNOWN, [certain(_labelled(doubtful), KNOWN, 0.0)])["certain"]["test"]
    assert (found["rows"], found["left_out_percent"], found["metrics"]) == (0, 100, {})


def _labelled(predictions: Predictions) -> Predictions:
    return Predictions(predictions.frame.drop_nulls("truth"), predictions.target)


def test_uncertainty_of_right_and_wrong_rows(doubtful: Predictions) -> None:
    correct, wrong = outcomes(doubtful, "test")
    assert correct.tolist() == [0.1, 0.3, 0.4, 0.5]
    assert wrong.tolist() == [0.2, 0.9]
    found = by_outcome(doubtful, "test")
    assert found["correct"] == {"n": 4, "mean": pytest.approx(0.325), "std": pytest.approx(np.std(correct, ddof=1))}
    # Sums of squares .0875 and .245 with 3 + 1 degrees of freedom; means .55 and .325.
    assert found["cohens_d"] == pytest.approx(0.225 / math.sqrt((0.0875 + 0.245) / 4))


def test_without_a_wrong_row_there_is_no_effect() -> None:
    found = by_outcome(classes(["sick", "well"], [0.9, 0.2], uncertainty=[0.1, 0.2]), "test")
    assert found["wrong"] == {"n": 0, "mean": None, "std": None}
    assert found["cohens_d"] is None


# One decision a speaker


@pytest.fixture
def spoken() -> Predictions:
    """`a` is sick and mostly heard so; of `b` two are even; of `c` two short votes are against one clear one; `d` is
    both, and one row has no speaker."""
    return classes(
        ["sick"] * 3 + ["well"] * 2 + ["well"] * 3 + ["sick", "well"] + ["sick"],
        [0.9, 0.9, 0.1, 0.6, 0.1, 0.6, 0.6, 0.01, 0.9, 0.2, 0.9],
        speaker=[*"aaabbcccdd", None],
    )


@pytest.mark.parametrize(
    ("rule", "said", "uar"),
    [
        # Of `b` the mean scores .35 and .65 break the tie.
        ("mode", ["sick", "well", "sick"], (1 + 1 / 2) / 2),
        # Mean scores of sick: .633, .35, .403
        ("mean", ["sick", "well", "well"], 1.0),
    ],
)
def test_one_decision_a_speaker(spoken: Predictions, rule: str, said: list[str], uar: float) -> None:
    (view,) = views(spoken, KNOWN, dataset(spoken), Plot(combine_per_speaker=rule), None)
    frame = view.predictions.frame
    assert frame["id"].to_list() == ["a", "b", "c"]
    assert frame["predicted"].to_list() == said
    assert frame["truth"].to_list() == ["sick", "well", "well"]
    assert frame["rows"].to_list() == [3, 2, 3]
    found = metrics_json(spoken, KNOWN, [view])["combined"]["test"]
    about = {"by": "speaker", "rule": rule, "rows": 8, "left_out": 1, "examples": ["d"], "rows_without": 1}
    assert {key: found[key] for key in about} == about
    assert value(found, "uar") == pytest.approx(uar)
    assert (found["metrics"]["uar"]["n"], found["metrics"]["uar"]["n_speakers"]) == (3, 3)
    assert found["baselines"]["majority"]["accuracy"] == pytest.approx(2 / 3)
    # A vote has no scores, and what goes by scores is not measured.
    assert ("auc" in found["metrics"], "p_sick" in frame.columns) == (
        (True, True) if rule == "mean" else (False, False)
    )
    if rule == "mean":
        assert frame["p_sick"].to_list() == pytest.approx([1.9 / 3, 0.35, 1.21 / 3])


def test_the_interval_of_a_decision_is_over_speakers() -> None:
    truth = ["sick", "well"] * 4
    found = metrics_of(classes(truth, [0.9, 0.1, 0.9, 0.9, 0.9, 0.1, 0.2, 0.1], speaker=[*"abcdefgh"]))
    assert found["accuracy"]["method"].startswith("jackknife over 8 speakers, Student's t with 7 degrees")
    # Leaving out a right speaker 5/7, a wrong one 6/7, on the logit scale.
    logits = np.log([2.5] * 6 + [6.0] * 2)
    reach = 2.3646242515927844 * math.sqrt(7 / 8 * np.sum((logits - logits.mean()) ** 2))
    assert found["accuracy"]["low"] == pytest.approx(1 / (1 + math.exp(-(math.log(3) - reach))))


def metrics_of(predictions: Predictions) -> dict[str, Any]:
    looks = views(predictions, KNOWN, dataset(predictions), Plot(combine_per_speaker="mode"), None)
    found: dict[str, Any] = metrics_json(predictions, KNOWN, looks)["combined"]["test"]["metrics"]
    return found


def test_of_two_speakers_there_is_no_interval() -> None:
    found = metrics_of(classes(["sick"] * 2 + ["well"] * 2, [0.9, 0.9, 0.9, 0.6], speaker=[*"aabb"]))
    assert found["accuracy"]["value"] == 0.5
    assert found["accuracy"]["low"] is None
    assert found["accuracy"]["method"] == "no interval: there are 2 speakers only"


def test_even_votes_with_even_scores_go_to_the_first_class() -> None:
    even = classes(["sick", "sick"], [0.75, 0.25], speaker=["a", "a"])
    frame, _ = combine(even, dataset(even), "speaker", "mode")
    assert frame["predicted"].to_list() == ["sick"]


def test_runs_and_parts_are_combined_each_for_itself() -> None:
    some = classes(
        ["sick", "sick", "sick", "sick", "well"],
        [0.9, 0.8, 0.1, 0.2, 0.1],
        id=["x", "y", "x", "y", "z"], run=[0, 0, 1, 1, 0], speaker=[*"aaaab"], split=["test"] * 4 + ["dev"],
    )  # fmt: skip
    frame, about = combine(some, dataset(some), "speaker", "mean")
    assert list(about) == ["dev", "test"]
    found = frame.select("split", "run", "id", "predicted", "rows").rows()
    assert found == [("dev", 0, "b", "well", 1), ("test", 0, "a", "sick", 2), ("test", 1, "a", "well", 2)]


def test_rows_of_several_folds_make_one_decision() -> None:
    some = classes(["sick"] * 3, [0.9, 0.8, 0.1], speaker=[*"aaa"], fold=["1", "2", "3"])
    frame, _ = combine(some, dataset(some), "speaker", "mode")
    assert frame.select("id", "predicted", "rows").rows() == [("a", "sick", 3)]


def test_the_order_of_rows_does_not_matter(spoken: Predictions) -> None:
    moved = Predictions(spoken.frame.sample(fraction=1.0, shuffle=True, seed=1), spoken.target)
    for rule in ("mode", "mean"):
        plot = Plot(combine_per_speaker=rule)
        one, other = (views(some, KNOWN, dataset(some), plot, None)[0] for some in (spoken, moved))
        assert one.predictions.frame.equals(other.predictions.frame)


def test_numbers_are_averaged() -> None:
    some = numbers([30.0, 30.0, 50.0, 40.0, 41.0], [20.0, 30.0, 44.0, 1.0, 2.0], speaker=[*"aabcc"])
    known = {"f": pl.Series([1.0])}
    (view,) = views(some, known, dataset(some), Plot(combine_per_speaker="mode"), None)
    assert view.predictions.frame.select("id", "truth", "predicted").rows() == [("a", 30, 25), ("b", 50, 44)]
    assert view.title == "one decision a speaker (mean)"
    found = metrics_json(some, known, [view])["combined"]["test"]
    assert value(found, "mae") == pytest.approx(5.5)
    assert found["left_out"] == 1


def test_another_column_can_be_combined_by() -> None:
    some = classes(["sick"] * 4 + ["well"] * 4, [0.9, 0.4, 0.4, 0.9, 0.1, 0.1, 0.9, 0.2])
    plot = Plot(combine_per_speaker="mean", combine_per_speaker_col="session")
    (view,) = views(some, KNOWN, dataset(some, session=[1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]), plot, None)
    assert view.predictions.frame["id"].to_list() == ["1", "2", "3", "4"]
    found = metrics_json(some, KNOWN, [view])["combined"]["test"]["metrics"]["accuracy"]
    assert (found["value"], found["n"], found["n_speakers"]) == (0.75, 4, None)
    assert found["method"].startswith("jackknife over 4 sessions (not by speaker), ")


# Numbers in bins


def test_numbers_in_bins() -> None:
    some = numbers([10.0, 19.0, 20.0, 30.0, 35.0, 99.0, None], [12.0, 25.0, 20.0, 50.0, 29.0, 5.0, 5.0])
    learnt = {"f": pl.Series([15.0, 25.0, 26.0])}
    view = binned(_labelled(some), learnt, [0, 20, 30, 40], ("young", "middle", "old"))
    # A value at an edge belongs above it; 99 is beyond the last edge, the prediction 50 is taken for `old`.
    assert view.predictions.frame["truth"].to_list() == ["young", "young", "middle", "old", "old"]
    assert view.predictions.frame["predicted"].to_list() == ["young", "middle", "middle", "old", "middle"]
    found = metrics_json(some, learnt, [view])["bins"]["test"]
    assert (found["edges"], found["labels"], found["left_out"]) == ([0, 20, 30, 40], ["young", "middle", "old"], 1)
    assert set(found["metrics"]) == {"uar", "accuracy", "macro_f1"}
    assert value(found, "uar") == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    assert found["metrics"]["uar"]["n_speakers"] == 4
    assert found["metrics"]["uar"]["low"] is not None
    # `middle` is the most frequent in train.
    assert found["baselines"]["majority"]["accuracy"] == 1 / 5


def test_open_ends_are_null() -> None:
    view = binned(numbers([1.0, 2.0], [1.0, 2.0]), {}, [-math.inf, 1.5, math.inf], ("low", "high"))
    assert view.about["test"]["edges"] == [None, 1.5, None]


# Databases


def test_a_database_at_a_time() -> None:
    some = classes(
        ["sick", "well", "sick", "well", "sick"],
        [0.9, 0.9, 0.9, 0.1, 0.9],
        database=["one", "one", "two", "two", "two"], split=["test"] * 4 + ["dev"],
    )  # fmt: skip
    one, two = by_database(some, KNOWN)
    assert [(view.name, list(view.about)) for view in (one, two)] == [("one", ["test"]), ("two", ["test"])]
    found = metrics_json(some, KNOWN, [one, two])["per_database"]
    assert {part: list(bases) for part, bases in found.items()} == {"test": ["one", "two"]}
    assert [value(found["test"][name], "accuracy") for name in ("one", "two")] == [0.5, 1.0]
    assert found["test"]["one"]["metrics"]["accuracy"]["n"] == 2


def test_one_database_is_the_main_result() -> None:
    assert by_database(classes(["sick", "well"], [0.9, 0.1]), KNOWN) == []


# All together


def test_nothing_is_asked_for(doubtful: Predictions) -> None:
    assert views(doubtful, KNOWN, dataset(doubtful), Plot(), None) == []
    found = metrics_json(doubtful, KNOWN)
    assert {key: found[key] for key in VIEWS} == {key: {} for key in VIEWS}
    assert list(found["uncertainty"]) == ["test"]


def test_everything_has_a_word_in_json(spoken: Predictions) -> None:
    plot = Plot(uncertainty_threshold=0.1, combine_per_speaker="mean")
    looks = views(spoken, KNOWN, dataset(spoken), plot, None)
    assert [view.key for view in looks] == ["certain", "combined"]
    json.dumps(metrics_json(spoken, KNOWN, looks), allow_nan=False)


def test_parts_without_any_truth_have_no_view() -> None:
    some = classes(["sick", None], [0.9, 0.9], split=["dev", "test"], uncertainty=[0.1, 0.1])
    assert parts_of(some) == ["dev"]
    looks: list[View] = views(some, KNOWN, dataset(some), Plot(uncertainty_threshold=0.5), None)
    assert [list(view.about) for view in looks] == [["dev"]]


def test_numbers_have_no_uncertainty() -> None:
    some = numbers([1.0, 2.0], [1.0, 2.0])
    assert views(some, {}, dataset(some), Plot(uncertainty_threshold=0.5), None) == []
    assert metrics_json(some, {"f": pl.Series([1.0])})["uncertainty"] == {}
