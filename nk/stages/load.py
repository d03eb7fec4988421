"""Databases -> one dataset: read the tables, look at every recording's header and bytes, and name the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.audio import Header, digest, probe
from nk.config import options_for
from nk.errors import AudioError, DataError
from nk.execute import run_all
from nk.families import readers
from nk.registry import PART, Request
from nk.tables import Dataset, Skip, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nk.config.data import Data, Database
    from nk.registry import Reader
    from nk.ui import Ui

# Columns that nk itself gives a row; a user's column of that name is kept as `<name>_in_table`.
OWN = ("id", "path", "database", "digest")
# What a row is found by is nothing to learn.
_NO_TARGETS = (*OWN, "file", "start", "end", "split", PART)
# Columns that live in this file alone, under names that no table can have.
_SECONDS, _REASON = "\nseconds", "\nreason"
_SLACK = 0.05  # s by which a segment may end after its recording, as `nk.audio.read` allows


@dataclass(frozen=True)
class Recording:
    """What is known of a file before it is decoded: `reason` says why it cannot be used."""

    path: str
    header: Header | None = None
    digest: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Loaded:
    """The dataset, the rows that had to be left out, and how many recordings have more than one channel."""

    dataset: Dataset
    skipped: tuple[Skip, ...]
    multichannel: int


def load(
    data: Data, *, number: bool, fail_threshold: float, resolve: Callable[[str], Path], jobs: int, ui: Ui
) -> Loaded:
    """Read all databases of the config.

    Args:
        data: the section DATA
        number: whether the target is a number, not a class
        fail_threshold: the share of unusable rows above which it is an error
        resolve: turns a path as written in the config into one that exists
        jobs: how many files to look at at once
        ui: where progress is shown

    Raises:
        DataError: a table cannot be read, lacks the target, or has a row twice; or too much cannot be used
    """
    frame = pl.concat(
        [_read(name, database, data.target, resolve) for name, database in data.databases.items()],
        how="diagonal_relaxed",
    )
    target = data.target or ""
    if target not in frame.columns or target in _NO_TARGETS:
        raise _no_target(target, frame)
    recordings = _inspect(frame["path"].unique(maintain_order=True).to_list(), jobs, ui)
    total, places = frame.height, dict(frame.select("file", "path").iter_rows())
    frame, skipped = _with_recordings(frame, recordings)
    check_skips(skipped, total, fail_threshold, places)
    frame = _with_ids(frame).sort("id")
    multichannel = sum(1 for item in recordings if item.header and item.header.channels > 1)
    dataset = Dataset(frame, Target(target)).with_frame(frame, "read")
    return Loaded(_with_target(dataset, data.labels, number=number), tuple(skipped), multichannel)


def make_reader(database: Database) -> Reader:
    """The reader of a database with its options."""
    plugin = readers.get(database.reader)
    return plugin(options_for(plugin, database.options), name=database.reader)


def check_skips(skipped: Sequence[Skip], total: int, threshold: float, places: Mapping[str, str] | None = None) -> None:
    """Stop where too much of the data cannot be used.

    Args:
        skipped: the rows that cannot be used
        total: how many rows there are in all
        threshold: the share of them above which it is an error
        places: where a file was looked for, by its name in the table

    Raises:
        DataError: the share of skipped rows is above `threshold`
    """
    if len(skipped) <= threshold * total:
        return
    examples = [f"{skip.file}: {skip.reason}" for skip in skipped]
    hints = ["mend the files or the table"]
    first = skipped[0].file
    if places and first in places:
        hints.append(f"`{first}` was looked for as `{places[first]}`")
    if any("\\" in skip.file for skip in skipped):
        hints.append("write `/` for `\\` in file names")
    if len(skipped) < total:
        hints.append(f"or raise `fail_threshold` in [FEATS] above {threshold:g}")
    raise DataError(f"{len(skipped)} of {total} rows cannot be used", examples=examples, hint="; ".join(hints))


def _read(name: str, database: Database, target: str | None, resolve: Callable[[str], Path]) -> pl.DataFrame:
    strategy = database.split_strategy if isinstance(database.split_strategy, str) else None
    frame = make_reader(database).read(Request(name, database.path or "", target, resolve, strategy))
    clashes = [column for column in OWN if column != "path" and column in frame.columns]
    frame = frame.rename({column: _free(f"{column}_in_table", frame.columns) for column in clashes})
    frame = frame.with_columns(pl.lit(name).alias("database"))
    if "speaker" in frame.columns:
        frame = frame.with_columns(pl.col("speaker").cast(pl.String))
    return frame


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _inspect(paths: Sequence[str], jobs: int, ui: Ui) -> list[Recording]:
    with ui.progress("looking at files", len(paths), "files") as progress:
        found = []
        for recording in run_all(_look, paths, jobs=jobs):
            found.append(recording)
            progress.advance()
    return found


def _look(path: str) -> Recording:
    try:
        return Recording(path, header=probe(path), digest=digest(path))
    except AudioError as error:
        return Recording(path, reason=str(error))


def _with_recordings(frame: pl.DataFrame, recordings: Sequence[Recording]) -> tuple[pl.DataFrame, list[Skip]]:
    table = pl.DataFrame(
        {
            "path": [item.path for item in recordings],
            "digest": [item.digest for item in recordings],
            "seconds": [item.header.seconds if item.header else None for item in recordings],
            "reason": [item.reason for item in recordings],
        },
        schema={"path": pl.String, "digest": pl.String, "seconds": pl.Float64, "reason": pl.String},
    ).rename({"seconds": _SECONDS, "reason": _REASON})
    frame = frame.join(table, on="path", how="left").with_columns(pl.coalesce(_REASON, _outside()).alias(_REASON))
    skipped = [
        Skip(row["database"], row["file"], row["start"], row["end"], row[_REASON])
        for row in frame.filter(pl.col(_REASON).is_not_null()).iter_rows(named=True)
    ]
    return frame.filter(pl.col(_REASON).is_null()).drop(_REASON), skipped


def _outside() -> pl.Expr:
    """Why the segment of a row cannot be, null where it can."""
    start, end = pl.col("start").fill_null(0.0), pl.coalesce("end", _SECONDS)
    beyond = (start < 0) | (start >= pl.col(_SECONDS)) | (end > pl.col(_SECONDS) + _SLACK)
    where = pl.format(
        "the segment from {} to {} s is outside the recording of {} s", start, end, pl.col(_SECONDS).round(3)
    )
    return pl.when(end <= start).then(pl.lit("its segment ends before it starts")).when(beyond).then(where)


def _with_ids(frame: pl.DataFrame) -> pl.DataFrame:
    frame = frame.with_columns(
        pl.col("start").fill_null(0.0).round(3), pl.coalesce("end", _SECONDS).round(3).alias("end")
    ).drop(_SECONDS)
    milliseconds = [(pl.col(side) * 1000).round(0).cast(pl.Int64) for side in ("start", "end")]
    name = pl.format("{}/{}#{}-{}", "database", "file", *milliseconds)
    frame = frame.with_columns(name.alias("id"))
    double = frame.filter(frame["id"].is_duplicated())
    if double.height:
        raise DataError("the same recording or segment stands in a table twice", rows=double.height,
                        examples=double["id"].unique(maintain_order=True).to_list(),
                        hint="keep one row of each, or give `start` and `end`")  # fmt: skip
    first = ("id", "file", "path", "start", "end", "database")
    return frame.select(*first, pl.exclude(*first))


def _with_target(dataset: Dataset, labels: Sequence[str] | None, *, number: bool) -> Dataset:
    name = dataset.target.name
    known = dataset.frame.filter(pl.col(name).is_not_null())
    if known.height < len(dataset):
        dataset = dataset.with_frame(known, f"`{name}` is not empty")
    if not len(dataset):
        raise DataError(f"no row has a `{name}`", hint="see `skipped.csv` and the table")
    return _numbers(dataset) if number else _classes(dataset, labels)


def _numbers(dataset: Dataset) -> Dataset:
    name = dataset.target.name
    column = dataset.frame[name]
    numbers = column.cast(pl.Float64, strict=False)
    wrong = column.filter(numbers.is_null() | ~numbers.is_finite())
    if len(wrong):
        different = wrong.cast(pl.String).unique(maintain_order=True)
        comma = different.str.contains(r"^\s*-?\d+,\d+\s*$").any()
        hint = (
            "write a point, not a comma, in numbers"
            if comma
            else "correct the table; an empty field is a missing value"
        )
        raise DataError(f"`{name}` is not a number", rows=len(wrong), examples=different.to_list(),
                        hint=f"{hint}; for classes write `type = classification` in [EXP]")  # fmt: skip
    return Dataset(dataset.frame.with_columns(numbers), Target(name), dataset.history)


def _classes(dataset: Dataset, labels: Sequence[str] | None) -> Dataset:
    name = dataset.target.name
    column = dataset.frame[name]
    if column.dtype.is_float() and not ((column == column.round(0)) & (column.abs() < 2**53)).all():
        raise DataError(f"`{name}` has numbers that cannot be classes", examples=column.unique().sort().to_list(),
                        hint="write `type = regression` in [EXP]")  # fmt: skip
    found = _in_order(column)
    if len(found) < 2:
        raise DataError(f"all rows have the same `{name}`, so there is nothing to tell apart", examples=found,
                        hint="name another `target` in [DATA], or write `type = regression` in [EXP]")  # fmt: skip
    frame = dataset.frame.with_columns(_as_text(column))
    if labels is None:
        return Dataset(frame, Target(name, tuple(found)), dataset.history)
    if len(labels) < 2:
        raise DataError("`labels` in [DATA] names one class, and telling apart needs two", examples=labels,
                        hint=f"the table has {', '.join(f'`{label}`' for label in found[:20])}")  # fmt: skip
    absent = [label for label in labels if label not in found]
    if absent:
        shown = ", ".join(f"`{label}`" for label in found[:20])
        raise DataError(f"no row has this `{name}`", examples=absent, hint=f"the table has {shown}")
    kept = Dataset(frame, Target(name, tuple(labels)), dataset.history)
    return kept.with_frame(frame.filter(pl.col(name).is_in(list(labels))), f"`{name}` is one of `labels`")


def _as_text(column: pl.Series) -> pl.Series:
    whole = column.cast(pl.Int64) if column.dtype.is_float() else column
    return whole.cast(pl.String)


def _in_order(column: pl.Series) -> list[str]:
    """The classes: numbers by size, everything else by the alphabet."""
    whole = column.cast(pl.Int64) if column.dtype.is_float() else column
    return whole.unique().sort().cast(pl.String).to_list()


def _no_target(target: str, frame: pl.DataFrame) -> DataError:
    from difflib import get_close_matches

    columns = [column for column in frame.columns if column not in _NO_TARGETS]
    near: Any = get_close_matches(target, columns, n=1)
    shown = ", ".join(f"`{column}`" for column in columns)
    hint = f"did you mean `{near[0]}`? The columns are {shown}" if near else f"the columns are {shown}"
    if target in _NO_TARGETS:
        return DataError(f"`{target}` says which row it is and cannot be the target", hint=f"the columns are {shown}")
    return DataError(f"no database has a column `{target}`", hint=hint)
