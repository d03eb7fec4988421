"""Every kind of run has a report on screen and on paper: numbers, parts, several runs, views, rows without truth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile

from nk import pipeline
from nk.config import load_config
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """[EXP]
name = exp
root = {folder}/results
[DATA]
databases = ['one', 'two']
one = {folder}/one.csv
two = {folder}/two.csv
target = emotion
[FEATS]
type = ['lfcc']
[MODEL]
type = svm
[REPORT]
latex = paper
"""
KINDS = {
    "split": [],
    "numbers": ["exp.type=regression", "data.target=age", "model.type=svr", "model.loso=True"],
    "runs": ["exp.runs=2", "model.type=forest", "model.n_estimators=5", "model.k_fold_cross=3"],
    "three parts": ["exp.traindevtest=True", "plot.combine_per_speaker=mean", "plot.uncertainty_threshold=0.9"],
    "tuned": ["model.tuning_params=['C_val']", "model.C_val=[1, 10]", "feats.balancing=ros", "feats.scale=speaker"],
    "numbers in bins": ["data.type=continuous", "data.target=age", "data.bins=[0, 40, 100]", "model.calibrate=False"],
    "speakers": [
        "data.target=speaker",
        "data.groups=['row']",
        "model.k_fold_cross=3",
        "data.one.split_strategy=random",
    ],
}

SAYS = {
    "three parts": ["split by speaker into train (", "dev ("],
    "runs": ["in 2 runs", "3 folds"],
    "tuned": ["C_val was chosen without the test rows", "balanced by ros", "within each speaker"],
    "numbers": ["The regressor was svr", "to say always the mean would give"],
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two databases of five speakers each with six segments of one file; one label is missing, one file is cut off."""
    folder = tmp_path_factory.mktemp("kinds")
    draw = np.random.default_rng(5)
    for base in ("one", "two"):
        lines = ["file,start,end,speaker,gender,age,emotion"]
        for speaker in range(5):
            name = f"{base}{speaker}.wav"
            time = np.arange(16000 * 4) / 16000
            wave = 0.3 * np.sin(2 * np.pi * (100 + 20 * speaker + 30 * np.floor(2 * time)) * time)
            soundfile.write(folder / name, wave + draw.normal(0, 0.02, len(time)), 16000)
            for number in range(6):
                label = "" if (speaker, number) == (4, 5) else ("joy", "anger")[number % 2]
                cells = (f"{number * 0.5}", f"{number * 0.5 + 0.5}", f"{base}{speaker}", ("f", "m")[speaker % 2])
                lines.append(f"{name},{','.join(cells)},{25 + 10 * speaker + number},{label}")
        (folder / f"{base}.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "two0.wav").write_bytes(b"RIFF")
    (folder / "exp.ini").write_text(CONFIG.format(folder=folder), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_run(kind: str, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("typst")
    monkeypatch.setattr("nk.report.pdf.shutil.which", lambda _: None)
    ui = Ui(quiet=True)
    done = pipeline.run(load_config(corpus / "exp.ini", KINDS[kind]), ui)
    assert isinstance(done, pipeline.Result)
    assert done.report
    folder = done.report.folder
    assert (folder / "paper.pdf").read_bytes().startswith(b"%PDF"), ui.lines
    assert "Traceback" not in "\n".join(ui.lines)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<audio") > 4
    assert "could not be used" in page
    (told,) = done.report.document["runs"]
    _need_same(told, json.loads((done.folder / "metrics.json").read_text(encoding="utf-8")))
    rows = pl.read_parquet(done.folder / "dataset.parquet")
    for part in SAYS.get(kind, ()):
        assert part in told["methods"]
    assert told["data"]["rows"] == rows.height
    assert told["data"]["files"] == 9
    assert told["skipped"]["rows"] == 6


def _need_same(told: dict[str, Any], metrics: dict[str, Any]) -> None:
    assert [result["part"] for result in told["results"]] == list(metrics["metrics"])
    for result in told["results"]:
        found = metrics["metrics"][result["part"]]
        assert {one["measure"]: one["value"] for one in result["measures"]} == {
            name: one["value"] for name, one in found.items()
        }
        for one in result["beside"]:
            measured = metrics[one["what"]][result["part"]]["metrics"]
            assert one["measured"] is None or measured[one["measured"]["measure"]]["value"] == one["measured"]["value"]
