"""Fingerprints of recordings, of which copies have nearly the same, however they were re-encoded, cut or made louder.

Every 16 ms have 160 bits, from audio at 8 kHz. 32 of them say of 33 bands (250 to 3400 Hz, in windows of 64 ms) whether
the difference between neighbouring bands grows from a window to the next but one (after Haitsma and Kalker, A highly
robust audio fingerprinting system, ISMIR 2002). They find copies among many recordings, but the same sentence said
twice by a synthesiser has nearly the same too. So the other 128 are the signs of the samples, after a filter that makes
all frequencies about equally strong: no two utterances have the same waveform.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from nk.registry import FeatureExtractor, Options
from nk.stages.extract import extract

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from nk.audio import Audio, Channel
    from nk.registry import Floats, Ints
    from nk.tables import Dataset
    from nk.ui import Ui

    Words = npt.NDArray[np.uint32]
    Mask = npt.NDArray[np.bool_]

RATE = 8000  # Hz
HOP = 128  # samples
_WINDOW = 512  # samples
_APART = 2  # frames that are compared
_LOW, _HIGH, _BANDS = 250.0, 3400.0, 33  # Hz
_FAINT = 40.0  # dB below the loudest frame, under which nothing counts: what is left there is noise of the copying
_SMOOTH = 6  # bins of the spectrum to each side: 100 Hz
_BLOCK = 4096  # frames at a time, so that long recordings fit into memory
_MIDDLE = (_WINDOW + _APART * HOP - HOP) // 2  # samples before those whose signs belong to a frame


@dataclass(frozen=True, eq=False)
class Prints:
    """The fingerprints of some rows.

    Row k is `ids[k]`; `sums[k]` is a checksum of its decoded samples, and its frames are those from `starts[k]` to
    `starts[k + 1]`. `words` has shape (frames, 5): bits of the bands, then four words of signs; in faint frames all are
    0.
    """

    ids: tuple[str, ...]
    sums: tuple[bytes, ...]
    starts: Ints
    words: Words

    @property
    def loud(self) -> Mask:
        """Which frames count, shape (frames,)."""
        found: Mask = (self.words != 0).any(axis=1)
        return found


def measure(dataset: Dataset, *, channels: Mapping[str, Channel], jobs: int, ui: Ui, fresh: bool = False) -> Prints:
    """The fingerprints of every row, in parallel, or from the cache.

    Args:
        dataset: the rows, with `path` and `digest`
        channels: which channel is used, a database
        jobs: how many files to work on at once
        ui: where progress is shown
        fresh: measure everything anew, whatever the cache has

    Returns:
        the rows that could be read, in the dataset's order
    """
    extractor = Fingerprint(Options(), name="fingerprint")
    found = extract(dataset, extractor, channels=channels, jobs=jobs, ui=ui, fresh=fresh, what="audit, fingerprints")
    return gathered({key: found.values[key] for key in dataset.ids if key in found.values})


def gathered(values: Mapping[str, Floats]) -> Prints:
    """What `Fingerprint` gives for each id, together."""
    lengths = [len(each) - 1 for each in values.values()]
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    words = np.empty((starts[-1], 5), dtype=np.uint32)
    for place, each in enumerate(values.values()):
        words[starts[place] : starts[place + 1]] = each[1:].view(np.uint32)
    return Prints(tuple(values), tuple(each[0].tobytes() for each in values.values()), starts, words)


class Fingerprint(FeatureExtractor):
    """The fingerprint of one recording; it is no feature, so no user can name it.

    The first row is a checksum of the samples, every other one a frame. They are bits, to be read as 32 bit words: the
    cache holds float32, and whoever computes with them finds nonsense.
    """

    name = "fingerprint"
    package = "soxr"

    @property
    def frame_level(self) -> bool:
        """A row a frame."""
        return True

    def names(self) -> tuple[str, ...]:
        """The columns."""
        return ("bands", "signs_1", "signs_2", "signs_3", "signs_4")

    def extract(self, audio: Audio) -> Floats:
        """The bits of a recording, shape (1 + frames, 5)."""
        samples = np.ascontiguousarray(audio.mono, dtype="<f4")
        summed = blake2b(samples.tobytes(), digest_size=20, salt=str(audio.rate).encode()).digest()
        head = np.frombuffer(summed, dtype=np.uint32)[np.newaxis]
        return np.concatenate([head, _words(_at_rate(samples, audio.rate))]).view(np.float32)


def _at_rate(samples: Floats, rate: int) -> Floats:
    """At 8 kHz, with a peak of 1, so that what is very faint does not vanish in float32."""
    if rate != RATE:
        from soxr import resample

        samples = resample(samples, rate, RATE, quality="HQ")
    peak = np.abs(samples).max(initial=0)
    return samples / peak if peak else samples


def _words(samples: Floats) -> Words:
    """The bits of every frame, shape (frames, 5); none where the recording is shorter than 96 ms."""
    frames = (len(samples) - _WINDOW) // HOP + 1 - _APART
    if frames < 1:
        return np.empty((0, 5), dtype=np.uint32)
    blocks = [_powers(samples, start, frames + _APART) for start in range(0, frames + _APART, _BLOCK)]
    bands, levels = (np.concatenate(parts) for parts in zip(*((each, sums) for each, sums, _ in blocks), strict=True))
    power = np.sum([each for _, _, each in blocks], axis=0)
    signs = _flat(samples, power)[_MIDDLE : _MIDDLE + frames * HOP] > 0
    slopes = bands[:, :-1] - bands[:, 1:]
    bits = np.hstack([slopes[_APART:] > slopes[:-_APART], signs.reshape(frames, HOP)])
    words = np.packbits(bits, axis=1).view(np.uint32)
    words[levels[_APART:] <= levels.max() * 10 ** (-_FAINT / 10)] = 0
    return words


def _powers(samples: Floats, start: int, frames: int) -> tuple[Floats, Floats, Floats]:
    """Of a block of windows the power in each band, in all of them, and at each frequency in all windows together."""
    from scipy.fft import rfft

    window, bank = _constants()
    end = min(start + _BLOCK, frames)
    part = samples[start * HOP : (end - 1) * HOP + _WINDOW]
    cut = np.lib.stride_tricks.sliding_window_view(part, _WINDOW)[::HOP] * window
    spectrum = rfft(cut, overwrite_x=True)
    power = spectrum.real**2 + spectrum.imag**2
    bands = power @ bank
    return bands, bands.sum(axis=1), power.sum(axis=0)


@lru_cache(maxsize=1)
def _constants() -> tuple[Floats, Floats]:
    """The window, and the share of each bin of the spectrum in each band: shape (bins, bands)."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)).astype(np.float32)
    width = RATE / _WINDOW
    bins = np.arange(_WINDOW // 2 + 1)[:, np.newaxis] * width
    edges = np.geomspace(_LOW, _HIGH, _BANDS + 1)
    inside = np.minimum(bins + width / 2, edges[1:]) - np.maximum(bins - width / 2, edges[:-1])
    return window, (np.maximum(inside, 0) / width).astype(np.float32)


def _flat(samples: Floats, power: Floats) -> Floats:
    """The samples after a filter that makes all frequencies from 250 to 3400 Hz about equally strong."""
    from scipy.fft import irfft
    from scipy.signal import oaconvolve

    smooth = np.convolve(np.pad(power, _SMOOTH, mode="edge"), np.full(2 * _SMOOTH + 1, 1 / (2 * _SMOOTH + 1)), "valid")
    bins = np.arange(len(power)) * RATE / _WINDOW
    gain = (1 / np.sqrt(smooth / smooth.max() + 1e-9)) * ((bins >= _LOW) & (bins <= _HIGH))
    response = np.roll(irfft(gain), _WINDOW // 2) * _constants()[0]
    found: Floats = oaconvolve(samples, response.astype(np.float32))[_WINDOW // 2 :]
    return found
