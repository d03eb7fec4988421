"""Speak what one speaker says: `python -m nk.corpus.render SPEAKER SEED FOLDER`.

The synthesiser has a state that no seed resets, so that a sentence sounds different the second time; the n-th
sentence of a fresh process is always the same. Hence a process a speaker, and a fixed order. It is also the only place
that imports Praat.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nk.corpus.recipe import RATE, SPEAKERS, Utterance, generator, utterances
from nk.corpus.wav import write

if TYPE_CHECKING:
    import numpy.typing as npt

    Samples = npt.NDArray[np.float64]

_SPOKEN_RATE = 22_050  # Hz, the synthesiser's own
_LEVEL = -30.0  # dB below full scale (RMS) of neutral speech
NOISE = -66.0  # dB below full scale (RMS), the same for all
_AUDIBLE = 10 ** ((NOISE + 10) / 20)  # RMS where speech begins and ends: well above the noise
_FRAME = 80  # samples, 5 ms
SILENCE = 0.25  # s before and after


def speak(speaker: str, seed: int, folder: Path) -> None:
    """Write all recordings of one speaker as 16-bit wav files."""
    chosen = next(each for each in SPEAKERS if each.name == speaker)
    from parselmouth.praat import call

    voice = call("Create SpeechSynthesizer", chosen.accent, chosen.voice)
    for utterance in utterances(chosen, seed):
        speech = _leveled(_bright(_spoken(voice, utterance), utterance.prosody.bright), utterance.prosody.level)
        write(folder / utterance.file, _recorded(speech, generator(seed, "noise", utterance.file)))


def _spoken(voice: Any, utterance: Utterance) -> Samples:
    """The synthesiser's speech, at `RATE`.

    Played faster by a factor, all formants rise by it; pitch and rate are set lower by it to make up for that.
    """
    from parselmouth.praat import call
    from soxr import resample

    speaker, prosody = utterance.speaker, utterance.prosody
    pitch = speaker.pitch * 2 ** (prosody.pitch / 12) / speaker.tract
    words = speaker.rate * math.exp(prosody.rate) / speaker.tract
    spread = min(math.exp(prosody.spread), 2.0)
    call(voice, "Speech output settings...", _SPOKEN_RATE, 0.01, min(max(pitch, 0.5), 2.0), spread, round(words), "IPA")
    (sound,) = call(voice, "To Sound", utterance.text, "no")
    speech: Samples = resample(sound.values[0], _SPOKEN_RATE * speaker.tract, RATE, quality="VHQ")
    return _without_offset(speech)


def _without_offset(speech: Samples) -> Samples:
    """Take out what is below speech: an offset would grow with the level, and tell it in the pauses."""
    spectrum = np.fft.rfft(speech)
    frequency = np.fft.rfftfreq(len(speech), 1 / RATE)
    return np.fft.irfft(spectrum * (1 - 1 / (1 + (frequency / 30) ** 4)), len(speech))


def _bright(speech: Samples, weight: float) -> Samples:
    """Lift (or, where negative, lower) the high frequencies by a filter with one zero."""
    tilted = speech.copy()
    tilted[1:] -= weight * speech[:-1]
    return tilted


def _leveled(speech: Samples, level: float) -> Samples:
    """Bring the loud half of the speech to a level in dB, and cut off what is not audible before and after."""
    frames = speech[: len(speech) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = (frames**2).mean(axis=1)
    loud = np.sort(power)[len(power) // 2 :].mean()
    gain = 10 ** ((_LEVEL + level) / 20) / math.sqrt(loud)
    audible = np.flatnonzero(gain * np.sqrt(power) > _AUDIBLE)
    spoken: Samples = gain * frames[audible[0] : audible[-1] + 1].ravel()
    return spoken


def _recorded(speech: Samples, random: np.random.Generator) -> Samples:
    """The speech in a room: with silence around it, and the same noise over all, which the level does not touch."""
    recording = np.pad(speech, round(SILENCE * RATE))
    return recording + 10 ** (NOISE / 20) * random.standard_normal(len(recording))


if __name__ == "__main__":
    speak(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
