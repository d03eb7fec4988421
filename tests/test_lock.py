"""The lock as a file: what it holds, what its hashes depend on, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from nk import lock
from nk.errors import DataError
from nk.stages.folds import Fold, folds_of, holdout
from nk.tables import Dataset, Target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PARTS = ["train", "train", "dev", "test", "test", "train"]


def dataset(database: str = "db", digests: str = "abcdef") -> Dataset:
    """Six rows; two are segments of one recording if their digest is the same."""
    frame = pl.DataFrame(
        {
            "id": [f"{database}/ä\u2028{number}.wav#0-{1000 + number}" for number in range(6)],
            "database": [database] * 6,
            "digest": list(digests),
            "start": [0.0] * 6,
            "end": [1 + number / 1000 for number in range(6)],
            "split": PARTS,
            "emotion": ["joy", "anger"] * 3,
        }
    )
    return Dataset(frame, Target("emotion", ("anger", "joy")))


def split(data: Dataset) -> lock.Lock:
    return lock.made(data, [holdout(data)], seed=3)


def folded(data: Dataset, *columns: str) -> lock.Lock:
    return lock.made(data, folds_of(data, columns), seed=3)


def one_column(data: Dataset) -> lock.Lock:
    return folded(data, "aabbcc")


def two_columns(data: Dataset) -> lock.Lock:
    return folded(data, "aabbcc", "xyxyxy")


@pytest.mark.parametrize("made", [split, one_column, two_columns])
def test_what_is_written_is_read(made: Callable[[Dataset], lock.Lock], tmp_path: Path) -> None:
    one = made(dataset())
    (tmp_path / lock.NAME).write_text(lock.text(one), encoding="utf-8")
    for place in (tmp_path, tmp_path / lock.NAME):
        again = lock.read(place)
        assert again.rows.equals(one.rows)
        assert (again.about, again.test, again.hash) == (one.about, one.test, one.hash)
        assert lock.text(again) == lock.text(one)


def test_the_file_says_for_each_row_what_it_is_for() -> None:
    found = json.loads(lock.text(split(dataset())))
    assert (found["schema"], found["seed"]) == (1, 3)
    assert {"numpy", "polars", "scikit-learn", "soundfile"} == set(found["packages"])
    row = {"id": "db/ä\u20280.wav#0-1000", "digest": "a", "start": 0.0, "end": 1.0, "part": "train"}
    assert found["rows"][0] == row
    assert [each["part"] for each in found["rows"]] == PARTS
    text = lock.text(folded(dataset(), "aabbcc"))
    assert [each["fold"] for each in json.loads(text)["rows"]] == list("aabbcc")
    assert len(text.split("\n")) - 1 == len(json.loads(text)["packages"]) + 6 + 10


def test_test_rows_are_the_same_whatever_they_are_called_and_whoever_trains() -> None:
    one, other = split(dataset()), split(dataset("other", "xyzdef"))
    assert one.test == other.test
    assert one.hash != other.hash
    assert one.test == lock.identity(dataset().part("test").frame.reverse())


@pytest.mark.parametrize("digests", ["abcxef", "abcdxf"])
def test_other_audio_makes_other_test_rows(digests: str) -> None:
    assert split(dataset()).test != split(dataset(digests=digests)).test


def test_rows_that_hold_all_test_rows_and_others_do_not() -> None:
    one, rows = split(dataset()), dataset("b").frame
    assert one.is_tested_by(rows)
    assert one.is_tested_by(rows[3:5])
    assert not one.is_tested_by(rows[:4])
    assert folded(dataset(), "aabbcc").is_tested_by(rows)
    assert not folded(dataset(), "aabbcc").is_tested_by(rows[:5])


def changed(**what: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda found: {**found, **what}


def row(**what: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The first row as it was not written."""
    return lambda found: {**found, "rows": [{**found["rows"][0], **what}, *found["rows"][1:]]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (row(part="test"), "was changed after nk wrote it"),
        (row(digest="z"), "was changed after nk wrote it"),
        (lambda found: {**found, "rows": found["rows"][1:]}, "was changed after nk wrote it"),
        (changed(test="0"), "was changed after nk wrote it"),
        (row(part="elsewhere"), r"is no lock that nk can read \(ValueError\)"),
        (row(part=None), r"is no lock that nk can read \(ValueError\)"),
        (row(start="soon"), "is no lock that nk can read"),
        (row(id="db/ä\u20281.wav#0-1001"), r"is no lock that nk can read \(ValueError\)"),
        (changed(rows=[]), "is no lock that nk can read"),
        (changed(rows=3), "is no lock that nk can read"),
        (changed(schema=2), "was written by a newer nk"),
        (lambda _: [1], "is no lock that nk can read"),
    ],
)
def test_a_lock_that_was_touched_is_refused(change: Callable[[Any], Any], message: str, tmp_path: Path) -> None:
    found = json.loads(lock.text(split(dataset())))
    (tmp_path / lock.NAME).write_text(json.dumps(change(found)), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        lock.read(tmp_path)


def test_a_place_without_a_lock(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no `split\.lock\.json`"):
        lock.read(tmp_path)
    (tmp_path / "table.csv").write_text("file,speaker\n", encoding="utf-8")
    with pytest.raises(DataError, match="is no lock that nk can read"):
        lock.read(tmp_path / "table.csv")


def test_of_two_columns_a_row_has_a_group_in_each() -> None:
    one = folded(dataset(), "aabbcc", "xyxyxy")
    assert one.rows["fold"].to_list() == [[first, second] for first, second in zip("aabbcc", "xyxyxy", strict=True)]
    again = folds_of(dataset(), [*zip(*one.rows["fold"].to_list(), strict=True)])
    assert [fold.name for fold in again] == ["a+x", "a+y", "b+x", "b+y", "c+x", "c+y"]
    assert isinstance(again[0], Fold)
    assert again[0].train == tuple(dataset().ids[place] for place in (3, 5))
