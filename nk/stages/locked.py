"""`split_strategy = lock`: parts or folds as they once were, and whether rows and audio are what they were then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk import lock
from nk.errors import DataError
from nk.stages.cautions import Caution
from nk.stages.folds import folds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nk.config.data import Data, Database
    from nk.config.model import Model
    from nk.lock import Lock
    from nk.stages.folds import Fold
    from nk.tables import Dataset

_ANEW = "or make a new split, and with it a new lock, by another `split_strategy`"
_SHOWN = 5


def places_of(data: Data, resolve: Callable[[str], Path]) -> dict[str, Path]:
    """Where the locks of the databases are that have one.

    Raises:
        DataError: there is no such place
    """
    asked = {name: one.lock for name, one in data.databases.items() if one.split_strategy == "lock"}
    return {name: resolve(place) for name, place in asked.items() if place}


def read_locks(places: Mapping[str, Path], data: Data, model: Model) -> dict[str, Lock]:
    """The locks by the name of their database.

    Raises:
        DataError: one cannot be read, or they and the folds that are asked for do not go together
    """
    found = {place: lock.read(place) for place in dict.fromkeys(places.values())}
    locks = {name: found[place] for name, place in places.items()}
    if any(one.folded for one in locks.values()):
        _need_all(locks, data)
    elif locks and (model.loso or model.logo or model.k_fold_cross):
        place = next(iter(places.values()))
        raise DataError(f"the lock in `{place}` is of a split, and a cross-validation would train on its test rows",
                        hint="remove `loso`, `logo` and `k_fold_cross` from [MODEL], or the lock")  # fmt: skip
    return locks


def _need_all(locks: Mapping[str, Lock], data: Data) -> None:
    others = [name for name in data.databases if name not in locks]
    if others or len({one.hash for one in locks.values()}) > 1:
        text = "the lock is of a cross-validation, and goes for all databases or for none"
        raise DataError(text, examples=others, hint="give every database `split_strategy = lock` and the same `lock`")


def folded(locks: Mapping[str, Lock]) -> Lock | None:
    """The lock that folds all databases, if there is one."""
    return next((one for one in locks.values() if one.folded), None)


def of_lock(dataset: Dataset, one: Lock) -> Dataset:
    """The rows that a lock has.

    Raises:
        DataError: it has none of them
    """
    kept = dataset.frame.filter(pl.col("id").is_in(one.rows["id"].to_list()))
    if kept.is_empty():
        raise DataError("the lock has no row of these databases", examples=one.rows["id"].to_list(),
                        hint="give the databases the names that they had")  # fmt: skip
    return dataset.with_frame(kept, "the row is in the lock")


def folds(dataset: Dataset, one: Lock) -> list[Fold]:
    """The folds of a lock; all rows are in it."""
    groups = dict(one.rows.select("id", "fold").iter_rows())
    return folds_of(dataset, list(zip(*(groups[row] for row in dataset.ids), strict=True)))


def verified(read: Dataset, dataset: Dataset, data: Data, locks: Mapping[str, Lock]) -> list[Caution]:
    """What has changed since the locks were made, where the test is still the same.

    Args:
        read: all rows that there are
        dataset: those of them that are used, with their part
        data: the section DATA
        locks: by the name of their database

    Raises:
        DataError: a test row is not there, or its audio is not what it was: it would be another test
    """
    if not locks:
        return []
    rows = pl.concat([_expected(name, data.databases[name], one) for name, one in locks.items()])
    rows = rows.join(dataset.frame.select("id", now="digest"), on="id", how="left", maintain_order="left")
    changed = rows.filter(pl.col("now") != pl.col("digest"))
    gone = rows.filter(pl.col("now").is_null())
    for found, what, way_out in (
        (changed, "the audio of test rows is not what it was when they were locked", "bring back the files"),
        (gone, "test rows of the lock are not there", "bring them back (filters, mappings and limits drop rows, too)"),
    ):
        tested = found.filter(pl.col("part") == "test")["id"].to_list()
        if tested:
            raise DataError(what, rows=len(tested), examples=tested, hint=f"{way_out}, {_ANEW}")
    new = read.frame.filter(pl.col("database").is_in(list(locks)), ~pl.col("id").is_in(_ids(locks)))
    return [
        *_caution(changed["id"].to_list(), "with other audio than when it was locked", "bring back the files"),
        *_caution(gone["id"].to_list(), "of the lock not there to train or choose on", "bring back the rows"),
        *_caution(new["id"].to_list(), "not in the lock, and left out", "a new split would have them"),
    ]


def _ids(locks: Mapping[str, Lock]) -> list[str]:
    return [row for one in locks.values() for row in one.rows["id"]]


def _expected(name: str, database: Database, one: Lock) -> pl.DataFrame:
    """The rows of a database that a lock has, as far as they are wanted: `id`, `digest`, `part`."""
    rows = one.of(name)
    if one.folded:
        return rows.select("id", "digest", part=pl.lit("test"))
    for part, only in (("train", database.as_train), ("test", database.as_test)):
        rows = rows.filter(pl.col("part") == part) if only else rows
    return rows.select("id", "digest", "part")


def _caution(rows: Sequence[str], what: str, hint: str) -> list[Caution]:
    if not rows:
        return []
    named = ", ".join(f"`{row}`" for row in rows[:_SHOWN]) + (", ..." if len(rows) > _SHOWN else "")
    return [Caution(f"{len(rows)} {'row' if len(rows) == 1 else 'rows'} {what}: {named}", hint)]
