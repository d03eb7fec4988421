"""What a report says is what the run folder says, and a folder that is damaged or not ours is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from nk.config import load_config
from nk.errors import DataError
from nk.report.blocks import Paragraph
from nk.report.card import card
from nk.report.files import read_run
from nk.report.judged import judged, table
from nk.report.methods import methods
from nk.report.summary import summary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nk.report.files import Run


def read(folder: Path) -> Run:
    return read_run(folder, load_config(folder / "config.yaml").config)


def told(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_every_number_is_that_of_the_run_folder(nasty: Path) -> None:
    found, metrics, groups = summary(read(nasty)), told(nasty, "metrics.json"), told(nasty, "groups.json")
    (result,) = found["results"]
    assert found["headline"]["value"] == metrics["metrics"]["test"]["uar"]["value"]
    for one in result["measures"]:
        measured = metrics["metrics"]["test"][one["measure"]]
        assert {key: one[key] for key in measured} == measured
        assert one["guesses"] == {base: each[one["measure"]] for base, each in metrics["baselines"].items()}
    assert result["classes"] == metrics["per_class"]["test"]
    assert result["folds"] == metrics["folds"]
    assert result["calibration"]["ece"] == metrics["calibration"]["test"]["ece"]
    assert {one["column"]: one["gap"] for one in found["groups"]} == groups["gaps"]
    assert [one["text"].startswith(finding["what"]) for one, finding in
            zip(found["audit"], told(nasty, "audit.json")["findings"], strict=True)]  # fmt: skip
    assert found["history"][-1]["rows_out"] == found["data"]["rows"] == 32
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(found, allow_nan=False))


def test_the_confusion_matrix_counts_every_row(nasty: Path) -> None:
    run = read(nasty)
    matrix = summary(run)["confusion"]
    frame = run.predictions.frame
    assert sum(map(sum, matrix["counts"])) == frame.height
    right = sum(row[place] for place, row in enumerate(matrix["counts"]))
    assert right == frame.filter(pl.col("truth") == pl.col("predicted")).height


def test_the_methods_say_what_was_done(nasty: Path) -> None:
    text = summary(read(nasty))["methods"]
    metrics = told(nasty, "metrics.json")["metrics"]["test"]["uar"]
    value = f"was {metrics['value']:.3f} (95 % interval {metrics['low']:.3f} to {metrics['high']:.3f}"
    for part in ("4 folds (a speaker each)", "lfcc", "standardised", "svm", "the seed 42", "32 recordings of 4", value):
        assert part in text, part


def test_the_methods_do_not_count_those_who_are_not_known_as_a_speaker(nasty: Path) -> None:
    run = read(nasty)
    rows = run.rows.with_columns(pl.when(pl.int_range(pl.len()) > 1).then("speaker").alias("speaker"))
    assert "32 recordings of 4 speakers, 2 of them without a known speaker" in methods(replace(run, rows=rows))
    rows = run.rows.with_columns(pl.lit(None, pl.String).alias("speaker"))
    assert "The data were 32 recordings (" in methods(replace(run, rows=rows))


def test_features_of_a_table_were_read_and_not_computed(nasty: Path) -> None:
    run = read(nasty)
    features = [*run.manifest.features, {"extractor": "import", "files": {"mine.csv": "12ab"}}]
    text = methods(replace(run, manifest=run.manifest.model_copy(update={"features": features})))
    assert "were computed by lfcc" in text
    assert " and read from ready-made tables (mine.csv)." in text
    text = methods(replace(run, manifest=run.manifest.model_copy(update={"features": features[1:], "columns": 1})))
    assert "For each recording, 1 feature was read from ready-made tables (mine.csv)." in text
    assert "computed" not in text


def test_a_card_names_what_else_it_was_tested_on(nasty: Path) -> None:
    found = summary(read(nasty))
    said = [block.text for block in card(found) if isinstance(block, Paragraph) and "It predicts" in block.text]
    assert "It was tested on" not in said[0]
    other = {**found["results"][0], "name": "clinic"}
    said = [b.text for b in card({**found, "tests": [other]}) if isinstance(b, Paragraph) and "It predicts" in b.text]
    assert "It was tested on `clinic`, too, see below." in said[0]


def test_the_table_has_the_worst_first(nasty: Path) -> None:
    run = read(nasty)
    rows, found = judged(run.predictions, "test"), table(run.predictions, "test")
    wrong = rows.filter(~pl.col("right"))
    assert found["wrong"] == wrong.height
    assert found["total"] == found["shown"] == rows.height
    scores = [row[found["columns"].index("score")] for row in found["rows"]]
    assert scores[: wrong.height] == wrong["score"].sort(descending=True).to_list()


def copied(folder: Path, goal: Path) -> Path:
    shutil.copytree(folder, goal)
    return goal


def _cut(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")


def _replace(old: str, new: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _without(column: str) -> Callable[[Path], None]:
    return lambda path: pl.read_csv(path).with_columns(pl.lit(None).alias(column)).write_csv(path)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("metrics.json", _cut),
        ("metrics.json", _replace('"ece": 0', '"ece": [0],"old": 0')),
        ("metrics.json", _replace('"risk_coverage"', '"no_risk"')),
        ("metrics.json", _replace('"runs"', '"ran"')),
        ("groups.json", _replace('"recall": {', '"recall": 3, "x": {')),
        ("groups.json", lambda path: path.write_text("[]")),
        ("audit.json", lambda path: path.write_text('{"findings": [{"level": "loud"}]}')),
        ("manifest.json", _replace('"history"', '"story"')),
        ("predictions.csv", _replace("truth", "true")),
        ("predictions.csv", _replace("p_", "q_")),
        ("predictions.csv", lambda path: path.unlink()),
        ("predictions.csv", _without("end")),
        ("predictions.csv", _without("uncertainty")),
        ("predictions.csv", _without("predicted")),
        ("skipped.csv", _replace("reason", "season")),
        ("metrics.json", _replace('"precision": ', '"precision": "x", "y": ')),
        ("metrics.json", _replace('"speaker": ', '"talker": ')),
        ("dataset.parquet", lambda path: path.write_bytes(b"PAR1")),
        ("evaluations.jsonl", lambda path: path.write_text("{}\n")),
    ],
)
def test_a_damaged_folder_is_an_error_that_names_the_file(
    name: str, harm: Callable[[Path], Any], nasty: Path, tmp_path: Path
) -> None:
    folder = copied(nasty, tmp_path / "copy")
    harm(folder / name)
    with pytest.raises(DataError, match=name):
        read(folder)
