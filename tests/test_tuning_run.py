"""A run that chooses options: the plan, what is said, what is written, and that its own config does the same again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile

from nk import pipeline
from nk.config import load_config
from nk.errors import DataError
from nk.ui import Ui

CONFIG = """[EXP]
name = exp
[DATA]
databases = ['db']
db = db.csv
[FEATS]
set = GeMAPSv01b
scale = standard
[MODEL]
type = knn
loso = True
tuning_params = ['K_val', 'KNN_weights']
K_val = [1, 3, 7]
KNN_weights = ['uniform', 'distance']
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng, rows, time = np.random.default_rng(3), ["file,speaker,emotion"], np.arange(4800) / 16000
    for number in range(32):
        wave = 0.3 * np.sign(np.sin(2 * np.pi * (110 + 60 * (number % 2)) * rng.normal(1, 0.3) * time))
        soundfile.write(tmp_path / f"{number}.wav", wave + rng.normal(0, 0.02, len(time)), 16000)
        rows.append(f"{number}.wav,s{number // 8},{('joy', 'anger')[number % 2]}")
    (tmp_path / "db.csv").write_text("\n".join(rows))
    (tmp_path / "exp.ini").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(*sets: str, file: str = "exp.ini") -> tuple[pipeline.Result, list[str]]:
    ui = Ui(quiet=True)
    found = pipeline.run(load_config(file, sets), ui, jobs=1)
    assert isinstance(found, pipeline.Result)
    return found, [line.partition(" ")[2].partition(" ")[2] for line in ui.lines]


@pytest.mark.usefixtures("place")
def test_choices_are_planned_said_and_written() -> None:
    found, said = ran()
    plan = (
        "tuning: 3 values of `K_val` by 2 values of `KNN_weights`, 6 combinations, chosen by uar: 101 trainings in all"
    )
    assert plan in said
    (line,) = [line for line in said if line.startswith("tuning: chosen by uar on 3 inner folds of speakers: K_val = ")]
    assert "of 4 models" in line
    tuning = json.loads((found.folder / "metrics.json").read_text())["tuning"]
    assert [one["fold"] for one in tuning] == ["s0", "s1", "s2", "s3"]
    assert set(tuning[0]) == {"run", "fold", "chosen", "measure", "score", "by"}
    trainings = json.loads((found.folder / "manifest.json").read_text())["trainings"]
    for one, mine in zip(trainings, tuning, strict=True):
        tried = one["tuned"]["tried"]
        assert [tuple(each)[:2] for each in tried] == [("K_val", "KNN_weights")] * 6
        best = next(each for each in tried if each["score"] == max(other["score"] for other in tried))
        assert mine["chosen"] == {key: best[key] for key in ("K_val", "KNN_weights")}
        assert mine["score"] == best["score"]
    stored: dict[str, Any] = json.loads((found.folder / "model" / "trained.json").read_text())
    chosen = stored["training"]["tuned"]["chosen"]
    assert stored["options"] == chosen
    assert f"stored model, tuned on all rows: K_val = {chosen['K_val']}, KNN_weights = {chosen['KNN_weights']}" in said


@pytest.mark.usefixtures("place")
def test_the_resolved_config_chooses_the_same() -> None:
    first, _ = ran()
    kept = (first.folder / "config.yaml").read_text()
    assert "  K_val: [1, 3, 7]\n" in kept
    Path("again.yaml").write_text(kept)
    again, _ = ran("exp.name=again", file="again.yaml")
    one, other = (pl.read_csv(each.folder / "predictions.csv") for each in (first, again))
    assert one.equals(other)
    assert first.metrics["tuning"] == again.metrics["tuning"]


@pytest.mark.usefixtures("place")
def test_a_split_stores_the_model_that_was_chosen() -> None:
    found, said = ran("model.loso=False", "model.scoring=balanced_accuracy", "model.KNN_weights=uniform")
    (one,) = found.metrics["tuning"]
    stored = json.loads((found.folder / "model" / "trained.json").read_text())
    assert stored["options"] == {"K_val": one["chosen"]["K_val"], "KNN_weights": "uniform"}
    assert stored["training"]["tuned"]["chosen"] == one["chosen"]
    assert not [line for line in said if line.startswith("stored model")]
    plain, _ = ran(
        "model.loso=False", "model.tuning_params=None", f"model.K_val={one['chosen']['K_val']}",
        "model.KNN_weights=uniform", "exp.name=plain",
    )  # fmt: skip
    one_by_one = (pl.read_csv(each.folder / "predictions.csv") for each in (found, plain))
    assert next(one_by_one).equals(next(one_by_one))
    assert "tuning" not in plain.metrics


@pytest.mark.usefixtures("place")
def test_too_few_speakers_are_told_before_the_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nk.features.os.OpenSmile.extract", lambda *_: pytest.fail("nothing is to be computed"))
    with pytest.raises(DataError, match="`tuning_params` needs two speakers in the training part"):
        ran("data.db.filter={'speaker': ['s0', 's1']}")
