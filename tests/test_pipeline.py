"""A whole run in this process: what it says and writes of balancing, gaps, early stopping and unknown truth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile

from nk import pipeline
from nk.config import load_config
from nk.errors import DataError
from nk.families import features
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """[EXP]
name = exp
[DATA]
databases = ['db']
db = db.csv
target = emotion
[FEATS]
set = GeMAPSv01b
scale = standard
[MODEL]
type = log_reg
loso = True
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four speakers with eight tones each, five high and three low, and noise."""
    rng, rows = np.random.default_rng(7), ["file,speaker,emotion,split"]
    time = np.arange(4800) / 16000
    for speaker in range(4):
        for number in range(8):
            emotion = "joy" if number < 5 else "sadness"
            wave = 0.3 * np.sign(np.sin(2 * np.pi * (220 if number < 5 else 110) * rng.normal(1, 0.15) * time))
            soundfile.write(tmp_path / f"s{speaker}_{number}.wav", wave + rng.normal(0, 0.02, len(time)), 16000)
            rows.append(f"s{speaker}_{number}.wav,s{speaker},{emotion},{'test' if speaker == 3 else 'train'}")
    (tmp_path / "db.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "exp.ini").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*sets: str, file: str = "exp.ini") -> tuple[Any, list[str]]:
    ui = Ui(quiet=True)
    result = pipeline.run(load_config(file, sets), ui, jobs=1)
    return result, [line.partition(" ")[2].partition(" ")[2] for line in ui.lines]


def manifest(result: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((result.folder / "manifest.json").read_text())
    return found


def test_balancing_is_planned_said_and_written(folder: Path) -> None:
    result, said = run("feats.balancing=smote")
    assert (
        "model: log_reg, missing values become 0, standard scaling fitted on train, training rows balanced by smote"
        in said
    )
    assert "balancing: training rows by `smote`, mean of 4 models: joy 15 -> 15, sadness 9 -> 15" in said
    trainings = manifest(result)["trainings"]
    assert [one["fold"] for one in trainings] == ["s0", "s1", "s2", "s3"]
    assert trainings[0]["balanced"] == {"joy": [15, 15], "sadness": [9, 15]}
    stored = json.loads((result.folder / "model" / "trained.json").read_text())
    assert stored["balancing"] == "smote"
    assert stored["training"]["balanced"] == {"joy": [20, 20], "sadness": [12, 20]}
    again, _ = run("exp.name=again", file=str(folder / "results" / "exp" / "config.yaml"))
    plain, _ = run("exp.name=plain")
    mine, same, other = ((one.folder / "predictions.csv").read_bytes() for one in (result, again, plain))
    assert mine == same != other


@pytest.mark.usefixtures("folder")
def test_what_cannot_be_balanced_is_told_before_any_recording_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features.get("os"), "extract", lambda *_: pytest.fail("features were computed"))
    stated = ("data.db.split_strategy=speakers_stated", "data.db.train=['s0']", "data.db.test=['s1']")
    with pytest.raises(DataError, match="`smote` needs 6 training rows of a class, .* has 3 of `sadness`"):
        run("feats.balancing=smote", "model.loso=False", *stated)


@pytest.mark.usefixtures("folder")
def test_speakers_held_out_to_stop_on_are_said() -> None:
    result, said = run("model.type=xgb", "model.early_stopping_rounds=3", "model.n_estimators=5")
    expected = "early stopping: as there is no dev part to watch, 1 of 3 training speakers were held out (8 rows)"
    assert expected in said
    assert manifest(result)["trainings"][2]["held_out_to_stop"] == {"groups": 1, "of": 3, "rows": 8, "kind": "speakers"}
    stored = json.loads((result.folder / "model" / "trained.json").read_text())
    assert stored["training"]["held_out_to_stop"]["of"] == 4


@pytest.mark.usefixtures("folder")
def test_scaling_within_speakers_is_cautioned() -> None:
    result, said = run("feats.scale=speaker")
    assert [line for line in said if line.startswith("warning: features are scaled within each speaker")]
    assert (result.folder / "model" / "scaler.json").exists()


def gappy(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extractor that cannot tell the first feature of three recordings, and never the last."""
    plugin: Any = features.get("os")
    original = plugin.extract

    def extract(self: Any, audio: Any) -> Any:
        values = original(self, audio)
        if audio.name in {"s0_0.wav", "s1_6.wav", "s3_1.wav"}:
            values[0] = np.nan
        return values

    monkeypatch.setattr(plugin, "extract", extract)
    monkeypatch.setattr(plugin, "revision", 99)  # these values are none for the other tests' cache


@pytest.mark.usefixtures("folder")
def test_gaps_are_filled_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    gappy(monkeypatch)
    result, said = run("feats.nan_strategy=mean", "feats.no_reuse=True")
    assert [line for line in said if line.startswith(
        "warning: 3 values of features are missing, in 3 of 32 rows (`F0semitoneFrom27.5Hz_sma3nz_amean`): they become "
        "the mean of their column in the training rows")]  # fmt: skip
    assert result.metrics["metrics"]["test"]["uar"]["n"] == 32


def test_rows_with_gaps_are_dropped_counted_and_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gappy(monkeypatch)
    result, said = run("feats.nan_strategy=drop", "feats.no_reuse=True")
    assert result.metrics["metrics"]["test"]["uar"]["n"] == 29
    skipped = pl.read_csv(folder / "results" / "exp" / "skipped.csv")
    assert skipped["file"].to_list() == ["s0_0.wav", "s1_6.wav", "s3_1.wav"]
    assert skipped["reason"].unique().to_list() == ["no value of the feature `F0semitoneFrom27.5Hz_sma3nz_amean`"]
    step = manifest(result)["history"][-1]
    assert (step["what"], step["rows_in"], step["rows_out"]) == ("has every feature", 32, 29)
    assert [line for line in said if line.startswith("warning: 3 of 32 rows skipped: 3 no value of the feature")]
    with pytest.raises(DataError, match="3 of 32 rows cannot be used"):
        run("feats.nan_strategy=drop", "feats.no_reuse=True", "feats.fail_threshold=0.05")


@pytest.mark.parametrize("which", ["test", "some"])
def test_rows_without_truth_are_predicted_and_told(folder: Path, which: str) -> None:
    table = pl.read_csv(folder / "db.csv")
    unknown = pl.col("split") == "test" if which == "test" else pl.col("file").str.ends_with("_0.wav")
    table.with_columns(pl.when(~unknown).then("emotion").alias("emotion")).write_csv(folder / "db.csv")
    result, said = run("model.loso=False", "data.db.split_strategy=column")
    predictions = pl.read_csv(folder / "results" / "exp" / "predictions.csv")
    assert predictions.height == 8
    assert predictions["predicted"].null_count() == 0
    none = "warning: no row of the part `test` has a `emotion`: they are predicted, and there is nothing to measure"
    if which == "test":
        assert result.metrics["metrics"] == {}
        assert none in said
        assert not list((result.folder / "figures").iterdir())
    else:
        assert result.metrics["metrics"]["test"]["uar"]["n"] == 7
        assert none not in said
    stored = json.loads((result.folder / "model" / "trained.json").read_text())
    assert len(stored["recordings"]) == (24 if which == "test" else 21)
