"""The numbers that views look at: features of a dataset's rows, gaps as NaN, or with what stands for them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.stages import gaps
from nk.stages.columns import describing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.registry import Doubles
    from nk.tables import Dataset, Features


def matrix(dataset: Dataset, features: Features) -> Doubles:
    """The features of the rows, shape (rows, features); what is missing is NaN.

    Raises:
        DataError: a row has no features
    """
    found = features.rows(dataset.ids).astype(np.float64)
    found[~np.isfinite(found)] = np.nan
    return found


def standardised(x: Doubles) -> Doubles:
    """Each column with mean 0 and deviation 1, the median standing for what is missing; constant columns become 0."""
    whole = gaps.filled(x.astype(np.float32), gaps.fill_values(x.astype(np.float32), "median")).astype(np.float64)
    same = whole.min(axis=0) == whole.max(axis=0)
    centred: Doubles = whole - whole.mean(axis=0)
    width = np.where(same, 1.0, whole.std(axis=0))
    return np.where(same, 0.0, centred / np.where(width > 0, width, 1.0))


def values_of(name: str, dataset: Dataset, features: Features, key: str) -> Doubles:
    """The numbers of a feature, or else of a column of the table: shape (rows,), what is missing is NaN.

    Raises:
        DataError: there is neither, or the column does not hold numbers
    """
    if name in features.names:
        column = features.rows(dataset.ids)[:, features.names.index(name)].astype(np.float64)
        return np.where(np.isfinite(column), column, np.nan)
    if name in dataset:
        return _numbers(dataset.frame[name], key)
    raise DataError(
        f"there is no feature or column `{name}`, which `{key}` names",
        hint=_near(name, [*features.names, *describing(dataset.frame.columns)]),
    )


def _numbers(column: pl.Series, key: str) -> Doubles:
    if not column.dtype.is_numeric():
        column = column.cast(pl.String).cast(pl.Float64, strict=False)
        if not column.count():
            raise DataError(f"`{column.name}`, which `{key}` names, holds no numbers", hint="name a numeric column")
    found = column.cast(pl.Float64).fill_null(np.nan).to_numpy().astype(np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _near(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    meant = f"did you mean `{near[0]}`? " if near else ""
    return f"{meant}`print_feats = True` in [FEATS] lists the features"
