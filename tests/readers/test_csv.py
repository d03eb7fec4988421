from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from nk.errors import DataError
from nk.families import readers

DATA = os.environ.get("NK_TEST_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="needs real recordings: set NK_TEST_DATA")


def read(path: str | Path, **options: Any) -> pl.DataFrame:
    reader = readers.get("csv")
    return reader(reader.options_type(**options), name="csv").read("db", str(path), Path)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the table, beside one that is worked in."""
    (tmp_path / "work").mkdir()
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def put(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return str(path)


def write(place: Path, *files: str) -> Path:
    path = place / "data" / "t.csv"
    path.write_text("\n".join(["file", *files]) + "\n")
    return path


def test_columns(place: Path) -> None:
    path = place / "data" / "t.csv"
    path.write_text("emotion, end, speaker, file, start\nhappy, 2, 3, a.wav, 1.5\n")
    frame = read(path)
    assert frame.columns == ["file", "path", "start", "end", "emotion", "speaker"]
    assert frame.rows() == [("a.wav", str(place / "data" / "a.wav"), 1.5, 2.0, "happy", "3")]


def test_no_times(place: Path) -> None:
    frame = read(write(place, "a.wav"))
    assert frame.schema["start"] == frame.schema["end"] == pl.Float64
    assert frame.row(0)[2:] == (None, None)


def test_the_table_s_folder_comes_first(place: Path) -> None:
    both, here, there = "both.wav", "sub dir/hier ä.wav", "there.wav"
    want = [put(place / "data" / both), put(place / "work" / here), put(place / "data" / there)]
    put(place / "work" / both)
    missing = str(place / "data" / "none.wav")
    frame = read(write(place, both, here, there, "none.wav"))
    assert frame["path"].to_list() == [*want, missing]
    assert frame["file"].to_list() == [both, here, there, "none.wav"]


def test_the_table_s_folder_alone(place: Path) -> None:
    put(place / "work" / "a.wav")
    assert read(write(place, "a.wav"), absolute_path=False)["path"][0] == str(place / "data" / "a.wav")
    assert read(write(place, "a.wav"))["path"][0] == str(place / "work" / "a.wav")


def test_audio_path(place: Path) -> None:
    want = [put(place / "data/wav/a.wav"), put(place / "work/wav/b.wav")]
    assert read(write(place, "a.wav", "b.wav"), audio_path="wav/")["path"].to_list() == want
    elsewhere = put(place / "else" / "c.wav")
    assert read(write(place, "c.wav"), audio_path=str(place / "else"))["path"].to_list() == [elsewhere]
    assert read(write(place, "a.wav"), audio_path="./wav")["path"].to_list() == want[:1]


def test_absolute_files(place: Path) -> None:
    there, gone = put(place / "else" / "a.wav"), str(place / "else" / "b.wav")
    assert read(write(place, there, gone), audio_path="wav")["path"].to_list() == [there, gone]


def test_a_relative_table(place: Path) -> None:
    want = put(place / "data" / "a.wav")
    write(place, "a.wav")
    assert read("../data/t.csv")["path"].to_list() == [want]


def test_a_segment_stands_once(place: Path) -> None:
    path = place / "data" / "t.csv"
    path.write_text("file,start,end\na.wav,0,1\na.wav,1,2\na.wav,,1\nb.wav,,\nb.wav,0,\nc.wav,,\n")
    with pytest.raises(DataError) as caught:
        read(path)
    want = "has rows twice (4 rows): `line 2: a.wav`, `line 4: a.wav`, `line 5: b.wav`, `line 6: b.wav`"
    assert str(caught.value).endswith(want)
    path.write_text("file,start,end\na.wav,0,1\na.wav,1,2\na.wav,0,2\n")
    assert read(path).height == 3


def test_a_segment_stands_once_under_any_name(place: Path) -> None:
    put(place / "data/a.mp3")
    whole = str(place / "data" / "a.mp3")
    with pytest.raises(DataError) as caught:
        read(write(place, "a.mp3", "b.mp3", "./a.mp3", "../data/a.mp3", "x/..//a.mp3", whole))
    examples = "`line 2: a.mp3`, `line 4: ./a.mp3`, `line 5: ../data/a.mp3`, `line 6: x/..//a.mp3`"
    assert str(caught.value).endswith(f"has rows twice (5 rows): {examples}, `line 7: {whole}`")


def test_links_among_the_folders(place: Path) -> None:
    """What `..` leads to depends on where the link points."""
    put(place / "data/a.wav")
    put(place / "else/a.wav")
    put(place / "else/sub/b.wav")
    (place / "data" / "link").symlink_to(place / "else" / "sub")
    files = ["a.wav", "link/../a.wav", "link/b.wav"]
    assert read(write(place, *files))["file"].to_list() == files
    with pytest.raises(DataError, match="twice .2 rows.: `line 2: ../else/a.wav`, `line 3: link/../a.wav`"):
        read(write(place, "../else/a.wav", *files[1:]))


def test_names_that_only_look_roundabout(place: Path) -> None:
    files = [".a.wav", "..a.wav", "x/.a/b.wav", "x/..b/b.wav", "x/.../b.wav", "./x/b.wav"]
    assert read(write(place, *files))["file"].to_list() == files


def test_a_folder_that_may_not_be_entered(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(place, "a.wav")
    for function in ("stat", "open", "read_bytes"):
        monkeypatch.setattr(Path, function, refuse)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        read(path)


def test_a_long_name_is_not_ours(place: Path) -> None:
    name = "x" * 300
    assert read(write(place, name))["path"].to_list() == [str(place / "data" / name)]


def test_a_column_path(place: Path) -> None:
    path = place / "data" / "t.csv"
    path.write_text("file,path\na.wav,x\n")
    with pytest.raises(DataError, match="a column `path`"):
        read(path)


def test_a_folder(place: Path) -> None:
    with pytest.raises(DataError, match="of `db` is a folder"):
        read(place / "data")


def test_what_cannot_be_found_is_not_ours(place: Path) -> None:
    def resolve(path: str) -> Path:
        raise DataError(f"`{path}` is not there")

    reader = readers.get("csv")
    with pytest.raises(DataError, match="`x` is not there"):
        reader(reader.options_type(), name="csv").read("db", "x", resolve)
    assert place.exists()


@needs_data
@pytest.mark.parametrize(
    ("name", "rows", "numbers"),
    [
        ("emodb/emodb.csv", 535, {"age", "confidence", "naturalness"}),
        ("fsdd/fsdd.csv", 3000, {"digit", "take"}),
        ("esc10_mini/esc10_mini.csv", 50, {"fold", "clip"}),
        ("ami_excerpts/ami_segments.csv", 121, set()),
    ],
)
@pytest.mark.parametrize("absolute_path", [True, False])
def test_real_tables(name: str, rows: int, numbers: set[str], absolute_path: bool) -> None:
    frame = read(Path(str(DATA)) / name, absolute_path=absolute_path)
    assert frame.height == rows
    assert all(map(os.path.exists, frame["path"].unique()))
    others = frame.drop("start", "end")
    assert {column for column in others.columns if others.schema[column].is_numeric()} == numbers


@needs_data
def test_real_values() -> None:
    emodb = read(Path(str(DATA)) / "emodb/emodb.csv")
    assert emodb["speaker"].n_unique() == 10
    assert emodb.row(0, named=True)["speaker"] == "3"
    segments = read(Path(str(DATA)) / "ami_excerpts/ami_segments.csv")
    assert segments.row(0)[2:4] == (3.168, 3.968)
