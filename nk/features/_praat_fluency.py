"""Syllables, speech rate and pauses (de Jong and Wempe, Behavior Research Methods 41, 2009)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from parselmouth import PraatWarning
from parselmouth.praat import call

from nk.features._praat_track import at

if TYPE_CHECKING:
    from nk.registry import Doubles, Ints

_FLOOR = 50.0  # Hz; the level is that of windows of 6.4 of its periods
SHORTEST = 6.4 / _FLOOR  # s
_SOUNDING = 0.1  # s; what is shorter is no speech
_ENOUGH = 3  # pauses that have a distribution

# Their settings: it is only asked whether there is voice.
_VOICING = {
    "time_step": 0.02,
    "pitch_floor": 30.0,
    "pitch_ceiling": 450.0,
    "max_number_of_candidates": 4,
    "silence_threshold": 0.03,
    "voicing_threshold": 0.25,
    "octave_cost": 0.01,
    "octave_jump_cost": 0.35,
    "voiced_unvoiced_cost": 0.25,
}


def fluency(sound: Any, silence: float, min_pause: float, min_dip: float) -> dict[str, float]:
    """Measures by name, NaN where there is no speech.

    Args:
        sound: Praat's Sound of at least `SHORTEST`
        silence: level below which there is silence in dB, relative to the 99 % quantile of the level
        min_pause: shortest silence that is a pause in s
        min_dip: least fall of the level between two syllables in dB
    """
    intensity = sound.to_intensity(_FLOOR)
    loud = call(intensity, "Get quantile", 0, 0, 0.99)
    loudest = call(intensity, "Get maximum", 0, 0, "Parabolic")
    speech = _speech(intensity, silence + loud - loudest, min_pause)
    level = intensity.values[0]
    times = intensity.x1 + intensity.dx * nuclei(level, loud + silence, min_dip)
    syllables = int((_within(times, speech) & _voiced(times, sound)).sum())
    return {**_rates(syllables, speech, sound.duration), **pause_distribution(speech[1:, 0] - speech[:-1, 1])}


def nuclei(level: Doubles, threshold: float, min_dip: float) -> Ints:
    """Frames of the peaks that are syllables if they are voiced: the level falls between them and the next peak.

    After the last peak there need be no fall, as the recording may end there.

    Args:
        level: in dB, shape (frames,)
        threshold: lowest level of a peak in dB
        min_dip: the fall in dB
    """
    inner = level[1:-1]
    peaks = np.flatnonzero((inner > level[:-2]) & (inner >= level[2:]) & (inner > threshold)) + 1
    if not peaks.size:
        return peaks
    falls = level[peaks] - np.minimum.reduceat(level, peaks)
    falls[-1] = np.inf
    return peaks[falls > min_dip]


def pause_distribution(pauses: Doubles) -> dict[str, float]:
    """Mean of the pauses and, where there are three, their spread and the lognormal distribution that fits best."""
    found = {"pause_mean_duration": float(pauses.mean())} if pauses.size else {}
    if pauses.size < _ENOUGH:
        return found
    logarithms = np.log(pauses)
    center, width = float(logarithms.mean()), float(logarithms.std())
    return {
        **found,
        "pause_std_duration": float(pauses.std()),
        "pause_cv": float(pauses.std() / pauses.mean()),
        "pause_lognorm_mu": center,
        "pause_lognorm_sigma": width,
        "pause_lognorm_ks_pvalue": _fit(logarithms, center, width),
    }


def _fit(logarithms: Doubles, center: float, width: float) -> float:
    """Fit by the Kolmogorov-Smirnov test: its p, as if the distribution had not been fitted to the values."""
    from scipy.stats import kstest

    return float(kstest(logarithms, "norm", (center, width)).pvalue) if width else np.nan


def _speech(intensity: Any, silence: float, min_pause: float) -> Doubles:
    """Start and end in s of each stretch of speech, shape (stretches, 2); `silence` is relative to the maximum."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PraatWarning)  # says that the sound is steady, as a held vowel has to be
        grid = call(intensity, "To TextGrid (silences)", silence, min_pause, _SOUNDING, "silent", "sounding")
    if not call(grid, "Count intervals where", 1, "is equal to", "sounding"):
        return np.empty((0, 2))
    table = call(call(grid, "Extract tier", 1), "Down to TableOfReal", "sounding")
    stretches: Doubles = call(table, "To Matrix").values[:, :2]
    return stretches


def _within(times: Doubles, speech: Doubles) -> Any:
    """Whether each time is in one of the stretches: shape (times,)."""
    begun = np.searchsorted(speech[:, 0], times, side="right")
    ends = np.concatenate([[-np.inf], speech[:, 1]])
    return times <= ends[begun]


def _voiced(times: Doubles, sound: Any) -> Any:
    """Whether there is voice at each time: shape (times,)."""
    pitch = sound.to_pitch_ac(**_VOICING)
    return np.isfinite(at(times, pitch.selected_array["frequency"], pitch))


def _rates(syllables: int, speech: Doubles, duration: float) -> dict[str, float]:
    speaking = float((speech[:, 1] - speech[:, 0]).sum())
    return {
        "nsyll": syllables,
        "npause": max(0, len(speech) - 1),
        "phonationtime_s": speaking,
        "speechrate_nsyll_dur": syllables / duration,
        "articulation_rate_nsyll_phonationtime": syllables / speaking if speaking else np.nan,
        "ASD_speakingtime_nsyll": speaking / syllables if syllables else np.nan,
        "proportion_pause_duration": (duration - speaking) / speaking if speaking else np.nan,
    }
