"""Ready-made features -> features of the rows: found by recording and times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.audio import digest
from nk.errors import DataError
from nk.stages.assemble import Extracted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nk.registry import FeatureTable
    from nk.tables import Dataset

_NEAR = 2  # ms by which two ends may differ that are the same, as tables round differently
_KEYS = ("file", "start", "end", "database")


def lookup(dataset: Dataset, table: FeatureTable, resolve: Callable[[str], Path]) -> Extracted:
    """Find the features of every row in a table: by `file` as written or as found, and `start` and `end` to 2 ms.

    A row of the table without an end holds for the whole file: for a row of the dataset that is the only one of its
    file.

    Raises:
        DataError: the table cannot be read, or has nothing for any row
    """
    features = table.read(resolve)
    names = column_names(features)
    found = _matched(dataset, features)
    if not found.height:
        text = f"`{table.called}` has no features for any row: it has `{features['file'][0]}`, the data have"
        hint = "`file`, `start` and `end` have to be written as in the database's table"
        raise DataError(text, examples=dataset.frame["file"].head(6).to_list(), hint=hint)
    matrix = found.select(names).to_numpy().astype(np.float32)
    values = {key: row for key, row in zip(found["id"].to_list(), matrix, strict=True) if not np.isnan(row).all()}
    failed = {key: f"`{table.called}` has no features for it" for key in dataset.ids if key not in values}
    files = {name: digest(resolve(name)) for name in getattr(table.options, "import_file", ())}
    return Extracted(names, values, failed, {"extractor": table.called, "files": files})


def column_names(features: pl.DataFrame) -> tuple[str, ...]:
    """The features of a table, beyond what says which row it is."""
    return tuple(column for column in features.columns if column not in _KEYS)


def _matched(dataset: Dataset, features: pl.DataFrame) -> pl.DataFrame:
    rows = dataset.frame.select("id", "file", "database", "path", _ms("start"), _ms("end"))
    rows = rows.with_columns((pl.len().over("path") == 1).alias("\nalone"))
    written = dict(dataset.frame.select("path", "file").iter_rows())
    known = set(written.values())
    file = pl.Series("file", [name if name in known else written.get(name, name) for name in features["file"]])
    features = features.with_columns(file, _ms("start").alias("\nfrom"), _ms("end").alias("\nto")).drop("start", "end")
    keys = [column for column in ("file", "database") if column in features.columns]
    pairs = rows.join(features, on=keys, how="inner")
    same = (pl.col("start") == pl.col("\nfrom").fill_null(0)) & ((pl.col("end") - pl.col("\nto")).abs() <= _NEAR)
    whole = pl.col("\nto").is_null() & pl.col("\nfrom").fill_null(0).eq(0) & pl.col("\nalone")
    # Of a row for the segment and one for the whole file, that for the segment holds.
    return pairs.filter(same | whole).sort("id", pl.col("\nto").is_null()).unique("id", maintain_order=True)


def _ms(column: str) -> pl.Expr:
    return (pl.col(column) * 1000).round(0).cast(pl.Int64)
