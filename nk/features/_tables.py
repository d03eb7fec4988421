"""Tables of features: how they are read, and put beneath or beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.csvtable import LINE, read_table
from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEYS = ("file", "start", "end")
# Columns of nk's own exports that say which row it is, too.
_OTHER_KEYS = ("id", "database")
_BESIDE = "write `import_files_append = False` if they are columns of the same rows"
_MISSING = ("nan", "na", "none", "null")


def read(path: Path, name: str) -> pl.DataFrame:
    """One table: `file`, `start`, `end` (s, null where not given), `database` where there is one, and float64 columns.

    Args:
        path: the file, CSV or parquet by its ending
        name: how messages call it

    Raises:
        DataError: it cannot be read, has no column `file`, a row twice, or a feature that is no number
    """
    frame = _parquet(path, name) if path.suffix.lower() == ".parquet" else read_table(path, name).drop(LINE)
    for column in ("start", "end"):
        if column not in frame.columns:
            frame = frame.with_columns(pl.lit(None, pl.Float64).alias(column))
    keys = [*KEYS, *(column for column in ("database",) if column in frame.columns)]
    features = [column for column in frame.columns if column not in (*KEYS, *_OTHER_KEYS)]
    if not features:
        raise DataError(
            f"`{name}` has no features", hint="beside `file`, `start` and `end` it needs a column a feature"
        )
    frame = frame.select(*keys, *(_numbers(frame[column], name) for column in features))
    double = frame.filter(frame.select(keys).is_duplicated())
    if double.height:
        examples = double["file"].unique().sort().to_list()
        hint = "a recording or segment may stand in it once"
        raise DataError(f"`{name}` has rows twice", rows=double.height, examples=examples, hint=hint)
    return frame


def beneath(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Different rows with the same columns.

    Raises:
        DataError: the columns differ, or a row stands in two tables
    """
    first = tables[0]
    for table in tables[1:]:
        if set(table.columns) != set(first.columns):
            examples = sorted(set(table.columns) ^ set(first.columns))
            raise DataError("the files of `import_file` have different columns", examples=examples, hint=_BESIDE)
    whole = pl.concat([table.select(first.columns) for table in tables])
    double = whole.filter(whole.select(_keys(whole)).is_duplicated())
    if double.height:
        examples = double["file"].unique().sort().to_list()
        text = "a row stands in several files of `import_file`"
        raise DataError(text, rows=double.height, examples=examples, hint=_BESIDE)
    return whole


def beside(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Different columns of the same rows; a row that a table lacks has no values there.

    Raises:
        DataError: two tables have a column of one name
    """
    whole = tables[0]
    for table in tables[1:]:
        keys = [key for key in _keys(whole) if key in table.columns]
        same = sorted((set(whole.columns) & set(table.columns)) - set(keys))
        if same:
            raise DataError("two files of `import_file` have a column of the same name", examples=same,
                            hint="rename it in one of them")  # fmt: skip
        whole = whole.join(table, on=keys, how="full", coalesce=True, nulls_equal=True)
    return whole


def _keys(frame: pl.DataFrame) -> list[str]:
    return [column for column in (*KEYS, "database") if column in frame.columns]


def _parquet(path: Path, name: str) -> pl.DataFrame:
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"`{name}` cannot be read: {error}", hint="it has to be a parquet file") from error
    if "file" not in frame.columns:
        raise DataError(f"`{name}` has no column `file`, it has", examples=frame.columns,
                        hint="rename the column with the names of the recordings to `file`")  # fmt: skip
    times = [column for column in ("start", "end") if column in frame.columns]
    return frame.with_columns(pl.col("file").cast(pl.String), *(_seconds(frame[column]) for column in times))


def _seconds(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Duration:
        return column.dt.total_microseconds() / 1e6
    return column.cast(pl.Float64)


def _numbers(column: pl.Series, name: str) -> pl.Series:
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return column.cast(pl.Float64)
    texts = column.cast(pl.String).str.strip_chars()
    given = texts.set(texts.str.to_lowercase().is_in(_MISSING), None)
    numbers = given.cast(pl.Float64, strict=False)
    wrong = texts.filter(given.is_not_null() & numbers.is_null())
    if len(wrong):
        raise DataError(f"the column `{column.name}` of `{name}` is no feature: it has values that are no numbers",
                        rows=len(wrong), examples=wrong.unique(maintain_order=True).to_list(),
                        hint="remove the column, or the values")  # fmt: skip
    return numbers
