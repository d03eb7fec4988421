"""`nk run` as a user meets it: what it prints, what it writes, how it fails, and that a killed run goes on."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

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
target = emotion
[FEATS]
set = GeMAPSv01b
scale = standard
[MODEL]
type = svm
loso = True
"""
FILES = {
    "config.yaml", "manifest.json", "dataset.parquet", "predictions.csv", "metrics.json", "groups.json", "audit.json",
    "per_class.csv", "per_speaker.csv", "skipped.csv", "log.txt", "figures", "model", "split.lock.json",
    "evaluations.jsonl",
}  # fmt: skip


def corpus(folder: Path, speakers: int = 3, each: int = 4, seconds: float = 0.4) -> None:
    """Tones of two heights as two classes, with some noise, so that there is something to learn and to confuse."""
    generator = np.random.default_rng(7)
    rows = ["file,speaker,emotion,age"]
    time = np.arange(int(seconds * 16000)) / 16000
    for speaker in range(speakers):
        for number in range(each):
            emotion = ("joy", "sadness")[number % 2]
            pitch = (220 if emotion == "joy" else 110) * generator.normal(1, 0.15)
            wave = 0.3 * np.sign(np.sin(2 * np.pi * pitch * time)) + generator.normal(0, 0.02, len(time))
            soundfile.write(folder / f"s{speaker}_{number}.wav", wave, 16000)
            rows.append(f"s{speaker}_{number}.wav,s{speaker},{emotion},{20 + 10 * speaker + number}")
    (folder / "db.csv").write_text("\n".join(rows), encoding="utf-8")
    (folder / "exp.ini").write_text(CONFIG, encoding="utf-8")


def nk(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nk", *arguments], cwd=folder, capture_output=True, text=True,
        env={**os.environ, **environment}, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("ran")
    corpus(folder)
    return folder, nk(folder, "run", "exp.ini")


def metrics(folder: Path, *arguments: str) -> dict[str, Any]:
    done = nk(folder, "run", *arguments, "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_plan_comes_first_and_the_tables_last(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = ran
    assert done.returncode == 0, done.stderr
    assert "data: 12 files, 0.00 hours, 3 speakers; `emotion`, 2 classes" in done.stderr
    assert "features: os (set GeMAPSv01b, level functionals), 0 of 12 in the cache" in done.stderr
    assert "uar" in done.stdout
    assert "95 % interval" in done.stdout
    assert "chance" in done.stdout
    assert "joy" in done.stdout


def test_the_run_folder_holds_everything(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder = ran[0] / "results" / "exp"
    assert {item.name for item in folder.iterdir()} == FILES
    found = json.loads((folder / "metrics.json").read_text())
    assert found["schema"] == 1
    assert set(found["baselines"]) == {"chance", "majority"}
    uar = found["metrics"]["test"]["uar"]
    assert set(uar) == {"value", "low", "high", "n", "n_speakers", "method"}
    predictions = pl.read_csv(folder / "predictions.csv")
    assert predictions["id"].is_unique().all()
    assert predictions.height == 12
    scores = predictions.select("p_joy", "p_sadness").to_numpy()
    assert np.allclose(scores.sum(axis=1), 1)
    assert predictions["predicted"].to_list() == [("joy", "sadness")[place] for place in scores.argmax(axis=1)]
    right = predictions.group_by("truth").agg((pl.col("truth") == pl.col("predicted")).mean().alias("recall"))
    assert uar["value"] == pytest.approx(right["recall"].mean())
    rows = pl.read_csv(folder / "per_class.csv")
    assert rows["class"].to_list() == ["joy", "sadness"]
    assert rows["support"].to_list() == [6, 6]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {"nk", "python", "platform", "packages", "seed", "seconds", "audio_hours"} <= set(manifest)
    assert (folder / "skipped.csv").read_text() == "database,file,start,end,reason\n"
    names = ("confusion", "uncertainty", "reliability", "risk_coverage")
    figures = {item.name for item in (folder / "figures").iterdir()}
    assert figures == {f"{name}_test.{kind}" for name in names for kind in ("csv", "png")}


def test_nothing_in_the_run_folder_names_this_machine(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder = ran[0] / "results" / "exp"
    for file in folder.rglob("*"):
        if file.is_file():
            assert str(ran[0]).encode() not in file.read_bytes(), file.name


def test_the_resolved_config_gives_the_same_numbers(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = ran
    resolved = (folder / "results" / "exp" / "config.yaml").read_text()
    for line in ("type: csv", "test_size: 20", "random_seed: 42", "level: functionals", "C_val: 1", "format: png"):
        assert line in resolved
    (folder / "again.yaml").write_text(resolved)
    assert metrics(folder, "again.yaml", "--set", "exp.name=again") == metrics(folder, "exp.ini")


def test_ini_and_yaml_and_one_or_two_jobs_and_twice_give_equal_predictions(tmp_path: Path) -> None:
    corpus(tmp_path)
    converted = nk(tmp_path, "config", "convert", "exp.ini", "--to", "yaml")
    (tmp_path / "exp.yaml").write_text(converted.stdout)
    found = []
    for number, arguments in enumerate(
        (["exp.ini"], ["exp.yaml"], ["exp.ini", "--jobs", "1"], ["--config", "exp.ini"])
    ):
        name = f"exp{number}"
        done = nk(tmp_path, "run", *arguments, "--set", f"exp.name={name}", "--quiet")
        assert done.returncode == 0, done.stderr
        found.append((tmp_path / "results" / name / "predictions.csv").read_bytes())
    assert len(set(found)) == 1


@pytest.mark.parametrize("model", ["svm", "xgb", "log_reg", "tree", "knn"])
def test_every_classifier_runs(ran: tuple[Path, subprocess.CompletedProcess[str]], model: str) -> None:
    found = metrics(ran[0], "exp.ini", "--set", f"model.type={model}", "--set", f"exp.name={model}")
    assert found["metrics"]["test"]["uar"]["n"] == 12


@pytest.mark.parametrize("model", ["svr", "xgr", "lin_reg", "tree_reg", "knn_reg"])
def test_every_regressor_runs(ran: tuple[Path, subprocess.CompletedProcess[str]], model: str) -> None:
    sets = [f"model.type={model}", f"exp.name={model}", "exp.type=regression", "data.target=age"]
    found = metrics(ran[0], "exp.ini", *(word for one in sets for word in ("--set", one)))
    assert set(found["metrics"]["test"]) == {"ccc", "pcc", "mse", "rmse", "mae", "r2"}
    assert list((ran[0] / "results" / model / "figures").glob("*.png"))


def test_a_split_by_speaker_tests_one_of_three(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    found = metrics(ran[0], "exp.ini", "--set", "model.loso=False", "--set", "exp.name=split")
    assert found["metrics"]["test"]["uar"]["n_speakers"] == 1


def test_frames_are_pooled_for_a_model_that_takes_vectors(ran: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    found = metrics(ran[0], "exp.ini", "--set", "feats.level=lld", "--set", "exp.name=lld")
    assert found["metrics"]["test"]["uar"]["n"] == 12


def test_dry_run_stops_at_the_plan(tmp_path: Path) -> None:
    corpus(tmp_path)
    done = nk(tmp_path, "run", "exp.ini", "--dry-run")
    assert done.returncode == 0
    assert "12 files" in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "results").exists()


def test_bad_files_among_good_ones_are_skipped_and_listed(tmp_path: Path) -> None:
    corpus(tmp_path, each=6)
    (tmp_path / "s0_0.wav").unlink()
    (tmp_path / "s1_0.wav").write_bytes(b"RIFF but nothing else")
    soundfile.write(tmp_path / "s2_0.wav", np.zeros(8000), 16000)
    done = nk(tmp_path, "run", "exp.ini")
    assert done.returncode == 0, done.stderr
    assert "2 of 18 rows skipped: 1 there is no such file (`s0_0.wav`); 1 " in done.stderr
    assert "1 of 16 rows skipped: 1 it is silent" in done.stderr
    skipped = pl.read_csv(tmp_path / "results" / "exp" / "skipped.csv")
    assert sorted(skipped["file"].to_list()) == ["s0_0.wav", "s1_0.wav", "s2_0.wav"]
    assert skipped["reason"].n_unique() == 3


def test_too_many_bad_files_stop_the_run_and_leave_the_last_good_one(tmp_path: Path) -> None:
    corpus(tmp_path)
    assert nk(tmp_path, "run", "exp.ini").returncode == 0
    before = (tmp_path / "results" / "exp" / "manifest.json").read_bytes()
    for number in range(3):
        for speaker in range(3):
            (tmp_path / f"s{speaker}_{number}.wav").unlink()
    done = nk(tmp_path, "run", "exp.ini")
    assert done.returncode == 3
    assert "9 of 12 rows cannot be used" in done.stderr
    assert "or raise `fail_threshold` in [FEATS] above 0.5" in done.stderr
    assert (tmp_path / "results" / "exp" / "manifest.json").read_bytes() == before


def test_five_mistakes_are_five_lines_before_any_audio_is_touched(tmp_path: Path) -> None:
    (tmp_path / "exp.ini").write_text(
        "[EXP]\nname = exp\nruns = many\n[DATA]\ndatabases = ['db']\ndb = nowhere.csv\ndb.tset_size = 20\n"
        "[FEATS]\nscale = standrad\n[MODEL]\ntype = svn\n[MODLE]\nx = 1\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = nk(tmp_path, "run", "exp.ini")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.6
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("exp.ini:")]
    assert [line.split(":")[1] for line in lines] == ["3", "7", "9", "11", "12"]
    assert done.stderr.count("hint:") >= 4
    assert "Traceback" not in done.stderr


def test_a_model_for_the_other_task_is_refused_before_work(tmp_path: Path) -> None:
    corpus(tmp_path)
    done = nk(tmp_path, "run", "exp.ini", "--set", "model.type=svr")
    assert done.returncode == 2
    assert "`svr`" in done.stderr
    assert "data:" not in done.stderr


def test_what_is_not_built_stops_before_work(tmp_path: Path) -> None:
    corpus(tmp_path)
    done = nk(tmp_path, "run", "exp.ini", "--set", "model.type=mlp")
    assert done.returncode == 4
    assert "data:" not in done.stderr


@pytest.mark.slow
def test_a_run_killed_in_the_middle_of_extraction_goes_on(tmp_path: Path) -> None:
    corpus(tmp_path, speakers=4, each=40, seconds=1.5)
    environment = {**os.environ, "NK_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "nk", "run", "exp.ini", "--jobs", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    while (done := _entries(tmp_path / "cache")) < 60:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "results" / "exp").exists()
    again = nk(tmp_path, "run", "exp.ini", NK_CACHE=str(tmp_path / "cache"))
    assert again.returncode == 0, again.stderr
    known = int(again.stderr.split(" of 160 in the cache")[0].split()[-1])
    assert done <= known < 160


def test_ctrl_c_is_one_line_and_130(tmp_path: Path) -> None:
    corpus(tmp_path, speakers=4, each=40, seconds=1.5)
    environment = {**os.environ, "NK_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "nk", "run", "exp.ini", "--jobs", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    while _entries(tmp_path / "cache") < 5:
        assert process.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("interrupted")
    assert "Traceback" not in said


def _entries(cache: Path) -> int:
    files = list((cache / "features").glob("*.sqlite"))
    if not files:
        return 0
    connection = sqlite3.connect(files[0])
    try:
        return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])
    except sqlite3.OperationalError:  # the table is being made
        return 0
    finally:
        connection.close()
