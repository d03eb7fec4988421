"""`nk cache` as a user meets it: what there is, what is damaged, what is removed and what is not."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from nk.cache import FeatureCache
from nk.cli.cache import app

if TYPE_CHECKING:
    from pathlib import Path

ONE = np.ones(2, dtype=np.float32)


def nk(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with a store of three entries and one of one."""
    monkeypatch.setenv("NK_CACHE", str(tmp_path))
    for extractor, keys in (("os", "abc"), ("praat", "a")):
        with FeatureCache(tmp_path / "features", {"extractor": extractor, "version": "2.6", "options": {}}) as cache:
            cache.put_names(["x", "y"])
            for key in keys:
                cache.put(key, ONE)
    return tmp_path


def store(folder: Path, extractor: str) -> Path:
    (path,) = (folder / "features").glob(f"{extractor}-*.sqlite")
    return path


def spoil(path: Path, key: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE entries SET data = x'0000803f0000803e' WHERE key = ?", [key])
    connection.close()


def test_an_empty_cache_is_a_line_and_stays_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NK_CACHE", str(tmp_path / "none"))
    for command in ("info", "verify"):
        assert nk(command) == (0, f"{tmp_path / 'none'}: 0 stores, 0 B\n", "")
    assert nk("clear")[0] == 0
    assert not (tmp_path / "none").exists()


def test_info_names_extractors_entries_and_sizes(folder: Path) -> None:
    store(folder, "praat").write_bytes(b"no database" * 99)
    code, out, _ = nk("info")
    assert code == 0
    assert f"{store(folder, 'os').name}: 3 entries, " in out
    assert "\n  os 2.6\n" in out
    assert "\n  damaged: file is not a database\n" in out


def test_verify_names_what_is_damaged(folder: Path) -> None:
    assert nk("verify")[0] == 0
    spoil(store(folder, "os"), "b")
    store(folder, "praat").write_bytes(store(folder, "praat").read_bytes()[:5000])
    code, out, err = nk("verify")
    assert code == 3
    assert f"{store(folder, 'os').name}: 1 damaged\n  b\n" in out
    assert "  the store as a whole: " in out
    assert "2 parts of the cache cannot be used" in err
    assert "hint:" in err


def test_verify_reads_the_names_too(folder: Path) -> None:
    with sqlite3.connect(store(folder, "os")) as connection:
        connection.execute("UPDATE about SET value = '[1]' WHERE key = 'names'")
    connection.close()
    code, out, _ = nk("verify")
    assert code == 3
    assert "the names of its columns were changed" in out


def test_clear_removes_all_stores_and_nothing_else(folder: Path) -> None:
    (folder / "synthetic").mkdir()
    (folder / "features" / "os-1.sqlite.broken-20260101T000000").write_bytes(b"broken")
    code, out, _ = nk("clear")
    assert code == 0
    assert "removed os-" in out
    assert out.splitlines()[-1].startswith("3 stores removed, ")
    assert list((folder / "features").iterdir()) == []
    assert (folder / "synthetic").is_dir()


def test_clear_goes_by_when_a_store_was_last_used(folder: Path) -> None:
    for extractor in ("os", "praat"):
        os.utime(store(folder, extractor), (time.time() - 9 * 24 * 3600,) * 2)
    with FeatureCache(folder / "features", {"extractor": "os", "version": "2.6", "options": {}}) as cache:
        assert cache.get(["a"])
    assert nk("clear", "--older", "10")[1].endswith("0 stores removed, 0 B\n")
    assert nk("clear", "--older", "8")[0] == 0
    assert [path.name.split("-")[0] for path in (folder / "features").glob("*.sqlite")] == ["os"]


def test_clear_leaves_what_a_run_has_open(folder: Path) -> None:
    with FeatureCache(folder / "features", {"extractor": "os", "version": "2.6", "options": {}}) as cache:
        code, out, err = nk("clear")
        assert code == 0
        assert "stays: a run has it open" in err
        assert out.splitlines()[-1].startswith("1 store removed")
        cache.put("d", ONE)
        assert set(cache.get(["a", "b", "c", "d"])) == set("abcd")
    with FeatureCache(folder / "features", {"extractor": "os", "version": "2.6", "options": {}}, look=True) as cache:
        assert cache.known(["a", "d"]) == {"a", "d"}
    assert nk("clear")[1].splitlines()[-1].startswith("1 store removed")
