"""What colours the points of a picture: the groups that a column makes, or its numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.report.figures import clouds
from nk.stages.columns import as_text, in_order, which

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.registry import Doubles, Ints
    from nk.tables import Features

_MOST = 12
_FEW = 8  # so many whole numbers are names rather than amounts
OTHERS, UNKNOWN = clouds.REST


@dataclass(frozen=True)
class Colours:
    """What colours points: `values` are numbers, NaN where not known, or places in `names`.

    `column` is what stands in the table. No `label` means that nothing colours them.
    """

    label: str
    names: tuple[str, ...]
    values: Doubles
    column: pl.Series
    notes: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether they are amounts."""
        return bool(self.label) and not self.names

    def at(self, places: Ints) -> Colours:
        """Those of some points."""
        return replace(self, values=self.values[places], column=self.column.gather(places))


def colours_of(
    name: str | None, rows: pl.DataFrame, features: Features, labels: Sequence[str] = (), key: str = "scatter_target"
) -> Colours:
    """The colours of some rows by a column, or a feature; by none, all are the same.

    Args:
        name: of the column
        rows: what is drawn
        features: of the rows
        labels: the groups in order, where they have one
        key: what names the column, for messages

    Raises:
        DataError: there is no such column
    """
    if name is None:
        return Colours("", ("",), np.zeros(rows.height), pl.Series([None] * rows.height))
    if name not in rows.columns and name in features.names:
        found = features.rows(rows["id"].to_list())[:, features.names.index(name)].astype(np.float64)
        return Colours(name, (), np.where(np.isfinite(found), found, np.nan), pl.Series(name, found))
    if name not in rows.columns:
        raise DataError(f"there is no column `{name}`, which `{key}` names", hint=which(name, rows.columns))
    column = rows[name]
    if column.dtype.is_numeric() and column.n_unique() > _FEW:
        return Colours(name, (), column.cast(pl.Float64).fill_null(np.nan).to_numpy(), column)
    return _named(name, column, labels)


def _named(name: str, column: pl.Series, labels: Sequence[str]) -> Colours:
    """Groups in order, the smallest as one where there are too many to tell apart."""
    text = as_text(column)
    there = text.drop_nulls().value_counts(sort=True)[column.name].to_list()
    order = [label for label in labels or sorted(there, key=in_order) if label in there]
    notes: tuple[str, ...] = ()
    if len(order) > _MOST:
        kept = {*there[: _MOST - 1]}
        notes = (f"of {len(order)} values of `{name}` the {_MOST - 1} most frequent are told apart",)
        order = [one for one in order if one in kept] + [OTHERS]
    order += [UNKNOWN] * bool(text.null_count())
    number = {one: place for place, one in enumerate(order)}
    last = number.get(OTHERS, 0)
    places = [number[UNKNOWN] if one is None else number.get(one, last) for one in text.to_list()]
    return Colours(name, tuple(order), np.array(places, dtype=np.float64), column, notes)
