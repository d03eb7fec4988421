"""Praat and the estimate of noise in a run: in processes, beside openSMILE, with what is too short named."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """[DATA]
databases = ['db']
db = db.csv
target = emotion
[FEATS]
type = {types}
praat.f0_max = 500
scale = standard
[MODEL]
type = svm
loso = True
nan_strategy = median
"""


@pytest.fixture(scope="module")
def folder(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two emotions of Emo-DB, and a recording of 30 ms."""
    made = tmp_path_factory.mktemp("praat")
    table = pl.read_csv(data / "emodb" / "emodb.csv").select("file", "speaker", "emotion")
    table = table.filter(pl.col("emotion").is_in(["anger", "sadness"]))[::8]
    table = table.with_columns(file=str(data / "emodb") + "/" + pl.col("file"))
    short = pl.DataFrame({"file": ["short.wav"], "speaker": [3], "emotion": ["anger"]})
    pl.concat([table, short]).write_csv(made / "db.csv")
    soundfile.write(made / "short.wav", np.random.default_rng(1).normal(0, 0.1, 480), 16000)
    return made


def run(folder: Path, types: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "exp.ini").write_text(CONFIG.format(types=types), encoding="utf-8")
    command = [sys.executable, "-m", "nk", "run", "exp.ini", "--json", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.slow
def test_a_run_with_praat_tells_anger_from_sadness_and_names_what_is_too_short(folder: Path) -> None:
    done = run(folder, "['praat']")
    assert json.loads(done.stdout)["metrics"]["test"]["uar"]["value"] > 0.8
    skipped = pl.read_csv(folder / "results" / "exp" / "skipped.csv")
    assert skipped.select("file", "reason").rows() == [("short.wav", "too short for `praat` (0.030 s)")]


@pytest.mark.slow
def test_features_stand_side_by_side(folder: Path) -> None:
    done = run(folder, "['os', 'praat', 'snr']")
    assert "features: snr, " in done.stderr
    assert json.loads(done.stdout)["metrics"]["test"]["uar"]["value"] > 0.8


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing(folder: Path) -> None:
    def metrics(*arguments: str) -> Any:
        return json.loads(run(folder, "['praat']", "--set", "FEATS.no_reuse=True", *arguments).stdout)["metrics"]

    assert metrics("--set", "MODEL.n_jobs=1") == metrics("--set", "MODEL.n_jobs=2")
