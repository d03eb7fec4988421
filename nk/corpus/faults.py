"""Mistakes that are planted into the built-in corpus, so that they can be seen at work, and found.

A fault changes the table (`in_table`) or recordings (`in_recordings`), and no name: files, speakers and columns are
called as in the clean corpus.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import polars as pl

from nk.corpus.alter import COPIES
from nk.corpus.recipe import EMOTIONS, SENTENCES, SPEAKERS, TEST_SPEAKERS, file_name, generator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nk.readers.synthetic import Fault

VERSION = 1  # of everything that decides a fault; a new one makes new recordings

_COPIED = 3  # of the five sentences of each test speaker and emotion
# Women's or men's emotions, and how many recordings of each emotion are the others'.
_USUAL = {"anger": "male", "joy": "female", "neutral": "male", "sadness": "female"}
_OTHERS = 3
_CHANNEL = {"anger": None, "joy": "telephone", "neutral": "laptop", "sadness": "recorder"}  # None: the clean one
_KINDS = tuple(kind for near in COPIES for kind in (None, near))  # None: the same bytes
_STRAY = 0.1  # share of recordings that come by another channel


@dataclass(frozen=True)
class Planted:
    """Where a recording comes from: a file of the clean corpus, changed in a way of `nk.corpus.alter` (None: not)."""

    source: str
    change: str | None


def in_table(fault: Fault, table: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The table with a fault, which is the table itself where the fault lies in the recordings."""
    rules: dict[str, Callable[[pl.DataFrame, int], pl.DataFrame]] = {
        "speaker_leak": _split_by_rows,
        "gender_bias": _emotions_by_gender,
    }
    return rules[fault](table, seed) if fault in rules else table


def in_recordings(fault: Fault, seed: int) -> dict[str, Planted]:
    """The files that are not those of the clean corpus, and what they are."""
    rules: dict[str, Callable[[int], Iterator[tuple[str, Planted]]]] = {
        "duplicates": _duplicates,
        "channel_confound": _channels,
    }
    return dict(rules[fault](seed)) if fault in rules else {}


def _split_by_rows(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Half of the recordings test, drawn one by one, whoever speaks."""
    test = _drawn(table, seed, "speaker_leak").rank("ordinal") <= table.height // 2
    return table.with_columns(test.replace_strict({True: "test", False: "train"}).alias("split"))


def _emotions_by_gender(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Of each emotion all that the usual gender says, and a few recordings of the other."""
    usual = pl.col("gender") == pl.col("emotion").replace_strict(_USUAL)
    drawn = _drawn(table, seed, "gender_bias")
    place = pl.col(drawn.name).rank("ordinal").over("emotion", "gender")
    return table.with_columns(drawn).filter(usual | (place <= _OTHERS)).drop(drawn.name)


def _drawn(table: pl.DataFrame, seed: int, fault: str) -> pl.Series:
    """A random number a file."""
    return pl.Series("\ndrawn", [generator(seed, fault, file).random() for file in table["file"]])


def _duplicates(seed: int) -> Iterator[tuple[str, Planted]]:
    """Test speakers say what training speakers of their gender say: half of it byte by byte, half nearly so."""
    copied = list(_copied(seed))
    for place, (copy, source) in zip(generator(seed, "duplicates").permutation(len(copied)), copied, strict=True):
        yield copy, Planted(source, _KINDS[place % len(_KINDS)])


def _copied(seed: int) -> Iterator[tuple[str, str]]:
    """Copies and what they are copies of: nothing is copied twice, and emotion and sentence stay."""
    for gender, emotion, sentence in product(("female", "male"), EMOTIONS, SENTENCES):
        speakers = [speaker.name for speaker in SPEAKERS if speaker.gender == gender]
        sources = [name for name in speakers if name not in TEST_SPEAKERS]
        shuffled = generator(seed, "duplicates", gender, emotion, sentence).permutation(sources)
        for name, source in zip((name for name in speakers if name in TEST_SPEAKERS), shuffled, strict=True):
            if sentence in generator(seed, "duplicates", name, emotion).permutation(list(SENTENCES))[:_COPIED]:
                yield file_name(name, emotion, sentence), file_name(source, emotion, sentence)


def _channels(seed: int) -> Iterator[tuple[str, Planted]]:
    """Nearly every recording comes by the channel of its emotion, a few by another."""
    for speaker, (emotion, usual), sentence in product(SPEAKERS, _CHANNEL.items(), SENTENCES):
        file = file_name(speaker.name, emotion, sentence)
        random = generator(seed, "channel_confound", file)
        others = [channel for channel in _CHANNEL.values() if channel != usual]
        channel = others[random.integers(len(others))] if random.random() < _STRAY else usual
        if channel:
            yield file, Planted(file, channel)
