"""The feature cache: what was put is found, what is damaged is not, and a second process may share it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

from nk.cache import FeatureCache
from nk.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

ABOUT = {"extractor": "os", "version": "2.6.0", "options": {"set": "eGeMAPSv02"}}


@given(values=arrays(np.float32, array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=7)))
def test_what_was_put_comes_back_bit_by_bit(
    tmp_path_factory: pytest.TempPathFactory, values: npt.NDArray[np.float32]
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    with FeatureCache(folder, ABOUT) as cache:
        cache.put("key", values)
        cache.put_names(["ä b", "c"])
    with FeatureCache(folder, ABOUT) as cache:
        found = cache.get(["key", "other"])
        assert cache.names == ("ä b", "c")
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


def test_a_file_that_is_no_store_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with FeatureCache(tmp_path, ABOUT) as cache:
        pass
    cache.path.write_bytes(b"not a database" * 99)
    with pytest.raises(DataError, match="the feature cache cannot be used") as caught:
        FeatureCache(tmp_path, ABOUT)
    assert "NK_CACHE" in str(caught.value.hint)


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
