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
    settings = {"number": False, "fail_threshold": 0.5, "seed": 42, "jobs": 2, "ui": Ui(quiet=True), **arguments}
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


def test_rows_without_a_label_stay_without_a_truth(tmp_path: Path) -> None:
    for name in "abc":
        tone(tmp_path / f"{name}.wav")
    found = loading(tmp_path, "file,emotion,age\na.wav,joy,\nb.wav,,30\nc.wav,anger,\n")
    assert found.dataset.frame["emotion"].to_list() == ["joy", None, "anger"]
    assert found.dataset.target.labels == ("anger", "joy")


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
        ("file,emotion\na.wav,\n", "", False, "no row has a `emotion`", "the rows that were skipped"),
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
    places = resolver(tmp_path / "exp.ini")
    with pytest.raises(DataError, match="there is no `gone.csv`") as caught:
        load(config.data, number=False, fail_threshold=0.5, resolve=places, seed=42, jobs=1, ui=Ui())
    assert str(tmp_path) in str(caught.value.hint)


def test_fsdd_has_all_its_files(data: Path) -> None:
    frame = pl.read_csv(data / "fsdd" / "fsdd.csv")
    (data / "fsdd").resolve()
    assert frame.height == 3000


SIX = """file,speaker,gender,age,emotion
a.wav,s1,f,20,joy
b.wav,s1,f,,anger
c.wav,s2,m,40,joy
d.wav,s2,m,50,sadness
e.wav,s3,f,60,boredom
f.wav,s3,f,70,anger
"""


def files(found: Loaded) -> list[str]:
    return [name.removesuffix(".wav") for name in found.dataset.frame["file"]]


@pytest.mark.parametrize(
    ("keys", "kept"),
    [
        ("db.required = age", "acdef"),
        ("db.filter = {'gender': 'f'}", "abef"),
        ("db.filter = {'gender': ['f'], 'emotion': ['joy', 'anger']}", "abf"),
        ("db.filter = [['age', [20, 40]], ['gender', 'm']]", "c"),
        ("db.mapping = {'joy': 'high', 'anger': 'high', 'sadness,boredom': 'low'}", "abcdef"),
        ("db.mapping = {'joy': 'high', 'sadness': 'low'}", "acd"),
        ("db.mapping = {'emotion': {'joy': 'high', 'anger': 'low'}, 'gender': {'f': 'female'}}", "abcf"),
        ("labels = ['joy', 'anger']", "abcf"),
        ("db.min_duration_of_sample = 0.35", "def"),
        ("db.max_duration_of_sample = 0.35", "abc"),
        ("db.min_duration_of_sample = 0.2\ndb.max_duration_of_sample = 0.4", "bcd"),
        ("check_size = 6000", "def"),
        ("check_size = True", "abcdef"),
        ("db.colnames = {'emotion': 'mood'}\ntarget = mood", "abcdef"),
        ("colnames = {'emotion': 'mood'}\ntarget = mood", "abcdef"),
    ],
)  # fmt: skip
def test_rows_are_kept_by_what_they_have_themselves(tmp_path: Path, keys: str, kept: str) -> None:
    for place, name in enumerate("abcdef"):
        tone(tmp_path / f"{name}.wav", 0.1 + 0.1 * place)
    expected = list(kept)
    if len(kept) == 1:
        with pytest.raises(DataError, match="all rows have the same `emotion`"):
            loading(tmp_path, SIX, keys)
        return
    found = loading(tmp_path, SIX, keys)
    assert files(found) == expected
    gone = sum(step.rows_in - step.rows_out for step in found.dataset.history)
    assert gone == 6 - len(kept), "every row that goes stands in the history"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("db.required = aeg", "no column `aeg`"),
        ("db.filter = {'gendr': 'f'}", "no column `gendr`"),
        ("db.filter = {'gender': 'female'}", "no row has `female` in the column `gender`"),
        ("db.mapping = {'happiness': 'high'}", "`mapping` names no value of `emotion`"),
        ("db.mapping = {'mood': {'joy': 'high'}}", "no column `mood`"),
        ("db.colnames = {'sex': 'gender'}", "no column `sex`"),
        ("db.colnames = {'gender': 'age'}", "a column that is there already"),
        ("labels = ['joy', 'fear']", "no row has this `emotion`"),
        ("db.min_duration_of_sample = 9", "no row is left"),
        ("db.mapping = {'joy': 'same', 'anger': 'same'}", "all rows have the same `emotion`"),
    ],
)
def test_what_keeps_no_row_says_why(tmp_path: Path, keys: str, message: str) -> None:
    for name in "abcdef":
        tone(tmp_path / f"{name}.wav", 0.1)
    with pytest.raises(DataError, match=message):
        loading(tmp_path, SIX, keys)


def test_limits_draw_rows_by_seed_and_id_alone(tmp_path: Path) -> None:
    for name in "abcdef":
        tone(tmp_path / f"{name}.wav", 0.1)
    lines = SIX.splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])]) + "\n"
    first = files(loading(tmp_path, SIX, "db.limit_samples = 3"))
    assert len(first) == 3
    assert files(loading(tmp_path, turned, "db.limit_samples = 3")) == first
    fewer = files(loading(tmp_path, SIX, "db.limit_samples = 2"))
    assert set(fewer) < set(first)
    others = {tuple(files(loading(tmp_path, SIX, "db.limit_samples = 3", seed=seed))) for seed in range(8)}
    assert len(others) > 1
    each = loading(tmp_path, SIX, "db.limit_samples_per_speaker = 1")
    assert each.dataset.frame["speaker"].to_list() == ["s1", "s2", "s3"]


def test_databases_are_joined_and_each_keeps_its_own_rules(tmp_path: Path) -> None:
    for name in "abcdef":
        tone(tmp_path / f"{name}.wav", 0.1)
    (tmp_path / "other.csv").write_text("file,speaker,mood\na.wav,s1,happy\nb.wav,s9,angry\n")
    (tmp_path / "exp.ini").write_text(
        "[DATA]\ndatabases = ['db', 'other']\ndb = db.csv\nother = other.csv\n"
        "db.filter = {'gender': 'f'}\nother.colnames = {'mood': 'emotion'}\nother.rename_speakers = True\n"
        "other.mapping = {'happy': 'joy', 'angry': 'anger'}\nlabels = ['anger', 'joy']\n"
    )
    (tmp_path / "db.csv").write_text(SIX)
    config = load_config(tmp_path / "exp.ini").config
    found = load(config.data, number=False, fail_threshold=0.5, resolve=resolver(tmp_path / "exp.ini"), seed=1, jobs=1,
                 ui=Ui(quiet=True))  # fmt: skip
    rows = found.dataset.frame.select("database", "speaker", "emotion").rows()
    assert rows == [("db", "s1", "joy"), ("db", "s1", "anger"), ("db", "s3", "anger"),
                    ("other", "other_s1", "joy"), ("other", "other_s9", "anger")]  # fmt: skip
    assert any("(of `db`)" in step.what for step in found.dataset.history)


def test_numbers_are_turned_round_and_divided(tmp_path: Path) -> None:
    for name in "abcdef":
        tone(tmp_path / f"{name}.wav", 0.1)
    found = loading(tmp_path, SIX, "target = age\ndb.reverse = True\ntarget_divide_by = 10", number=True)
    assert found.dataset.frame["age"].to_list() == [5.0, None, 3.0, 2.0, 1.0, 0.0]
    found = loading(tmp_path, SIX, "target = age\ndb.reverse = True\ndb.reverse.max = 100", number=True)
    assert found.dataset.frame["age"].to_list() == [80.0, None, 60.0, 50.0, 40.0, 30.0]
    assert any("turned round" in step.what for step in found.dataset.history)
