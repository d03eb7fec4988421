"""Results by group: each is that of its own rows, too few rows have none, and the gap is told with its interval."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest

from nk.stages.evaluate import evaluate
from nk.stages.groups import FEWEST, groups_json
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
    assert set(found["groups"]) == {"gender"}
    men = Predictions(predictions.frame.filter(pl.col("speaker") < "s06"), predictions.target)
    uar = evaluate(men, split="test")[0]
    assert found["groups"]["gender"]["m"]["uar"]["value"] == uar.value == pytest.approx(0.6)
    assert found["groups"]["gender"]["m"]["uar"]["low"] == uar.low
    gap = found["gaps"]["gender"]
    assert (gap["best"], gap["worst"], gap["measure"]) == ("f", "m", "uar")
    assert gap["value"] == pytest.approx(0.3)


def test_the_interval_of_a_gap_joins_those_of_its_groups() -> None:
    predictions, data = tables(site=["x" if number % 10 < 5 else "y" for number in range(120)])
    found = groups_json(predictions, data, ["site"])
    one, other = (found["groups"]["site"][name]["uar"] for name in "yx")
    if one["value"] < other["value"]:
        one, other = other, one
    gap = found["gaps"]["site"]
    down = math.hypot(one["value"] - one["low"], other["high"] - other["value"])
    assert gap["low"] == pytest.approx(gap["value"] - down)
    assert gap["low"] < gap["value"] < gap["high"]


def test_groups_of_too_few_rows_have_no_value_and_no_gap() -> None:
    few = ["rare" if number < FEWEST - 1 else "usual" for number in range(120)]
    predictions, data = tables(site=few)
    found = groups_json(predictions, data, ["site"])
    assert found["groups"]["site"]["rare"]["uar"]["value"] is None
    assert found["groups"]["site"]["rare"]["uar"]["n"] == FEWEST - 1
    assert "site" not in found["gaps"]


def test_ages_are_grouped_and_unknown_ones_left_out() -> None:
    ages = [None if number < 10 else (17.9 if number < 50 else 30.0 if number < 90 else 90.0) for number in range(120)]
    predictions, data = tables(age=ages)
    found = groups_json(predictions, data)["groups"]["age"]
    assert {name: one["uar"]["n"] for name, one in found.items()} == {"0-17": 40, "30-44": 40, "75 and older": 30}


def test_columns_of_one_group_or_of_names_are_no_groups() -> None:
    predictions, data = tables(site=["x"] * 120, name=[str(number) for number in range(120)])
    assert set(groups_json(predictions, data, ["site", "name", "nothing"])["groups"]) == {"gender"}
