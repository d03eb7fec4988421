from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nk.corpus.alter import CHANNELS, COPIES
from nk.corpus.recipe import RATE, generator
from nk.corpus.wav import write

if TYPE_CHECKING:
    from pathlib import Path


def tone(frequency: float, seconds: float = 2.0) -> Any:
    return 0.2 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


def level(samples: Any) -> float:
    """RMS of the middle in dB of full scale, without the offset."""
    quarter = len(samples) // 4
    return float(20 * np.log10(samples[quarter:-quarter].std()))


def through(channel: str, samples: Any) -> tuple[Any, int]:
    return CHANNELS[channel](samples, generator(1, "test"))


@pytest.mark.parametrize(("channel", "rate"), [("telephone", 8_000), ("laptop", RATE), ("recorder", RATE)])
def test_a_channel_passes_speech_at_its_own_rate(channel: str, rate: int) -> None:
    heard, given = through(channel, tone(1_000))
    assert given == rate
    assert len(heard) / rate == 2
    assert level(heard) == pytest.approx(level(tone(1_000)), abs=0.2)


@pytest.mark.parametrize(("channel", "frequency"), [("telephone", 100), ("laptop", 25), ("recorder", 7_700)])
def test_a_channel_stops_what_is_outside_its_band(channel: str, frequency: float) -> None:
    noise = level(through(channel, tone(0))[0])
    assert level(through(channel, tone(frequency))[0]) < max(noise + 1, level(tone(frequency)) - 15)


@pytest.mark.parametrize(("channel", "noise", "offset"), [
    ("telephone", 0.0025 * np.sqrt(3_100 / 8_000), 0), ("laptop", 0.002 * np.sqrt(6_920 / 8_000), 0),
    ("recorder", 0.001 * np.sqrt(5_480 / 8_000), 0.004),
])  # fmt: skip
def test_a_channel_has_its_own_noise_and_offset(channel: str, noise: float, offset: float) -> None:
    """White noise in a band has the band's share of the power; a filter of order 4 has no sharp edges."""
    heard, _ = through(channel, tone(0))
    assert heard.std() == pytest.approx(noise, rel=0.06)
    assert heard.mean() == pytest.approx(offset, abs=1e-5)


def copy(kind: str, samples: Any) -> tuple[Any, int]:
    return COPIES[kind](samples, generator(1, "test"))


def test_near_copies_are_what_their_names_say() -> None:
    speech = generator(1, "speech").standard_normal(2 * RATE) * 0.05
    assert level(copy("gain", speech)[0]) == pytest.approx(level(speech) - 2)
    clipped = copy("clipping", speech)[0]
    assert np.abs(clipped).max() == pytest.approx(0.4 * np.abs(speech).max())
    kept = np.abs(speech) < np.abs(clipped).max()
    assert 0.5 < kept.mean() < 1
    assert (clipped[kept] == speech[kept]).all()
    padded = copy("padding", speech)[0]
    assert len(padded) == len(speech) + round(0.6 * RATE)
    assert (padded[round(0.4 * RATE) : -round(0.2 * RATE)] == speech).all()
    assert level(padded[: round(0.4 * RATE)]) == pytest.approx(-66, abs=0.5)
    assert (copy("trimming", speech)[0] == speech[round(0.2 * RATE) : -round(0.2 * RATE)]).all()
    resampled, rate = copy("resampling", tone(1_000))
    assert (rate, len(resampled)) == (12_000, 24_000)
    assert level(resampled) == pytest.approx(level(tone(1_000)), abs=0.01)


def test_what_does_not_fit_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too loud"):
        write(tmp_path / "loud.wav", np.array([0.0, 1.0]))
