"""What a database in audformat says under a name: the values of columns, or what a scheme says of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.audtables.folder import TEXT, blaming
from nk.csvtable import with_numbers
from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from nk.audtables.folder import Folder

# What a row is told by; a whole recording has neither start nor end.
KEY = ("file", "start", "end")


@dataclass(frozen=True)
class Source:
    """A column of a table, or a field of what its scheme says of the column's labels (as the age of a speaker)."""

    table: str
    column: str
    field: str | None = None


def find(folder: Folder, table: str, wanted: str) -> list[Source]:
    """Where a table has a name: the column of that name, else those of that scheme, else what schemes say."""
    columns = folder.header[table].columns
    if wanted in columns:
        return [Source(table, wanted, _meaning(folder, columns[wanted], wanted))]
    having = [name for name, column in columns.items() if column.scheme_id == wanted]
    if having:
        return [Source(table, name, _meaning(folder, columns[name], wanted)) for name in having]
    fields = {name: _field(folder, column.scheme_id, wanted) for name, column in columns.items()}
    return [Source(table, name, field) for name, field in fields.items() if field is not None]


def names(folder: Folder, tables: Sequence[str]) -> list[str]:
    """All names that `find` finds in these tables."""
    found: set[str] = set()
    for table in tables:
        for name, column in folder.header[table].columns.items():
            found |= {name, column.scheme_id, *chain(*_fields(folder, column.scheme_id))}
    return sorted(found - {TEXT})


def keys(folder: Folder, table: str) -> pl.DataFrame:
    """The rows of a table: `KEY`, times in seconds to 1 ms."""
    index = folder.table(table).index
    file = pl.Series("file", pl.from_pandas(index.get_level_values("file")), dtype=pl.String)
    if file.null_count():
        raise DataError(f"the table `{table}` of `{folder.name}` has rows without a file", rows=file.null_count())
    times = [_times(index, side) if side in index.names else pl.lit(None, pl.Float64) for side in ("start", "end")]
    frame = pl.DataFrame({"file": file}).with_columns(times[0].alias("start"), times[1].alias("end"))
    whole = pl.col("end").is_null() & (pl.col("start").fill_null(0) == 0)
    return frame.with_columns(pl.when(~whole).then(pl.col("start").fill_null(0)).alias("start"))


def values(folder: Folder, sources: Sequence[Source], name: str) -> pl.DataFrame:
    """What these sources say: `KEY` and the column `name`, nothing missing; a row stands twice if it has two values.

    Raises:
        DataError: a table cannot be read
    """
    frame = pl.concat([_read(folder, source, name) for source in sources], how="vertical_relaxed")
    frame = frame.filter(pl.col(name).is_not_null()).unique(maintain_order=True)
    untyped = frame[name].dtype == pl.String and all(_is_untyped(folder, source) for source in sources)
    return with_numbers(frame, [name]) if untyped else frame


def rows_shown(frame: pl.DataFrame) -> list[str]:
    """Rows as messages name them."""
    return [
        file if start is None else f"{file} {start:g}-{'' if end is None else f'{end:g}'}"
        for file, start, end in frame.select(KEY).iter_rows()
    ]


def _read(folder: Folder, source: Source, name: str) -> pl.DataFrame:
    frame = keys(folder, source.table)
    column = folder.table(source.table).columns[source.column]
    with blaming(f"`{source.column}` in the table `{source.table}` of `{folder.name}` cannot be read"):
        found = column.get(map=source.field)
        return frame.with_columns(_plain(found).alias(name))


def _is_untyped(folder: Folder, source: Source) -> bool:
    column = folder.header[source.table].columns[source.column]
    if source.field is None:
        return bool(column.scheme_id == TEXT)
    scheme = folder.header.schemes[column.scheme_id]
    return bool(scheme.uses_table and folder.header[scheme.labels].columns[source.field].scheme_id == TEXT)


def _times(index: Any, side: str) -> pl.Series:
    seconds = index.get_level_values(side).total_seconds().to_numpy()
    return pl.Series(seconds, dtype=pl.Float64).fill_nan(None).round(3)


def _plain(column: pd.Series[Any]) -> pl.Series:
    """Text or numbers: durations in seconds, dates and truth values as a CSV file has them."""
    try:
        found = pl.from_pandas(column)
    except (TypeError, ValueError):  # values of several types
        found = pl.from_pandas(column.map(str, na_action="ignore"))
    if isinstance(found.dtype, pl.Duration):
        seconds = found.dt.total_nanoseconds().to_numpy() / 1e9  # polars would multiply, which is not exact
        return pl.Series(seconds, dtype=pl.Float64).fill_nan(None)
    if isinstance(found.dtype, pl.Datetime):
        whole_days = (found.dt.truncate("1d") == found).all()
        return found.dt.to_string("%Y-%m-%d" if whole_days else "%Y-%m-%d %H:%M:%S%.f")
    if found.dtype == pl.Boolean:
        return found.replace_strict({True: "True", False: "False"}, return_dtype=pl.String)
    if found.dtype.is_nested():
        return pl.from_pandas(column.map(str, na_action="ignore"))
    return found if found.dtype.is_numeric() else found.cast(pl.String)


def _meaning(folder: Folder, column: Any, wanted: str) -> str | None:
    """The name itself where its scheme spells out each label, as in {a01: The cloth is on the ice box}."""
    if column.scheme_id != wanted:
        return None
    labels = folder.header.schemes[wanted].labels
    spelt = isinstance(labels, dict) and labels and not any(isinstance(label, dict) for label in labels.values())
    return wanted if spelt else None


def _field(folder: Folder, scheme: str, wanted: str) -> str | None:
    return next((field for field, called in _fields(folder, scheme) if wanted in {field, called}), None)


def _fields(folder: Folder, scheme: str) -> Iterator[tuple[str, str]]:
    """What a scheme says of its labels, each with its other name: columns of another table, or the keys of dicts."""
    found = folder.header.schemes[scheme]
    if found.uses_table:
        for name, column in folder.header.misc_tables[found.labels].columns.items():
            yield name, column.scheme_id
    elif isinstance(found.labels, dict):
        inner = [label for label in found.labels.values() if isinstance(label, dict)]
        yield from dict.fromkeys((key, key) for label in inner for key in label)
