"""The wording of what is said before the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from nk.stages.cautions import of_data, of_folds, of_skips
from nk.stages.folds import Fold
from nk.tables import Dataset, Skip, Target


def dataset(target: str = "emotion", **columns: Any) -> Dataset:
    given = {"emotion": ["joy", "anger"] * 2, "speaker": ["a", "a", "b", "b"], "digest": list("wxyz"), **columns}
    frame = pl.DataFrame(
        {"id": list("1234"), "file": [f"{n}.wav" for n in range(4)], "database": ["db"] * 4, **given},
        schema_overrides={"speaker": pl.String},
    )
    return Dataset(frame, Target(target, tuple(frame[target].unique().sort().to_list())))


def fold(train: str, test: str) -> Fold:
    dev_rows, test_rows, train_rows = [
        np.array([int(key) - 1 for key in keys], dtype=np.int64) for keys in ("", test, train)
    ]
    return Fold("split", tuple("1234"), dev_rows, test_rows, train_rows)


CLEAN = [fold("12", "34")]


def texts(found: list[Any]) -> list[str]:
    return [caution.text for caution in found]


def test_a_clean_split_has_nothing_to_say() -> None:
    assert of_data(dataset()) == []
    assert of_folds(dataset(), CLEAN) == []


def test_a_speaker_in_train_and_test_is_named_once() -> None:
    found = of_folds(dataset(), [fold("13", "24"), fold("24", "13")])
    assert "2 speakers are in both train and test: `a`, `b`" in texts(found)


def test_where_the_speaker_is_the_target_he_is_expected_on_both_sides() -> None:
    assert not [text for text in texts(of_folds(dataset("speaker"), [fold("13", "24")])) if "both train" in text]


def test_a_recording_in_train_and_test_is_named_by_its_file() -> None:
    found = of_folds(dataset(digest=list("wxwz")), CLEAN)
    assert texts(found) == ["1 recording is in both train and test: `2.wav`"]


def test_unknown_speakers_are_a_caution_of_their_own() -> None:
    found = of_folds(dataset(speaker=[None] * 4), CLEAN)
    assert texts(found) == ["speakers are not known, so the same voice may be in both train and test"]


def test_classes_that_a_fold_never_hears_are_counted() -> None:
    lost = of_folds(dataset(), [fold("13", "24"), fold("12", "34")])
    assert "classes without a training row: `anger` in 1 of 2 folds" in texts(lost)


def test_spellings_that_are_probably_one() -> None:
    found = of_data(dataset(emotion=["Joy", "joy ", "fear", "fear"], speaker=["3", "3.0", "S1", "s1"]))
    assert texts(found) == [
        "classes of `emotion` that differ in their spelling alone count as different: `Joy` and `joy `",
        "speakers that differ in their spelling alone count as different: `3` and `3.0`, `S1` and `s1`",
    ]


def test_a_word_for_not_known_as_a_class() -> None:
    found = of_data(dataset(emotion=["joy", "n/a", "joy", "fear"]))
    assert texts(found) == ["`n/a` is taken for a class of `emotion`"]


def test_speakers_of_two_databases() -> None:
    found = of_data(dataset(database=["x", "y", "x", "x"]))
    assert texts(found) == ["1 speaker is in several databases, and taken for the same person: `a`"]


def test_skips_are_counted_by_reason() -> None:
    skipped = [Skip("db", f"{n}.wav", None, None, reason) for n, reason in enumerate(["gone", "silent", "gone"])]
    assert of_skips(skipped, 9).text == "3 of 9 rows skipped: 2 gone (`0.wav`); 1 silent (`1.wav`)"
