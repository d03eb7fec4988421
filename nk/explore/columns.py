"""Columns as they are looked at: numbers, or words with their categories in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from nk.errors import DataError
from nk.explore.hearing import HEARD
from nk.stages.columns import as_text, in_order, which
from nk.stages.target import classes_of, edges_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from nk.explore.material import Material

MOST = 30  # categories that are told apart; more are names
WORDS_OF_TARGET = "class_label"  # what the original calls the target


@dataclass(frozen=True)
class Column:
    """A column of all rows.

    `values` are float64, or text; `labels` are the categories in order, none for numbers, `unit` is that of numbers.
    """

    name: str
    values: pl.Series
    labels: tuple[str, ...] = ()
    unit: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return not self.labels

    @property
    def text(self) -> str:
        """Its name with the unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def shown(self) -> tuple[str, ...]:
        """The categories that are shown: all, or the most frequent, in their order."""
        if len(self.labels) <= MOST:
            return self.labels
        often = set(self.values.drop_nulls().alias("label").value_counts(sort=True)["label"].head(MOST).to_list())
        return tuple(label for label in self.labels if label in often)

    @property
    def is_names(self) -> bool:
        """Whether there are so many categories that they are rather names."""
        return len(self.labels) > MOST


def need(name: str, columns: Collection[str]) -> None:
    """Make sure that there is a column of this name.

    Raises:
        DataError: there is not
    """
    if name not in columns:
        raise DataError(f"there is no column `{name}`, which [EXPL] names", hint=which(name, columns))


def column_of(material: Material, name: str) -> Column:
    """A column by its name, cut into thirds where the config asks for it.

    Raises:
        DataError: there is no such column, or it is empty
    """
    frame, target = material.frame, material.dataset.target
    if name == WORDS_OF_TARGET and name not in frame.columns:
        name = target.name or name
    need(name, frame.columns)
    values = frame[name]
    if not (finite(values) if values.dtype.is_numeric() else values).count():
        raise DataError(f"the column `{name}`, which [EXPL] names, is empty", hint="leave it out")
    if name == target.name and target.labels:
        return Column(name, values, target.labels)
    if not _is_numeric(values):
        text = as_text(values)
        return Column(name, text, tuple(sorted(text.drop_nulls().unique().to_list(), key=in_order)))
    found = Column(name, finite(values), (), HEARD.get(name, ("", ""))[1])
    return _binned(found, material) if _is_binned(name, material) else found


def finite(values: pl.Series) -> pl.Series:
    """Numbers as float64, null where they are none, or have no end."""
    numbers = values.cast(pl.Float64)
    return numbers.set(~numbers.is_finite().fill_null(value=False), None)


def _is_numeric(values: pl.Series) -> bool:
    """Whether they are numbers; of two different ones they are rather codes."""
    return values.dtype.is_numeric() and (values.name in HEARD or values.drop_nulls().n_unique() > 2)


def _is_binned(name: str, material: Material) -> bool:
    expl = material.config.expl
    asked = {key.lower(): value for key, value in expl.column_bin_reals.items()}
    names = [name, WORDS_OF_TARGET] if name == material.target else [name]
    return next((asked[one.lower()] for one in names if one.lower() in asked), expl.bin_reals)


def _binned(column: Column, material: Material) -> Column:
    """Numbers in three groups of about the same size, called by their ends; the target as [DATA] says."""
    data = material.config.data
    if column.name == material.target and (data.bins or data.labels):
        edges, names = edges_of(material.dataset, data.bins, data.labels, pl.lit(value=True))
        inside = column.values.is_between(edges[0], edges[-1])
        return Column(
            column.name, classes_of(column.values, edges, names).set(~inside.fill_null(value=False), None), names
        )
    return thirds(column)


def thirds(column: Column) -> Column:
    """Numbers as `1 to 2.5` and so on: three groups of about the same size, fewer where values are alike."""
    known = column.values.drop_nulls().sort()
    cuts = sorted({float(known[len(known) * k // 3]) for k in (1, 2)} - {float(known[0])})
    place = sum(
        ((column.values >= cut).cast(pl.Int8) for cut in cuts), pl.zeros(len(column.values), pl.Int8, eager=True)
    )
    names = []
    for number in range(len(cuts) + 1):
        some = column.values.filter(place == number).drop_nulls().sort()
        names.append(f"{some[0]:.4g} to {some[-1]:.4g}" if len(some) else "none")
    values = pl.Series(column.name, names).gather(place.fill_null(0)).set(column.values.is_null(), None)
    return Column(column.name, values, tuple(dict.fromkeys(names)))
