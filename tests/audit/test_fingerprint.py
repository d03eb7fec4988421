"""Fingerprints: the same for what sounds the same, stored once, and of bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from nk.audio import Audio, digest, read
from nk.audit import fingerprint
from nk.audit.fingerprint import HOP, RATE, Fingerprint, gathered, measure
from nk.families import features
from nk.registry import Options
from nk.tables import Dataset, Target
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

    from nk.audit.fingerprint import Words
    from nk.registry import Doubles


def spoken(seconds: float, seed: int = 0, rate: int = 16000) -> Doubles:
    """Noise whose spectrum and level change all the time, in bursts."""
    from scipy.signal import istft, stft

    random = np.random.default_rng(seed)
    noise = random.standard_normal(round(seconds * rate))
    _, _, spectrum = stft(noise, rate, nperseg=512)
    smooth = np.apply_along_axis(np.convolve, 0, random.standard_normal(spectrum.shape), np.hanning(24), "same")
    loud = 1.5 * np.sin(2 * np.pi * np.arange(spectrum.shape[1]) / 90 + random.uniform(0, 6))
    _, samples = istft(spectrum * np.exp(smooth / 3 + loud), rate, nperseg=512)
    found: Doubles = 0.5 * samples[: len(noise)] / np.abs(samples).max()
    return found


def printed(samples: Doubles, rate: int = 16000) -> Words:
    """The frames of a recording, shape (frames, 5)."""
    audio = Audio(samples[np.newaxis].astype(np.float32), rate, "a.wav")
    return Fingerprint(Options(), name="fingerprint").extract(audio)[1:].view(np.uint32)


def checksum(samples: Doubles, rate: int = 16000) -> bytes:
    audio = Audio(samples[np.newaxis].astype(np.float32), rate, "a.wav")
    found: bytes = Fingerprint(Options(), name="fingerprint").extract(audio)[0].tobytes()
    return found


def rows(paths: list[Path], target: str = "emotion") -> Dataset:
    """A dataset of whole files."""
    import polars as pl

    seconds = [soundfile.info(path).duration for path in paths]
    columns = {"id": [path.name for path in paths], "path": list(map(str, paths)), "start": [0.0] * len(paths)}
    digests = {"end": seconds, "digest": [digest(path) for path in paths], "database": ["d"] * len(paths)}
    return Dataset(pl.DataFrame({**columns, **digests, target: ["a"] * len(paths)}), Target(target, ("a",)))


@pytest.mark.parametrize("gain", [1e-5, 0.03, 1.9, -1])
def test_gain_and_polarity_change_no_bit_of_the_bands(gain: float) -> None:
    plain, louder = printed(spoken(1)), printed(gain * spoken(1))
    np.testing.assert_array_equal(plain[:, 0], louder[:, 0])
    assert np.mean(plain == louder) == (1 if gain > 0 else pytest.approx(0.2, abs=0.01))  # all signs are turned


def test_frames_are_16_ms_and_move_with_the_samples() -> None:
    samples = spoken(2, rate=RATE)
    plain, later = printed(samples, RATE), printed(samples[3 * HOP :], RATE)
    assert len(plain) == (2 * RATE - 512) // HOP + 1 - 2
    assert np.mean(plain[3:, 0] == later[:, 0]) > 0.99  # but for those faint in one of them


def test_a_bit_of_the_bands_says_that_a_difference_between_neighbours_grows() -> None:
    """A tone that begins in a band: the difference to the next one grows, and that from the one before shrinks."""
    edges = np.geomspace(250, 3400, 34)
    middle = np.sqrt(edges[20] * edges[21])
    time = np.arange(RATE) / RATE
    samples = np.sin(2 * np.pi * middle * time) * (0.1 + np.clip(time - 0.3, 0, 0.2) * 4)
    growing = printed(samples, RATE)[round(0.35 * RATE / HOP), :1]
    bits = np.unpackbits(growing.view(np.uint8))
    assert (bits[19], bits[20]) == (0, 1)


def test_signs_are_those_of_the_samples_in_the_middle_of_the_windows() -> None:
    samples = np.random.default_rng(0).standard_normal(RATE)  # all frequencies are equally strong as it is
    spectrum = np.fft.rfft(samples)
    frequency = np.fft.rfftfreq(RATE, 1 / RATE)
    spectrum[(frequency < 250) | (frequency > 3400)] = 0
    expected = np.fft.irfft(spectrum)[320:] > 0
    words = printed(samples, RATE)
    found = np.unpackbits(np.ascontiguousarray(words[:, 1:]).view(np.uint8))
    assert np.mean(found == expected[: len(found)]) > 0.95


def test_faint_frames_do_not_count() -> None:
    samples = np.concatenate([spoken(1), 1e-5 * spoken(1, 1), spoken(1, 2)])
    prints = gathered({"a": Fingerprint(Options(), name="f").extract(Audio(samples[None].astype("f4"), 16000, ""))})
    assert not prints.loud[70:110].any()
    assert prints.loud[10:50].mean() > 0.5


@pytest.mark.parametrize("seconds", [0.0002, 0.01, 0.09])
def test_what_is_shorter_than_96_ms_has_a_checksum_alone(seconds: float) -> None:
    samples = np.linspace(-1, 1, max(2, round(seconds * 16000)))
    assert len(printed(samples)) == 0
    assert checksum(samples) != checksum(-samples)


def test_the_checksum_is_that_of_decoded_samples_and_their_rate(tmp_path: Path) -> None:
    samples = np.round(spoken(0.5) * 32767).astype(np.int16)
    for name in ("a.wav", "a.flac"):
        soundfile.write(tmp_path / name, samples, 16000)
    wav, flac = (read(tmp_path / name).mono.astype(float) for name in ("a.wav", "a.flac"))
    assert digest(tmp_path / "a.wav") != digest(tmp_path / "a.flac")
    assert checksum(wav) == checksum(flac)
    assert len({checksum(wav), checksum(wav, 8000), checksum(wav[1:]), checksum(0.5 * wav)}) == 4


def test_long_recordings_are_printed_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = spoken(3)
    whole = printed(samples)
    monkeypatch.setattr(fingerprint, "_BLOCK", 37)
    assert np.mean(printed(samples) == whole) > 0.999  # sums are rounded in another order


@pytest.mark.filterwarnings("error")
def test_extreme_recordings_have_finite_fingerprints() -> None:
    for samples in (np.r_[np.zeros(9000), 1e-30], np.r_[np.ones(9000), 0.5], 1e-38 * spoken(0.5), 1e30 * spoken(0.5)):
        assert printed(samples).shape[1] == 5


def test_a_second_run_reads_them_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NK_CACHE", str(tmp_path / "cache"))
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    for number, path in enumerate(paths):
        soundfile.write(path, spoken(0.5, number), 16000)
    soundfile.write(tmp_path / "silent.wav", np.zeros(800), 16000)
    dataset = rows([*paths, tmp_path / "silent.wav"])
    first = measure(dataset, channels={"d": "first"}, jobs=2, ui=Ui())
    expected = printed(read(paths[0]).mono.astype(float))
    monkeypatch.setattr(Fingerprint, "extract", lambda *_: pytest.fail("it was made again"))
    again = measure(dataset, channels={"d": "first"}, jobs=2, ui=Ui())
    assert first.ids == again.ids == ("0.wav", "1.wav", "2.wav")
    assert first.sums == again.sums
    np.testing.assert_array_equal(first.words, again.words)
    np.testing.assert_array_equal(first.words[: first.starts[1]], expected)


def test_it_is_no_feature_that_a_user_can_name() -> None:
    assert "fingerprint" not in features.names()
