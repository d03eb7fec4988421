"""Databases in audformat, made with the library itself: which rows, which values, which parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import audformat as af
import pandas as pd
import polars as pl
import pytest

from nk.errors import DataError
from nk.families import readers
from nk.registry import PART, Request


def read(path: Path, target: str | None = "emotion", strategy: str | None = None, **options: Any) -> pl.DataFrame:
    reader = readers.get("audformat")
    request = Request("db", str(path), target, Path, strategy)
    return reader(reader.options_type(**options), name="audformat").read(request)


def values(frame: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(frame.select("file", "start", *columns).rows(), key=str)


def base(**schemes: Any) -> Any:
    db = af.Database("db", usage="research")
    db.schemes["emotion"] = af.Scheme(labels=["anger", "joy"])
    for name, scheme in schemes.items():
        db.schemes[name] = scheme
    return db


def filewise(files: str, split: str | None = None, **columns: Any) -> Any:
    return table(af.filewise_index([f"{name}.wav" for name in files]), split, **columns)


def segmented(segments: list[tuple[str, float, float | None]], **columns: Any) -> Any:
    names, starts, ends = zip(*segments, strict=True)
    index = af.segmented_index([f"{name}.wav" for name in names], [f"{s}s" for s in starts],
                               [pd.NaT if e is None else f"{e}s" for e in ends])  # fmt: skip
    return table(index, **columns)


def table(index: Any, split: str | None = None, **columns: Any) -> tuple[Any, dict[str, Any]]:
    return af.Table(index, split_id=split), columns


def save(folder: Path, db: Any, storage: str = "csv", **tables: Any) -> Path:
    """Columns are given as values, or as (scheme, values)."""
    for name, (made, columns) in tables.items():
        db[name.replace("__", ".")] = made
        for column, given in columns.items():
            scheme, entries = given if isinstance(given, tuple) else (column if column in db.schemes else None, given)
            made[column] = af.Column(scheme_id=scheme)
            made[column].set(entries)
    db.save(str(folder), storage_format=storage)
    return folder


def with_speakers(dtype: str = "str", ids: Any = ("01", "02"), called: str = "speaker") -> Any:
    """Speakers in a misc table, `called` so; the scheme is `speaker`."""
    db = base(gender=af.Scheme(labels=["female", "male"]), age=af.Scheme("int"))
    db[called] = af.MiscTable(pd.Index(list(ids), name="speaker", dtype="string" if dtype == "str" else "Int64"))
    db[called]["gender"] = af.Column(scheme_id="gender")
    db[called]["gender"].set(["female", "male"])
    db[called]["age"] = af.Column(scheme_id="age")
    db[called]["age"].set([30, None])
    db.schemes["speaker"] = af.Scheme(dtype, labels=called)
    return db


@pytest.mark.parametrize("storage", ["csv", "parquet"])
@pytest.mark.parametrize("called", ["speaker", "people"])
def test_speakers_in_a_misc_table(tmp_path: Path, storage: str, called: str) -> None:
    db = with_speakers(called=called)
    path = save(tmp_path, db, storage, emotion=filewise("ab", emotion=["joy", None]),
                files=filewise("abc", speaker=["01", "02", None]))  # fmt: skip
    frame = read(path)
    assert frame.columns == ["file", "path", "start", "end", "emotion", "speaker", "gender", "age"]
    assert frame.rows() == [
        ("a.wav", str(tmp_path / "a.wav"), None, None, "joy", "01", "female", 30),
        ("b.wav", str(tmp_path / "b.wav"), None, None, None, "02", "male", None),
    ]
    assert frame.schema["age"] == pl.Int64
    assert frame.schema["start"] == frame.schema["end"] == pl.Float64


def test_rows_of_a_files_table_stay_without_a_label(tmp_path: Path) -> None:
    path = save(tmp_path, base(), emotion=filewise("ab", emotion=["joy", "anger"]), files=filewise("bc", take=[1, 2]))
    assert values(read(path, files_tables=("files",)), "emotion") == [
        ("a.wav", None, "joy"), ("b.wav", None, "anger"), ("c.wav", None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("target", ["speaker", "gender", "age"])
def test_people_as_the_target(tmp_path: Path, target: str) -> None:
    path = save(tmp_path, with_speakers("int", [3, 8]), files=filewise("ab", speaker=[3, 8]))
    frame = read(path, target)
    assert frame.select("speaker", "gender", "age").rows() == [("3", "female", 30), ("8", "male", None)]


def test_speakers_in_a_dict(tmp_path: Path) -> None:
    speakers = {"s1": {"gender": "female", "age": 30}, "s2": {"age": 40}}
    path = save(tmp_path, base(speaker=af.Scheme(labels=speakers)), emotion=filewise("ab", emotion=["joy", "anger"]),
                files=filewise("ab", speaker=["s2", "s1"]))  # fmt: skip
    found = read(path).select("speaker", "gender", "age")
    assert found.rows() == [("s2", None, 40), ("s1", "female", 30)]


def test_labels_that_are_spelt_out(tmp_path: Path) -> None:
    db = base(text=af.Scheme(labels={"t1": "Guten Tag", "t2": "Auf Wiedersehen"}))
    path = save(tmp_path, db, emotion=filewise("ab", emotion=["joy", "anger"], code=("text", ["t2", "t1"])))
    frame = read(path, columns=("text", "code"))
    assert frame.select("text", "code").rows() == [("Auf Wiedersehen", "t2"), ("Guten Tag", "t1")]


@pytest.mark.parametrize("storage", ["csv", "parquet"])
def test_types(tmp_path: Path, storage: str) -> None:
    kinds = {"truth": af.Scheme("bool"), "day": af.Scheme("date"), "long": af.Scheme("time"), "count": af.Scheme("int"),
             "share": af.Scheme("float"), "text": af.Scheme("str"), "level": af.Scheme(labels=[1, 2])}  # fmt: skip
    columns: dict[str, Any] = {
        "truth": [True, False, None], "day": ["2020-01-31", None, "2021-02-01"], "long": ["1500ms", None, "00:01:00"],
        "count": [3, None, 4], "share": [0.5, None, 1], "text": ["03", None, "NA?"], "level": [2, None, 1],
        "id": ["03", "12", None],
    }  # fmt: skip
    columns["day"], columns["long"] = pd.to_datetime(columns["day"]), pd.to_timedelta(columns["long"])
    path = save(tmp_path, base(**kinds), storage, t=filewise("abc", emotion=["joy"] * 3, **columns))
    frame = read(path, columns=tuple(columns))
    assert frame.select(list(columns)).to_dict(as_series=False) == {
        "truth": ["True", "False", None], "day": ["2020-01-31", None, "2021-02-01"], "long": [1.5, None, 60.0],
        "count": [3, None, 4], "share": [0.5, None, 1.0], "text": ["03", None, "NA?"], "level": [2, None, 1],
        "id": ["03", "12", None],
    }  # fmt: skip


@pytest.mark.parametrize("storage", ["csv", "parquet"])
def test_numbers_without_a_scheme_are_numbers(tmp_path: Path, storage: str) -> None:
    path = save(tmp_path, base(), storage, t=filewise("ab", emotion=["joy", "anger"], mark=[1.5, 2], take=["7", "8"]))
    frame = read(path, columns=("mark", "take"))
    assert frame.select("mark", "take").rows() == [(1.5, 7), (2.0, 8)]


def test_segments_take_what_is_said_of_their_recording(tmp_path: Path) -> None:
    segments = [("a", 0.0, 1.0005), ("a", 1.0, None), ("b", 0.0, None)]
    path = save(tmp_path, base(), segments=segmented(segments, emotion=["joy", None, "anger"]),
                files=filewise("abc", speaker=["s1", "s2", "s3"]))  # fmt: skip
    frame = read(path, files_tables=("files",))
    assert frame.sort("file", "start").select("file", "start", "end", "emotion", "speaker").rows() == [
        ("a.wav", 0.0, 1.0, "joy", "s1"),
        ("a.wav", 1.0, None, None, "s1"),
        ("b.wav", None, None, "anger", "s2"),
        ("c.wav", None, None, None, "s3"),
    ]


def test_the_target_of_a_recording_holds_for_its_segments(tmp_path: Path) -> None:
    path = save(tmp_path, base(), emotion=filewise("ab", emotion=["joy", "anger"]),
                turns=segmented([("a", 0, 1), ("a", 1, 2)], words=["yes", "no"]))  # fmt: skip
    want = [("a.wav", 0.0, "joy"), ("a.wav", 1.0, "joy"), ("b.wav", None, "anger")]
    assert values(read(path, files_tables=("turns",)), "emotion") == want
    assert values(read(path), "emotion") == [("a.wav", None, "joy"), ("b.wav", None, "anger")]


def test_tables_are_joined_or_stacked(tmp_path: Path) -> None:
    path = save(tmp_path, base(), whole=filewise("ab", emotion=["joy", "anger"]),
                turns=segmented([("a", 0, 1)], emotion=["anger"]))  # fmt: skip
    with pytest.raises(DataError, match="a `emotion` for the whole and others for its segments .1 row.: `a.wav`"):
        read(path)
    stacked = read(path, target_tables=("whole", "turns"), target_tables_append=True)
    want = [("a.wav", 0.0, "anger"), ("a.wav", None, "joy"), ("b.wav", None, "anger")]
    assert values(stacked, "emotion") == want
    assert values(read(path, target_tables=("turns",)), "emotion") == want[:1]
    joined = read(path, target_tables=("turns",), files_tables=("whole",))
    assert values(joined, "emotion") == [("a.wav", 0.0, "anger"), ("b.wav", None, None)]


@pytest.mark.parametrize("append", [True, False])
def test_tables_with_the_same_rows(tmp_path: Path, append: bool) -> None:
    path = save(tmp_path, base(), one=filewise("ab", emotion=["joy", None]), two=filewise("bc", emotion=["anger"] * 2),
                three=filewise("a", emotion=["anger"]))  # fmt: skip
    tables = read(path, target_tables=("one", "two"), target_tables_append=append)
    assert values(tables, "emotion") == [("a.wav", None, "joy"), ("b.wav", None, "anger"), ("c.wav", None, "anger")]
    with pytest.raises(DataError) as caught:
        read(path, target_tables_append=append)
    assert str(caught.value).endswith("table `two`) (1 row): `a.wav: joy`, `a.wav: anger`")
    assert caught.value.hint == "name the tables that are right: `db.target_tables`"


def test_several_raters(tmp_path: Path) -> None:
    path = save(tmp_path, base(), t=filewise("a", r1=("emotion", ["joy"]), r2=("emotion", ["anger"])))
    with pytest.raises(DataError, match=r"two values of `emotion` \(`r1` of table `t`, `r2` of table `t`\)") as caught:
        read(path)
    assert caught.value.hint == "name the column that is meant: `db.label`"
    assert read(path, label="r2")["emotion"].to_list() == ["anger"]
    assert read(path, "feeling", label="r1")["feeling"].to_list() == ["joy"]


def test_what_the_files_tables_say_comes_first(tmp_path: Path) -> None:
    path = save(tmp_path, base(), emotion=filewise("abc", emotion=["joy"] * 3, speaker=["x", "y", "z"]),
                files=filewise("ab", speaker=["s1", None]))  # fmt: skip
    assert read(path)["speaker"].to_list() == ["x", "y", "z"]
    assert read(path, files_tables=("files",))["speaker"].to_list() == ["s1", "y", "z"]


def test_people_that_are_not_clear_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    gender = af.Scheme(labels=["f", "m"])
    heard = filewise("ab", r1=("gender", ["f", "m"]), r2=("gender", ["m", "m"]))
    path = save(tmp_path, base(gender=gender), emotion=filewise("ab", emotion=["joy"] * 2), heard=heard)
    assert "gender" not in read(path).columns
    with pytest.raises(DataError, match="two values of `gender`"):
        read(path, columns=("gender",))
    assert read(path, columns=("r1",))["r1"].to_list() == ["f", "m"]


def parted(tmp_path: Path) -> Path:
    db = base()
    db.splits["held out"] = af.Split("test")
    return save(tmp_path, db, emotion__train__gold=filewise("ab", emotion=["joy", "anger"]),
                emotion__dev=filewise("c", emotion=["joy"]), later=filewise("d", "held out", emotion=["anger"]),
                other=filewise("e", emotion=["joy"]))  # fmt: skip


def test_parts_by_split_or_name(tmp_path: Path) -> None:
    frame = read(parted(tmp_path), strategy="database")
    parts = dict(frame.select("file", PART).iter_rows())
    assert parts == {"a.wav": "train", "b.wav": "train", "c.wav": "dev", "d.wav": "test", "e.wav": None}


def test_parts_by_tables(tmp_path: Path) -> None:
    tables: dict[str, Any] = {"train_tables": ("emotion.train.gold", "emotion.dev"), "test_tables": ("other",)}
    for strategy in ("specified", "database"):
        frame = read(parted(tmp_path), strategy=strategy, **tables)
        assert values(frame, PART) == [(f"{name}.wav", None, part) for name, part in
                                       zip("abce", ["train", "train", "train", "test"], strict=True)]  # fmt: skip
    assert PART not in read(parted(tmp_path), strategy="speaker_split", **tables).columns


def test_parts_of_segments(tmp_path: Path) -> None:
    turns = segmented([("a", 0, 1), ("a", 1, 2), ("b", 0, 1)], emotion=["joy", "anger", "joy"])
    path = save(tmp_path, base(), emotion=turns, train=filewise("a", take=[1]), test=filewise("b", take=[1]))
    frame = read(path, strategy="database")
    assert values(frame, PART) == [("a.wav", 0.0, "train"), ("a.wav", 1.0, "train"), ("b.wav", 0.0, "test")]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"test_tables": ("two",)}, "`db` has rows in two parts (1 row): `b.wav: test`, `b.wav: train`"),
        ({"dev_tables": ("turns",)}, "`db` has rows in two parts (1 row): `a.wav 0-1: dev`, `a.wav 0-1: train`"),
    ],
)
def test_a_row_in_two_parts(tmp_path: Path, more: dict[str, Any], says: str) -> None:
    path = save(tmp_path, base(), one=filewise("ab", emotion=["joy", "anger"]), two=filewise("b", emotion=["anger"]),
                turns=segmented([("a", 0, 1)], words=["yes"]))  # fmt: skip
    with pytest.raises(DataError) as caught:
        read(path, strategy="specified", train_tables=("one",), **more)
    assert str(caught.value) == says


@pytest.mark.parametrize(
    ("asked", "says", "hint"),
    [
        ({"target": "emotoin"}, "no table of `{0}` has `emotoin`", "did you mean `emotion`? the schemes and"),
        ({"target": "x"}, "no table of `{0}` has `x`", "otherwise here, say how: `db.label`"),
        ({"label": "x"}, "no table of `{0}` has `x`", "columns are `age`, `emotion`, `gender`, `score`"),
        ({"columns": ("scor",)}, "`columns` asks for `scor`, which no table of `{0}` has", "did you mean `score`?"),
        ({"columns": ("start",)}, "`start` is asked of `db`, a name that nk needs itself", "another name"),
        ({"target_tables": ("emotio",)}, "`db.target_tables` names `emotio`, which is no table", "mean `emotion`?"),
        ({"files_tables": ("speaker",)}, "`db.files_tables` names `speaker`, which lists no recordings", "`emotion`"),
        ({"target_tables": ("people",)}, "none of `db.target_tables` has `emotion`", "it is in `emotion`"),
        ({"strategy": "specified"}, "`db.split_strategy = specified` needs `db.train_tables` and", "`emotion`"),
        ({"strategy": "database"}, "says that it is for training or test", "there are `emotion`, `people`; name them"),
    ],
)  # fmt: skip
def test_what_is_not_there(tmp_path: Path, asked: dict[str, Any], says: str, hint: str) -> None:
    db = with_speakers()
    save(tmp_path, db, emotion=filewise("a", emotion=["joy"], score=[1]), people=filewise("a", speaker=["01"]))
    with pytest.raises(DataError) as caught:
        read(tmp_path, **asked)
    assert says.format(tmp_path) in str(caught.value)
    assert hint in str(caught.value.hint)


def test_without_a_target_all_rows_are_read(tmp_path: Path) -> None:
    path = save(tmp_path, base(), one=filewise("a", emotion=["joy"]), two=filewise("b", speaker=["s1"]))
    assert values(read(path, None), "speaker") == [("a.wav", None, None), ("b.wav", None, "s1")]


def test_tables_without_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="have no rows"):
        read(save(tmp_path, base(), t=filewise("", emotion=[])))


def test_files_elsewhere_and_in_folders(tmp_path: Path) -> None:
    index = af.filewise_index(["/else/a.wav", "x/ä b.wav"])
    path = save(tmp_path, base(), t=table(index, emotion=["joy", "anger"]))
    assert read(path)["path"].to_list() == ["/else/a.wav", str(tmp_path / "x" / "ä b.wav")]
