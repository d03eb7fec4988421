"""Where faults are planted; `test_planted.py` listens to them."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import polars as pl
import pytest

from nk.corpus.alter import CHANNELS, COPIES
from nk.corpus.faults import in_recordings, in_table
from nk.corpus.recipe import SPEAKERS, TEST_SPEAKERS, utterances
from nk.readers.synthetic import Fault

FAULTS = get_args(Fault)


@pytest.fixture(scope="module")
def clean() -> pl.DataFrame:
    rows = [
        {
            "file": each.file,
            "speaker": speaker.name,
            "gender": speaker.gender,
            "age": speaker.age,
            "emotion": each.emotion,
            "sentence": each.sentence,
            "split": "test" if speaker.name in TEST_SPEAKERS else "train",
        }
        for speaker in SPEAKERS
        for each in utterances(speaker, 1)
    ]
    return pl.DataFrame(rows)


def counts(table: pl.DataFrame, *columns: str) -> dict[tuple[str, ...], int]:
    return {row[:-1]: row[-1] for row in table.group_by(columns).len().iter_rows()}


def test_the_clean_split_is_by_speaker_and_fair(clean: pl.DataFrame) -> None:
    assert set(counts(clean, "split", "gender", "emotion").values()) == {15}
    assert clean.group_by("speaker").agg(pl.col("split").n_unique())["split"].unique().to_list() == [1]
    ages = dict(clean.group_by("split").agg(pl.col("age").mean()).iter_rows())
    assert ages["train"] == ages["test"]


def test_a_corpus_without_a_fault_is_as_it_is(clean: pl.DataFrame) -> None:
    assert in_recordings("none", 1) == {}
    assert in_table("none", clean, 1).equals(clean)


@pytest.mark.parametrize("fault", FAULTS[1:])
def test_a_fault_is_in_the_table_or_in_recordings_and_a_matter_of_the_seed(fault: Fault, clean: pl.DataFrame) -> None:
    planted, table = in_recordings(fault, 1), in_table(fault, clean, 1)
    assert bool(planted) != (not table.equals(clean))
    assert planted == in_recordings(fault, 1)
    assert table.equals(in_table(fault, clean.sample(fraction=1, shuffle=True, seed=3), 1).sort("file"))
    assert (planted != in_recordings(fault, 2)) != (not table.equals(in_table(fault, clean, 2)))


@pytest.mark.parametrize("fault", FAULTS)
def test_no_name_tells_a_fault(fault: Fault, clean: pl.DataFrame) -> None:
    table = in_table(fault, clean, 1)
    assert table.columns == clean.columns
    everything_but_the_split = pl.exclude("split")
    assert table.select(everything_but_the_split).join(clean, on=clean.columns[:-1], how="anti").is_empty()
    assert set(in_recordings(fault, 1)) <= set(clean["file"])


def test_leaked_speakers_are_all_in_both_parts(clean: pl.DataFrame) -> None:
    table = in_table("speaker_leak", clean, 1)
    assert counts(table, "split") == {("train",): 120, ("test",): 120}
    assert len(counts(table, "split", "speaker")) == 24
    assert len(counts(table, "split", "emotion")) == 8


def test_gender_predicts_the_emotion(clean: pl.DataFrame) -> None:
    table = in_table("gender_bias", clean, 1)
    usual = {"anger": "male", "joy": "female", "neutral": "male", "sadness": "female"}
    assert counts(table, "emotion", "gender") == {
        (emotion, gender): 30 if usual[emotion] == gender else 3 for emotion in usual for gender in ("male", "female")
    }
    assert len(counts(table, "speaker")) == 12
    assert len(counts(table, "split", "emotion")) == 8


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_copies_go_from_training_to_test_speakers(seed: int, clean: pl.DataFrame) -> None:
    planted = in_recordings("duplicates", seed)
    rows = {row["file"]: row for row in clean.iter_rows(named=True)}
    for copy, plan in planted.items():
        new, old = rows[copy], rows[plan.source]
        assert (new["split"], old["split"]) == ("test", "train")
        assert all(new[column] == old[column] for column in ("gender", "emotion", "sentence"))
    assert len({plan.source for plan in planted.values()}) == len(planted) == 72
    assert set(Counter((rows[copy]["speaker"], rows[copy]["emotion"]) for copy in planted).values()) == {3}
    kinds = Counter(plan.change for plan in planted.values())
    assert kinds.pop(None) == 36
    assert set(kinds) == set(COPIES)
    assert min(kinds.values()) >= 7


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_channels_go_with_emotions(seed: int, clean: pl.DataFrame) -> None:
    planted = in_recordings("channel_confound", seed)
    assert all(plan.source == file for file, plan in planted.items())
    assert {plan.change for plan in planted.values()} == set(CHANNELS)
    channel = pl.Series("channel", [planted[file].change if file in planted else "as it is" for file in clean["file"]])
    table = clean.with_columns(channel)
    usual = {"anger": "as it is", "joy": "telephone", "neutral": "laptop", "sadness": "recorder"}
    found = counts(table, "emotion", "channel")
    assert all(found[pair] >= 48 for pair in usual.items())
    assert 12 <= 240 - sum(found[pair] for pair in usual.items()) <= 36
    others = table.filter(pl.col("channel") != pl.col("emotion").replace_strict(usual))
    assert others["channel"].n_unique() == 4
