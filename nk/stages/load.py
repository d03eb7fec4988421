"""Databases -> one dataset: read the tables, keep the rows that are wanted, look at the recordings, name the rows.

What a table says is used before its recordings are looked at, so that nothing is read in vain. The order is: rename,
`required`, `filter`, `rename_speakers`, `mapping`, `labels`; then, with headers read, durations and sizes, then limits;
then the bytes of what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from nk.config import options_for
from nk.errors import DataError, NoTargetError
from nk.families import readers
from nk.registry import Request
from nk.stages import select, target
from nk.stages.columns import OWN, describing, free, which
from nk.stages.known import as_known, with_said
from nk.stages.recordings import check_skips, with_digests, with_headers
from nk.tables import Dataset, Skip, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nk.config.data import Data, Database
    from nk.registry import Reader
    from nk.ui import Ui

_CHECK_SIZE = 1000  # bytes, for `check_size = True`


@dataclass(frozen=True)
class Loaded:
    """The dataset, the rows that had to be left out, and how many recordings have more than one channel."""

    dataset: Dataset
    skipped: tuple[Skip, ...]
    multichannel: int


def load(
    data: Data,
    *,
    number: bool,
    fail_threshold: float,
    resolve: Callable[[str], Path],
    seed: int,
    jobs: int,
    ui: Ui,
    known: Target | None = None,
    needed: bool = True,
) -> Loaded:
    """Read all databases of the config.

    Args:
        data: the section DATA
        number: whether the target is a number, not a class
        fail_threshold: the share of unusable rows above which it is an error
        resolve: turns a path as written in the config into one that exists
        seed: what limits draw rows with
        jobs: how many files to look at at once
        ui: where progress is shown
        known: the target of a stored model, which one database is to be tested with: no row then goes for its label,
            and there need not be any
        needed: whether there has to be a target; else, where no database has that column, it has no name

    Raises:
        DataError: a table cannot be read, lacks the target or another column that is asked for, or has a row twice; no
            row is left; or too much cannot be used
    """
    continuous = number or data.type == "continuous"
    dataset = _read(data, resolve, known=known is not None, needed=needed)
    dataset = _wanted(dataset, data, continuous=continuous, known=known is not None)
    total, places = len(dataset), dict(dataset.frame.select("file", "path").iter_rows())
    frame, skipped, multichannel = with_headers(dataset.frame, data.channels, jobs, ui)
    check_skips(skipped, total, fail_threshold, places)
    dataset = _limited(replace(dataset, frame=_with_ids(frame).sort("id")), data, seed)
    frame, unread = with_digests(dataset.frame, jobs, ui)
    skipped += unread
    check_skips(skipped, total, fail_threshold, places)
    dataset = _targeted(replace(dataset, frame=frame.sort("id")), data, known, continuous=continuous)
    return Loaded(dataset, tuple(skipped), multichannel)


def _targeted(dataset: Dataset, data: Data, known: Target | None, *, continuous: bool) -> Dataset:
    if known:
        return as_known(dataset, data, known)
    if not dataset.target.name:
        return dataset
    if not continuous:
        return target.as_classes(dataset, data.labels)
    dataset = target.turned(target.as_numbers(dataset), data.databases)
    return target.divided(dataset, data.target_divide_by)


def places(data: Data, resolve: Callable[[str], Path]) -> pl.DataFrame:
    """Where the recordings of all databases are: `database`, `file` as written in the table, `path`, a row a file.

    Raises:
        DataError: a table cannot be read
    """
    tables = [_table(name, database, data, resolve, needed=False) for name, database in data.databases.items()]
    return pl.concat([table.select("database", "file", "path") for table in tables]).unique(maintain_order=True)


def make_reader(database: Database) -> Reader:
    """The reader of a database with its options."""
    plugin = readers.get(database.reader)
    return plugin(options_for(plugin, database.options), name=database.reader)


def _read(data: Data, resolve: Callable[[str], Path], *, known: bool, needed: bool) -> Dataset:
    frames = [
        _table(name, database, data, resolve, needed=needed and not known) for name, database in data.databases.items()
    ]
    frame = pl.concat(frames, how="diagonal_relaxed")
    wanted = data.target or ""
    if known:
        frame = with_said(frame, wanted)
    else:
        _need_renamed(data.colnames, frame.columns)
    if wanted not in describing(frame.columns) or wanted == "split":
        if needed:
            raise _no_target(wanted, frame)
        wanted = ""
    return Dataset(frame, Target(wanted)).with_frame(frame, "read")


def _table(name: str, database: Database, data: Data, resolve: Callable[[str], Path], *, needed: bool) -> pl.DataFrame:
    names = {**(data.colnames or {}), **(database.colnames or {})}
    wanted = next((old for old, new in names.items() if new == data.target), data.target)
    strategy = database.split_strategy if isinstance(database.split_strategy, str) else None
    request = Request(name, database.path or "", wanted, resolve, strategy)
    try:
        frame = make_reader(database).read(request)
    except NoTargetError:
        if needed:
            raise
        frame = make_reader(database).read(replace(request, target=None))
    frame = _renamed(frame, data.colnames or {}, name)
    _need_renamed(database.colnames, frame.columns, f"{name}.")
    frame = _renamed(frame, database.colnames or {}, name)
    clashes = [column for column in OWN if column != "path" and column in frame.columns]
    frame = frame.rename({column: free(f"{column}_in_table", frame.columns) for column in clashes})
    frame = frame.with_columns(pl.lit(name).alias("database"))
    if "speaker" in frame.columns:
        frame = frame.with_columns(pl.col("speaker").cast(pl.String))
    return frame


def _renamed(frame: pl.DataFrame, names: Mapping[str, str], database: str) -> pl.DataFrame:
    mine = {old: new for old, new in names.items() if old in frame.columns}
    taken = [new for new in mine.values() if new in frame.columns and new not in mine]
    if taken or len({*mine.values()}) < len(mine):
        examples = taken or list(mine.values())
        hint = "give every column a name of its own"
        raise DataError(f"`colnames` gives `{database}` a column that is there already", examples=examples, hint=hint)
    return frame.rename(mine)


def _need_renamed(names: Mapping[str, str] | None, columns: Sequence[str], prefix: str = "") -> None:
    """Every name in `colnames` has to be one of a column, before or after it is renamed."""
    for old, new in (names or {}).items():
        if old not in columns and (prefix or new not in columns):
            raise DataError(f"there is no column `{old}`, which `{prefix}colnames` renames", hint=which(old, columns))


def _wanted(dataset: Dataset, data: Data, *, continuous: bool, known: bool) -> Dataset:
    """The rows that are wanted by what the tables say of them."""
    dataset = select.each(dataset, data.databases, lambda rows, database: _wanted_of(rows, database, known=known))
    if data.labels and dataset.target.name and not continuous and not known:
        dataset = select.of_labels(dataset, data.labels)
    if not len(dataset):
        raise DataError("no row is left", examples=[step.what for step in dataset.history if step.rows_out == 0],
                        hint="look at `required`, `filter`, `mapping` and `labels` in [DATA]")  # fmt: skip
    return dataset


def _wanted_of(dataset: Dataset, database: Database, *, known: bool) -> Dataset:
    if database.required:
        dataset = select.required(dataset, database.required)
    if database.filter:
        dataset = select.having(dataset, database.filter)
    if database.rename_speakers:
        dataset = select.with_own_speakers(dataset)
    return (
        select.relabelled(dataset, database.mapping, known=known)
        if database.mapping and dataset.target.name
        else dataset
    )


def _limited(dataset: Dataset, data: Data, seed: int) -> Dataset:
    """The rows that are long and large enough, and of them as many as are wanted."""
    if data.check_size:
        dataset = select.of_size(dataset, _CHECK_SIZE if data.check_size is True else data.check_size)

    def limit(rows: Dataset, database: Database) -> Dataset:
        rows = select.of_length(rows, database.min_duration_of_sample, database.max_duration_of_sample)
        return select.limited(rows, database.limit_samples, database.limit_samples_per_speaker, seed)

    dataset = select.each(dataset, data.databases, limit)
    if not len(dataset):
        raise DataError("no row is left", hint="look at the limits of duration and size in [DATA]")
    return dataset


def _with_ids(frame: pl.DataFrame) -> pl.DataFrame:
    milliseconds = [(pl.col(side) * 1000).round(0).cast(pl.Int64) for side in ("start", "end")]
    frame = frame.with_columns(pl.format("{}/{}#{}-{}", "database", "file", *milliseconds).alias("id"))
    double = frame.filter(frame["id"].is_duplicated())
    if double.height:
        raise DataError("the same recording or segment stands in a table twice", rows=double.height,
                        examples=double["id"].unique(maintain_order=True).to_list(),
                        hint="keep one row of each, or give `start` and `end`")  # fmt: skip
    first = ("id", "file", "path", "start", "end", "database")
    return frame.select(*first, pl.exclude(*first))


def _no_target(name: str, frame: pl.DataFrame) -> DataError:
    if name in frame.columns or name == "split":
        shown = ", ".join(f"`{column}`" for column in describing(frame.columns))
        return DataError(f"`{name}` says which row it is and cannot be the target", hint=f"the columns are {shown}")
    return DataError(f"no database has a column `{name}`", hint=which(name, frame.columns))
