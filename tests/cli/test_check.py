"""`nk check` and what a run makes of the audit: exit codes, JSON, strictness, and nothing said twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from nk import pipeline
from nk.audit.finding import Finding
from nk.audit.shortcuts import Reached
from nk.cache_folder import data_folder
from nk.config import load_config
from nk.errors import DataError
from nk.stages import audit
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

    from nk.tables import Target

CONFIG = """[EXP]
name = exp
[DATA]
databases = ['db']
db = db.csv
target = emotion
[FEATS]
set = GeMAPSv01b
[MODEL]
type = tree
loso = True
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five speakers with four tones each."""
    rng, rows = np.random.default_rng(7), ["file,speaker,emotion,split"]
    time = np.arange(4800) / 16000
    for speaker in range(5):
        for number in range(4):
            wave = 0.3 * np.sign(np.sin(2 * np.pi * (110, 220)[number % 2] * rng.normal(1, 0.1) * time))
            soundfile.write(tmp_path / f"s{speaker}_{number}.wav", wave + rng.normal(0, 0.02, len(time)), 16000)
            rows.append(
                f"s{speaker}_{number}.wav,s{speaker},{('joy', 'sadness')[number % 2]},{('train', 'test')[speaker > 2]}"
            )
    (tmp_path / "db.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "exp.ini").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


COLUMN = ["model.loso=False", "data.db.split_strategy=column"]
SPLIT = [word for one in COLUMN for word in ("--set", one)]


def looked() -> int:
    """How many looks at test rows are counted."""
    return sum(len(file.read_text().splitlines()) for file in (data_folder() / "evaluations").glob("*.jsonl"))


def nk(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "nk", *arguments], cwd=folder, capture_output=True, text=True,
                          env={**os.environ}, timeout=300)  # fmt: skip


def test_a_sound_experiment_is_a_line(folder: Path) -> None:
    done = nk(folder, "check", "exp.ini", "--strict")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1] == "audit: nothing found"
    assert not (folder / "results").exists()


def test_a_warning_is_said_and_is_an_error_where_that_is_asked_for(folder: Path) -> None:
    done = nk(folder, "check", "exp.ini", *SPLIT)
    assert done.returncode == 0
    assert "audit: 1 warning\n  warning: 2 test speakers: `s3`, `s4`\n    hint: " in done.stderr
    for way in (["--strict"], ["--set", "exp.strict=True"]):
        done = nk(folder, "check", "exp.ini", *SPLIT, *way)
        assert done.returncode == 3
        assert "error: the audit stops here: 1 warning (`few_test_speakers`)\n  hint: " in done.stderr
        assert done.stderr.count("2 test speakers") == 1


def test_json_is_on_stdout_whatever_comes_of_it(folder: Path) -> None:
    for way, code in (([], 0), (["--strict"], 3)):
        done = nk(folder, "check", "exp.ini", "--json", "--quiet", *SPLIT, *way)
        assert done.returncode == code
        found = json.loads(done.stdout)
        assert found["schema"] == 1
        (one,) = found["findings"]
        assert set(one) == {"check", "level", "count", "examples", "what", "do"}
        assert (one["check"], one["level"], one["examples"]) == ("few_test_speakers", "warning", ["s3", "s4"])
        assert bool(done.stderr) == (code == 3)


def test_a_config_that_is_wrong_is_told_as_ever(folder: Path) -> None:
    assert nk(folder, "check", "exp.ini", "--set", "model.type=svn").returncode == 2
    assert nk(folder, "check", "exp.ini", "--set", "data.db=none.csv").returncode == 3
    assert nk(folder, "check").returncode == 2


def run(*sets: str, dry_run: bool = False) -> tuple[Any, list[str]]:
    ui = Ui(quiet=True)
    result = pipeline.run(load_config("exp.ini", sets), ui, jobs=1, dry_run=dry_run)
    return result, [line[20:] for line in ui.lines]


def test_a_run_keeps_the_audit_and_says_it_in_one_panel(folder: Path) -> None:
    _, said = run(*COLUMN)
    found = json.loads((folder / "results" / "exp" / "audit.json").read_text())
    assert [one["check"] for one in found["findings"]] == ["few_test_speakers"]
    assert said.count("audit: 1 warning") == 1
    assert sum("2 test speakers" in line for line in said) == 1
    assert "audit so far: 1 warning (`few_test_speakers`)" in said
    assert "audit: 1 warning" in (folder / "results" / "exp" / "log.txt").read_text()
    _, said = run(*COLUMN, dry_run=True)
    assert said.count("audit: 1 warning") == 1


def test_a_strict_run_stops_before_the_features(folder: Path) -> None:
    run()
    before = (folder / "results" / "exp" / "manifest.json").read_bytes()
    ui = Ui(quiet=True)
    with pytest.raises(DataError, match=r"the audit stops here: 1 warning \(`few_test_speakers`\)") as error:
        pipeline.run(load_config("exp.ini", [*COLUMN, "exp.strict=True"]), ui, jobs=1)
    assert error.value.exit_code == 3
    assert not [line for line in ui.lines if "features os: " in line]
    assert [line for line in ui.lines if "2 test speakers" in line]
    assert (folder / "results" / "exp" / "manifest.json").read_bytes() == before
    run("exp.strict=True")


def test_an_error_stops_every_run(folder: Path) -> None:
    """The same recordings as two databases, one to train and one to test."""
    sets = ["data.databases=['db', 'again']", "data.again=db.csv", "data.db.split_strategy=train",
            "data.again.split_strategy=test", "model.loso=False"]  # fmt: skip
    with pytest.raises(DataError, match=r"the audit stops here: 1 error \(`shared_recordings`\)"):
        run(*sets)
    assert not (folder / "results").exists()


def test_the_audit_is_of_the_rows_that_are_used(folder: Path) -> None:
    """Recordings that turn out to be unusable when they are heard are no longer counted."""
    time = np.arange(4800) / 16000
    for number in range(4):
        soundfile.write(folder / f"s4_{number}.wav", np.zeros(len(time)), 16000)
    run("feats.fail_threshold=0.9")
    found = json.loads((folder / "results" / "exp" / "audit.json").read_text())
    assert [one["what"] for one in found["findings"]] == ["4 test speakers"]
    with pytest.raises(DataError, match="the audit stops here"):
        run("feats.fail_threshold=0.9", "exp.strict=True")
    ui = Ui(quiet=True)
    checked = pipeline.check(load_config("exp.ini", ["feats.fail_threshold=0.9"]), ui, jobs=1)
    assert [one.what for one in checked.findings] == ["4 test speakers"]
    assert [line for line in ui.lines if "warning: 4 of 20 rows skipped: 4 " in line]
    with pytest.raises(DataError, match="4 of 20 rows cannot be used"):
        pipeline.check(load_config("exp.ini", ["feats.fail_threshold=0.1"]), ui, jobs=1)


@pytest.mark.usefixtures("folder")
def test_recordings_are_heard_and_what_they_tell_is_held_against_the_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def of_recordings(heard: audit.Heard, target: Target, model: Reached | None = None) -> list[Finding]:
        seen.append((len(heard.cues) > 0, target.name, model))
        return [Finding("cue", "note" if model is None else "warning", 1, (), "a cue", "look")]

    monkeypatch.setattr(audit, "of_recordings", of_recordings)
    run()
    uar = json.loads((folder / "results" / "exp" / "metrics.json").read_text())["metrics"]["test"]["uar"]
    assert seen == [(True, "emotion", None), (True, "emotion", Reached(uar["value"], uar["low"]))]
    found = json.loads((folder / "results" / "exp" / "audit.json").read_text())
    assert [(one["check"], one["level"]) for one in found["findings"]] == [("cue", "warning")]
    before, looks = (folder / "results" / "exp" / "manifest.json").read_bytes(), looked()
    with pytest.raises(DataError, match=r"1 warning \(`cue`\)"):
        run("exp.strict=True")
    assert looked() == looks + 1, "what the audit says holds the score of the model"
    assert (folder / "results" / "exp" / "manifest.json").read_bytes() == before
    checked = pipeline.check(load_config("exp.ini", ["exp.strict=True"]), Ui(quiet=True), jobs=1)
    assert [one.level for one in checked.findings] == ["note"]
    assert checked.error is None


def test_a_shortcut_that_is_one_beside_any_model_stops_a_strict_run_before_the_training(folder: Path) -> None:
    """Joy begins with silence."""
    for path in folder.glob("s?_[02].wav"):
        wave, rate = soundfile.read(path)
        soundfile.write(path, np.concatenate([np.random.default_rng(1).normal(0, 1e-4, 8000), wave]), rate)
    ui = Ui(quiet=True)
    with pytest.raises(DataError, match=r"1 warning \(`shortcuts`\)"):
        pipeline.run(load_config("exp.ini", ["exp.strict=True"]), ui, jobs=1)
    assert [line for line in ui.lines if "silence at the start" in line]
    assert not [line for line in ui.lines if "trainings: " in line]
    assert not (folder / "results").exists()
    run()
    (one, *_) = json.loads((folder / "results" / "exp" / "audit.json").read_text())["findings"]
    assert (one["check"], one["level"]) == ("shortcuts", "warning")
    assert one["scores"]["cues"]["silence_before"]["score"] == 1
    assert one["scores"]["model"] <= 1
    assert one["scores"]["chance"] == 0.5
