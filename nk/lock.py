"""The lock of a split: which row trains, chooses and tests, and the hash of its audio, as a file of text.

The same rows, split and versions give the same file, byte for byte; nothing in it depends on features or on the model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk import __version__
from nk.errors import DataError
from nk.manifest import versions
from nk.stages.folds import shared_ids
from nk.tables import PARTS, align

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from nk.stages.folds import Fold
    from nk.tables import Dataset

NAME = "split.lock.json"
_PACKAGES = ("numpy", "polars", "scikit-learn", "soundfile")  # what rows, their times and their parts depend on
_Types = dict[str, pl.DataType | type[pl.DataType]]
_COLUMNS: _Types = {"id": pl.String, "digest": pl.String, "start": pl.Float64, "end": pl.Float64}
_KINDS: _Types = {"part": pl.String, "fold": pl.List(pl.String)}
_BETWEEN = "\x1f"  # no name has it


@dataclass(frozen=True)
class Lock:
    """A split that was made once.

    Args:
        rows: `id`, `digest` (hash of the file's bytes), `start`, `end` (s), and `part`; of a cross-validation `fold`
            instead: the row's group in each of the columns by which it was folded
        about: `schema`, `seed`, and the versions that it was made with
    """

    rows: pl.DataFrame
    about: Mapping[str, Any]

    @property
    def folded(self) -> bool:
        """Whether it is of a cross-validation, in which every row is tested once."""
        return "fold" in self.rows.columns

    @property
    def tested(self) -> pl.DataFrame:
        """The rows to test."""
        return self.rows if self.folded else self.rows.filter(pl.col("part") == "test")

    @cached_property
    def test(self) -> str:
        """What the test rows are, whatever they are called."""
        return identity(self.tested)

    @cached_property
    def hash(self) -> str:
        """A hash of all rows with their part or fold."""
        kind = pl.col("fold").list.join(_BETWEEN) if self.folded else pl.col("part")
        return _hashed(self.rows.select(_line("id", "digest", *_MILLISECONDS, kind)).to_series())

    def is_tested_by(self, rows: pl.DataFrame) -> bool:
        """Whether all its test rows are among these."""
        return {*_spoken(self.tested)} <= {*_spoken(rows)}

    def of(self, database: str) -> pl.DataFrame:
        """The rows of one database."""
        return self.rows.filter(pl.col("id").str.starts_with(f"{database}/"))


def identity(rows: pl.DataFrame) -> str:
    """What rows are: a hash of their `digest`, `start` and `end`, in any order."""
    return _hashed(_spoken(rows))


def _spoken(rows: pl.DataFrame) -> pl.Series:
    return rows.select(_line("digest", *_MILLISECONDS)).to_series().sort()


def _line(*columns: str | pl.Expr) -> pl.Expr:
    return pl.concat_str(list(columns), separator=_BETWEEN)


_MILLISECONDS = tuple((pl.col(side) * 1000).round(0).cast(pl.Int64).cast(pl.String) for side in ("start", "end"))


def _hashed(lines: Iterable[str]) -> str:
    return blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()


def made(dataset: Dataset, folds: Sequence[Fold], *, seed: int) -> Lock:
    """The lock of a dataset that was split (its column `split`), or folded if there are several folds."""
    rows = dataset.frame.select(list(_COLUMNS))
    kind = dataset.frame["split"].alias("part") if len(folds) == 1 else _groups(rows, folds)
    about = {"schema": 1, "nk": __version__, "packages": versions(_PACKAGES), "seed": seed}
    return Lock(rows.with_columns(kind).sort("id"), about)


def _groups(rows: pl.DataFrame, folds: Sequence[Fold]) -> pl.Series:
    """The groups of the fold that tests each row."""
    ids = shared_ids(folds)
    number = np.zeros(len(ids), dtype=np.int64)
    for place, fold in enumerate(folds):
        number[fold.test_rows] = place
    groups = pl.Series("fold", [list(fold.groups) for fold in folds], dtype=pl.List(pl.String))
    return align(rows.select("id"), pl.DataFrame({"id": ids, "fold": groups.gather(number)}))["fold"]


def text(lock: Lock) -> str:
    """The lock as a file: JSON, a line a row, so that versions of it can be compared."""
    head = json.dumps({**lock.about, "test": lock.test, "hash": lock.hash}, indent=1, ensure_ascii=False)
    rows = lock.rows
    if lock.folded and (rows["fold"].list.len() == 1).all():
        rows = rows.with_columns(pl.col("fold").list.first())
    lines = ",\n".join(rows.write_ndjson().rstrip("\n").split("\n"))
    return head.removesuffix("\n}") + f',\n "rows": [\n{lines}\n]}}\n'


def read(place: Path) -> Lock:
    """The lock in a run folder, or in a file.

    Raises:
        DataError: there is none, it cannot be read, or it is not as nk wrote it
    """
    file = place / NAME if place.is_dir() else place
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        stored = found.pop("test"), found.pop("hash")
        lock = Lock(_frame(found.pop("rows")), found)
    except FileNotFoundError:
        raise DataError(f"`{place}` has no `{NAME}`", hint="run it again: every run writes one") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, pl.exceptions.PolarsError) as error:
        raise DataError(f"`{file}` is no lock that nk can read ({type(error).__name__})",
                        hint=f"name a run folder, or its `{NAME}`") from error  # fmt: skip
    if lock.about.get("schema") != 1:
        raise DataError(f"`{file}` was written by a newer nk", hint="update nk")
    if stored != (lock.test, lock.hash):
        raise DataError(f"`{file}` was changed after nk wrote it",
                        hint="bring back the file, or run the experiment that it is of again")  # fmt: skip
    return lock


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows of a file; raises as a broken file does."""
    kind = "fold" if "fold" in rows[0] else "part"
    if kind == "fold":
        rows = [{**row, "fold": [row["fold"]] if isinstance(row["fold"], str) else row["fold"]} for row in rows]
    frame = pl.DataFrame(rows, schema={**_COLUMNS, kind: _KINDS[kind]}, strict=True)
    if frame.null_count().sum_horizontal().item() or frame["id"].is_duplicated().any():
        raise ValueError("rows lack something, or are double")
    if kind == "part" and not frame["part"].is_in(PARTS).all():
        raise ValueError("a part that is none")
    return frame
