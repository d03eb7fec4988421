"""Formants at the glottal pulses, and the length of the vocal tract that they tell of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from parselmouth.praat import call

from nk.features._praat_track import at

if TYPE_CHECKING:
    from nk.registry import Doubles

_SPEED_OF_SOUND = 35_000  # cm/s, in the warm and moist air of a vocal tract
_STEP, _WINDOW, _EMPHASIS = 0.0025, 0.025, 50  # s, s, Hz
_NUMBERS = (1, 2, 3, 4)


def formants(sound: Any, pulses: Any, ceiling: float, number: int) -> dict[str, float]:
    """Mean and median of F1 to F4 over the glottal pulses in Hz, and measures of the vocal tract from the medians.

    Args:
        sound: Praat's Sound
        pulses: the PointProcess of its glottal pulses
        ceiling: frequency below which formants are looked for in Hz
        number: how many are looked for
    """
    if not call(pulses, "Get number of points"):
        return {}
    times = call(pulses, "To Matrix").values[0]
    track = call(sound, "To Formant (burg)", _STEP, number, ceiling, _WINDOW, _EMPHASIS)
    found = [at(times, call(track, "To Matrix", each).values[0], track) for each in _NUMBERS]
    known = [values[np.isfinite(values)] for values in found]
    means = [float(values.mean()) if values.size else np.nan for values in known]
    medians = [float(np.median(values)) if values.size else np.nan for values in known]
    return {
        **{f"f{each}_mean": value for each, value in zip(_NUMBERS, means, strict=True)},
        **{f"f{each}_median": value for each, value in zip(_NUMBERS, medians, strict=True)},
        **vocal_tract(np.array(medians)),
    }


def vocal_tract(f: Doubles) -> dict[str, float]:
    """Measures of a vocal tract from its first four formants in Hz, shape (4,).

    `fdisp` is the dispersion of Fitch (J. Acoust. Soc. Am. 102, 1997), `delta_f` the spacing of the formants of a tube
    closed at one end that fits best (Reby and McComb, Animal Behaviour 65, 2003); lengths are in cm.
    """
    odd = np.arange(1, 2 * len(f), 2)
    spacing = float(odd @ f / (odd @ odd) * 2)
    return {
        "fdisp": float(f[-1] - f[0]) / (len(f) - 1),
        "avgFormant": float(f.mean()),
        "mff": float(np.exp(np.log(f).mean())),
        "fitch_vtl": float((odd * _SPEED_OF_SOUND / (4 * f)).mean()),
        "delta_f": spacing,
        "vtl_delta_f": _SPEED_OF_SOUND / (2 * spacing),
    }
