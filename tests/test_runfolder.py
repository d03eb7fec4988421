"""A run folder appears whole or not at all, and nothing of the user's is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nk.errors import DataError
from nk.runfolder import writing

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path, text: str) -> None:
    with writing(root, "exp") as folder:
        folder.json("manifest.json", {"text": text, "odd": float("nan")})
        folder.text("log.txt", text)


def test_a_second_run_takes_the_place_of_the_first(tmp_path: Path) -> None:
    write(tmp_path, "one")
    write(tmp_path, "two")
    assert json.loads((tmp_path / "exp" / "manifest.json").read_text()) == {"text": "two", "odd": None}
    assert [item.name for item in tmp_path.iterdir()] == ["exp"]


def test_a_failing_run_leaves_the_last_good_one(tmp_path: Path) -> None:
    write(tmp_path, "one")
    with pytest.raises(ValueError, match="Circular"), writing(tmp_path, "exp") as folder:  # noqa: PT012
        endless: list[object] = []
        endless.append(endless)
        (folder.path / "log.txt").write_text(json.dumps({"two": endless}))
    assert (tmp_path / "exp" / "log.txt").read_text() == "one"
    assert [item.name for item in tmp_path.iterdir()] == ["exp"]


def test_what_the_user_put_there_is_carried_over(tmp_path: Path) -> None:
    write(tmp_path, "one")
    (tmp_path / "exp" / "my notes.txt").write_text("mine")
    (tmp_path / "exp" / "thesis").mkdir()
    (tmp_path / "exp" / "thesis" / "table.tex").write_text("mine too")
    write(tmp_path, "two")
    assert (tmp_path / "exp" / "my notes.txt").read_text() == "mine"
    assert (tmp_path / "exp" / "thesis" / "table.tex").read_text() == "mine too"
    assert (tmp_path / "exp" / "log.txt").read_text() == "two"


def test_a_folder_that_is_not_ours_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "thesis.tex").write_text("mine")
    with pytest.raises(DataError, match="was not written by nk"):
        write(tmp_path, "one")
    assert [item.name for item in (tmp_path / "exp").iterdir()] == ["thesis.tex"]


def test_a_run_killed_while_it_replaced_the_old_one_loses_nothing(tmp_path: Path) -> None:
    write(tmp_path, "one")
    (tmp_path / "exp").rename(tmp_path / ".exp.old-123")
    with pytest.raises(ZeroDivisionError), writing(tmp_path, "exp"):
        raise ZeroDivisionError
    assert (tmp_path / "exp" / "log.txt").read_text() == "one"


def test_a_root_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write(tmp_path / "file" / "results", "one")
