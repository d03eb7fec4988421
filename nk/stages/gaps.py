"""Missing values of features: what stands for them, or which rows go, and how the user is told.

Missing is what is not a finite number. What stands for it is learnt from training rows alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.stages.cautions import Caution
from nk.tables import Skip

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from nk.registry import Floats, Ints
    from nk.tables import Dataset, Features

    Mask = npt.NDArray[np.bool_]

_SHOWN = 5
_BECOMES = {
    "zero": "become 0",
    "mean": "become the mean of their column in the training rows",
    "median": "become the median of their column in the training rows",
}


def fill_values(x: Floats, strategy: str) -> Floats:
    """What stands for a missing value of each column, from training rows alone: shape (features,).

    A column without any value is 0 under every strategy. With `drop` there is nothing to fill.

    Raises:
        DataError: there is no such strategy
    """
    if strategy in {"zero", "drop"}:
        return np.zeros(x.shape[1], dtype=np.float32)
    if strategy not in {"mean", "median"}:
        raise DataError(f"`nan_strategy = {strategy}` cannot be used in training", hint="use zero, mean or median")
    usable = np.where(np.isfinite(x), x, np.nan).astype(np.float64)
    known = np.where(np.isnan(usable).all(axis=0), 0.0, usable)
    values = np.nanmean(known, axis=0) if strategy == "mean" else np.nanmedian(known, axis=0)
    return np.asarray(values, dtype=np.float32)


def filled(x: Floats, fill: Floats) -> Floats:
    """The rows with `fill` where a value is missing."""
    return np.where(np.isfinite(x), x, fill).astype(np.float32)


def policy(strategy: str) -> str:
    """What happens to missing values, for the plan."""
    return "rows with a missing value dropped" if strategy == "drop" else f"missing values {_BECOMES[strategy]}"


def drop(features: Features, dataset: Dataset) -> tuple[Features, list[Skip]]:
    """The features of rows without a missing value, and the other rows with what they lack.

    Raises:
        DataError: a column has no value in any row, so that all rows would go
    """
    missing = ~np.isfinite(features.values)
    empty = np.flatnonzero(missing.all(axis=0))
    if len(missing) and len(empty):
        names = [features.names[column] for column in empty.tolist()]
        raise DataError("`nan_strategy = drop` would drop all rows: a feature has no value in any", examples=names,
                        hint="name the others with `features` in [FEATS], or use `nan_strategy = mean`")  # fmt: skip
    gone = missing.any(axis=1)
    kept = np.flatnonzero(~gone)
    ids = tuple(features.ids[row] for row in kept.tolist())
    reasons = {features.ids[row]: _reason(features.names, missing[row]) for row in np.flatnonzero(gone).tolist()}
    rows = dataset.frame.filter(pl.col("id").is_in(list(reasons)))
    skips = [
        Skip(row["database"], row["file"], row["start"], row["end"], reasons[row["id"]])
        for row in rows.iter_rows(named=True)
    ]
    return replace(features, ids=ids, values=features.values[kept]), skips


def _reason(names: Sequence[str], missing: Mask) -> str:
    lacking = np.flatnonzero(missing)
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return f"no value of the feature `{names[lacking[0]]}`{more}"


def caution(features: Features, strategy: str) -> list[Caution]:
    """How much is missing, and what becomes of it: one sentence, or none where nothing is missing."""
    missing = ~np.isfinite(features.values)
    columns, rows = (np.flatnonzero(missing.any(axis=axis)) for axis in (0, 1))
    if not len(columns):
        return []
    what = "these rows are dropped" if strategy == "drop" else f"they {_BECOMES[strategy]}"
    text = f"{missing.sum():,} values of features are missing, in {len(rows):,} of {len(missing):,} rows"
    text += f" ({named(features.names, columns)}): {what}"
    empty = np.flatnonzero(missing.all(axis=0))
    if len(empty):
        text += f"; without any value, and so 0 in every row: {named(features.names, empty)}"
    return [Caution(text, "choose with `nan_strategy` in [FEATS]: zero, mean, median, or drop for the rows")]


def named(names: Sequence[str], columns: Ints) -> str:
    """The names of the first of these columns, and how many more there are."""
    more = f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    return ", ".join(f"`{names[column]}`" for column in columns[:_SHOWN].tolist()) + more
