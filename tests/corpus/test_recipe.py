from __future__ import annotations

import numpy as np

from nk.corpus.recipe import EMOTIONS, SENTENCES, SPEAKERS, generator, utterances


def all_of(seed: int) -> list[tuple[str, str, tuple[float, ...]]]:
    return [
        (each.file, each.emotion, (each.prosody.pitch, each.prosody.spread, each.prosody.rate, each.prosody.level))
        for speaker in SPEAKERS
        for each in utterances(speaker, seed)
    ]


def test_every_speaker_says_everything() -> None:
    files = [file for file, _, _ in all_of(1)]
    assert len(files) == len(set(files)) == 12 * 4 * 5
    assert "spk01_anger_s1.wav" in files


def test_speakers() -> None:
    genders = [speaker.gender for speaker in SPEAKERS]
    assert genders.count("female") == genders.count("male") == 6
    assert len({speaker.age for speaker in SPEAKERS}) == 12
    assert len({speaker.name for speaker in SPEAKERS}) == 12


def test_the_seed_alone_decides() -> None:
    assert all_of(1) == all_of(1)
    assert all_of(1) != all_of(2)


def test_one_draw_does_not_depend_on_another() -> None:
    last = list(utterances(SPEAKERS[-1], 1))
    assert [each.prosody for each in last] == [each.prosody for each in utterances(SPEAKERS[-1], 1)]
    assert generator(1, "a").random() != generator(1, "b").random() != generator(2, "b").random()


def test_emotions_go_where_the_literature_says() -> None:
    """The mean of the utterances keeps the directions of the rules: pitch, spread, rate, level against neutral."""
    drawn = [all_of(seed) for seed in range(20)]
    means = {
        emotion: np.mean([values for rows in drawn for _, found, values in rows if found == emotion], axis=0)
        for emotion in EMOTIONS
    }
    for emotion in ("anger", "joy"):
        assert (means[emotion] > means["neutral"]).all()
    assert (means["sadness"] < means["neutral"]).all()


def test_sentences_carry_no_emotion_words() -> None:
    words = set(" ".join(SENTENCES.values()).lower().replace(".", "").split())
    assert not words & {"happy", "sad", "angry", "love", "hate", "terrible", "wonderful", "fear"}
