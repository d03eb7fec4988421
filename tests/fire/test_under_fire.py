"""Runs under fire: no fault of a disk, a cache, a file, an extractor or a hand costs more than it has to.

Single faults of the cache and of run folders are tested in `tests/test_cache.py`, `tests/stages/test_extract.py`,
`tests/test_nothing_stale.py` and `tests/test_runfolder.py`.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
import soundfile

from nk.cache_care import stores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., subprocess.Popen[str]]
    Run = Callable[..., tuple[int, str]]

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
    for name, value in _environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(tmp_path / "plugins")
    _corpus(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place where an undisturbed run has ended."""
    folder = tmp_path_factory.mktemp("quiet")
    _corpus(folder)
    subprocess.run(
        [sys.executable, "-m", "nk", "run", "exp.ini", "--quiet"], cwd=folder, check=True, capture_output=True,
        env={**os.environ, **_environment(folder)},
    )  # fmt: skip
    return folder


@pytest.fixture
def calm(quiet: Path) -> list[bytes]:
    """The results of an undisturbed run."""
    return results(quiet)


@pytest.fixture
def new_version(place: Path) -> Callable[[], None]:
    """What installs another version of the extractor."""
    return lambda: _plug_in(place / "plugins", "1.1")


@pytest.fixture
def start(place: Path) -> Start:
    """What starts `nk run exp.ini` in a group of processes of its own."""

    def begin(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "nk", "run", "exp.ini", "--force", "--jobs", "2", *arguments], cwd=place, text=True,
            env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    return begin


@pytest.fixture
def nk(start: Start) -> Run:
    """What runs it to its end: its exit code and what it said."""

    def run(*arguments: str, **environment: str) -> tuple[int, str]:
        process = start(*arguments, **environment)
        _, said = process.communicate(timeout=120)
        return process.returncode, said

    return run


def _environment(folder: Path) -> dict[str, str]:
    path = os.pathsep.join([str(folder / "plugins"), *sys.path])
    return {"NK_CACHE": str(folder / "cache"), "NK_DATA": str(folder / "data"), "PYTHONPATH": path}


def _corpus(folder: Path) -> None:
    (folder / "audio").mkdir()
    _plug_in(folder / "plugins", "1.0")
    rows = [_record(folder / "audio", speaker, number) for speaker in range(4) for number in range(12)]
    (folder / "db.csv").write_text("\n".join(["file,speaker,emotion", *rows]), encoding="utf-8")
    (folder / "exp.ini").write_text(CONFIG, encoding="utf-8")


def _plug_in(folder: Path, version: str) -> None:
    about = folder / "tones-1.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tones\nVersion: {version}\n")
    (about / "entry_points.txt").write_text("[nk.features]\ntones = tones:Tones\n")
    (folder / "tones.py").write_text(PLUGIN)


def _record(folder: Path, speaker: int, number: int) -> str:
    rng, seconds = np.random.default_rng(100 * speaker + number), np.arange(4800) / 16000
    emotion, pitch = (("joy", 220), ("anger", 110))[number % 2]
    wave = 0.3 * np.sign(np.sin(2 * np.pi * pitch * rng.normal(1, 0.25) * seconds))
    wave += rng.normal(0, 0.02, len(wave))
    soundfile.write(folder / f"s{speaker}_{number}.wav", wave, 16000)
    return f"audio/s{speaker}_{number}.wav,s{speaker},{emotion}"


def skipped(place: Path) -> list[tuple[str, str]]:
    return pl.read_csv(place / "results" / "exp" / "skipped.csv").select("file", "reason").rows()


def test_a_file_on_which_it_crashes_is_skipped_and_named(place: Path, nk: Run) -> None:
    code, said = nk(FAULT="crash s0_1.wav")
    assert code == 0, said
    assert "1 of 48 rows skipped: 1 `tones` crashed (SIGSEGV) (`audio/s0_1.wav`)" in said
    assert skipped(place) == [("audio/s0_1.wav", "`tones` crashed (SIGSEGV)")]
    code, said = nk()
    assert code == 0
    assert "47 of 48 in the cache" in said
    assert skipped(place) == []


def test_a_file_on_which_it_hangs_is_skipped_and_named(place: Path) -> None:
    file = place / "impatient.py"  # 20 s are enough for any recording here
    file.write_text(
        "from nk.cli.main import main\nfrom nk.stages import extract\n"
        "if __name__ == '__main__':\n    extract._PATIENCE = 20\n    main()\n"
    )
    command = [sys.executable, str(file), "run", "exp.ini", "--jobs", "2"]
    done = subprocess.run(command, env={**os.environ, "FAULT": "hang s0_1.wav"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert skipped(place) == [("audio/s0_1.wav", "`tones` did not end in time")]


@pytest.mark.slow
def test_another_version_computes_anew(nk: Run, new_version: Callable[[], None]) -> None:
    assert "0 of 48 in the cache" in nk()[1]
    assert "48 of 48 in the cache" in nk()[1]
    new_version()
    assert "0 of 48 in the cache" in nk()[1]


def results(place: Path, name: str = "exp") -> list[bytes]:
    return [(place / "results" / name / file).read_bytes() for file in ("predictions.csv", "metrics.json")]


def entries(place: Path, extractor: str = "tones") -> int:
    """How many recordings the cache has of an extractor."""
    found = stores(place / "cache")
    return sum(store.entries for store in found if store.extractor == extractor)


def in_the_middle(place: Path, process: subprocess.Popen[str], extractor: str = "tones") -> None:
    """Wait until some recordings are done."""
    while entries(place, extractor) < 5:
        assert process.poll() is None, "it ended before its middle"
        time.sleep(0.05)


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code and what it said; all processes that it has begun have ended too."""
    _, said = process.communicate(timeout=120)
    assert "Traceback" not in said, said
    return process.returncode, said


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes as Linux shows them")
def test_opensmile_that_crashes_costs_one_recording(place: Path, start: Start) -> None:
    for path in (place / "audio").iterdir():
        soundfile.write(path, np.tile(soundfile.read(path)[0], 30), 16000)  # 9 s, which take it long enough
    process = start("--set", "feats.type=['os']")
    in_the_middle(place, process, "os")
    os.kill(workers(process)[0], signal.SIGSEGV)
    code, said = end(process)
    assert code == 0, said
    ((file, reason),) = skipped(place)
    assert reason == "`os` crashed (SIGSEGV)"
    assert f"1 of 48 rows skipped: 1 `os` crashed (SIGSEGV) (`{file}`)" in said
    assert entries(place, "os") == 47


def workers(process: subprocess.Popen[str]) -> list[int]:
    """The processes that it has begun for work, and not what watches over their memory."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(one) for one in found if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


@pytest.mark.slow
def test_two_runs_at_once_share_a_cache(place: Path, start: Start, calm: list[bytes]) -> None:
    runs = [start("--set", f"exp.name={name}", SLOW="0.05") for name in ("one", "two")]
    for run, name in zip(runs, ("one", "two"), strict=True):
        code, said = end(run)
        assert code == 0, said
        assert "warning: the feature cache" not in said
        assert results(place, name) == calm
    assert entries(place) == 48


@pytest.mark.slow
def test_killed_at_twenty_random_moments_it_ends_as_if_undisturbed(
    place: Path, start: Start, nk: Run, calm: list[bytes]
) -> None:
    began, killed = time.monotonic(), 0
    assert nk("--set", "exp.name=other", SLOW="0.1")[0] == 0
    seconds = time.monotonic() - began
    for number, moment in enumerate(np.random.default_rng(1).uniform(0.1, 1, 20)):
        if number % 4 == 0:
            shutil.rmtree(place / "cache", ignore_errors=True)
        process = start(SLOW="0.1")
        time.sleep(moment * seconds)
        process.kill()
        killed += end(process)[0] == -signal.SIGKILL
        if (place / "results" / "exp").exists():
            assert results(place) == calm
    assert killed >= 5
    assert nk()[0] == 0
    assert results(place) == calm
    assert entries(place) == 48


def test_ctrl_c_is_one_line_and_what_is_done_is_kept(place: Path, start: Start, nk: Run) -> None:
    process = start(SLOW="0.3")
    in_the_middle(place, process)
    said_before = entries(place)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    code, said = end(process)
    assert code == 130
    assert [line for line in said.splitlines() if "interrupt" in line.lower()] == [said.splitlines()[-1]]
    assert not (place / "results" / "exp").exists()
    known = int(nk()[1].split(" of 48 in the cache")[0].split()[-1])
    assert said_before <= known < 48


def truncate(store: Path) -> None:
    store.write_bytes(store.read_bytes()[:9000])


def overwrite(store: Path) -> None:
    content = store.read_bytes()
    store.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))


def change_a_value(store: Path) -> None:
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE entries SET data = zeroblob(12) WHERE key = (SELECT min(key) FROM entries)")
    connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("damage", [truncate, overwrite, change_a_value])
def test_a_damaged_cache_changes_no_result(
    place: Path, quiet: Path, nk: Run, calm: list[bytes], damage: Callable[[Path], None]
) -> None:
    shutil.copytree(quiet / "cache", place / "cache")
    (store,) = (place / "cache" / "features").glob("tones-*.sqlite")
    damage(store)
    code, said = nk()
    assert code == 0, said
    assert said.count("the feature cache was damaged") == (damage is not change_a_value)
    assert results(place) == calm
    assert "48 of 48 in the cache" in nk()[1]


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of that size."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs a user who may mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leave no room on it."""
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


@pytest.mark.slow
def test_a_disk_that_is_full_of_a_sudden_costs_the_cache_alone(place: Path, start: Start, calm: list[bytes]) -> None:
    with disk(place / "cache", "1m") as cache:
        process = start(SLOW="0.1")
        in_the_middle(place, process)
        fill(cache)
        code, said = end(process)
        assert code == 0, said
        assert said.count("the feature cache cannot be used") == 1
        assert results(place) == calm
        assert entries(place) >= 5


@pytest.mark.slow
def test_results_for_which_there_is_no_room_leave_those_that_are_there(place: Path, nk: Run) -> None:
    with disk(place / "results", "9m") as full:
        assert nk()[0] == 0
        before = results(place)
        fill(full)
        code, said = nk("--set", "model.type=tree")
        assert code == 3, said
        assert said.splitlines()[-2].startswith("error: `")
        assert "No space left" in said.splitlines()[-2]
        assert "Traceback" not in said
        assert results(place) == before
        assert sorted(item.name for item in full.iterdir()) == ["exp", "filler"]


@pytest.mark.slow
def test_a_read_only_cache_is_read_and_a_changed_file_computed(
    place: Path, quiet: Path, nk: Run, calm: list[bytes]
) -> None:
    with disk(place / "cache", "9m") as cache:
        shutil.copytree(quiet / "cache", cache, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", str(cache)], check=True)
        code, said = nk()
        assert code == 0, said
        assert "48 of 48 in the cache" in said
        assert "cannot be used" not in said
        assert results(place) == calm
        _record(place / "audio", 0, 1000)
        (place / "audio" / "s0_1000.wav").replace(place / "audio" / "s0_0.wav")
        code, said = nk()
        assert code == 0, said
        assert "47 of 48 in the cache" in said
        assert said.count("the feature cache cannot be used") == 1
        assert results(place) != calm


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["cache", "results"])
def test_a_folder_of_nk_that_vanishes_in_the_middle_costs_no_result(
    place: Path, start: Start, calm: list[bytes], folder: str
) -> None:
    (place / "results").mkdir()
    process = start(SLOW="0.1")
    in_the_middle(place, process)
    shutil.rmtree(place / folder)
    code, said = end(process)
    assert code == 0, said
    assert results(place) == calm


@pytest.mark.slow
def test_recordings_that_vanish_in_the_middle_are_named(place: Path, start: Start, nk: Run, calm: list[bytes]) -> None:
    process = start(SLOW="0.1")
    in_the_middle(place, process)
    (place / "audio").rename(place / "elsewhere")
    code, said = end(process)
    assert code == 3
    assert "there is no such file" in said
    (place / "elsewhere").rename(place / "audio")
    assert nk()[0] == 0
    assert results(place) == calm
