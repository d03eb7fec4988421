"""A folder in audformat that somebody else has made: nothing in it is run, and what is wrong with it is said."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import audformat as af
import polars as pl
import pytest

from nk.audtables.folder import Folder, open_folder
from nk.audtables.values import Source, keys, values
from nk.errors import DataError


class Bomb:
    """What leaves a file where it is opened."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A database with one table, `files`."""
    db = af.Database("db", usage="research")
    db.schemes["take"] = af.Scheme("int")
    db["files"] = af.Table(af.filewise_index(["a.wav", "b.wav"]))
    for column, scheme, given in (("take", "take", [1, 2]), ("word", None, ["x, y", "z"])):
        db["files"][column] = af.Column(scheme_id=scheme)
        db["files"][column].set(given)
    db.save(str(tmp_path / "db"), storage_format="csv")
    return tmp_path / "db"


def opened(path: Path) -> Folder:
    return open_folder(path, "my/db")


@pytest.mark.parametrize("storage", ["csv", "parquet"])
@pytest.mark.parametrize("age", [1, 4_000_000_000])
def test_a_pickle_is_never_opened(folder: Path, tmp_path: Path, storage: str, age: int) -> None:
    db = af.Database.load(str(folder), load_data=True)
    (folder / "db.files.csv").unlink()
    db.save(str(folder), storage_format=storage)
    trap, mark = folder / "db.files.pkl", tmp_path / "mark"
    trap.write_bytes(pickle.dumps(Bomb(mark)))
    os.utime(trap, (age, age))
    before = trap.read_bytes()
    assert keys(opened(folder), "files")["file"].to_list() == ["a.wav", "b.wav"]
    assert not mark.exists()
    assert trap.read_bytes() == before


def test_the_trap_works(folder: Path, tmp_path: Path) -> None:
    """The library itself does open it: were this to fail, the tests above would prove nothing."""
    (folder / "db.files.pkl").write_bytes(pickle.dumps(Bomb(tmp_path / "mark")))
    with pytest.raises(Exception):  # noqa: B017, PT011
        af.Database.load(str(folder), load_data=True)["files"].get(map={"x": "y"})
    assert (tmp_path / "mark").exists()


def test_a_pickle_alone_is_no_table(folder: Path, tmp_path: Path) -> None:
    (folder / "db.files.csv").unlink()
    (folder / "db.files.pkl").write_bytes(pickle.dumps(Bomb(tmp_path / "mark")))
    with pytest.raises(DataError, match="`my/db` has no file `db.files.csv` or `db.files.parquet`") as caught:
        opened(folder).table("files")
    assert "`db.files.pkl` is not opened, as a pickle can run any program" in str(caught.value.hint)
    assert not (tmp_path / "mark").exists()


def test_a_header_makes_no_objects(folder: Path, tmp_path: Path) -> None:
    mark, header = tmp_path / "mark", folder / "db.yaml"
    header.write_text(f"{header.read_text()}\nmeta: !!python/object/apply:os.mkdir ['{mark}']\n")
    with pytest.raises(DataError, match=r"`db.yaml` of `my/db` is damaged \(line \d+\): could not determine") as caught:
        opened(folder)
    assert "plain YAML" in str(caught.value.hint)
    assert not mark.exists()
    af.Database.load(str(folder))  # the library itself does make them
    assert mark.exists()


def test_a_column_without_a_scheme_is_text(folder: Path) -> None:
    (folder / "db.files.csv").write_text("file,take,word\na.wav,1,03\nb.wav,,\n")
    table = opened(folder).table("files")
    assert table.df["word"].tolist()[:1] == ["03"]
    assert table.df.isna().to_numpy().tolist() == [[False, False], [True, True]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "`db.yaml` of `my/db` is not a header in audformat"),
        ("[1, 2]", "`db.yaml` of `my/db` is not a header in audformat"),
        ("name: db\n  usage: x: y", "`db.yaml` of `my/db` is damaged (line 2): mapping values are not allowed"),
        ("name: " + "[" * 300_000, "`db.yaml` of `my/db` is nested more than 100 deep"),
        ("name: &a [*a]", "`db.yaml` of `my/db` is not a header in audformat"),
        ("name: \x00", "`db.yaml` of `my/db` is damaged"),
        ("name: db\nusage: other", "`db.yaml` of `my/db` is not a header in audformat: `source` is missing"),
        ("{name: db, source: me, usage: other, tables: {2020: {}}}", "the name `2020` in `tables` has to be in quotes"),
        ("{name: db, source: me, usage: other, tables: [1]}", "`db.yaml` of `my/db` is not a header in audformat"),
        ("{name: db, source: me, usage: other, tables: {t: {columns: {c: }}}}", "is not a header in audformat"),
        (
            "{name: db, source: me, usage: other, tables: {t: {type: filewise, columns: {c: {scheme_id: x}}}}}",
            "`db.yaml` of `my/db` has no scheme `x`, which `c` of `t` needs",
        ),
        ("{name: db, source: me, usage: other, schemes: {s: {dtype: int, labels: people}}}", "'people'"),
    ],
)
def test_damaged_headers(folder: Path, text: str, says: str) -> None:
    (folder / "db.yaml").write_text(text)
    with pytest.raises(DataError) as caught:
        opened(folder).table("t")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "`db.files.csv` of `my/db` does not have the columns that `db.yaml` names"),
        ("file,word,take\na.wav,x,1\n", "names, it has: `file`, `word`, `take`"),
        ("file,take,word\na.wav,one,x\n", "`db.files.csv` of `my/db` is damaged: "),
        ("file,take,word\na.wav,1,x\nb.wav,2,x,y\n", "has lines that do not have 3 fields (1 row): `line 3 has 4`"),
        ("file,take,word\n,2,x\n", "the table `files` of `my/db` has rows without a file (1 row)"),
    ],
)
def test_damaged_tables(folder: Path, text: str, says: str) -> None:
    (folder / "db.files.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        keys(opened(folder), "files")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_damaged_parquet(folder: Path) -> None:
    (folder / "db.files.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="`db.files.parquet` of `my/db` is damaged: "):
        keys(opened(folder), "files")
    pl.DataFrame({"file": ["a.wav"]}).write_parquet(folder / "db.files.parquet")
    with pytest.raises(DataError, match="`take` in the table `files` of `my/db` cannot be read: `take` is missing"):
        values(opened(folder), [Source("files", "take")], "take")


def test_no_database(folder: Path) -> None:
    with pytest.raises(DataError, match="the folder `my` has no `db.yaml`, so it is no database") as caught:
        open_folder(folder.parent, "my")
    assert caught.value.hint == f"did you mean `{Path('my', 'db')}`?"
    with pytest.raises(DataError, match="`x` is a file, and a database in audformat is a folder"):
        open_folder(folder / "db.yaml", "x")
    (folder / "db.yaml").unlink()
    with pytest.raises(DataError, match="has no `db.yaml`") as caught:
        opened(folder)
    assert caught.value.hint == "name a folder in audformat, or the CSV file with the recordings"
