"""Recording cues: what a recording says of how it was made, not of who speaks or how.

All of them are measured in the row's own segment and in the channel that is used, but for the number of channels and
the difference between them. Levels are in dB relative to full scale (a square wave of 1); they are those of the
variance within a window, so that neither an offset nor what is slower than speech counts.

They rest on windows of 50 ms, a hop of 10 ms apart. The *floor* is the level that 2 % of windows do not reach, the
*peak* the level that 5 % exceed. A *pause* is at least 0.1 s long, and all of its windows are less than 6 dB above the
floor; there is none where the peak is less than 6 dB above the floor, as in a steady tone or noise. What is measured in
pauses is not told by the speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.registry import FeatureExtractor, Options
from nk.stages.assemble import skips
from nk.stages.extract import extract

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from nk.audio import Audio, Channel
    from nk.registry import Doubles, Floats
    from nk.stages.assemble import Extracted
    from nk.tables import Dataset, Skip
    from nk.ui import Ui

LOWEST = -120.0  # dB; below what 16 bits can hold: digital silence
_HOP, _WINDOW = 0.010, 5  # s, and hops
_LOW, _HIGH = 0.02, 0.95  # shares of windows below the floor and below the peak
_RANGE = 6.0  # dB
_PAUSE = 6  # windows one after the other: 0.1 s
_CLEAR = 10.0  # dB above the floor, at which a sound begins
_FAINT = 50.0  # dB below the peak, under which nothing is a sound
_BAND = 250.0  # Hz
_ROUNDING = (2 / 2**16) ** 2 / 12  # mean square of what rounding to 16 bits adds
_SPECTRA = 100  # windows at most
_FULL, _FLAT = 0.999, 3  # of full scale, and samples one after the other that reach it


@dataclass(frozen=True)
class Cue:
    """One cue: its name as a column, what it is called in a sentence, its unit, and whether the speaker may make it.

    `honest` cues can be what the label is about: who is angry is loud.
    """

    name: str
    text: str
    unit: str
    honest: bool = False


CUES = (
    Cue("rate", "sampling rate", "Hz"),
    Cue("channels", "number of channels", ""),
    Cue("channel_difference", "difference between channels", "dB"),
    Cue("bandwidth", "bandwidth in the pauses", "Hz"),
    Cue("offset", "offset in the pauses", "of full scale"),
    Cue("noise", "noise in the pauses", "dB"),
    Cue("silence_before", "silence at the start", "s"),
    Cue("silence_after", "silence at the end", "s"),
    Cue("loudness", "loudness", "dB", honest=True),
    Cue("duration", "duration", "s", honest=True),
    Cue("database", "database", ""),
)
CLIPPED = "clipped"  # no cue that is let predict the label: a share of nearly nothing in most recordings
MEASURED = (*(cue.name for cue in CUES if cue.name != "database"), CLIPPED)


def measure(
    dataset: Dataset, *, channels: Mapping[str, Channel], jobs: int, ui: Ui, fresh: bool = False
) -> pl.DataFrame:
    """Measure the cues of every row, in parallel, or take them from the cache.

    Args:
        dataset: the rows, with `path` and `digest`
        channels: which channel is used, a database
        jobs: how many files to work on at once
        ui: where progress is shown
        fresh: measure everything anew, whatever the cache has

    Returns:
        `id` and a column a cue, `clipped` among them (float64), null where it is not defined, and `database` (text); a
        row each
    """
    found = _extract(dataset, channels, jobs, ui, fresh=fresh)
    nothing = np.full(len(MEASURED), np.nan)
    values = np.array([found.values.get(key, nothing) for key in dataset.ids], dtype=np.float64)
    table = pl.DataFrame(values.reshape(-1, len(MEASURED)), schema=list(MEASURED)).fill_nan(None)
    return dataset.frame.select("id").hstack(table).with_columns(dataset.frame["database"])


def unheard(dataset: Dataset, *, channels: Mapping[str, Channel], jobs: int, ui: Ui, fresh: bool = False) -> list[Skip]:
    """The rows whose recordings cannot be decoded, with the reasons; what is measured of the others is kept."""
    return skips(dataset, [_extract(dataset, channels, jobs, ui, fresh=fresh)])


def _extract(dataset: Dataset, channels: Mapping[str, Channel], jobs: int, ui: Ui, *, fresh: bool) -> Extracted:
    what, extractor = "audit, how it was recorded", Cues(Options(), name="cues")
    return extract(dataset, extractor, channels=channels, jobs=jobs, ui=ui, fresh=fresh, what=what)


class Cues(FeatureExtractor):
    """Measures all cues of one recording but the database; it is no feature, so no user can name it.

    - `rate`: sampling rate of the file in Hz.
    - `channels`: how many channels the file has.
    - `channel_difference`: level of what differs between the channels (their deviation from their mean) relative to
      that of all of them, in dB; `LOWEST` where there is one channel, or all are equal.
    - `bandwidth`: in Hz, the upper edge of the highest band of 250 Hz with energy in the pauses: 6 dB more than what
      rounding to 16 bits leaves in it. NaN where no band has.
    - `offset`: mean of the samples in the pauses, as a share of full scale.
    - `noise`: level in the pauses in dB, from the mean power of their windows; `LOWEST` at the lowest.
    - `silence_before`, `silence_after`: seconds before the first and after the last 10 ms that hold a sound: more than
      10 dB above the floor (halfway to the peak where that is less), and no more than 50 dB below the peak. 0 where the
      peak is less than 6 dB above the floor.
    - `loudness`: level in dB of the louder half of windows, from their mean power.
    - `duration`: in s.
    - `clipped`: share of the samples that stand in threes or more at full scale (.999 of it).

    NaN without pauses are bandwidth, offset and noise; NaN in less than 50 ms are the silences and the loudness too.
    """

    name = "cues"
    package = "numpy"
    revision = 2
    every_channel = True

    def names(self) -> tuple[str, ...]:
        """The columns."""
        return MEASURED

    def extract(self, audio: Audio) -> Floats:
        """The cues of a recording, shape (cues,); `audio` has the channel that is used first."""
        samples = audio.mono.astype(np.float64)
        found = dict.fromkeys(MEASURED, np.nan) | _of_file(audio) | {CLIPPED: _clipped(samples)}
        hop = round(audio.rate * _HOP)
        if len(samples) >= _WINDOW * hop:
            hops, windows = _power(samples, hop)
            found |= _of_levels(hops, windows, hop / audio.rate)
            found |= _of_pauses(samples, windows, hop, audio.rate)
        return np.array([found[name] for name in MEASURED], dtype=np.float32)


def _of_file(audio: Audio) -> dict[str, float]:
    several = audio.samples[1:].astype(np.float64)
    difference = LOWEST
    if len(several):
        apart = several - several.mean(axis=0)
        difference = _decibels((apart**2).mean() / (several**2).mean())
    return {
        "rate": audio.rate,
        "channels": max(1, len(several)),
        "channel_difference": difference,
        "duration": audio.seconds,
    }


def _clipped(samples: Doubles) -> float:
    """See `Cues`; 0 where there is no sample."""
    full = np.abs(samples) >= _FULL
    edges = np.flatnonzero(np.diff(full, prepend=False, append=False)).reshape(-1, 2)
    lengths = edges[:, 1] - edges[:, 0]
    return float(lengths[lengths >= _FLAT].sum()) / max(len(samples), 1)


def _power(samples: Doubles, hop: int) -> tuple[Doubles, Doubles]:
    """Variance within each hop, shape (hops,), and within each window, shape (hops - 4,); the rest is left out."""
    whole = (samples - samples.mean())[: len(samples) // hop * hop].reshape(-1, hop)
    mean, square = whole.mean(axis=1), np.einsum("ij,ij->i", whole, whole) / hop
    share = np.full(_WINDOW, 1 / _WINDOW)
    windows = np.convolve(square, share, "valid") - np.convolve(mean, share, "valid") ** 2
    return np.maximum(square - mean**2, 0), np.maximum(windows, 0)


def _of_levels(hops: Doubles, windows: Doubles, step: float) -> dict[str, float]:
    floor, peak = (_decibels(square) for square in np.quantile(windows, [_LOW, _HIGH]))
    before = after = 0.0
    least = max(min(floor + _CLEAR, (floor + peak) / 2), peak - _FAINT)
    sound = np.flatnonzero(hops > 10 ** (least / 10))
    if peak - floor >= _RANGE and len(sound):
        before, after = sound[0] * step, (len(hops) - 1 - sound[-1]) * step
    loud = np.sort(windows)[len(windows) // 2 :]
    return {"silence_before": before, "silence_after": after, "loudness": _decibels(loud.mean())}


def _of_pauses(samples: Doubles, windows: Doubles, hop: int, rate: int) -> dict[str, float]:
    starts = np.flatnonzero(_in_pause(windows))
    if not len(starts):
        return {}
    some = starts[np.linspace(0, len(starts) - 1, min(len(starts), _SPECTRA)).astype(np.int64)]
    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW * hop)[some * hop]
    noise = _decibels(windows[starts].mean())
    return {"bandwidth": _bandwidth(frames, rate), "offset": frames.mean(), "noise": noise}


def _in_pause(windows: Doubles) -> npt.NDArray[np.bool_]:
    """Which windows are in a pause."""
    floor, peak = np.quantile(windows, [_LOW, _HIGH])
    if _decibels(peak) - _decibels(floor) < _RANGE:
        return np.zeros(len(windows), dtype=bool)
    quiet: npt.NDArray[np.bool_] = windows < max(floor, 10 ** (LOWEST / 10)) * 10 ** (_RANGE / 10)
    edges = np.flatnonzero(np.diff(quiet, prepend=False, append=False))
    for start, end in edges.reshape(-1, 2):
        quiet[start:end] = end - start >= _PAUSE
    return quiet


def _bandwidth(frames: Doubles, rate: int) -> float:
    """See `Cues`; frames have shape (windows, samples)."""
    frames = frames - frames.mean()
    taper = np.hanning(frames.shape[1] + 2)[1:-1]
    spectrum = (np.abs(np.fft.rfft(frames * taper)) ** 2).mean(axis=0) / (taper**2).sum()
    # In these units white noise has its mean square in every bin.
    band = (np.fft.rfftfreq(frames.shape[1], 1 / rate) / _BAND).astype(np.int64)
    level = np.bincount(band, spectrum) / np.bincount(band)
    alive = np.flatnonzero(level > _ROUNDING * 10 ** (_RANGE / 10))
    return min((alive[-1] + 1) * _BAND, rate / 2) if len(alive) else np.nan


def _decibels(square: float) -> float:
    """The level of a mean square, or of a ratio of two, no less than `LOWEST`."""
    return max(10 * float(np.log10(square)), LOWEST) if square > 0 else LOWEST
