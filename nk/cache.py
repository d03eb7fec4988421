"""The content-addressed store of features: one for all experiments of this user.

Each extractor, version and set of options has a file of its own in `<cache>/features/`; in it a row's values are found
by the hash of the file's bytes, the segment and the channel rule. So a renamed file is a hit and a changed one a miss.
SQLite makes it safe against being killed and against a second process; every entry carries a checksum.
"""

from __future__ import annotations

import json
import sqlite3
import time
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

_TABLES = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    key TEXT PRIMARY KEY, frames INTEGER NOT NULL, data BLOB NOT NULL, sum BLOB NOT NULL
) WITHOUT ROWID;
"""
_VECTOR = -1  # `frames` of an entry that is one vector
_CHUNK = 500  # keys a query; SQLite allows 999 at least


class FeatureCache:
    """Values of one extractor with one set of options.

    Args:
        folder: where the store is; made if need be
        provenance: what the values depend on beside the audio: extractor, version, options
        commit_every: seconds after which what was put is made durable

    Raises:
        DataError: the store cannot be opened
    """

    def __init__(self, folder: Path, provenance: Mapping[str, Any], *, commit_every: float = 1.0) -> None:
        about = json.dumps(provenance, sort_keys=True, default=str)
        self.path = folder / f"{provenance['extractor']}-{_hash(about.encode(), 8).hex()}.sqlite"
        self._commit_every = commit_every
        self._committed = time.monotonic()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = self._open(about)
        except (OSError, sqlite3.Error) as error:
            hint = f"free or remove `{self.path}`, or name another folder in the variable `NK_CACHE`"
            raise DataError(f"the feature cache cannot be used: {error}", hint=hint) from error

    def _open(self, about: str) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=60, isolation_level="DEFERRED")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_TABLES)
        connection.execute("INSERT OR IGNORE INTO about VALUES ('provenance', ?)", (about,))
        connection.commit()
        return connection

    def __enter__(self) -> FeatureCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Make everything durable."""
        self._connection.commit()
        self._connection.close()

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names of the columns, if they were stored."""
        row = self._connection.execute("SELECT value FROM about WHERE key = 'names'").fetchone()
        return tuple(json.loads(row[0])) if row else None

    def put_names(self, names: Sequence[str]) -> None:
        """Store the names of the columns."""
        self._connection.execute("INSERT OR REPLACE INTO about VALUES ('names', ?)", (json.dumps(list(names)),))

    def known(self, keys: Sequence[str]) -> set[str]:
        """Which of the keys are there, without reading the values."""
        found: set[str] = set()
        for chunk in _chunks(keys):
            query = f"SELECT key FROM entries WHERE key IN ({','.join('?' * len(chunk))})"  # noqa: S608 - only marks
            found.update(row[0] for row in self._connection.execute(query, chunk))
        return found

    def get(self, keys: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """The values of those keys that are there and undamaged: shape (features,) or (frames, features) each."""
        found: dict[str, npt.NDArray[np.float32]] = {}
        for chunk in _chunks(keys):
            query = f"SELECT key, frames, data, sum FROM entries WHERE key IN ({','.join('?' * len(chunk))})"  # noqa: S608
            for key, frames, data, checksum in self._connection.execute(query, chunk):
                if _hash(data, 8) == checksum:
                    values = np.frombuffer(data, dtype="<f4")
                    found[key] = values if frames == _VECTOR else values.reshape(frames, -1)
        return found

    def put(self, key: str, values: npt.NDArray[np.float32]) -> None:
        """Store values; durable at the latest a second later, so that a killed run loses no more."""
        frames = _VECTOR if values.ndim == 1 else len(values)
        data = np.ascontiguousarray(values, dtype="<f4").tobytes()
        self._connection.execute(
            "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", (key, frames, data, _hash(data, 8))
        )
        if time.monotonic() - self._committed >= self._commit_every:
            self._connection.commit()
            self._committed = time.monotonic()


def _hash(data: bytes, size: int) -> bytes:
    return blake2b(data, digest_size=size).digest()


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]
