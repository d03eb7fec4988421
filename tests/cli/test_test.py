"""`nk test` as a user meets it: tables, JSON, exit codes, and real recordings again with the scores that they had."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
import soundfile

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """[EXP]
name = exp
[DATA]
databases = ['db']
db = db.csv
tests = ['here', 'there']
here = db.csv
there = there.csv
there.rename_speakers = True
[FEATS]
set = GeMAPSv01b
scale = standard
[MODEL]
type = tree
"""
EMODB = """[EXP]
name = emodb
[DATA]
databases = ['emodb']
emodb = {data}/emodb/emodb.csv
emodb.split_strategy = column
[FEATS]
scale = standard
[MODEL]
type = svm
"""


def nk(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nk", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, "COLUMNS": "120"}, timeout=300
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("test")
    rng, rows, time = np.random.default_rng(3), ["file,speaker,emotion"], np.arange(4800) / 16000
    for number in range(12):
        wave = 0.3 * np.sign(np.sin(2 * np.pi * (110 + 90 * (number % 2)) * rng.normal(1, 0.2) * time))
        soundfile.write(folder / f"{number}.wav", wave + rng.normal(0, 0.02, len(time)), 16000)
        rows.append(f"{number}.wav,s{number // 4},{('joy', 'anger')[number % 2]}")
    (folder / "db.csv").write_text("\n".join(rows))
    (folder / "there.csv").write_text("\n".join(rows[:5]))
    (folder / "exp.ini").write_text(CONFIG)
    done = nk(folder, "run", "exp.ini")
    assert done.returncode == 0, done.stderr
    return folder


def test_several_sets_are_one_table(place: Path) -> None:
    done = nk(place, "test", "exp.ini")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "tests, with 95 % intervals"
    assert lines[1].split() == ["rows", "speakers", "uar", "accuracy", "macro_f1", "auc", "eer"]
    assert lines[2].split()[:3] == ["here", "12", "3"]
    assert len(lines) == 6, "two sets of two lines each"
    here, there = done.stderr.split("\naudit of `there`: ")
    assert "2 of 3 speakers were in the training" in here
    assert "speakers were in the training" not in there
    assert "written to results/exp/tests\n" in there


def test_one_set_has_the_tables_of_a_run_and_json_is_alone_on_stdout(place: Path) -> None:
    done = nk(place, "test", "results/exp", "--data", "there.csv")
    assert "there: 4 rows of 1 speaker" in done.stdout
    assert "there, a class" in done.stdout
    assert "written to results/exp/tests/there\n" in done.stderr
    done = nk(place, "test", "results/exp", "--data", "there.csv", "--json", "--quiet", "--output", "all.csv")
    found = json.loads(done.stdout)
    assert (found["schema"], list(found["tests"])) == (1, ["there"])
    assert found["tests"]["there"]["rows"] == 4
    assert pl.read_csv(place / "all.csv").height == 4


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["exp.ini", "--set", "exp.name=none"], 3, "there is no run of `exp.ini`"),
        (["exp.ini", "--set", "data.tests=['x']"], 2, "names `x`, but nothing says where it is"),
        (["exp.ini", "--set", "data.tests=['.x']", "--set", "data..x=db.csv"], 2, "cannot be a folder of results"),
        (["exp.ini", "--like", "x"], 2, "`--like x` names no database of the run"),
        (["results"], 3, "`results` is no run folder"),
        (["gone.ini"], 2, "there is no such file"),
        (["exp.ini", "--set", "data.check_vad=True"], 4, "not built yet"),
    ],
)
def test_mistakes_are_one_line_with_a_way_out(place: Path, arguments: list[str], code: int, says: str) -> None:
    done = nk(place, "test", *arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_test_rows_of_emodb_give_the_scores_of_the_run_from_csv_and_audformat(data: Path, tmp_path: Path) -> None:
    (tmp_path / "emodb.ini").write_text(EMODB.format(data=data))
    done = nk(tmp_path, "run", "emodb.ini", "--quiet")
    assert done.returncode == 0, done.stderr
    run = tmp_path / "elsewhere"
    shutil.move(tmp_path / "results" / "emodb", run)
    table = pl.read_csv(data / "emodb" / "emodb.csv").filter(pl.col("split") == "test")
    table.with_columns(file=pl.lit(f"{data}/emodb/") + pl.col("file")).write_csv(tmp_path / "held.csv")
    done = nk(tmp_path, "test", "elsewhere", "--data", "held.csv", "--data", str(data / "emodb"), "--json")
    assert done.returncode == 0, done.stderr
    expected = pl.read_csv(run / "predictions.csv").sort("file")
    whole = pl.read_csv(run / "tests" / "emodb" / "predictions.csv")
    assert whole.height == 535
    held = pl.read_csv(run / "tests" / "held" / "predictions.csv")
    held = held.with_columns(pl.col("file").str.strip_prefix(f"{data}/emodb/"))
    for found in (whole.join(expected, on="file", how="semi"), held):
        same = found.sort("file")
        assert same.select("file", "truth", "predicted").equals(expected.select("file", "truth", "predicted"))
        scores = [name for name in expected.columns if name.startswith("p_")]
        assert np.abs(same.select(scores).to_numpy() - expected.select(scores).to_numpy()).max() < 1e-6
    told = json.loads(done.stdout)["tests"]
    assert [one["check"] for one in told["held"]["findings"]] == ["few_test_speakers"]
    heard = {one["check"]: one["count"] for one in told["emodb"]["findings"]}
    trained = 10 - expected["speaker"].n_unique()
    assert heard == {"trained_recordings": 535 - expected.height, "trained_speakers": trained}
