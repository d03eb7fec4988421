"""Fundamental frequency, harmonicity, jitter and shimmer."""

from __future__ import annotations

from typing import Any

from parselmouth.praat import call

_PERIODS = (0.0001, 0.02, 1.3)  # shortest and longest in s, largest ratio of neighbours; Praat's standard values
_AMPLITUDES = 1.6  # largest ratio of neighbours

_JITTER = {
    "localJitter": "local",
    "localabsoluteJitter": "local, absolute",
    "rapJitter": "rap",
    "ppq5Jitter": "ppq5",
    "ddpJitter": "ddp",
}
_SHIMMER = {
    "localShimmer": "local",
    "localdbShimmer": "local_dB",
    "apq3Shimmer": "apq3",
    "apq5Shimmer": "apq5",
    "apq11Shimmer": "apq11",
    "ddaShimmer": "dda",
}


def voice(sound: Any, pitch: Any, pulses: Any, f0_min: float) -> dict[str, float]:
    """Measures by name, NaN where there is no voice, or too little.

    Args:
        sound: Praat's Sound
        pitch: its Pitch
        pulses: the PointProcess of its glottal pulses
        f0_min: lowest fundamental frequency in Hz
    """
    harmonicity = call(sound, "To Harmonicity (cc)", 0.01, f0_min, 0.1, 1.0)
    jitter = {name: call(pulses, f"Get jitter ({kind})", 0, 0, *_PERIODS) for name, kind in _JITTER.items()}
    shimmer = {
        name: call([sound, pulses], f"Get shimmer ({kind})", 0, 0, *_PERIODS, _AMPLITUDES)
        for name, kind in _SHIMMER.items()
    }
    return {
        "meanF0Hz": call(pitch, "Get mean", 0, 0, "Hertz"),
        "stdevF0Hz": call(pitch, "Get standard deviation", 0, 0, "Hertz"),
        "HNR": call(harmonicity, "Get mean", 0, 0),
        **jitter,
        **shimmer,
    }
