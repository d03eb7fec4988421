"""Results by group: each is that of its own rows, too few rows have none, and the gap is told with its interval."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

from nk.errors import DataError
from nk.stages.evaluate import evaluate
from nk.stages.groups import FEWEST, check, groups_json
from nk.tables import Dataset, Predictions, Target


def tables(**columns: list[Any]) -> tuple[Predictions, Dataset]:
    """Twelve speakers with ten rows each; six are men, of whom every third row is wrong, of women every tenth."""
    rows = [(speaker, number) for speaker in range(12) for number in range(10)]
    truth = ["ab"[number % 2] for _, number in rows]
    wrong = [number % 3 == 0 if speaker < 6 else number == 9 for speaker, number in rows]
    said = [("ba"["ab".index(label)] if bad else label) for label, bad in zip(truth, wrong, strict=True)]
    frame = pl.DataFrame(
        {
            "id": [f"r{speaker}_{number}" for speaker, number in rows],
            "speaker": [f"s{speaker:02}" for speaker, _ in rows],
            "truth": truth,
            "predicted": said,
            "p_a": [1.0 if label == "a" else 0.0 for label in said],
            "p_b": [1.0 if label == "b" else 0.0 for label in said],
            "split": "test",
            "run": 0,
            "fold": "split",
        }
    )
    more = {"gender": ["m" if speaker < 6 else "f" for speaker, _ in rows], **columns}
    data = frame.select("id", "speaker").with_columns(pl.Series(name, values) for name, values in more.items())
    target = Target("emotion", ("a", "b"))
    return Predictions(frame, target), Dataset(data.with_columns(pl.lit("db").alias("database")), target)


def test_a_group_is_measured_by_its_own_rows() -> None:
    predictions, data = tables()
    found = groups_json(predictions, data)
    assert set(found) == {"schema", "fewest", "gaps", "emotion", "speaker", "gender"}
    men = Predictions(predictions.frame.filter(pl.col("speaker") < "s06"), predictions.target)
    uar = evaluate(men, split="test")[0]
    assert found["gender"]["m"]["uar"]["value"] == uar.value == pytest.approx(0.6)
    assert found["gender"]["m"]["uar"]["low"] == uar.low
    gap = found["gaps"]["gender"]
    assert (gap["best"], gap["worst"], gap["measure"]) == ("f", "m", "uar")
    assert gap["value"] == pytest.approx(0.3)


def test_the_interval_of_a_gap_joins_those_of_its_groups() -> None:
    predictions, data = tables(site=["x" if number % 10 < 5 else "y" for number in range(120)])
    found = groups_json(predictions, data, ["site"])
    one, other = (found["site"][name]["uar"] for name in "yx")
    if one["value"] < other["value"]:
        one, other = other, one
    gap = found["gaps"]["site"]
    down = math.hypot(one["value"] - one["low"], other["high"] - other["value"])
    assert gap["low"] == pytest.approx(gap["value"] - down)
    assert gap["low"] < gap["value"] < gap["high"]


def test_a_gap_between_groups_of_two_speakers_has_no_interval() -> None:
    """Their rows alone would make it look sure: every row of two men against every row of ten others."""
    half = ["x" if number % 10 < 5 else "y" for number in range(120)]
    predictions, data = tables(site=["x" if number < 20 else "y" for number in range(120)], half=half)
    found = groups_json(predictions, data, ["site", "half"])
    assert found["site"]["x"]["uar"]["n_speakers"] == 2
    assert found["gaps"]["site"]["low"] is None
    assert found["gaps"]["half"]["low"] is not None


def test_groups_of_too_few_rows_have_no_value_and_no_gap() -> None:
    few = ["rare" if number < FEWEST - 1 else "usual" for number in range(120)]
    predictions, data = tables(site=few)
    found = groups_json(predictions, data, ["site"])
    assert found["site"]["rare"]["uar"]["value"] is None
    assert found["site"]["rare"]["uar"]["n"] == FEWEST - 1
    assert "site" not in found["gaps"]


def test_ages_are_grouped_and_unknown_ones_left_out() -> None:
    unknown = [None, math.nan, -1.0]
    ages = [
        unknown[number % 3] if number < 10 else (17.9 if number < 50 else 30.0 if number < 90 else 90.0)
        for number in range(120)
    ]
    predictions, data = tables(age=ages)
    found = groups_json(predictions, data)["age"]
    assert {name: one["uar"]["n"] for name, one in found.items()} == {"0-17": 40, "30-44": 40, "75 and older": 30}


def test_columns_of_one_group_or_of_names_are_no_groups() -> None:
    predictions, data = tables(site=["x"] * 120, name=[str(number) for number in range(120)])
    assert not {"site", "name"} & set(groups_json(predictions, data, ["site", "name"]))


def test_classes_and_speakers_are_groups_too() -> None:
    predictions, data = tables()
    found = groups_json(predictions, data)
    rows = predictions.frame.filter(pl.col("truth") == "a")
    recall = (rows["predicted"] == "a").mean()
    assert found["emotion"]["a"]["recall"]["value"] == pytest.approx(recall)
    assert found["emotion"]["a"]["recall"]["n"] == 60
    assert {found["gaps"]["emotion"]["best"], found["gaps"]["emotion"]["worst"]} == {"a", "b"}
    assert found["gaps"]["speaker"]["worst"] < "s06" <= found["gaps"]["speaker"]["best"]


def test_numbers_are_cut_into_thirds() -> None:
    predictions, data = tables(snr=[None if number < 30 else float(number) for number in range(120)])
    found = groups_json(predictions, data, ["snr"])["snr"]
    assert {name: one["uar"]["n"] for name, one in found.items()} == {
        "30 to 59": 30, "60 to 89": 30, "90 to 119": 30,
    }  # fmt: skip


def test_columns_that_make_no_groups_are_told_before_any_work() -> None:
    _, data = tables(name=[str(number) for number in range(120)])
    with pytest.raises(DataError, match="no column `sit`"):
        check(data, ["sit"])
    with pytest.raises(DataError, match="`name` has 120 values, more than 50"):
        check(data, ["name"])
    check(data, ["gender"])


def test_a_gap_among_equal_groups_is_seldom_told() -> None:
    """Best and worst are picked: of eight groups their plain intervals tell of a gap in 3 of 10 cases."""
    draw, wrong = np.random.default_rng(2), 0
    speaker, truth = np.arange(800) // 20, np.arange(800) % 2
    for _ in range(60):
        right = draw.random(800) < 0.7 + 0.08 * draw.standard_normal(40)[speaker]
        said = np.where(right, truth, 1 - truth)
        frame = pl.DataFrame({
            "id": [f"r{row:03}" for row in range(800)], "speaker": [f"s{one:02}" for one in speaker],
            "truth": np.array(["a", "b"])[truth], "predicted": np.array(["a", "b"])[said],
            "p_a": 1.0 - said, "p_b": 1.0 * said, "split": "test", "run": 0, "fold": "split",
        })  # fmt: skip
        target = Target("emotion", ("a", "b"))
        site = pl.Series("site", [f"g{one // 5}" for one in speaker])
        data = frame.select("id", "speaker", site, pl.lit("db").alias("database"))
        wrong += (
            groups_json(Predictions(frame, target), Dataset(data, target), ["site"])["gaps"]["site"]["low"] or 0
        ) > 0
    assert wrong <= 4
