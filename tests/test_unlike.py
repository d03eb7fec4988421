"""Runs on other rows or for another target: the test is that of two samples, and there is none where none is right."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import scipy.stats

from nk import siblings
from nk.config import load_config
from nk.members import read
from nk.ui import Ui
from nk.unlike import compare, independent

if TYPE_CHECKING:
    from pathlib import Path


def without(values: Any) -> Any:
    """The mean of all, then with each left out."""
    return np.array([values.mean(), *((values.sum() - one) / (len(values) - 1) for one in values)])


def test_means_of_speakers_are_compared_as_by_welch() -> None:
    draw = np.random.default_rng(3)
    one, other = draw.uniform(0.5, 0.9, 7), draw.uniform(0.2, 0.8, 12)
    found, known = independent(without(one), without(other), "unit"), scipy.stats.ttest_ind(one, other, equal_var=False)
    ends = known.confidence_interval()
    assert found.value == pytest.approx(one.mean() - other.mean())
    assert (found.p, found.low, found.high) == pytest.approx((known.pvalue, ends.low, ends.high))


def test_what_no_speaker_changes_has_no_test() -> None:
    assert independent(np.ones(5), np.ones(4), "unit").why == "no speaker changes either value"
    assert independent(np.array([0.5, 0.4, np.nan]), np.ones(4), "unit").p is None


@pytest.fixture
def runs(nasty: Path, tmp_path: Path) -> list[Path]:
    """A run, and one whose rows, speakers and database are others."""
    places = [shutil.copytree(nasty, tmp_path / name) for name in ("one", "two")]
    table = pl.read_csv(places[1] / "predictions.csv")
    files = pl.col("file") + "2"
    table = table.with_columns(file=files, database=pl.lit("other"), id=pl.col("id") + "2")
    table.write_csv(places[1] / "predictions.csv")
    config = (places[1] / "config.yaml").read_text(encoding="utf-8")
    assert "    db:" in config
    (places[1] / "config.yaml").write_text(config.replace("    db:", "    other:"), encoding="utf-8")
    return places


def asked(place: Path, key: str) -> tuple[Ui, Any]:
    ui = Ui(quiet=True)
    siblings.compare(place, load_config(place / "config.yaml", [f"plot.runs_compare={key}"]).config, ui)
    path = place.parent / f"compare_{key}" / "comparison.json"
    return ui, json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def test_other_databases_are_two_samples(runs: list[Path]) -> None:
    ui, told = asked(runs[0], "databases")
    assert not ui.warnings
    assert [one["about"] for one in told["runs"]] == ["db", "other"]
    (pair,) = told["pairs"]
    assert (pair["test"], pair["value"], pair["p"]) == ("Welch over the speakers of each", 0.0, 1.0)
    assert "may be that of the recordings" in told["cautions"][0]
    folder = runs[0].parent / "compare_databases"
    assert {"runs.csv", "pairs.csv", "comparison_uar.png", "comparison_uar.csv"} <= {
        path.name for path in folder.iterdir()
    }


def test_speakers_that_both_have_cannot_be_two_samples(runs: list[Path]) -> None:
    table = pl.read_csv(runs[1] / "predictions.csv").with_columns(database=pl.lit("db"))
    table.write_csv(runs[1] / "predictions.csv")
    (pair,) = compare([read(place) for place in runs], "databases").pairs
    assert (pair.p, pair.difference.why) == (None, "they share speakers, but not all rows")


def test_other_truths_of_the_same_rows_are_told_as_that(runs: list[Path]) -> None:
    table = pl.read_csv(runs[0] / "predictions.csv")
    tested = pl.col("split") == "test"
    other = pl.when(tested).then(pl.col("predicted")).otherwise("truth").alias("truth")
    table.with_columns(other).write_csv(runs[1] / "predictions.csv")
    (pair,) = compare([read(place) for place in runs], "databases").pairs
    assert pair.p is None
    assert "`one` and `two` have other truths of the same rows" in pair.difference.why


def test_the_same_rows_are_paired_whatever_the_databases(runs: list[Path]) -> None:
    shutil.copy(runs[0] / "predictions.csv", runs[1] / "predictions.csv")
    _, told = asked(runs[0], "databases")
    assert told["over"].endswith("speakers")
    assert told["pairs"][0]["test"] != "Welch over the speakers of each"


def test_another_target_stands_beside_its_own_chance_and_is_not_tested(nasty: Path, tmp_path: Path) -> None:
    places = [shutil.copytree(nasty, tmp_path / name) for name in ("one", "two")]
    config = (places[1] / "config.yaml").read_text(encoding="utf-8")
    target = load_config(places[1] / "config.yaml").config.data.target
    assert target
    (places[1] / "config.yaml").write_text(config.replace(f"target: {target}", "target: other"), encoding="utf-8")
    ui, told = asked(places[0], "target")
    assert not ui.warnings
    assert (told["pairs"], [one["about"] for one in told["runs"]]) == ([], [target, "other"])
    chance = json.loads((places[0] / "metrics.json").read_text(encoding="utf-8"))["baselines"]["chance"]["uar"]
    assert told["runs"][0]["chance"] == chance
