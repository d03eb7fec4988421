"""What the tests of faults share: a corpus of tones, an extractor that goes wrong when it is told to, and `nk`."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = """[EXP]
name = exp
[DATA]
databases = ['db']
db = db.csv
target = emotion
[FEATS]
type = ['tones']
scale = standard
[MODEL]
type = bayes
loso = True
"""
# A plug-in as others write them. FAULT is what it does at which file (`crash s0_1.wav`), SLOW how long it takes, in s.
PLUGIN = '''
import os, signal, time
import numpy as np
from nk.registry import FeatureExtractor

class Tones(FeatureExtractor):
    """Height and level of a tone."""
    name = "tones"
    package = "tones"
    workers = "processes"

    def names(self):
        return ("level", "crossings", "edge")

    def extract(self, audio):
        time.sleep(float(os.environ.get("SLOW", 0)))
        fault, _, file = os.environ.get("FAULT", "").partition(" ")
        if audio.name == file:
            os.kill(os.getpid(), signal.SIGSEGV) if fault == "crash" else time.sleep(999)
        wave = audio.mono
        return np.array([wave.std(), (np.diff(np.sign(wave)) != 0).mean(), np.abs(np.diff(wave)).mean()], np.float32)
'''


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `exp.ini` and 48 recordings in `audio`; the cache is in `cache`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "plugins"), *sys.path]))
    monkeypatch.syspath_prepend(tmp_path / "plugins")
    (tmp_path / "audio").mkdir()
    _plug_in(tmp_path / "plugins", "1.0")
    rows = [_record(tmp_path / "audio", speaker, number) for speaker in range(4) for number in range(12)]
    (tmp_path / "db.csv").write_text("\n".join(["file,speaker,emotion", *rows]), encoding="utf-8")
    (tmp_path / "exp.ini").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.fixture
def new_version(place: Path) -> Callable[[], None]:
    """What installs another version of the extractor."""
    return lambda: _plug_in(place / "plugins", "1.1")


@pytest.fixture
def start(place: Path) -> Callable[..., subprocess.Popen[str]]:
    """What starts `nk run exp.ini` in a group of processes of its own."""

    def begin(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "nk", "run", "exp.ini", "--jobs", "2", *arguments], cwd=place, text=True,
            env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    return begin


@pytest.fixture
def nk(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., tuple[int, str]]:
    """What runs it to its end: its exit code and what it said."""

    def run(*arguments: str, **environment: str) -> tuple[int, str]:
        process = start(*arguments, **environment)
        _, said = process.communicate(timeout=120)
        return process.returncode, said

    return run


def _plug_in(folder: Path, version: str) -> None:
    about = folder / "tones-1.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tones\nVersion: {version}\n")
    (about / "entry_points.txt").write_text("[nk.features]\ntones = tones:Tones\n")
    (folder / "tones.py").write_text(PLUGIN)


def _record(folder: Path, speaker: int, number: int) -> str:
    random, time = np.random.default_rng(100 * speaker + number), np.arange(4800) / 16000
    emotion, pitch = (("joy", 220), ("anger", 110))[number % 2]
    wave = 0.3 * np.sign(np.sin(2 * np.pi * pitch * random.normal(1, 0.25) * time)) + random.normal(0, 0.02, len(time))
    soundfile.write(folder / f"s{speaker}_{number}.wav", wave, 16000)
    return f"audio/s{speaker}_{number}.wav,s{speaker},{emotion}"
