"""The feature cache: what was put is found, what is damaged is not, and a second process may share it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from nk.cache import FeatureCache

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

ABOUT = {"extractor": "os", "version": "2.6.0", "options": {"set": "eGeMAPSv02"}}
ONE = np.ones(2, dtype=np.float32)


def may_write_all() -> bool:
    """Whether permissions keep this user out of nothing."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        return os.access(folder, os.W_OK)


no_root = pytest.mark.skipif(may_write_all(), reason="needs a user without all rights")


def no_warning(text: str) -> None:
    pytest.fail(text)


@given(values=arrays(np.float32, array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=7)))
def test_what_was_put_comes_back_bit_by_bit(
    tmp_path_factory: pytest.TempPathFactory, values: npt.NDArray[np.float32]
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    names = tuple(f"ä {number}" for number in range(values.shape[-1]))
    with FeatureCache(folder, ABOUT) as cache:
        cache.put("key", values)
        cache.put_names(names)
    with FeatureCache(folder, ABOUT) as cache:
        found = cache.get(["key", "other"])
        assert cache.names == names
        assert cache.known(["key", "other"]) == {"key"}
    assert list(found) == ["key"]
    assert found["key"].shape == values.shape
    assert found["key"].tobytes() == values.tobytes()


@pytest.mark.parametrize(
    "changed", [{"extractor": "praat"}, {"version": "2.6.1"}, {"options": {"set": "ComParE_2016"}}, {"rate": 16000}]
)
def test_other_options_are_another_store(tmp_path: Path, changed: dict[str, object]) -> None:
    with FeatureCache(tmp_path, ABOUT) as cache:
        cache.put("key", np.ones(2, dtype=np.float32))
    with FeatureCache(tmp_path, {**ABOUT, **changed}) as cache:
        assert cache.get(["key"]) == {}
        assert cache.names is None


def test_a_damaged_entry_is_not_found(tmp_path: Path) -> None:
    with FeatureCache(tmp_path, ABOUT) as cache:
        for key in ("good", "bad"):
            cache.put(key, np.ones(2, dtype=np.float32))
    with sqlite3.connect(cache.path) as connection:
        connection.execute("UPDATE entries SET data = zeroblob(8) WHERE key = 'bad'")
    connection.close()
    with FeatureCache(tmp_path, ABOUT) as cache:
        assert list(cache.get(["good", "bad"])) == ["good"]


def test_more_keys_than_a_query_takes(tmp_path: Path) -> None:
    keys = [f"key{number}" for number in range(1234)]
    with FeatureCache(tmp_path, ABOUT) as cache:
        for key in keys:
            cache.put(key, np.ones(1, dtype=np.float32))
        assert set(cache.get(keys)) == cache.known(keys) == set(keys)


def test_what_was_put_survives_the_death_of_the_process(tmp_path: Path) -> None:
    code = f"""
import os, signal, numpy as np
from pathlib import Path
from nk.cache import FeatureCache
cache = FeatureCache(Path({str(tmp_path)!r}), {ABOUT!r}, commit_every=0)
for number in range(10):
    cache.put(f"key{{number}}", np.full(3, number, dtype=np.float32))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    with FeatureCache(tmp_path, ABOUT) as cache:
        assert cache.known([f"key{number}" for number in range(10)]) == {f"key{number}" for number in range(10)}


def test_a_second_process_never_waits_for_a_busy_one(tmp_path: Path) -> None:
    with FeatureCache(tmp_path, ABOUT, warn=no_warning) as busy:
        busy.put("mine", ONE)
        start = time.monotonic()
        with FeatureCache(tmp_path, ABOUT, warn=no_warning) as other:
            other.put("other", ONE)
        assert time.monotonic() - start < 10
        assert busy.known(["mine", "other"]) == {"mine", "other"}


def test_processes_that_begin_one_store_at_once_all_store(tmp_path: Path) -> None:
    code = """
import sys, warnings, numpy as np
from pathlib import Path
from nk.cache import FeatureCache
warnings.simplefilter("error")
with FeatureCache(Path(sys.argv[1]), {"extractor": "os"}) as cache:
    cache.put(sys.argv[2], np.ones(2, dtype=np.float32))
"""
    keys = list("abcd")
    runs = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), key]) for key in keys]
    assert [run.wait() for run in runs] == [0] * len(keys)
    with FeatureCache(tmp_path, {"extractor": "os"}, look=True) as cache:
        assert cache.known(keys) == set(keys)


def test_what_waits_is_seen_and_is_durable_when_its_time_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("nk.cache.time.monotonic", lambda: now[0])

    def stored() -> set[str]:
        with FeatureCache(tmp_path, ABOUT, look=True) as other:
            return other.known(["a", "b", "c"])

    with FeatureCache(tmp_path, ABOUT, commit_every=1, warn=no_warning) as cache:
        cache.put_names(["x", "y"])
        cache.put("a", ONE)
        assert cache.known(["a"]) == {"a"}
        assert np.array_equal(cache.get(["a"])["a"], ONE)
        now[0] = 0.9
        cache.tick()
        assert stored() == set()
        now[0] = 1.0
        cache.put("b", ONE)
        assert stored() == {"a", "b"}
        now[0] = 5.0
        cache.put("c", ONE)
        assert stored() == {"a", "b"}, "a value waits from when it came"
        now[0] = 6.0
        cache.tick()
        assert stored() == {"a", "b", "c"}


def test_opening_what_is_there_writes_nothing(tmp_path: Path) -> None:
    with FeatureCache(tmp_path, ABOUT) as cache:
        cache.put_names(["x", "y"])
        cache.put("a", ONE)
    with sqlite3.connect(cache.path, isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")  # who writes now would have to wait
        start = time.monotonic()
        with FeatureCache(tmp_path, ABOUT, warn=no_warning) as cache:
            assert list(cache.get(["a"])) == ["a"]
        assert time.monotonic() - start < 10
        holder.execute("ROLLBACK")
    holder.close()


def test_looking_makes_nothing(tmp_path: Path) -> None:
    with FeatureCache(tmp_path / "cache", ABOUT, look=True, warn=no_warning) as cache:
        assert cache.known(["a"]) == set()
        assert cache.names is None
    assert not (tmp_path / "cache").exists()


def garbage(path: Path) -> None:
    path.write_bytes(b"not a database" * 999)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


def middle(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))


def execute(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.executescript(statement)
    connection.close()


def names_no_json(path: Path) -> None:
    execute(path, "UPDATE about SET value = '[1' WHERE key = 'names'")


def names_too_few(path: Path) -> None:
    execute(path, """UPDATE about SET value = '["a"]' WHERE key = 'names'""")


def names_no_text(path: Path) -> None:
    execute(path, "UPDATE about SET value = CAST(x'ff00' AS TEXT) WHERE key = 'names'")


def other_tables(path: Path) -> None:
    execute(path, "DROP TABLE entries; CREATE TABLE entries (something)")


DAMAGES = [garbage, truncated, middle, names_no_json, names_too_few, names_no_text, other_tables]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_put_aside_and_a_new_one_begun(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    keys = [f"key{number}" for number in range(99)]

    def fill(warn: Callable[[str], object]) -> set[str]:
        """As a run does: the names, what is there, the rest."""
        with FeatureCache(tmp_path, ABOUT, warn=warn) as cache:
            if cache.names is None:
                cache.put_names(["x", "y"])
            found = cache.get(keys)
            for key in keys:
                if key not in found:
                    cache.put(key, ONE)
        return set(found)

    assert fill(no_warning) == set()
    (path,) = tmp_path.glob("*.sqlite")
    damage(path)
    with FeatureCache(tmp_path, ABOUT, look=True, warn=no_warning) as cache:  # says nothing, mends nothing
        cache.known(keys)
        cache.get(keys)
    said: list[str] = []
    fill(said.append)
    (broken,) = tmp_path.glob("*.broken-*")
    assert len(said) == 1
    assert said[0].startswith("the feature cache was damaged")
    assert str(broken) in said[0]
    assert fill(no_warning) == set(keys)
    with FeatureCache(tmp_path, ABOUT, look=True) as cache:
        assert cache.names == ("x", "y")


@pytest.mark.parametrize(
    "change", ["data = 'text'", "data = x'00'", "frames = 'many'", "frames = 0", "frames = 3", "sum = 'text'"]
)
def test_a_damaged_entry_is_a_miss(tmp_path: Path, change: str) -> None:
    with FeatureCache(tmp_path, ABOUT) as cache:
        cache.put_names(["x", "y"])
        cache.put("good", ONE)
        cache.put("bad", np.ones((2, 2), dtype=np.float32))
    execute(cache.path, f"UPDATE entries SET {change} WHERE key = 'bad'")  # noqa: S608 - of this test
    with FeatureCache(tmp_path, ABOUT, warn=no_warning) as cache:
        assert list(cache.get(["good", "bad"])) == ["good"]


@pytest.mark.parametrize("shape", [(3,), (4, 3), (1,), (2, 1)])
def test_values_of_another_width_than_the_names_are_misses(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with FeatureCache(tmp_path, ABOUT, warn=no_warning) as cache:
        cache.put("other", np.ones(shape, dtype=np.float32))
        cache.put("good", ONE)
        cache.put_names(["x", "y"])
        assert list(cache.get(["other", "good"])) == ["good"]


def test_names_of_an_older_store_are_asked_for_again(tmp_path: Path) -> None:
    with FeatureCache(tmp_path, ABOUT) as cache:
        cache.put_names(["x", "y"])
    execute(cache.path, "DELETE FROM about WHERE key = 'names_sum'")
    with FeatureCache(tmp_path, ABOUT, warn=no_warning) as cache:
        assert cache.names is None


def test_a_full_disk_is_said_once_and_costs_the_rest_only(tmp_path: Path) -> None:
    said: list[str] = []
    with FeatureCache(tmp_path, ABOUT, commit_every=0, warn=said.append) as cache:
        assert cache._connection is not None
        cache.put("first", ONE)
        (pages,) = cache._connection.execute("PRAGMA page_count").fetchone()
        cache._connection.execute(f"PRAGMA max_page_count={pages}")
        for number in range(9):
            cache.put(f"big{number}", np.ones(99999, dtype=np.float32))
    (text,) = said
    assert (
        text == "the feature cache cannot be used, so these features will be computed again: database or disk is full"
    )
    with FeatureCache(tmp_path, ABOUT, warn=no_warning) as cache:
        assert cache.known(["first", "big0"]) == {"first"}


def test_a_folder_that_cannot_be_made_is_said_when_something_was_to_be_stored(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said: list[str] = []
    with FeatureCache(tmp_path / "file", ABOUT, warn=said.append) as cache:
        assert cache.get(["a"]) == {}
        assert said == []
        cache.put("a", ONE)
    assert len(said) == 1


@no_root
@pytest.mark.parametrize("folder_too", [True, False])
@pytest.mark.parametrize("killed", [True, False])
def test_a_read_only_store_is_read(tmp_path: Path, *, folder_too: bool, killed: bool) -> None:
    with FeatureCache(tmp_path, ABOUT) as cache:
        cache.put_names(["x", "y"])
        cache.put("a", ONE)
        cache.flush()
        if killed:  # its log is still there
            content = {item: item.read_bytes() for item in tmp_path.iterdir()}
    if killed:
        for item, found in content.items():
            item.write_bytes(found)
    cache.path.chmod(0o444)
    if folder_too:
        tmp_path.chmod(0o555)
    said: list[str] = []
    with FeatureCache(tmp_path, ABOUT, warn=said.append) as cache:
        assert killed or (cache.names == ("x", "y") and list(cache.get(["a"])) == ["a"])
        assert said == []
        cache.put("b", ONE)
        cache.flush()
        cache.put("c", ONE)
    assert len(said) == 1
    tmp_path.chmod(0o755)


@no_root
def test_a_damaged_store_that_cannot_be_put_aside_is_said_once(tmp_path: Path) -> None:
    with FeatureCache(tmp_path, ABOUT) as cache:
        cache.put("a", ONE)
    garbage(cache.path)
    tmp_path.chmod(0o555)
    said: list[str] = []
    with FeatureCache(tmp_path, ABOUT, commit_every=0, warn=said.append) as cache:
        assert cache.get(["a"]) == {}
        cache.put("a", ONE)
        cache.put("b", ONE)
    tmp_path.chmod(0o755)
    assert len(said) == 1
    assert "is damaged" in said[0]
