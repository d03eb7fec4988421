"""Recordings of the built-in corpus as a copy or another channel holds them.

A change is a function of samples at the corpus' rate, and of random numbers for noise, to samples and their rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from shutil import copyfile
from typing import TYPE_CHECKING

import numpy as np

from nk.audio import read
from nk.corpus.recipe import RATE, generator
from nk.corpus.render import NOISE
from nk.corpus.wav import write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from nk.corpus.faults import Planted
    from nk.corpus.wav import Samples

    Change = Callable[[Samples, np.random.Generator], tuple[Samples, int]]

_QUIETER = 10 ** (-2 / 20)
_PEAK = 0.4  # of the loudest sample; what is beyond is clipped
_BEFORE, _AFTER = round(0.4 * RATE), round(0.2 * RATE)  # samples of padding
_TRIM = round(0.2 * RATE)  # samples off both ends, which leaves 50 ms of silence
_OTHER_RATE = 12_000  # Hz


@dataclass(frozen=True)
class Channel:
    """What records: sampling rate and pass band in Hz, its noise (RMS, before the band) and offset, of full scale."""

    rate: int
    band: tuple[float, float]
    noise: float
    offset: float


def heard_by(channel: Channel, recording: Samples, random: np.random.Generator) -> tuple[Samples, int]:
    """What a channel makes of a recording."""
    from scipy.signal import butter, sosfilt

    band = butter(4, channel.band, "bandpass", fs=RATE, output="sos")
    noisy = recording + channel.noise * random.standard_normal(len(recording))
    return _resampled(sosfilt(band, noisy), channel.rate) + channel.offset, channel.rate


def _gain(recording: Samples, _: np.random.Generator) -> tuple[Samples, int]:
    return _QUIETER * recording, RATE


def _clipping(recording: Samples, _: np.random.Generator) -> tuple[Samples, int]:
    most = _PEAK * np.abs(recording).max()
    return recording.clip(-most, most), RATE


def _padding(recording: Samples, random: np.random.Generator) -> tuple[Samples, int]:
    before, after = (10 ** (NOISE / 20) * random.standard_normal(count) for count in (_BEFORE, _AFTER))
    return np.concatenate([before, recording, after]), RATE


def _trimming(recording: Samples, _: np.random.Generator) -> tuple[Samples, int]:
    return recording[_TRIM:-_TRIM], RATE


def _resampling(recording: Samples, _: np.random.Generator) -> tuple[Samples, int]:
    return _resampled(recording, _OTHER_RATE), _OTHER_RATE


def _resampled(recording: Samples, rate: int) -> Samples:
    from soxr import resample

    samples: Samples = resample(recording, RATE, rate, quality="VHQ")
    return samples


COPIES: dict[str, Change] = {
    "gain": _gain,
    "clipping": _clipping,
    "padding": _padding,
    "trimming": _trimming,
    "resampling": _resampling,
}
CHANNELS: dict[str, Change] = {
    "telephone": partial(heard_by, Channel(8_000, (300, 3_400), 0.0025, 0.0)),
    "laptop": partial(heard_by, Channel(RATE, (80, 7_000), 0.002, 0.0)),
    "recorder": partial(heard_by, Channel(RATE, (20, 5_500), 0.001, 0.004)),
}
_CHANGES = {**COPIES, **CHANNELS}


def plant(recordings: Mapping[str, Planted], clean: Path, folder: Path, seed: int) -> None:
    """Write the recordings of a fault into a folder, made from those in the folder of the clean corpus."""
    for file, planted in recordings.items():
        if planted.change is None:
            copyfile(clean / planted.source, folder / file)
        else:
            random = generator(seed, planted.change, file)
            recording = read(clean / planted.source).mono.astype(np.float64)
            write(folder / file, *_CHANGES[planted.change](recording, random))
