"""A run folder appears whole or not at all, and nothing of the user's is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nk.errors import DataError
from nk.runfolder import check_place, writing

if TYPE_CHECKING:
    from collections.abc import Callable


def may_write_all() -> bool:
    """Whether permissions keep this user out of nothing."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        return os.access(folder, os.W_OK)


no_root = pytest.mark.skipif(may_write_all(), reason="needs a user without all rights")


def write(root: Path, text: str) -> None:
    with writing(root, "exp") as folder:
        folder.json("manifest.json", {"text": text, "odd": float("nan")})
        folder.text("log.txt", text)


def test_a_second_run_takes_the_place_of_the_first(tmp_path: Path) -> None:
    write(tmp_path, "one")
    write(tmp_path, "two")
    assert json.loads((tmp_path / "exp" / "manifest.json").read_text()) == {
        "text": "two", "odd": None, "files": ["log.txt", "manifest.json"]
    }  # fmt: skip
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


def write_figures(root: Path, *figures: str) -> None:
    with writing(root, "exp") as folder:
        folder.json("manifest.json", {})
        for place in ("figures", "model"):
            made = folder.folder(place)
            for name in figures:
                (made / name).write_text("nk")


def test_the_users_files_among_our_figures_stay_and_our_old_ones_go(tmp_path: Path) -> None:
    write_figures(tmp_path, "old.png", "both.png")
    exp = tmp_path / "exp"
    (exp / "figures" / "mine.txt").write_text("mine")
    (exp / "figures" / "new.png").write_text("mine")
    (exp / "model" / "notes").mkdir(mode=0o700)
    (exp / "model" / "notes" / "a.txt").write_text("mine")
    (exp / "figures" / "link").symlink_to("nowhere")
    write_figures(tmp_path, "new.png", "both.png")
    assert sorted(item.name for item in (exp / "figures").iterdir()) == ["both.png", "link", "mine.txt", "new.png"]
    assert (exp / "figures" / "new.png").read_text() == "nk"
    assert (exp / "model" / "notes" / "a.txt").read_text() == "mine"
    assert (exp / "model" / "notes").stat().st_mode & 0o777 == 0o700
    write(tmp_path, "without figures")
    assert sorted(item.name for item in (exp / "figures").iterdir()) == ["link", "mine.txt"]
    assert [item.name for item in (exp / "model").iterdir()] == ["notes"]


def test_a_folder_of_ours_alone_does_not_stay(tmp_path: Path) -> None:
    write_figures(tmp_path, "old.png")
    (tmp_path / "exp" / "empty").mkdir()
    write(tmp_path, "without figures")
    assert sorted(item.name for item in (tmp_path / "exp").iterdir()) == ["empty", "log.txt", "manifest.json"]


@pytest.mark.parametrize("manifest", ["{}", "not JSON", '{"files": 3}', "[]"])
def test_where_the_manifest_lists_no_files_their_names_tell(tmp_path: Path, manifest: str) -> None:
    write_figures(tmp_path, "old.png")
    (tmp_path / "exp" / "manifest.json").write_text(manifest)
    (tmp_path / "exp" / "mine.txt").write_text("mine")
    write(tmp_path, "two")
    assert sorted(item.name for item in (tmp_path / "exp").iterdir()) == ["log.txt", "manifest.json", "mine.txt"]


def test_runs_of_one_name_at_once_lose_nothing(tmp_path: Path) -> None:
    write(tmp_path, "first")
    (tmp_path / "exp" / "mine.txt").write_text("mine")
    code = """
import sys
from pathlib import Path
from nk.runfolder import writing
for number in range(40):
    with writing(Path(sys.argv[1]), "exp") as folder:
        folder.json("manifest.json", {})
        folder.text("log.txt", "x" * 10)
"""
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [run.communicate()[1] for run in runs] == ["", "", ""]
    assert [item.name for item in tmp_path.iterdir()] == ["exp"]
    assert sorted(item.name for item in (tmp_path / "exp").iterdir()) == ["log.txt", "manifest.json", "mine.txt"]


def test_what_a_link_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    write(tmp_path / "disk", "one")
    (tmp_path / "disk" / "exp").rename(tmp_path / "disk" / "real")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "exp").symlink_to("../disk/real")
    write(tmp_path / "results", "two")
    assert (tmp_path / "results" / "exp").is_symlink()
    assert (tmp_path / "disk" / "real" / "log.txt").read_text() == "two"
    assert [item.name for item in (tmp_path / "disk").iterdir()] == ["real"]


def dangling(root: Path) -> tuple[Path, str]:
    (root / "exp").symlink_to(root / "nowhere")
    return root, "exp"


def below_a_file(root: Path) -> tuple[Path, str]:
    (root / "file").write_text("")
    return root / "file" / "results", "exp"


PLACES = [
    (dangling, "leads nowhere"),
    (below_a_file, "is no folder"),
    (lambda root: (root, "x" * 400), "cannot be written: File name too long"),
    (lambda root: (root, "x" * 250), "cannot be written: File name too long"),
    (lambda root: (root / ("x" * 400), "exp"), "cannot be written: File name too long"),
]


@pytest.mark.parametrize(("place", "message"), PLACES)
def test_a_place_that_cannot_be_is_refused_before_any_work(
    tmp_path: Path, place: Callable[[Path], tuple[Path, str]], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        check_place(*place(tmp_path))
    assert "[EXP]" in str(caught.value.hint)


def test_looking_at_a_place_leaves_nothing(tmp_path: Path) -> None:
    check_place(tmp_path / "not" / "yet", "exp")
    assert list(tmp_path.iterdir()) == []


@no_root
def test_a_place_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(DataError, match="cannot be written: Permission denied"):
        check_place(tmp_path, "exp")


def test_results_that_cannot_be_put_in_their_place_are_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "one")
    rename = Path.rename

    def fail(self: Path, goal: Path) -> Path:
        if "partial" in self.name:
            raise OSError(28, "No space left on device")
        return rename(self, goal)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(DataError, match="put in their place: No space left on device") as caught:
        write(tmp_path, "two")
    (kept,) = tmp_path.glob(".exp.partial-*")
    assert f"`{kept}`" in str(caught.value.hint)
    assert (kept / "log.txt").read_text() == "two"
    assert (tmp_path / "exp" / "log.txt").read_text() == "one"
    monkeypatch.undo()
    os.utime(kept, (0, 0))
    write(tmp_path, "three")
    assert kept.exists(), "it was made over, though the user was sent there"


def test_what_came_in_the_way_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="was not written by nk"), writing(tmp_path, "exp") as folder:  # noqa: PT012
        folder.json("manifest.json", {})
        (tmp_path / "exp").mkdir()
        (tmp_path / "exp" / "thesis.tex").write_text("mine")
    assert [item.name for item in (tmp_path / "exp").iterdir()] == ["thesis.tex"]


def test_a_full_disk_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written: No space left"), writing(tmp_path, "exp"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_goes_after_a_day(tmp_path: Path) -> None:
    for name in (".exp.partial-old", ".exp.partial-new", ".other.partial-old"):
        (tmp_path / name).mkdir()
        if name.endswith("old"):
            os.utime(tmp_path / name, (0, 0))
    write(tmp_path, "one")
    assert sorted(item.name for item in tmp_path.iterdir()) == [".exp.partial-new", ".other.partial-old", "exp"]
