"""All measures of one recording: what can be computed from its length, each object of Praat once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from parselmouth import Sound
from parselmouth.praat import call

from nk.features._praat_fluency import SHORTEST, fluency
from nk.features._praat_formants import formants
from nk.features._praat_voice import voice

if TYPE_CHECKING:
    from nk.audio import Audio
    from nk.features.praat import PraatOptions

_PERIODS = 3  # of the lowest F0, which Praat needs to see


def measures(audio: Audio, options: PraatOptions) -> dict[str, float]:
    """Measures by name; what the recording does not define is missing or NaN.

    Praat ends the process on some recordings of one or two samples, and raises on others that are too short, so each
    analysis is asked for only where it fits in.
    """
    sound = Sound(audio.mono.astype(np.float64), sampling_frequency=audio.rate)
    found: dict[str, float] = {}
    if options.f0_min * sound.duration >= _PERIODS:
        found |= _voiced(sound, options)
    if sound.duration >= SHORTEST:
        found |= fluency(sound, options.silence, options.min_pause, options.min_dip)
    # Beside a duration alone all would be filled in later; a row without any value is reported as too short.
    return {"duration": audio.seconds, **found} if np.isfinite(list(found.values())).any() else {}


def _voiced(sound: Sound, options: PraatOptions) -> dict[str, float]:
    """What is measured where there is voice."""
    pitch = call(sound, "To Pitch", 0.0, options.f0_min, options.f0_max)
    # With this pitch, the pulses are those of Praat's `To PointProcess (periodic, cc)`.
    pulses = call([sound, pitch], "To PointProcess (cc)")
    return {
        **voice(sound, pitch, pulses, options.f0_min),
        **formants(sound, pulses, options.formant_ceiling, options.n_formants),
    }
