"""Tables that a user asks for: the features, and the test rows with what was predicted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

from nk.errors import DataError
from nk.tables import align

if TYPE_CHECKING:
    from nk.tables import Dataset, Features, Predictions


def write_features(folder: Path, form: Literal["csv", "parquet", "pkl"], features: Features, dataset: Dataset) -> None:
    """Write `features.<form>`: `file`, `start`, `end`, `database`, and a column a feature; what `import` reads.

    As a pickle it is a pandas frame with the index (file, start, end), as other tools want it. It is for those alone.
    """
    keys = dataset.frame.select("id", "file", "start", "end", "database")
    values = pl.DataFrame(features.values, schema=list(features.names), orient="row")
    table = align(values.with_columns(pl.Series("id", features.ids)), keys)
    table = table.select("file", "start", "end", "database", *features.names)
    path = folder / f"features.{form}"
    if form == "csv":
        table.write_csv(path)
    elif form == "parquet":
        table.write_parquet(path)
    else:
        _pickled(table, path)


def _pickled(table: pl.DataFrame, path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({name: table[name].to_numpy() for name in table.columns})
    for side in ("start", "end"):
        frame[side] = pd.to_timedelta(frame[side], unit="s")
    frame.drop(columns="database").set_index(["file", "start", "end"]).to_pickle(path)


def check_place(name: str, what: str) -> None:
    """Make sure that a file can be written there, before any work; `what` asks for it.

    Raises:
        DataError: it cannot
    """
    path = Path(name).absolute()
    above = next(folder for folder in path.parents if folder.exists())
    if path.is_dir() or not above.is_dir() or not os.access(above, os.W_OK):
        raise DataError(f"`{what}` cannot write `{name}`", hint="name a file in a folder that can be written")


def test_rows(predictions: Predictions, dataset: Dataset) -> pl.DataFrame:
    """The test rows with all columns of the tables, and what was predicted of them."""
    said = predictions.part("test").frame
    rows = dataset.frame.drop("path", "size", "digest", "split", strict=False)
    return said.join(rows.select("id", *(column for column in rows.columns if column not in said.columns)), on="id")


def write_csv(name: str, table: pl.DataFrame, what: str) -> Path:
    """Write a table that `what` asks for; returns its path.

    Raises:
        DataError: the file cannot be written
    """
    path = Path(name)
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        table.write_csv(partial)
        partial.replace(path)
    except OSError as error:
        raise DataError(f"`{what}` cannot write `{name}`: {error.strerror}", hint="name another file") from error
    return path
