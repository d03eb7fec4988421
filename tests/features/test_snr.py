"""The estimate of noise: its curve is that of simulated amplitudes, and it follows noise that was added to speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.audio import Audio, read
from nk.features.snr import Snr, curve, spread
from nk.registry import Options

if TYPE_CHECKING:
    from pathlib import Path

    from nk.registry import Doubles

DECIBELS = (0, 5, 10, 15, 20)


def estimate(samples: Doubles, rate: int = 16000) -> float:
    wave = samples[np.newaxis].astype(np.float32)
    return float(Snr(Options(), name="snr").extract(Audio(wave, rate, "a.wav"))[0])


def mixed(decibels: float, frames: int = 1_000_000, seed: int = 1) -> Doubles:
    """Amplitudes as the method supposes them: gamma of shape 0.4 with random signs, and Gaussian noise."""
    generator = np.random.default_rng(seed)
    speech = generator.gamma(0.4, size=frames) * generator.choice([-1, 1], frames)
    noise = generator.normal(size=frames)
    found: Doubles = speech + noise * np.sqrt((speech**2).mean() / (noise**2).mean() / 10 ** (decibels / 10))
    return found


def noisy(wave: Doubles, decibels: float) -> Doubles:
    noise = np.random.default_rng(1).normal(size=len(wave))
    found: Doubles = wave + noise * np.sqrt((wave**2).mean() / (noise**2).mean() / 10 ** (decibels / 10))
    return found


@pytest.mark.parametrize("decibels", [-3, 0, 10, 25, 40])
def test_amplitudes_as_supposed_have_their_ratio(decibels: float) -> None:
    assert estimate(mixed(decibels)) == pytest.approx(decibels, abs=0.3)


def test_the_curve_begins_with_noise_alone_and_ends_with_speech_alone() -> None:
    from scipy.special import digamma

    found, ratios = curve()
    assert (ratios[0], ratios[-1]) == (-20, 100)
    assert (np.diff(found) > 0).all()
    assert found[0] == pytest.approx(np.log(np.sqrt(2 / np.pi)) + (np.euler_gamma + np.log(2)) / 2, abs=1e-4)
    assert found[-1] == pytest.approx(np.log(0.4) - digamma(0.4), abs=0.02)


def test_the_curve_is_the_integral_over_both_densities() -> None:
    from scipy import integrate, stats

    found, ratios = curve()
    decibels = 6
    sigma = np.sqrt(0.4 * 1.4 / 10 ** (decibels / 10))

    def density(z: float) -> float:  # of |speech + noise|; u^2.5 takes the pole off the gamma density
        def inner(u: float) -> float:
            x = u**2.5
            both = stats.norm.pdf(z - x, scale=sigma) + stats.norm.pdf(z + x, scale=sigma)
            return float(both * np.exp(-x) * 2.5 * u ** (2.5 * 0.4 - 1))

        return float(integrate.quad(inner, 0, 6, limit=200)[0])

    z = np.geomspace(1e-5, 60, 150)
    weights = np.array([density(each) for each in z]) * z * np.log(z[1] / z[0])
    weights /= weights.sum()
    expected = np.log(weights @ z) - weights @ np.log(z)
    assert found[ratios == decibels] == pytest.approx(expected, abs=1e-3)


def test_it_follows_noise_that_is_added_to_speech(data: Path) -> None:
    waves = [read(path).mono.astype(np.float64) for path in sorted((data / "emodb" / "wav").glob("*.wav"))[::10]]
    found = np.array([[estimate(noisy(wave, decibels)) for decibels in DECIBELS] for wave in waves])
    assert (np.diff(found, axis=1) > 0).all()
    errors = found - np.array(DECIBELS)
    assert np.corrcoef(found.ravel(), np.tile(DECIBELS, len(waves)))[0, 1] > 0.93
    assert np.abs(errors).mean() < 2.5
    assert errors[:, -1].mean() < 0  # the recordings have noise of their own


@given(st.floats(-5, 40), st.integers(-10, 10), st.integers(0, 1000))
def test_neither_gain_nor_offset_matter(decibels: float, power: int, offset: int) -> None:
    samples = np.round(mixed(decibels, frames=2000) * 1000) / 1000
    assert spread(samples * 2.0**power) == pytest.approx(spread(samples), rel=1e-12)
    assert spread(samples + offset / 1000) == pytest.approx(spread(samples), rel=1e-9)


def test_gain_changes_no_bit(data: Path) -> None:
    wave = read(data / "emodb" / "wav" / "03a01Fa.wav").mono.astype(np.float64)
    assert len({estimate(wave * 2.0**power) for power in (-8, -1, 0, 3)}) == 1
    assert estimate(wave * 0.3) == pytest.approx(estimate(wave), abs=1e-3)


def test_digital_silence_is_left_out() -> None:
    samples = mixed(15, frames=20_000)
    padded = np.concatenate([np.zeros(5000), samples, np.zeros(5000)])
    assert estimate(padded) == pytest.approx(estimate(samples), abs=0.1)


def test_what_is_no_speech_is_at_the_ends() -> None:
    assert estimate(np.sin(np.arange(16000))) == -20
    assert estimate(np.random.default_rng(2).pareto(0.3, 16000)) == 100
    assert estimate(np.array([0.0, 0.5])) == -20
