"""Databases -> dataset: rows named and sorted, bad files told apart, the target made into classes or numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile

from nk.config import load_config
from nk.errors import DataError
from nk.paths import resolver
from nk.stages.load import load
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

    from nk.stages.load import Loaded


TWO = "file,emotion\na.wav,joy\nb.wav,fear\n"


def tone(path: Path, seconds: float = 0.5, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = np.sin(np.arange(int(seconds * 8000)) * 0.3) * 0.5
    soundfile.write(path, np.stack([wave] * channels, axis=1), 8000)


def loading(folder: Path, table: str, more: str = "", **arguments: Any) -> Loaded:
    (folder / "db.csv").write_text(table, encoding="utf-8")
    (folder / "exp.ini").write_text(f"[DATA]\ndatabases = ['db']\ndb = db.csv\n{more}", encoding="utf-8")
    config = load_config(folder / "exp.ini").config
    settings = {"number": False, "fail_threshold": 0.5, "jobs": 2, "ui": Ui(quiet=True), **arguments}
    return load(config.data, resolve=resolver(folder / "exp.ini"), **settings)


def test_rows_are_named_and_sorted_by_id(tmp_path: Path) -> None:
    for name in ("b.wav", "a ä'.wav"):
        tone(tmp_path / name, 1.2344)
    found = loading(tmp_path, "file,start,end,emotion\nb.wav,,,joy\na ä'.wav,0.25,0.5004,anger\nb.wav,0.1,,anger\n")
    assert found.dataset.ids == ["db/a ä'.wav#250-500", "db/b.wav#0-1234", "db/b.wav#100-1234"]
    assert found.dataset.target.labels == ("anger", "joy")
    assert found.skipped == ()


def test_another_order_of_rows_gives_the_same_dataset(tmp_path: Path) -> None:
    for name in "abc":
        tone(tmp_path / f"{name}.wav")
    rows = [f"{name}.wav,{name},s{name}" for name in "abc"]
    one, other = (loading(tmp_path, "\n".join(["file,emotion,speaker", *order])) for order in (rows, rows[::-1]))
    assert one.dataset.frame.equals(other.dataset.frame)


def test_bad_files_are_skipped_each_with_its_reason(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav", "c.wav", "short.wav"):
        tone(tmp_path / name)
    whole = (tmp_path / "short.wav").read_bytes()
    (tmp_path / "short.wav").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("this is no audio " * 99)
    names = ("a", "b", "c", "short", "empty", "text", "gone")
    table = "file,emotion\n" + "".join(f"{name}.wav,{'joy' if name == 'a' else 'anger'}\n" for name in names)
    found = loading(tmp_path, table, fail_threshold=0.9)
    assert [row["file"] for row in found.dataset.frame.iter_rows(named=True)] == ["a.wav", "b.wav", "c.wav"]
    reasons = {skip.file: skip.reason for skip in found.skipped}
    assert set(reasons) == {"short.wav", "empty.wav", "text.wav", "gone.wav"}
    assert len(set(reasons.values())) == 4
    assert not [reason for reason in reasons.values() if str(tmp_path) in reason]
    with pytest.raises(DataError, match="4 of 7 rows cannot be used"):
        loading(tmp_path, table)


def test_segments_that_cannot_be_are_skipped_before_the_plan(tmp_path: Path) -> None:
    for name in "ab":
        tone(tmp_path / f"{name}.wav", 1.0)
    rows = "a.wav,0,0.5,joy\nb.wav,0.2,1.04,anger\na.wav,0.9,0.4,joy\na.wav,500,900,joy\nb.wav,0,1.2,joy\n"
    found = loading(tmp_path, f"file,start,end,emotion\n{rows}", fail_threshold=0.9)
    assert found.dataset.ids == ["db/a.wav#0-500", "db/b.wav#200-1040"]
    assert [skip.reason for skip in found.skipped] == [
        "its segment ends before it starts",
        "the segment from 500.0 to 900.0 s is outside the recording of 1.0 s",
        "the segment from 0.0 to 1.2 s is outside the recording of 1.0 s",
    ]


def test_when_nothing_is_found_the_hint_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="2 of 2 rows cannot be used") as caught:
        loading(tmp_path, "file,emotion\nx\\a.wav,joy\nb.wav,anger\n")
    hint = str(caught.value.hint)
    assert str(tmp_path) in hint
    assert "write `/` for `\\`" in hint
    assert "fail_threshold" not in hint


def test_numbers_as_classes_are_in_the_order_of_their_size(tmp_path: Path) -> None:
    for number in (2, 10, 9):
        tone(tmp_path / f"{number}.wav")
    found = loading(tmp_path, "file,digit\n2.wav,2\n10.wav,10\n9.wav,9\n", "target = digit")
    assert found.dataset.target.labels == ("2", "9", "10")


def test_labels_choose_and_order_the_classes(tmp_path: Path) -> None:
    for name in "abc":
        tone(tmp_path / f"{name}.wav")
    found = loading(tmp_path, "file,emotion\na.wav,joy\nb.wav,anger\nc.wav,fear\n", "labels = ['joy', 'anger']")
    assert found.dataset.target.labels == ("joy", "anger")
    assert found.dataset.frame["emotion"].to_list() == ["joy", "anger"]
    assert (found.dataset.history[-1].rows_in, found.dataset.history[-1].rows_out) == (3, 2)


def test_numbers_as_target(tmp_path: Path) -> None:
    for name in "ab":
        tone(tmp_path / f"{name}.wav")
    found = loading(tmp_path, "file,age\na.wav,31\nb.wav,24.5\n", "target = age", number=True)
    assert found.dataset.target.is_number
    assert found.dataset.frame["age"].to_list() == [31.0, 24.5]


def test_rows_without_a_label_are_dropped_and_counted(tmp_path: Path) -> None:
    for name in "abc":
        tone(tmp_path / f"{name}.wav")
    found = loading(tmp_path, "file,emotion,age\na.wav,joy,\nb.wav,,30\nc.wav,anger,\n")
    assert found.dataset.ids == ["db/a.wav#0-500", "db/c.wav#0-500"]
    assert (found.dataset.history[-1].rows_in, found.dataset.history[-1].rows_out) == (3, 2)


def test_files_with_several_channels_are_counted(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", channels=2)
    tone(tmp_path / "b.wav")
    assert loading(tmp_path, "file,emotion\na.wav,joy\nb.wav,anger\n").multichannel == 1


def test_no_name_of_a_column_is_in_the_way(tmp_path: Path) -> None:
    for name in "ab":
        tone(tmp_path / f"{name}.wav")
    names = "_reason,_seconds,digest,digest_in_table,database,database_in_table,reason,seconds"
    frame = loading(tmp_path, f"file,emotion,{names}\na.wav,joy{',1' * 8}\nb.wav,fear{',2' * 8}\n").dataset.frame
    assert {*names.split(","), "digest_in_table_", "database_in_table_"} <= set(frame.columns)
    assert frame["end"].to_list() == [0.5, 0.5]
    assert frame["digest_in_table_"].to_list() == [1, 2]


def test_columns_that_nk_gives_itself_keep_another_name(tmp_path: Path) -> None:
    for name in "ab":
        tone(tmp_path / f"{name}.wav")
    frame = loading(tmp_path, "file,emotion,id,database\na.wav,joy,7,mine\nb.wav,anger,8,mine\n").dataset.frame
    assert frame.select("id", "database", "id_in_table", "database_in_table").row(0) == (
        "db/a.wav#0-500",
        "db",
        7,
        "mine",
    )


@pytest.mark.parametrize(
    ("table", "more", "number", "says", "hints"),
    [
        ("file,emotoin\na.wav,joy\n", "", False, "no database has a column `emotion`", "did you mean `emotoin`?"),
        ("file,emotion\na.wav,joy\n", "target = xyz", False, "no database has a column `xyz`", "columns are `emotion`"),
        (TWO, "labels = ['joy', 'hope']", False, "no row has this `emotion`: `hope`", "`joy`"),
        ("file,emotion\na.wav,joy\nb.wav,joy\n", "", False, "all rows have the same `emotion`", "another `target`"),
        (TWO, "labels = ['joy']", False, "`labels` in [DATA] names one class", "`fear`"),
        ("file,emotion\na.wav,joy\n", "", True, "`emotion` is not a number (1 row): `joy`", "type = classification"),
        ("file;age\na.wav;1,5\n", "target = age", True, "`age` is not a number (1 row): `1,5`", "write a point"),
        ("file,emotion\na.wav,joy\n", "target = file", False, "`file` says which row it is and cannot be", "`emotion`"),
        ("file,start,emotion\na.wav,0,joy\n", "target = start", False, "`start` says which row it is", "`emotion`"),
        ("file,age\na.wav,1.5\n", "target = age", False, "`age` has numbers that cannot be classes", "= regression"),
        ("file,age\na.wav,1e30\nb.wav,2e30\n", "target = age", False, "numbers that cannot be classes", "= regression"),
        ("file,emotion\na.wav,\n", "", False, "no row has a `emotion`", "skipped.csv"),
    ],
)  # fmt: skip
def test_targets_that_cannot_be_say_why(
    tmp_path: Path, table: str, more: str, number: bool, says: str, hints: str
) -> None:
    for name in "ab":
        tone(tmp_path / f"{name}.wav")
    with pytest.raises(DataError) as caught:
        loading(tmp_path, table, more, number=number)
    assert says in str(caught.value)
    assert hints in str(caught.value.hint)


def test_a_table_that_is_not_there_names_both_places(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav")
    (tmp_path / "exp.ini").write_text("[DATA]\ndatabases = ['db']\ndb = gone.csv\n")
    config = load_config(tmp_path / "exp.ini").config
    with pytest.raises(DataError, match="there is no `gone.csv`") as caught:
        load(config.data, number=False, fail_threshold=0.5, resolve=resolver(tmp_path / "exp.ini"), jobs=1, ui=Ui())
    assert str(tmp_path) in str(caught.value.hint)


def test_fsdd_has_all_its_files(data: Path) -> None:
    frame = pl.read_csv(data / "fsdd" / "fsdd.csv")
    (data / "fsdd").resolve()
    assert frame.height == 3000
