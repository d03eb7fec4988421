"""openSMILE's instances are kept between recordings, and every value stays that of the package, bit by bit."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import opensmile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opensmile.core.lib import OpenSMILE

from nk.audio import read
from nk.execute import run_all
from nk.features import _smile_kept
from nk.features._smile import Level, Set
from nk.features._smile_kept import KeptSmile
from nk.features.os import _CONCAT, OpenSmile, OsOptions

if TYPE_CHECKING:
    from pathlib import Path

    from nk.registry import Floats

RATE = 16000
LARGE = "ComParE_2016"
COMBINATIONS = [
    (one, level) for one in get_args(Set) for level in get_args(Level) if not (level == "lld_de" and "GeMAPS" in one)
]


def kept(name: str = "eGeMAPSv02", level: str = "functionals") -> KeptSmile:
    return OpenSmile(OsOptions(set=name, level=level), name="os")._kept


def signal(seconds: float, seed: int = 0, rate: int = RATE) -> Floats:
    noise = np.random.default_rng(seed).normal(0, 0.1, round(seconds * rate))
    tone = 0.2 * np.sign(np.sin(2 * np.pi * (100 + 20 * seed) * np.arange(len(noise)) / rate))
    return (noise + tone).clip(-1, 32767 / 32768).astype(np.float32)


def assert_as_package(ours: KeptSmile, *signals: Floats, rate: int = RATE) -> None:
    for one in signals:
        values, expected = ours(one, rate), np.asarray(ours._smile(one, rate), dtype=np.float32)[0].T
        assert values.dtype == expected.dtype
        np.testing.assert_array_equal(values.view(np.int32), expected.view(np.int32))
    assert ours.trouble is None


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is started and freed from now on."""
    happened: list[str] = []

    def note(name: str) -> None:
        do = getattr(OpenSMILE, name)

        def noting(self: Any, *args: Any, **more: Any) -> None:
            happened.append(name)
            do(self, *args, **more)

        monkeypatch.setattr(OpenSMILE, name, noting)

    note("initialize")
    note("free")
    return happened


@pytest.mark.parametrize(("name", "level"), COMBINATIONS)
def test_every_set_and_level_is_that_of_the_package(name: str, level: str) -> None:
    assert_as_package(kept(name, level), signal(1, 1), signal(0.6, 2), signal(1.3, 3))


@pytest.mark.parametrize(
    ("name", "level"), [("eGeMAPSv02", "functionals"), (LARGE, "lld"), *((one, "functionals") for one in _CONCAT)]
)
def test_recordings_are_those_of_the_package(data: Path, name: str, level: str) -> None:
    files = sorted((data / "emodb" / "wav").glob("*.wav"))[::90]
    assert_as_package(kept(name, level), *(read(file).mono for file in files))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["eGeMAPSv02", LARGE])
def test_all_of_emodb_is_that_of_the_package(data: Path, name: str) -> None:
    files = sorted((data / "emodb" / "wav").glob("*.wav"))
    assert len(files) == 535
    ours = kept(name)
    for _ in run_all(lambda file: assert_as_package(ours, read(file).mono), files, jobs=2):
        pass


@pytest.mark.parametrize("name", ["eGeMAPSv02", LARGE])
@settings(max_examples=10)
@given(lengths=st.lists(st.sampled_from([0, 1, 10, 400, 959, 960, 1500, 8000, 30000]), min_size=2, max_size=5))
def test_too_short_ones_are_as_in_the_package_and_spoil_nothing(name: str, lengths: list[int]) -> None:
    assert_as_package(kept(name), *(signal(2, seed)[:length] for seed, length in enumerate(lengths)))


def test_sampling_rates_in_turn() -> None:
    ours = kept(LARGE)
    for seed, rate in enumerate((16000, 8000, 44100, 8000, 16000)):
        assert_as_package(ours, signal(1, seed, rate), rate=rate)


@pytest.mark.parametrize("name", ["eGeMAPSv02", LARGE])
def test_threads(name: str) -> None:
    ours, signals = kept(name), [signal(0.3 + 0.1 * (seed % 7), seed) for seed in range(24)]
    alone = [ours._stock(one, RATE) for one in signals]
    for place, values in run_all(lambda place: (place, ours(signals[place], RATE)), range(24), jobs=6):
        assert values.tobytes() == alone[place].tobytes()
    assert ours.trouble is None


def test_one_start_serves_all_recordings_of_a_rate(starts: list[str]) -> None:
    ours = kept()
    starts.clear()
    for seed in range(5):
        ours(signal(0.5, seed), RATE)
    assert starts == ["initialize"]
    ours(signal(0.5, rate=8000), 8000)
    assert starts == ["initialize"] * 2
    del ours
    assert starts == ["initialize"] * 2 + ["free"] * 2


def test_the_memory_of_a_long_recording_is_given_back(starts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_smile_kept, "_LONGEST", 1)
    ours = kept()
    starts.clear()
    ours(signal(1.1), RATE)
    assert starts == ["initialize", "free"]


@pytest.mark.parametrize("name", _CONCAT)
def test_large_sets_are_written_as_one_field(name: str) -> None:
    """Otherwise the values are right and it is slow."""
    ours = kept(name)
    ours(signal(0.5), RATE)
    last = len(ours._smile.feature_names) - 1
    written = ours._idle[0]._native.external_sink_get_element_name("extsink", last)
    assert written.endswith(f"[{last}]")


def test_nothing_grows_with_the_number_of_recordings() -> None:
    ours = kept()
    for _ in range(3):
        ours(signal(0.5), RATE)
    (instance,) = ours._idle
    assert len(instance._native._callbacks) == 1


def test_on_an_error_the_package_does_it_and_trouble_is_named(
    starts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, wave = kept(), signal(1)
    expected = ours(wave, RATE)
    starts.clear()
    monkeypatch.setattr(OpenSMILE, "reset", lambda _: 1 / 0)
    assert ours(wave, RATE).tobytes() == expected.tobytes()
    assert ours.trouble == "division by zero"
    assert not ours._idle
    assert starts.count("free") == 2  # the one that failed, and the package's own
    monkeypatch.undo()
    assert ours(wave, RATE).tobytes() == expected.tobytes()
    assert not ours._idle


@pytest.mark.parametrize("name", ["eGeMAPSv02", LARGE])
def test_an_error_in_one_file_does_not_spoil_the_next(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the package has as well is that file's, and no trouble."""
    ours, wave = kept(name), signal(1)
    ours(wave, RATE)
    with monkeypatch.context() as patch:
        patch.setattr(OpenSMILE, "external_audio_source_set_eoi", lambda *_: 1 / 0)  # the samples are in already
        with pytest.raises(ZeroDivisionError):
            ours(signal(2, 5), RATE)
    assert_as_package(ours, wave, signal(0.7, 3))
    assert len(ours._idle) == 1


def test_a_wrong_number_of_values_is_trouble() -> None:
    ours, wave = kept(), signal(1)
    ours._smile.feature_names.append("one more")
    assert ours(wave, RATE).shape == (1, 88)
    assert ours.trouble == "88 values for 89 names"


def test_a_component_that_a_set_lacks_changes_no_value() -> None:
    ours, wave = KeptSmile(opensmile.Smile(LARGE), "concat"), signal(1)
    assert ours(wave, RATE).tobytes() == ours._stock(wave, RATE).tobytes()


def test_instances_stay_in_their_process() -> None:
    extractor = OpenSmile(OsOptions(set=LARGE), name="os")
    wave = signal(1)
    expected = extractor._kept(wave, RATE)
    other = pickle.loads(pickle.dumps(extractor))  # noqa: S301 - as a pool of processes does it
    assert not other._kept._idle
    assert other._kept(wave, RATE).tobytes() == expected.tobytes()


END = """
import threading, sys
import numpy as np
from nk.features.os import OpenSmile, OsOptions
made = OpenSmile(OsOptions(set="ComParE_2016"), name="os")._kept
wave = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
made(wave, 16000)
at_work = threading.Event()
def work():
    while True:
        made(wave, 16000)
        at_work.set()
threading.Thread(target=work, daemon=True).start()
at_work.wait()
sys.exit(3)
"""


def test_the_process_ends_while_instances_live_and_work() -> None:
    done = subprocess.run([sys.executable, "-c", END], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (3, b"")
