"""`nk run --replay`: the same predictions, or what has become different."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile
from typer.testing import CliRunner

from nk.cli.main import app
from nk.differences import differences
from nk.replay import compare, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = """[EXP]
name = exp
save_test = held.csv
[DATA]
databases = ['db']
db = tables/db.csv
db.test_size = 40
target = emotion
[FEATS]
set = GeMAPSv01b
scale = standard
[MODEL]
type = log_reg
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a run: the config in a folder of its own, the table in another beside it."""
    folder = tmp_path_factory.mktemp("made") / "project"
    (folder / "configs" / "tables").mkdir(parents=True)
    rows = []
    for seed in range(20):
        rng, time = np.random.default_rng(seed), np.arange(4800) / 16000
        wave = 0.3 * np.sign(np.sin(2 * np.pi * (220 if seed % 2 else 110) * rng.normal(1, 0.25) * time))
        name = f"{'abcde'[seed // 4]}{seed % 4}.wav"
        soundfile.write(folder / "configs" / "tables" / name, wave + rng.normal(0, 0.02, len(time)), 16000)
        rows.append({"file": name, "speaker": name[0], "emotion": ("joy", "anger")[seed % 2]})
    pl.DataFrame(rows).write_csv(folder / "configs" / "tables" / "db.csv")
    (folder / "configs" / "exp.ini").write_text(CONFIG, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "nk", "run", "configs/exp.ini"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project, which is the working directory."""
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.setenv("NK_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def nk(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, arguments, env={"TERM": "dumb"}, catch_exceptions=False)
    return done.exit_code, done.output


def replay(*arguments: str, run: str = "results/exp") -> tuple[int, str, list[str]]:
    """Exit code, the verdict, and what differs."""
    code, output = nk("run", "--replay", run, "--jobs", "1", *arguments)
    lines = output.splitlines()
    verdict = [line.split("`: ", 1)[1] for line in lines if f"replay of `{run}`: " in line]
    assert len(verdict) == 1, output
    return code, verdict[0], [line.split(": ", 1)[1] for line in lines if line.startswith("what differs")]


def files(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def manifest(change: Callable[[dict[str, Any]], object]) -> None:
    file = Path("results/exp/manifest.json")
    found = json.loads(file.read_text())
    change(found)
    file.write_text(json.dumps(found))


def table(change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    file = "configs/tables/db.csv"
    change(pl.read_csv(file)).write_csv(file)


SAME = "the same predictions for all 8 rows, to the last bit"


def test_a_replay_is_the_same_and_leaves_the_run_as_it_was(place: Path) -> None:
    (place / "held.csv").write_text("mine")
    before = files(place)
    assert replay() == (0, SAME, [])
    assert replay() == (0, SAME, [])
    after = files(place)
    assert {file: after[file] for file in before} == before
    assert {file.relative_to(place).parts[:2] for file in after.keys() - before} == {("results", "exp-replay")}
    found = json.loads((place / "results" / "exp-replay" / "replay.json").read_text())
    assert (found["schema"], found["run"], found["same"], found["exact"]) == (1, "exp", True, True)
    for file in files(place / "results" / "exp-replay"):
        assert str(place).encode() not in file.read_bytes(), file


def test_it_is_repeated_from_anywhere(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.parent)
    assert replay(run="project/results/exp") == (0, SAME, [])
    monkeypatch.chdir(place / "results" / "exp")
    assert replay(run=".") == (0, SAME, [])
    monkeypatch.chdir("/")
    assert replay(run=f"{place}/results/exp-replay") == (0, SAME, [])
    shutil.move(place / "results" / "exp", place.parent / "moved")
    code, output = nk("run", "--replay", str(place.parent / "moved"))
    assert code == 3
    assert "there is no `tables/db.csv`" in output
    assert f"where its run looked (`{place.parent.parent}`" in output
    assert replay("--set", f"data.db={place}/configs/tables/db.csv", run=f"{place.parent}/moved")[:2] == (0, SAME)


def test_as_json(place: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nk", "run", "--replay", "results/exp", "--json", "-q"], capture_output=True, text=True,
        check=False, env={**os.environ}, cwd=place,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json.loads((place / "results" / "exp-replay" / "replay.json").read_text())


@pytest.mark.usefixtures("place")
def test_another_version_of_a_package_is_named() -> None:
    def older(found: dict[str, Any]) -> None:
        found["packages"] |= {"numpy": "1.0", "gone": "3"}
        found["platform"] = "another"
        found["features"][0]["version"] = "0"

    manifest(older)
    code, verdict, reasons = replay()
    assert (code, verdict) == (0, SAME)
    assert [reason.split(" ")[0] for reason in reasons] == ["platform", "`numpy`", "`gone`", "features"]
    assert reasons[0].endswith(" (was another)")
    assert reasons[1:3] == [f"`numpy` {np.__version__} (was 1.0)", "`gone` not there (was 3)"]
    assert reasons[3].startswith("features `os`, `version` ")


@pytest.mark.usefixtures("place")
def test_another_option_is_named() -> None:
    code, verdict, reasons = replay("--set", "model.C_val=0.001")
    assert code == 3
    assert verdict.startswith("not the same predictions: ")
    assert "scores differ by up to 0." in verdict
    assert reasons == ["config `model.C_val` 0.001 (was 1)"]


@pytest.mark.parametrize("part", ["train", "test"])
def test_other_audio_is_named(part: str, place: Path) -> None:
    rows = pl.read_parquet("results/exp/dataset.parquet")
    file, key = rows.filter(pl.col("split") == part).select("file", "id").row(0)
    wave, rate = soundfile.read(place / "configs" / "tables" / file)
    soundfile.write(place / "configs" / "tables" / file, wave[::-1] ** 3, rate)
    code, verdict, reasons = replay()
    assert code == 3
    assert "scores differ by up to 0." in verdict
    assert reasons == [f"1 row with other audio: `{key}`"]


@pytest.mark.usefixtures("place")
def test_rows_that_are_gone_or_new_or_labelled_otherwise_are_named() -> None:
    rows = pl.read_parquet("results/exp/dataset.parquet").sort("split", "id")
    tested, (trained, other) = rows.row(0, named=True), rows.tail(2)["file"].to_list()
    shutil.copy("configs/tables/a0.wav", "configs/tables/a9.wav")
    new = pl.DataFrame({"file": ["a9.wav"], "speaker": [tested["speaker"]], "emotion": ["joy"]})
    label = pl.when(pl.col("file") == other).then(pl.lit("joy" if rows["emotion"][-1] == "anger" else "anger"))
    table(lambda old: pl.concat([old.filter(pl.col("file") != trained), new]))
    table(lambda old: old.with_columns(label.otherwise("emotion").alias("emotion")))
    code, verdict, reasons = replay()
    assert code == 3
    assert "1 prediction is in one of them alone" in verdict
    assert reasons == [
        f"1 row not there now: `db/{trained}#0-300`",
        "1 row not there then: `db/a9.wav#0-300`",
        f"1 row with another `emotion`: `db/{other}#0-300`",
    ]


@pytest.mark.usefixtures("place")
def test_another_split_is_named() -> None:
    code, _, reasons = replay("--set", "exp.random_seed=7")
    assert code == 3
    assert reasons[0] == "config `exp.random_seed` 7 (was 42)"
    assert reasons[1].startswith("8 rows in another part: ") or reasons[1].startswith("16 rows in another part: ")
    assert reasons[1].endswith(", ...")
    assert replay("--set", "model.loso=True")[2][-1] == "a cross-validation (was a split)"


@pytest.mark.usefixtures("place")
def test_a_split_that_was_reused_is_reused() -> None:
    assert nk("run", "configs/exp.ini", "--set", "data.db.split_strategy=reuse", "--jobs", "1")[0] == 0
    assert replay() == (0, SAME, [])


@pytest.mark.usefixtures("place")
def test_a_run_of_an_older_nk_without_a_lock() -> None:
    Path("results/exp/split.lock.json").unlink()
    code, verdict, reasons = replay()
    assert (code, verdict) == (0, SAME)
    assert reasons == ["which rows and audio the run had is not known: `results/exp` has no `split.lock.json`"]


@pytest.mark.usefixtures("place")
def test_it_counts_as_a_look_by_the_same_config() -> None:
    _, output = nk("run", "--replay", "results/exp", "--jobs", "1")
    assert "the test rows have been looked at 2 times, by one config" in output


def test_what_cannot_be_replayed(place: Path) -> None:
    for arguments, code, message in (
        (["--replay", "configs"], 3, "`configs` is no run that can be replayed: it has no `manifest.json`"),
        (["--replay", "results/exp", "configs/exp.ini"], 2, "`--replay results/exp` and a config file are given"),
    ):
        assert nk("run", *arguments)[0] == code
        assert message in nk("run", *arguments)[1]
    shutil.copytree(place / "results" / "exp", place / "results" / "exp-replay")
    code, output = nk("run", "--replay", "results/exp")
    assert code == 3
    assert "would be written to `results/exp-replay`, which is a run of its own" in output


def test_a_dry_run_writes_nothing(place: Path) -> None:
    code, output = nk("run", "--replay", "results/exp", "--dry-run")
    assert code == 0
    assert "data: 20 files" in output
    assert not (place / "results" / "exp-replay").exists()


def predictions(folder: Path, changes: dict[str, list[str]] | None = None, *, classes: bool = True) -> Path:
    """A copy of the run with predictions of four rows."""
    shutil.copytree("results/exp", folder)
    rows = {"id": ["a", "b", "c", "d"], "split": ["test"] * 4, "run": ["0"] * 4}
    told = {"predicted": ["x", "x", "y", "y"], "p_x": ["0.9", "0.8", "0.1", "0.2"], "p_y": ["0.1", "0.2", "0.9", "0.8"]}
    found = {**rows, **(told if classes else {"predicted": ["1.5", "2.0", "1000.0", "-3"]}), **(changes or {})}
    pl.DataFrame(found).write_csv(folder / "predictions.csv")
    return folder


@pytest.mark.parametrize(
    ("changes", "same", "verdict"),
    [
        ({}, True, "the same predictions for all 4 rows, to the last bit"),
        ({"p_x": ["0.9000000000000001", "0.8", "0.1", "0.2"]}, True, "but not to the last bit (up to 1e-16)"),
        (
            {"p_x": ["0.9000009", "0.8", "0.1", "0.2"]},
            True,
            "within 1e-06, but not to the last bit (up to 9e-07)",
        ),
        (
            {"p_x": ["0.9000011", "0.8", "0.1", "0.2"]},
            False,
            "not the same predictions: scores differ by up to 1.1e-06",
        ),
        ({"p_x": ["nan", "0.8", "0.1", "0.2"]}, False, "not the same predictions: scores are missing"),
        ({"predicted": ["y", "x", "y", "y"]}, False, "not the same predictions: 1 of 4 labels differs"),
        ({"id": ["a", "b", "c", "e"]}, False, "not the same predictions: 2 predictions are in one of them alone"),
        ({"run": ["0", "0", "0", "1"]}, False, "not the same predictions: 2 predictions are in one of them alone"),
        ({"p_z": ["0"] * 4}, False, "not the same predictions: classes differ"),
    ],
)
def test_what_counts_as_the_same(changes: dict[str, list[str]], same: bool, verdict: str, place: Path) -> None:
    found = compare(predictions(place / "one"), predictions(place / "two", changes))
    assert found.same == same
    assert found.lines()[0].endswith(verdict)
    exact = not changes
    assert found.exact == exact
    nothing = "nothing differs that nk keeps a record of; the processor and the number of cores may"
    assert found.lines()[1:] == ([] if exact else [nothing])


@pytest.mark.parametrize(
    ("values", "same", "exact"),
    [
        (["1.5", "2.0", "1000.0", "-3"], True, True),
        (["1.5", "2.0", "1000.0009", "-3"], True, False),  # relative to numbers above 1
        (["1.500002", "2.0", "1000.0", "-3"], False, False),
    ],
)
def test_numbers_are_compared_by_value(values: list[str], same: bool, exact: bool, place: Path) -> None:
    one = predictions(place / "one", classes=False)
    found = compare(one, predictions(place / "two", {"predicted": values}, classes=False))
    assert (found.same, found.exact, found.labels) == (same, exact, 0)


def test_rows_without_features_are_named(place: Path) -> None:
    shutil.copytree("results/exp", "later")
    rows = pl.read_parquet("later/dataset.parquet")
    rows[1:].write_parquet("later/dataset.parquet")
    key = rows["id"][0]
    assert differences(place / "results" / "exp", place / "later") == [f"1 row without features now: `{key}`"]
    assert differences(place / "later", place / "results" / "exp") == [f"1 row without features then: `{key}`"]


def test_the_place_of_a_replay_is_beside_the_run(place: Path) -> None:
    assert place_of(Path("results/exp")).folder == Path("results/exp-replay")
    assert place_of(place / "results" / "exp").folder == place / "results" / "exp-replay"
