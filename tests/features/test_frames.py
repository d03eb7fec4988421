"""The parts of the spectral features, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nk.features import _frames
from nk.features._constant_q import ConstantQ, Q, frequencies
from nk.features._frames import FLOOR, blocks, decibels, hann, power_spectrum, triangles

RATE = 16000


def sine(
    frequency: float, seconds: float = 1.0, amplitude: float = 1.0
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


@given(arrays(np.float64, (3, 20), elements=st.floats(-1, 1)), st.integers(20, 50))
def test_the_power_spectrum_sums_to_the_mean_square(frames: np.ndarray, points: int) -> None:
    """Parseval, with an even and an odd number of points, with and without zeros at the end."""
    window = hann(20)
    expected = ((frames * window) ** 2).sum(axis=1) / (window**2).sum()
    assert np.allclose(power_spectrum(frames, window, points).sum(axis=1), expected, atol=1e-12)


def test_a_full_scale_sine_is_at_minus_3_db() -> None:
    power = power_spectrum(sine(1000)[np.newaxis, :512].astype(float), hann(512), 512)
    assert decibels(power.sum(axis=1)) == pytest.approx(-3.01, abs=0.01)
    assert power.argmax() == 32


def test_the_window_is_periodic() -> None:
    assert np.allclose(hann(4), [0, 0.5, 1, 0.5])
    assert np.allclose(hann(400) + np.roll(hann(400), 200), 1)


def test_triangles_are_interpolated_peaks_and_add_up_to_one_between_the_outer_ones() -> None:
    edges = np.array([0.0, 100, 250, 480, 1000, 2000])
    bank = triangles(edges, 512, RATE)
    bins = np.arange(257) * RATE / 512
    for band, column in enumerate(bank.T):
        assert np.allclose(column, np.interp(bins, edges[band : band + 3], [0, 1, 0]))
    inside = (bins >= 100) & (bins <= 1000)
    assert np.allclose(bank[inside].sum(axis=1), 1)
    assert not bank[bins >= 2000].any()


def test_no_power_is_at_the_floor_and_not_below() -> None:
    assert decibels(np.array([0.0, 1e-300, 1e-12, 1.0])).tolist() == [FLOOR, FLOOR, FLOOR, 0.0]


@given(st.integers(0, 300), st.integers(1, 40), st.integers(1, 50), st.integers(1, 500))
def test_frames_are_those_within_the_signal_in_blocks_of_any_size(
    samples: int, length: int, hop: int, block: int
) -> None:
    signal = np.arange(samples, dtype=np.float32)
    expected = [signal[start : start + length].tolist() for start in range(0, samples - length + 1, hop)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_frames, "_BLOCK", block)
        parts = list(blocks(signal, length, hop))
    assert [row for part in parts for row in part.tolist()] == expected
    assert all(part.size <= max(block, length) for part in parts)


def test_the_bins_of_the_constant_q_transform() -> None:
    bins = frequencies(84, RATE)
    assert bins[0] == pytest.approx(62.5)
    assert bins[-1] * 2 ** (1 / 12) == pytest.approx(8000)
    assert np.allclose(bins / np.diff([*bins, 8000]), Q)


def test_a_tone_peaks_at_its_bin_with_its_own_power_in_all_octaves() -> None:
    transform = ConstantQ.of(84, RATE)
    for number, frequency in enumerate(frequencies(84, RATE)):
        power = np.concatenate(list(transform.powers(sine(frequency, 0.4, 0.1), 80)))
        middle = decibels(power)[35:45]
        assert (middle.argmax(axis=1) == number).all()
        assert np.allclose(middle[:, number], 10 * np.log10(0.1**2 / 2), atol=0.05)


@pytest.mark.parametrize("number", [0, 5, 23, 40, 83])
def test_the_constant_q_transform_is_its_definition(number: int) -> None:
    """The sum of Brown (1991), written out, for a frame in the middle and one that begins before the recording."""
    signal = np.random.default_rng(1).normal(0, 0.1, 8000).astype(np.float32)
    found = np.concatenate(list(ConstantQ.of(84, RATE).powers(signal, 80)))
    assert found.shape == (100, 84)
    frequency = 62.5 * 2 ** (number / 12)
    length = RATE / frequency / (2 ** (1 / 12) - 1)
    for frame in (0, 3, 50):
        total = weights = 0.0
        for offset in range(-int(length / 2), int(length / 2) + 1):
            weight = np.cos(np.pi * offset / length) ** 2
            weights += weight
            if 0 <= 80 * frame + offset < len(signal):
                turn = np.exp(-2j * np.pi * frequency * offset / RATE)
                total += weight * signal[80 * frame + offset] * turn
        assert found[frame, number] == pytest.approx(2 * abs(total / weights) ** 2, rel=1e-6)


def test_a_constant_q_transform_in_blocks_is_that_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = np.random.default_rng(2).normal(0, 0.1, 4000).astype(np.float32)
    transform = ConstantQ.of(24, RATE)
    whole = list(transform.powers(signal, 80))
    monkeypatch.setattr(_frames, "_BLOCK", 1000)
    parts = list(transform.powers(signal, 80))
    assert (len(whole), len(parts) > 1) == (1, True)
    assert np.allclose(np.concatenate(parts), whole[0], rtol=1e-12)
