"""The content-addressed store of features: one for all experiments of this user.

Each extractor, version and set of options has a file of its own in `<cache>/features/`; in it a row's values are found
by the hash of the file's bytes, the segment and the channel rule. So a renamed file is a hit and a changed one a miss.
SQLite makes it safe against being killed and against a second process; every entry carries a checksum.

A cache is never a reason to stop: where it is damaged it is put aside, where it cannot be written nothing is stored,
and both are said once.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import warnings
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

_MAKE = {
    "about": "CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "entries": "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, frames INTEGER NOT NULL, data BLOB NOT NULL,"
    " sum BLOB NOT NULL) WITHOUT ROWID",
}
_COLUMNS = {"about": ["key", "value"], "entries": ["key", "frames", "data", "sum"]}
_VECTOR = -1  # `frames` of an entry that is one vector
_CHUNK = 500  # keys a query; SQLite allows 999 at least
_PATIENCE = 60  # s to wait for another process; its transactions last milliseconds
# A read-only folder has no room for the files that SQLite keeps beside its own, unless it is told that nothing changes.
_READING = ("mode=ro", "mode=ro&immutable=1")
_WRITING = ("mode=rwc",)


@dataclass(frozen=True)
class _Entry:
    """A row as it is stored: shape, bytes and their checksum."""

    frames: int
    data: bytes
    sum: bytes

    def values(self, width: int | None) -> Floats | None:
        """The values, or None where they are damaged or not of that many columns."""
        if not isinstance(self.data, bytes) or not isinstance(self.frames, int) or _hash(self.data, 8) != self.sum:
            return None
        values = np.frombuffer(self.data, dtype="<f4")
        if self.frames != _VECTOR:
            if self.frames < 1 or len(values) % self.frames:
                return None
            values = values.reshape(self.frames, -1)
        return values if width is None or values.shape[-1] == width else None


class FeatureCache:
    """Values of one extractor with one set of options.

    Args:
        folder: where the store is; made if need be
        provenance: what the values depend on beside the audio: extractor, version, options
        commit_every: s that a value waits in memory for others, to be written together with them
        look: only look what is there: nothing is written or mended, and a store that cannot be read is an empty one
        warn: told, once each, that the store was damaged and put aside, and that nothing can be stored
    """

    def __init__(
        self,
        folder: Path,
        provenance: Mapping[str, Any],
        *,
        commit_every: float = 0.75,
        look: bool = False,
        warn: Callable[[str], object] = warnings.warn,
    ) -> None:
        self._about = json.dumps(provenance, sort_keys=True, default=str)
        self.path = folder / f"{provenance['extractor']}-{_hash(self._about.encode(), 8).hex()}.sqlite"
        self._commit_every, self._look, self._warn = commit_every, look, warn
        self._waiting: dict[str, _Entry] = {}
        self._since = 0.0  # when the first of them came
        self._names: tuple[str, ...] | None = None
        self._new_names = False
        self._storing = not look
        self._mended = False
        self._why: Exception | None = None  # why it could not be opened for writing
        self._connection: sqlite3.Connection | None = None
        self._file: int | None = None  # which file was opened
        self._open()

    def __enter__(self) -> FeatureCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Make everything durable."""
        self.flush()
        self._disconnect()

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names of the columns, if they were stored."""
        if self._names is None:
            self._names = self._read_names()
        return self._names

    def put_names(self, names: Sequence[str]) -> None:
        """Store the names of the columns: from then on, values of another width count as not there."""
        self._wait()
        self._names, self._new_names = tuple(names), True

    def known(self, keys: Sequence[str]) -> set[str]:
        """Which of the keys are there, without reading the values."""
        found = self._waiting.keys() & keys if self._waiting else set[str]()
        if not self._rows("SELECT 1 FROM entries LIMIT 1"):  # a million questions would take seconds
            return found
        for chunk in _chunks(keys):
            query = f"SELECT key FROM entries WHERE key IN ({','.join('?' * len(chunk))})"  # noqa: S608 - only marks
            found.update(row[0] for row in self._rows(query, chunk))
        return found

    def get(self, keys: Sequence[str]) -> dict[str, Floats]:
        """The values of those keys that are there and undamaged: shape (features,) or (frames, features) each."""
        found: dict[str, Floats] = {}
        width = len(self.names) if self.names else None
        for chunk in _chunks(keys):
            query = f"SELECT key, frames, data, sum FROM entries WHERE key IN ({','.join('?' * len(chunk))})"  # noqa: S608
            entries = {key: _Entry(*row) for key, *row in self._rows(query, chunk)}
            entries.update((key, self._waiting[key]) for key in chunk if key in self._waiting)
            for key, entry in entries.items():
                values = entry.values(width)
                if values is not None:
                    found[key] = values
        return found

    def put(self, key: str, values: Floats) -> None:
        """Store values; they wait in memory until `tick`, `flush`, `close` or a later `put` writes them."""
        if not self._storing:
            return
        self._wait()
        data = np.ascontiguousarray(values, dtype="<f4").tobytes()
        self._waiting[key] = _Entry(_VECTOR if values.ndim == 1 else len(values), data, _hash(data, 8))
        self.tick()

    def tick(self) -> None:
        """Make durable what has waited for `commit_every` seconds; call it now and then while nothing is put."""
        if self._has_news and time.monotonic() - self._since >= self._commit_every:
            self.flush()

    def flush(self) -> None:
        """Make durable what waits, in one short transaction: a second process is never kept waiting for long."""
        if not (self._has_news and self._storing):
            return
        try:
            self._write()
        except sqlite3.DatabaseError as error:
            self._fail(error)
            self.flush()  # into the new store, if a damaged one was put aside
            return
        self._waiting.clear()
        self._new_names = False

    @property
    def _has_news(self) -> bool:
        return bool(self._waiting) or self._new_names

    def _wait(self) -> None:
        if not self._has_news:
            self._since = time.monotonic()

    def _write(self) -> None:
        if self._connection is None:
            raise sqlite3.OperationalError(str(self._why))
        rows = [(key, entry.frames, entry.data, entry.sum) for key, entry in self._waiting.items()]
        with self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", rows)
            if self._new_names:
                names = json.dumps(self._names)
                named = [("names", names), ("names_sum", _hash(names.encode(), 8).hex())]
                connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", named)

    def _read_names(self) -> tuple[str, ...] | None:
        stored = dict(self._rows("SELECT key, value FROM about WHERE key IN ('names', 'names_sum')"))
        try:
            return _checked(stored)
        except sqlite3.DatabaseError as error:
            self._fail(error)
            return None

    def _rows(self, query: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """What a query finds; nothing where there is no store, or a damaged one, which is put aside."""
        if self._connection is None:
            return []
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            self._disconnect()
            self._fail(error)
            return []

    def _fail(self, error: Exception) -> None:
        """Put a damaged store aside and begin a new one; after any other error nothing is stored any more."""
        if self._look:
            self._disconnect()
        elif type(error) is sqlite3.DatabaseError and not self._mended:  # its subclasses are other errors
            self._mended = True
            self._mend(error)
        elif self._storing:
            self._storing, self._new_names = False, False
            self._waiting.clear()
            self._warn(f"the feature cache cannot be used, so these features will be computed again: {error}")

    def _mend(self, error: Exception) -> None:
        self._disconnect()
        self._new_names = self._names is not None
        if self._file not in (None, _number(self.path)):  # another process was faster
            self._open()
            return
        broken = self.path.with_name(f"{self.path.name}.broken-{time.strftime('%Y%m%dT%H%M%S')}")
        try:
            for end in ("-wal", "-shm", ""):  # the log goes first: a new store must not find it
                part = Path(f"{self.path}{end}")
                if part.exists():
                    part.replace(f"{broken}{end}")
        except OSError as failed:
            self._why = failed
            self._fail(sqlite3.OperationalError(f"`{self.path}` is damaged ({error})"))
            return
        self._warn(f"the feature cache was damaged ({error}): it is now `{broken}`, and a new one is begun")
        self._open()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> None:
        """Open for writing, else for reading; there may be nothing to open."""
        for mode in _READING if self._look else _WRITING + _READING:
            try:
                self._connection = self._connect(mode)
            except (OSError, sqlite3.OperationalError) as error:  # noqa: PERF203 - three turns at most
                self._why = self._why or error
            except sqlite3.DatabaseError as error:
                self._fail(error)
                return
            else:
                return

    def _connect(self, mode: str) -> sqlite3.Connection:
        if mode in _WRITING:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _number(self.path)
        connection = _at(self.path, mode)
        try:
            connection.execute("PRAGMA synchronous=FULL")  # a power cut loses no more than a kill
            if not _has_tables(connection):
                if mode not in _WRITING:
                    raise sqlite3.OperationalError("there is no store")
                self._make_tables(connection)
        except BaseException:
            connection.close()
            raise
        if mode in _WRITING:
            with suppress(OSError):
                os.utime(self.path)  # when it was last used
        return connection

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        _use_log(connection)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _MAKE.values():
                connection.execute(statement)
            connection.execute("INSERT OR IGNORE INTO about VALUES ('provenance', ?)", (self._about,))


@contextmanager
def looking(path: Path) -> Iterator[sqlite3.Connection]:
    """A store of which only the file is known, to be read.

    Raises:
        sqlite3.DatabaseError: it is damaged, or cannot be read
    """
    with ExitStack() as stack:
        for mode in _READING:
            connection = stack.enter_context(closing(_at(path, mode)))
            try:
                complete = _has_tables(connection)
            except sqlite3.OperationalError:
                if mode == _READING[-1]:
                    raise
                continue
            if not complete:
                raise sqlite3.DatabaseError("its tables are not ours")
            yield connection
            return


def damaged_entries(path: Path) -> list[str]:
    """The keys of entries of a store that do not have their checksum, or not as many columns as there are names.

    Raises:
        sqlite3.DatabaseError: it is damaged as a whole, or cannot be read
    """
    with looking(path) as connection:
        names = _checked(dict(connection.execute("SELECT key, value FROM about")))
        entries = connection.execute("SELECT key, frames, data, sum FROM entries ORDER BY key")
        width = len(names) if names else None
        return [key for key, *entry in entries if _Entry(*entry).values(width) is None]


def _at(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)
    # A damaged text must not raise: it is found by its checksum, or not at all.
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    return connection


def _checked(about: Mapping[str, str]) -> tuple[str, ...] | None:
    """The names of the columns, None where they were not stored.

    Raises:
        sqlite3.DatabaseError: they were changed
    """
    if "names_sum" not in about:
        return None
    names = str(about.get("names"))
    if _hash(names.encode(), 8).hex() != about["names_sum"]:
        raise sqlite3.DatabaseError("the names of its columns were changed")
    return tuple(json.loads(names))


def _has_tables(connection: sqlite3.Connection) -> bool:
    """Whether all is there, so that nothing has to be written.

    Raises:
        sqlite3.DatabaseError: it is no database, or not one of ours
    """
    found = {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]  # fixed names
        for table in _COLUMNS
    }
    if any(columns and columns != _COLUMNS[table] for table, columns in found.items()):
        raise sqlite3.DatabaseError("its tables are not ours")
    return all(found.values())


def _use_log(connection: sqlite3.Connection) -> None:
    """Let others read while one writes. Two that begin at once refuse each other, without waiting: try again."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
        time.sleep(0.01)


def _number(path: Path) -> int | None:
    """What tells one file from another that later has its name."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _hash(data: bytes, size: int) -> bytes:
    return blake2b(data, digest_size=size).digest()


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]
