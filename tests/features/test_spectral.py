"""spectra, lfcc, cqcc: known answers, what must not matter (gain, shift, rate of the file), and what is too short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.fft import dct, idct

from nk.audio import Audio, read
from nk.families import features
from nk.features._constant_q import ConstantQ
from nk.features._constant_q import frequencies as bin_frequencies
from nk.features._frames import decibels
from nk.registry import FeatureExtractor

if TYPE_CHECKING:
    from pathlib import Path

    from nk.registry import Doubles

NAMES = ("spectra", "lfcc", "cqcc")
RATE = 16000


def made(name: str, **options: Any) -> FeatureExtractor:
    plugin = features.get(name)
    found = plugin(plugin.options_type(**options), name=name)
    assert isinstance(found, FeatureExtractor)
    return found


def audio(signal: Any, rate: int = RATE) -> Audio:
    return Audio(np.asarray(signal, dtype=np.float32)[np.newaxis], rate, "a.wav")


def noise(seconds: float, seed: int = 1, level: float = 0.1) -> Doubles:
    return np.random.default_rng(seed).normal(0, level, round(seconds * RATE))


def tones(frequencies: Any, seconds: float, rate: int = RATE) -> Doubles:
    time = np.arange(round(seconds * rate)) / rate
    wave: Doubles = sum((0.02 * np.sin(2 * np.pi * one * time + one) for one in frequencies), np.zeros(len(time)))
    return wave


def bands(cepstrum: Any) -> Doubles:
    """The energies that all 128 coefficients of lfcc stand for."""
    energies: Doubles = idct(cepstrum.astype(float), type=2, norm="ortho", axis=1)
    return energies


def mel(frequency: Any) -> Any:
    return 1127 * np.log(1 + np.asarray(frequency) / 700)  # HTK's, with the natural logarithm


def test_a_tone_at_the_middle_of_a_mel_band_is_loudest_there() -> None:
    extractor = made("spectra")
    assert mel(1000) == pytest.approx(1000, abs=0.1)
    for band in range(64):
        frequency = 700 * (np.exp((band + 1) * mel(8000) / 65 / 1127) - 1)
        assert (extractor.extract(audio(tones([frequency], 0.2))).argmax(axis=1) == band).all()


@pytest.mark.parametrize("bands", [1, 40, 512])
def test_no_mel_band_is_empty(bands: int) -> None:
    values = made("spectra", fft_nbands=bands).extract(audio(noise(0.5)))
    assert values.shape[1] == bands
    assert values.min() > -100


def test_frames_are_counted_in_milliseconds() -> None:
    options = {"fft_win_dur": 20.0, "fft_hop_dur": 5.0, "spectra.sample_rate": 8000}
    extractor = made("spectra", **options)
    assert extractor.extract(audio(noise(0.5), 8000)).shape == (1 + (8000 - 160) // 40, 64)


def test_white_noise_is_flat_in_linear_bands() -> None:
    found = 10 ** (bands(made("lfcc", **{"lfcc.n_lfcc": 128}).extract(audio(noise(20)))) / 10)
    # A band is 2 x 8000 / 129 Hz wide at its foot, so it passes 1 / 129 of the power, 0.01.
    assert np.allclose(decibels(found.mean(axis=0)), 10 * np.log10(0.01 / 129), atol=0.4)


def test_lfcc_is_its_definition() -> None:
    signal = noise(0.05)
    frame = signal[160:560].astype(np.float32) * np.sin(np.pi * np.arange(400) / 400) ** 2
    spectrum = np.abs(np.fft.fft(frame, 512)[:257]) ** 2 * 2 / 512 / 150
    spectrum[[0, -1]] /= 2
    edges, bins = np.linspace(0, 8000, 130), np.linspace(0, 8000, 257)
    energies = [spectrum @ np.interp(bins, edges[one : one + 3], [0, 1, 0]) for one in range(128)]
    expected = dct(10 * np.log10(energies), norm="ortho")[:40]
    assert np.allclose(made("lfcc").extract(audio(signal))[2], expected, atol=1e-3)


def test_cqcc_is_its_definition() -> None:
    from scipy.interpolate import make_interp_spline

    signal = noise(0.3)
    levels = decibels(np.concatenate(list(ConstantQ.of(84, RATE).powers(signal.astype(np.float32), 80))))
    own = bin_frequencies(84, RATE)
    linear = 62.5 + np.arange(int((own[-1] - 62.5) / (62.5 / 16)) + 1) * 62.5 / 16
    expected = dct(make_interp_spline(own, levels, axis=1)(linear), norm="ortho", axis=1)[:, :40]
    assert np.allclose(made("cqcc").extract(audio(signal)), expected, atol=1e-2)


@settings(max_examples=5)
@given(st.floats(0.1, 8))
def test_gain_shifts_the_level_and_nothing_else(gain: float) -> None:
    expected = {"spectra": np.ones(64), "lfcc": np.eye(40)[0] * 128**0.5, "cqcc": np.eye(40)[0] * 1918**0.5}
    for name in NAMES:
        extractor = made(name)
        one, other = (extractor.extract(audio(signal)) for signal in (noise(0.2), gain * noise(0.2)))
        assert np.allclose(other - one, 20 * np.log10(gain) * expected[name], atol=2e-2)


@pytest.mark.parametrize("name", NAMES)
def test_digital_silence_within_a_recording_is_at_the_floor(name: str) -> None:
    signal = np.concatenate([noise(0.3), np.zeros(RATE), noise(0.3)])
    values = made(name).extract(audio(signal))
    assert np.isfinite(values).all()
    middle = values[len(values) // 2]
    if name == "spectra":
        assert (middle == -120).all()
    else:
        assert middle[0] < 0
        assert np.allclose(middle[1:], 0, atol=1e-2)


@pytest.mark.parametrize(("name", "shortest"), [("spectra", 400), ("lfcc", 400), ("cqcc", 256)])
def test_short_recordings_have_frames_and_those_that_are_too_short_have_none(name: str, shortest: int) -> None:
    extractor, signal = made(name), noise(0.05)
    width = len(extractor.names())
    assert np.isfinite(extractor.extract(audio(signal))).all()
    assert len(extractor.extract(audio(signal))) >= 3
    assert extractor.extract(audio(signal[:shortest])).shape[0] >= 1
    assert extractor.extract(audio(signal[: shortest - 1])).shape == (0, width)


@settings(max_examples=5)
@given(st.integers(1, 999))
def test_a_shift_in_time_does_not_change_the_mean_of_what_is_stationary(shift: int) -> None:
    signal = tones(np.arange(110, 7500, 110), 1.2)
    for name in NAMES:
        extractor = made(name)
        one, other = (
            extractor.extract(audio(part)) for part in (signal[:-999], signal[shift : len(signal) - 999 + shift])
        )
        edge = 27 if name == "cqcc" else 0  # frames of half the longest window, which reach beyond the ends
        one, other = (values[edge : len(values) - edge].mean(axis=0) for values in (one, other))
        assert np.abs(one - other).max() < 0.02 * np.ptp(one)


@pytest.mark.parametrize("rate", [8000, 11025, 48000])
def test_the_rate_of_a_file_does_not_matter_below_its_limit(rate: int, tmp_path: Path) -> None:
    frequencies = np.random.default_rng(3).uniform(70, 3400, 400)
    found = []
    for number, own in enumerate((RATE, rate)):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, tones(frequencies, 1.0, own), own, subtype="FLOAT")
        found.append(read(path, rate=made("spectra").rate))
    assert found[1].rate == RATE
    low, high = slice(2000, -2000), 3300
    signals = [one.mono[low] for one in found]
    assert np.allclose(signals[0], signals[1], atol=2e-3)
    mels = [made("spectra").extract(audio(signal)) for signal in signals]
    edges = 700 * (np.exp(np.linspace(0, mel(8000), 66) / 1127) - 1)
    assert np.abs(mels[0] - mels[1])[:, edges[2:] < high].max() < 0.5
    linear = [bands(made("lfcc", **{"lfcc.n_lfcc": 128}).extract(audio(signal))) for signal in signals]
    assert np.abs(linear[0] - linear[1])[:, np.linspace(0, 8000, 130)[2:] < high].max() < 0.5
    powers = [np.concatenate(list(ConstantQ.of(84, RATE).powers(signal, 80))) for signal in signals]
    assert np.abs(decibels(powers[0]) - decibels(powers[1]))[:, bin_frequencies(84, RATE) * 1.12 < high].max() < 0.5


@pytest.mark.parametrize("name", NAMES)
def test_the_rate_is_an_option(name: str) -> None:
    extractor = made(name, **{f"{name}.sample_rate": 8000})
    assert (made(name).rate, extractor.rate) == (16000, 8000)
    low, high = (one.extract(read_as(one)) for one in (extractor, made(name)))
    assert not np.allclose(low.mean(axis=0), high.mean(axis=0), atol=1)


def read_as(extractor: FeatureExtractor) -> Audio:
    rate = extractor.rate or RATE
    return audio(tones([500, 1500], 0.5, rate), rate)


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("lfcc", {"lfcc.frame_length": 600}, "`lfcc.frame_length` is 600, but `lfcc.fft_length` 512"),
        ("lfcc", {"lfcc.frame_length": 100, "lfcc.fft_length": 128}, "`lfcc.fft_length` 128 makes 32 filters"),
        ("cqcc", {"cqcc.n_cqt_bins": 36}, "`cqcc.n_cqcc` is 40, more than `cqcc.n_cqt_bins`, 36"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(name: str, options: dict[str, int], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        made(name, **options)


@pytest.mark.parametrize(("bins", "coefficients"), [(12, 12), (13, 13), (108, 40)])
def test_other_numbers_of_bins(bins: int, coefficients: int) -> None:
    values = made("cqcc", **{"cqcc.n_cqt_bins": bins, "cqcc.n_cqcc": coefficients}).extract(audio(noise(0.2)))
    assert values.shape == (40, coefficients)
    assert np.isfinite(values).all()


@pytest.mark.parametrize("name", NAMES)
def test_real_recordings_have_finite_values_that_vary(name: str, data: Path) -> None:
    extractor = made(name)
    for file in ("emodb/wav/03a01Fa.wav", "fsdd/recordings/0_george_0.wav"):
        values = extractor.extract(read(data / file, rate=extractor.rate))
        assert np.isfinite(values).all()
        assert len(values) > 20
        assert (values.std(axis=0)[:20] > 0).all()
