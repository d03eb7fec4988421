"""What is in the feature cache: how much, of which extractors, what is damaged; and how it is removed."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk.cache import damaged_entries, looking

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY = 24 * 3600  # s
_PARTS = ("-wal", "-shm", "-journal", "")  # the files of a store; its log goes first


@dataclass(frozen=True)
class Store:
    """The values of one extractor, version and set of options.

    `entries` and `about` are what it says of itself, nothing where it is `damaged` as a whole, which says how. `used`
    is when a run last opened it, in s since 1970. `aside` is one that a run found damaged and put aside.
    """

    path: Path
    bytes: int
    used: float
    entries: int = 0
    about: Mapping[str, Any] | None = None
    damaged: str = ""
    aside: bool = False

    @property
    def extractor(self) -> str:
        """Of which extractor it is; its file's name tells where nothing else does."""
        return str((self.about or {}).get("extractor") or self.path.name.rpartition("-")[0])

    @property
    def days(self) -> float:
        """How long it was not used."""
        return (time.time() - self.used) / _DAY


def stores(cache: Path) -> list[Store]:
    """All stores of features in a cache folder, by name; the folder need not exist."""
    folder = cache / "features"
    found = [*folder.glob("*.sqlite"), *folder.glob("*.sqlite.broken-*[0-9]")]
    return [_look(path) for path in sorted(found)]


def damages(store: Store) -> list[str]:
    """What is damaged in it: entries by their key, or the store as a whole; all of it is read."""
    if store.damaged:
        return [f"the store as a whole: {store.damaged}"]
    try:
        return damaged_entries(store.path)
    except sqlite3.DatabaseError as error:
        return [f"the store as a whole: {error}"]


def remove(store: Store) -> bool:
    """Remove a store, unless a run has it open or it was already removed.

    Raises:
        OSError: it cannot be removed
    """
    if store.aside:
        return _unlink(store.path)
    try:
        return _remove_alone(store.path)
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or not store.path.exists():
            return False
        raise OSError(str(error)) from error
    except sqlite3.DatabaseError:  # it is no store any more, so no run can use it
        return _unlink(store.path)


def _remove_alone(path: Path) -> bool:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=0)) as connection:
        connection.isolation_level = None
        # Without its log it can only be had alone: this fails as long as anybody has it open.
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        return _unlink(path)


def _unlink(path: Path) -> bool:
    there = path.exists()
    for end in _PARTS:
        Path(f"{path}{end}").unlink(missing_ok=True)
    return there


def _look(path: Path) -> Store:
    size, used = _bytes(path), path.stat().st_mtime
    if not path.name.endswith(".sqlite"):
        return Store(path, size, used, damaged="it was put aside by a run", aside=True)
    try:
        with looking(path) as connection:
            (entries,) = connection.execute("SELECT count(*) FROM entries").fetchone()
            (about,) = connection.execute("SELECT value FROM about WHERE key = 'provenance'").fetchone() or ("{}",)
        return Store(path, size, used, int(entries), json.loads(about))
    except (sqlite3.DatabaseError, ValueError) as error:
        return Store(path, size, used, damaged=str(error))


def _bytes(path: Path) -> int:
    parts = (Path(f"{path}{end}") for end in _PARTS)
    return sum(part.stat().st_size for part in parts if part.exists())
