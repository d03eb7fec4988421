"""What is said in the built-in corpus, by whom, and how.

The emotions are prosody rules. Their directions are the well-known ones of actors' speech (Banse & Scherer 1996) and
of the reviews (Scherer 2003; Juslin & Laukka 2003); rules of this kind have been tested with synthetic speech
(Burkhardt & Sendlmeier 2000). Anger and joy are higher, wider in pitch, faster and louder than neutral speech, anger
with more energy in the high frequencies; sadness is lower, narrower, slower, softer and duller. The amounts are ours,
chosen so that a plain classifier is right about two times in three.

- Banse, R. & Scherer, K. R. (1996). Acoustic profiles in vocal emotion expression. Journal of Personality and Social
  Psychology 70(3), 614-636.
- Burkhardt, F. & Sendlmeier, W. F. (2000). Verification of acoustical correlates of emotional speech using
  formant-synthesis. ISCA Workshop on Speech and Emotion, 151-156.
- Juslin, P. N. & Laukka, P. (2003). Communication of emotions in vocal expression and music performance: different
  channels, same code? Psychological Bulletin 129(5), 770-814.
- Scherer, K. R. (2003). Vocal communication of emotion: a review of research paradigms. Speech Communication 40(1-2),
  227-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 1  # of everything that decides a sample; a new one makes a new corpus
RATE = 16_000  # Hz

SENTENCES = {
    "s1": "The parcel is lying beside the door of the kitchen.",
    "s2": "Tomorrow we will take the early train to the lake.",
    "s3": "She put the blue folder on the table by the window.",
    "s4": "There are seven letters in the box under the stairs.",
    "s5": "The neighbours come home from work at about six.",
}


@dataclass(frozen=True)
class Prosody:
    """How speech differs from the speaker's neutral way.

    `pitch` in semitones, `spread` of pitch and `rate` as natural logarithms of a factor, `level` in dB, `bright` is the
    weight of the high frequencies (0 none, negative: duller).
    """

    pitch: float
    spread: float
    rate: float
    level: float
    bright: float


EMOTIONS = {
    "anger": Prosody(pitch=2.0, spread=0.25, rate=0.10, level=3.0, bright=0.30),
    "joy": Prosody(pitch=3.0, spread=0.40, rate=0.06, level=1.5, bright=0.10),
    "neutral": Prosody(pitch=0.0, spread=0.0, rate=0.0, level=0.0, bright=0.0),
    "sadness": Prosody(pitch=-1.5, spread=-0.45, rate=-0.14, level=-3.0, bright=-0.25),
}

# How far utterances stray from the rule, and speakers by habit.
STRAY = Prosody(pitch=1.0, spread=0.18, rate=0.06, level=1.2, bright=0.12)
ACTING = 0.30  # how much actors differ in how strongly they act (spread of the logarithm)


@dataclass(frozen=True)
class Speaker:
    """A voice.

    `voice` and `accent` are names of the synthesiser; `pitch` is a factor on the voice's own, `tract` on its formants,
    `rate` in words a minute. With age women's voices go down and old men's up, and both slow down.
    """

    name: str
    gender: str
    age: int
    voice: str
    accent: str
    pitch: float
    tract: float
    rate: int


_BRITISH, _AMERICAN = "English (Great Britain)", "English (America)"
SPEAKERS = (
    Speaker("spk01", "female", 19, "Female3", _BRITISH, 1.06, 1.04, 182),
    Speaker("spk02", "male", 22, "Male3", _AMERICAN, 1.10, 1.03, 184),
    Speaker("spk03", "female", 26, "Female5", _AMERICAN, 1.02, 1.00, 178),
    Speaker("spk04", "male", 29, "Male1", _BRITISH, 1.14, 0.97, 176),
    Speaker("spk05", "female", 34, "Female1", _BRITISH, 1.10, 1.02, 174),
    Speaker("spk06", "male", 37, "Male5", _AMERICAN, 1.00, 0.94, 178),
    Speaker("spk07", "female", 45, "Female4", _AMERICAN, 1.02, 0.97, 170),
    Speaker("spk08", "male", 48, "Male6", _BRITISH, 0.94, 1.00, 170),
    Speaker("spk09", "female", 58, "Female2", _BRITISH, 0.88, 0.98, 164),
    Speaker("spk10", "male", 61, "Male4", _AMERICAN, 1.04, 0.95, 162),
    Speaker("spk11", "female", 71, "Female3", _AMERICAN, 0.80, 0.96, 154),
    Speaker("spk12", "male", 74, "Male7", _BRITISH, 1.16, 0.99, 152),
)
# Who tests by the corpus' own split: as many women as men of each part, and of the same age on average.
TEST_SPEAKERS = ("spk02", "spk03", "spk05", "spk08", "spk10", "spk11")


@dataclass(frozen=True)
class Utterance:
    """One recording: what is said, and the prosody that was drawn for it."""

    speaker: Speaker
    emotion: str
    sentence: str
    prosody: Prosody

    @property
    def text(self) -> str:
        """The words."""
        return SENTENCES[self.sentence]

    @property
    def file(self) -> str:
        """The name of its file."""
        return file_name(self.speaker.name, self.emotion, self.sentence)


def file_name(speaker: str, emotion: str, sentence: str) -> str:
    """The name of the file in which a speaker says a sentence with an emotion."""
    return f"{speaker}_{emotion}_{sentence}.wav"


def utterances(speaker: Speaker, seed: int) -> Iterator[Utterance]:
    """What a speaker says, in the order in which it has to be spoken."""
    habit = _draw(seed, speaker.name)
    for emotion, rule in EMOTIONS.items():
        strength = np.exp(ACTING * _draw(seed, speaker.name, emotion)[0])
        for sentence in SENTENCES:
            stray = _draw(seed, speaker.name, emotion, sentence)
            yield Utterance(speaker, emotion, sentence, _drawn(rule, strength, habit, stray))


def generator(seed: int, *about: str) -> np.random.Generator:
    """Random numbers that depend on the seed and on what they are about, and on nothing else."""
    key = blake2b("/".join([str(VERSION), str(seed), *about]).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(key, "big"))


def _draw(seed: int, *about: str) -> list[float]:
    """Five standard normal numbers, cut at 2 so that nobody screams."""
    return [float(value) for value in generator(seed, *about).standard_normal(5).clip(-2, 2)]


def _drawn(rule: Prosody, strength: float, habit: list[float], stray: list[float]) -> Prosody:
    """The rule as strongly as this actor acts, a little off by the speaker's habit and by chance."""
    names = Prosody.__dataclass_fields__
    values = {
        name: float(strength) * getattr(rule, name) + getattr(STRAY, name) * (own + by_chance)
        for name, own, by_chance in zip(names, habit, stray, strict=True)
    }
    return Prosody(**values)
