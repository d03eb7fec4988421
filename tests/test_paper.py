"""The config file of the paper, as it stands there, on recordings made for the test."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile

from nk.config import load_config

if TYPE_CHECKING:
    from pathlib import Path

ANDROIDS = """[EXP]
name = explore-androids
[DATA]
databases = ['androids']
androids = {folder}/androids.csv
target = depression
labels = ['depressed', 'control']
samples_per_speaker = 20
min_length = 2
[PREDICT]
sample_selection = all
targets = ['pesq', 'sdr', 'stoi', 'mos']
[EXPL]
value_counts = [['gender'], ['age'], ['est_sdr'], ['est_pesq'], ['est_mos']]
[REPORT]
latex = androids-report
"""
SPEAKERS, EACH = 6, 22


def voice(speaker: int, number: int, *, low: bool) -> Any:
    """A buzz with a melody: lower and flatter for one class; of 2 s or more but for every eleventh."""
    draw = np.random.default_rng([speaker, number])
    time = np.arange(int(8000 * (1.5 if number % 11 == 0 else 2.1))) / 8000
    pitch = (110 if low else 150) + 5 * speaker + (5 if low else 30) * np.sin(2 * np.pi * time + draw.uniform(0, 6))
    buzz = np.sign(np.sin(2 * np.pi * np.cumsum(pitch) / 8000)) * 0.3
    return (buzz + draw.normal(0, 0.02, len(time))).astype(np.float32)


@pytest.fixture
def androids(tmp_path: Path) -> Path:
    lines = ["file, speaker, gender, age, depression"]
    for speaker in range(SPEAKERS):
        for number in range(EACH):
            name, low = f"s{speaker}_{number}.wav", speaker % 2 == 0
            soundfile.write(tmp_path / name, voice(speaker, number, low=low), 8000)
            lines.append(f"{name}, s{speaker}, {'female' if speaker % 3 else 'male'}, {30 + speaker}, "
                         f"{'depressed' if low else 'control'}")  # fmt: skip
    (tmp_path / "androids.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    file = tmp_path / "conf.ini"
    file.write_text(ANDROIDS.format(folder=tmp_path), encoding="utf-8")
    return file


def test_the_config_of_the_paper_is_valid(androids: Path) -> None:
    found = load_config(androids)
    assert found.config.data.limit_samples_per_speaker == 20
    assert found.config.data.min_duration_of_sample == 2


@pytest.mark.slow
def test_the_config_of_the_paper_runs(androids: Path) -> None:
    command = [sys.executable, "-m", "nk", "run", str(androids), "--json"]
    done = subprocess.run(command, cwd=androids.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = androids.parent / "results" / "explore-androids" / "report"
    assert {"report.html", "model_card.md", "androids-report.tex"} <= {path.name for path in report.iterdir()}
    if shutil.which("pdflatex") or find_spec("typst"):
        assert (report / "androids-report.pdf").read_bytes().startswith(b"%PDF")
    found = json.loads(done.stdout)["metrics"]["test"]["uar"]
    rows = pl.read_parquet(androids.parent / "results" / "explore-androids" / "dataset.parquet")
    assert ((rows["end"] - rows["start"]) >= 2).all()
    assert rows["speaker"].value_counts()["count"].to_list() == [20] * SPEAKERS
    assert found["n"] == 20


@pytest.mark.slow
def test_the_config_of_the_paper_is_explored(androids: Path) -> None:
    """What it asks for is shown; what it would have estimated first is named."""
    command = [sys.executable, "-m", "nk", "explore", str(androids), "--json"]
    done = subprocess.run(command, cwd=androids.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in ("sdr", "pesq", "mos"):
        assert f"there is no column `{name}_pred`, so it is left out" in done.stderr
    found = {one["name"]: one for one in json.loads(done.stdout)["exhibits"]}
    assert {"value_counts_gender", "value_counts_age", "bias"} <= {*found}
    assert found["value_counts_age"]["title"] == "depression and age"
    assert "By speakers: Student's t-test, t(4)" in found["value_counts_age"]["caption"]


@pytest.mark.slow
def test_estimates_of_the_table_itself_are_counted(androids: Path) -> None:
    """As the paper calls them, and as they are called now."""
    table = androids.parent / "androids.csv"
    head, *rows = table.read_text(encoding="utf-8").splitlines()
    numbers = [f"{row}, {place % 7 + 10 * ('control' in row)}, {place % 5}" for place, row in enumerate(rows)]
    table.write_text("\n".join([f"{head}, est_sdr, pesq_pred", *numbers]), encoding="utf-8")
    command = [sys.executable, "-m", "nk", "explore", str(androids), "--json"]
    done = subprocess.run(command, cwd=androids.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "there is no column `mos_pred`" in done.stderr
    assert "`sdr_pred`, so it is left out" not in done.stderr
    found = {one["name"]: one for one in json.loads(done.stdout)["exhibits"]}
    assert {"value_counts_sdr_pred", "value_counts_pesq_pred"} <= {*found}
    folder = androids.parent / "results" / "explore-androids" / "explore"
    told = pl.read_csv(folder / "bias.csv").row(by_predicate=pl.col("column") == "sdr_pred", named=True)
    assert told["score"] > 0.9
    assert told["p_holm"] >= 0.05  # of six speakers nothing can be said for certain
