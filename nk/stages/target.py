"""What is to be learnt: a column of the tables becomes classes in order, or numbers.

A row whose target is empty stays, without a truth: it is predicted where it is tested, and never learnt from.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.stages.columns import are_whole, as_text
from nk.tables import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.config.data import Data, Database
    from nk.tables import Dataset

_LARGEST = 1e30  # learners compute with squares of numbers, some of them in single precision
_THIRDS = ("low", "middle", "high")


def as_numbers(dataset: Dataset) -> Dataset:
    """The target as float64.

    Raises:
        DataError: a value is no number, or there is none at all
    """
    column = _known(dataset)
    numbers = column.cast(pl.Float64, strict=False)
    wrong = column.filter(numbers.is_null() | (numbers.is_nan()) | (numbers.abs() > _LARGEST))
    if not len(wrong):
        values = dataset.frame[column.name].cast(pl.Float64)
        return replace(dataset, frame=dataset.frame.with_columns(values), target=Target(column.name))
    different = wrong.cast(pl.String).unique(maintain_order=True)
    comma = different.str.contains(r"^\s*-?\d+,\d+\s*$").any()
    hint = "write a point, not a comma, in numbers" if comma else "correct the table; an empty field is a missing value"
    if (wrong.cast(pl.Float64, strict=False).abs() > _LARGEST).any():
        raise DataError(f"`{column.name}` has numbers too large to compute with", examples=different.to_list(),
                        hint=f"use a unit in which they are below {_LARGEST:g}")  # fmt: skip
    raise DataError(f"`{column.name}` is not a number", rows=len(wrong), examples=different.to_list(),
                    hint=f"{hint}; for classes write `type = classification` in [EXP]")  # fmt: skip


def as_classes(dataset: Dataset, labels: Sequence[str] | None) -> Dataset:
    """The target as text, with its classes: `labels` in their order, else all, numbers by size.

    Raises:
        DataError: there are not two classes, or numbers are no classes
    """
    column = _known(dataset)
    if column.dtype.is_float() and not are_whole(column):
        examples = column.unique().sort().to_list()
        hint = "write `type = regression` in [EXP], or cut them into classes: `type = continuous` in [DATA]"
        raise DataError(f"`{column.name}` has numbers that cannot be classes", examples=examples, hint=hint)
    found = as_text(column.unique().sort()).to_list()
    if len(found) < 2:
        raise DataError(f"all rows have the same `{column.name}`, so there is nothing to tell apart", examples=found,
                        hint="name another `target` in [DATA], or write `type = regression` in [EXP]")  # fmt: skip
    frame = dataset.frame.with_columns(as_text(dataset.frame[column.name]))
    return replace(dataset, frame=frame, target=Target(column.name, tuple(labels or found)))


def turned(dataset: Dataset, databases: Mapping[str, Database]) -> Dataset:
    """Numbers of the databases with `reverse` turned round: their distance from the largest."""
    name = dataset.target.name
    for key, database in databases.items():
        if not database.reverse:
            continue
        mine = pl.col("database") == key
        largest: Any = dataset.frame.filter(mine)[name].max() if database.reverse_max is None else database.reverse_max
        if largest is None:  # of no row there is a value
            continue
        value = pl.when(mine).then((pl.col(name) - largest).abs()).otherwise(pl.col(name))
        of = f" (of `{key}`)" if len(databases) > 1 else ""
        text = f"`{name}` is turned round: its distance from {largest:g}{of}"
        dataset = dataset.with_frame(dataset.frame.with_columns(value.alias(name)), text, told=True)
        measured = dataset.target.measured
        dataset = _measuring(dataset, largest={**measured.largest, key: float(largest)})
    return dataset


def _measuring(dataset: Dataset, **found: Any) -> Dataset:
    """The dataset with what was measured of its target."""
    measured = replace(dataset.target.measured, **found)
    return replace(dataset, target=replace(dataset.target, measured=measured))


def divided(dataset: Dataset, by: float | None) -> Dataset:
    """Numbers divided by a constant."""
    if by is None:
        return dataset
    name = dataset.target.name
    return dataset.with_frame(
        dataset.frame.with_columns(pl.col(name) / by), f"`{name}` is divided by {by:g}", told=True
    )


def standardised(dataset: Dataset, databases: Mapping[str, Database], learnt: pl.Expr) -> Dataset:
    """Numbers of the databases with `scale` brought to mean 0 and deviation 1, as measured on the rows `learnt`.

    Raises:
        DataError: a database has no training rows, or their values are all the same
    """
    name = dataset.target.name
    for database in [key for key, value in databases.items() if value.scale]:
        known = dataset.frame.filter(learnt, pl.col("database") == database)[name].drop_nulls().to_numpy()
        mean, deviation = (float(np.mean(known)), float(np.std(known))) if len(known) else (0.0, 0.0)
        if not deviation:
            raise DataError(f"`{database}.scale` needs training rows with different values of `{name}`",
                            hint="leave it out, or give the database a training part")  # fmt: skip
        dataset = with_scale(dataset, database, mean, deviation)
    return dataset


def with_scale(dataset: Dataset, database: str, mean: float, deviation: float) -> Dataset:
    """Numbers of a database brought to mean 0 and deviation 1, of which it had these."""
    name = dataset.target.name
    value = pl.when(pl.col("database") == database).then((pl.col(name) - mean) / deviation).otherwise(pl.col(name))
    text = f"`{name}` of `{database}` is brought to mean 0 and deviation 1 (it had {mean:.3g} and {deviation:.3g})"
    dataset = dataset.with_frame(dataset.frame.with_columns(value.alias(name)), text, told=True)
    return _measuring(dataset, scale={**dataset.target.measured.scale, database: (mean, deviation)})


def cut(dataset: Dataset, data: Data, learnt: pl.Expr) -> Dataset:
    """Numbers cut into classes at `bins`, else so that each class has the same share of the rows `learnt`.

    A class reaches from its lower edge to below the upper one, the last one to the upper edge itself. Rows outside of
    the outermost edges are dropped.

    Raises:
        DataError: the edges do not part the values
    """
    name = dataset.target.name
    edges, labels = edges_of(dataset, data.bins, data.labels, learnt)
    values = dataset.frame[name]
    outside = ((values < edges[0]) | (values > edges[-1])).fill_null(value=False)
    dataset = with_classes(dataset, edges, labels)
    step = dataset.history[-1]
    frame = dataset.frame.filter(~outside)
    dataset = replace(dataset, frame=frame, history=(*dataset.history[:-1], replace(step, rows_out=len(frame))))
    if frame[name].drop_nulls().n_unique() < 2:
        shown = ", ".join(f"{edge:.4g}" for edge in edges)
        raise DataError(f"all rows fall into one class of `{name}`, cut at {shown}", hint="set `bins` in [DATA]")
    return dataset


def with_classes(dataset: Dataset, edges: Sequence[float], labels: Sequence[str]) -> Dataset:
    """Numbers cut into classes at these edges; what is outside of them has none."""
    name = dataset.target.name
    values = dataset.frame[name]
    inside = values.is_between(edges[0], edges[-1]).fill_null(value=False)
    classes = classes_of(values, edges, labels).set(~inside, None)
    shown = ", ".join(f"{edge:.4g}" for edge in edges)
    text = f"`{name}` is cut into {', '.join(labels)} at {shown}"
    dataset = _measuring(dataset.with_frame(dataset.frame.with_columns(classes), text, told=True), edges=tuple(edges))
    return replace(dataset, target=replace(dataset.target, labels=tuple(labels)))


def classes_of(values: pl.Series, edges: Sequence[float], labels: Sequence[str]) -> pl.Series:
    """The class of each number, null where there is none; beyond the outermost edges it is that at the edge."""
    place = np.clip(np.digitize(values.fill_null(0.0).to_numpy(), edges[1:-1]), 0, len(labels) - 1)
    return pl.Series(values.name, labels).gather(place).set(values.is_null(), None)


def edges_of(
    dataset: Dataset, bins: Sequence[float] | None, labels: Sequence[str] | None, learnt: pl.Expr
) -> tuple[list[float], tuple[str, ...]]:
    """The edges of classes of a numeric target, and their names: one edge more than names.

    Without `bins` the inner edges are quantiles of the rows `learnt`: those of train, or all in a cross-validation, as
    its folds share one truth. The outer ones are then infinite.

    Raises:
        DataError: there are not as many names as classes, or too few different values
    """
    count = len(bins) - 1 if bins is not None else len(labels or _THIRDS)
    default = _THIRDS if count == len(_THIRDS) else tuple(f"bin{place + 1}" for place in range(count))
    names = tuple(labels or default)
    if len(names) != count or count < 2:
        raise DataError(f"`bins` in [DATA] makes {count} classes, and `labels` names {len(names)}",
                        hint="give one edge more than labels, and two labels at least")  # fmt: skip
    if bins is not None:
        return list(bins), names
    known = dataset.frame.filter(learnt)[dataset.target.name].drop_nulls().to_numpy()
    inner = np.quantile(known, np.arange(1, count) / count) if len(known) else np.array([])
    if len({*inner.tolist()}) < count - 1:
        raise DataError(f"`{dataset.target.name}` has too few different values for {count} classes of the same size",
                        hint="set `bins` in [DATA]")  # fmt: skip
    return [-np.inf, *inner.tolist(), np.inf], names


def _known(dataset: Dataset) -> pl.Series:
    column = dataset.frame[dataset.target.name].drop_nulls()
    if not len(column):
        raise DataError(f"no row has a `{column.name}`", hint="see the table, and the rows that were skipped")
    return column
