"""Results a group of rows: by class, speaker, gender, age, database and any column named; the content of `groups.json`.

A group's result is that of its rows alone, with an interval as ever. The gap of a column is the difference between its
best and its worst group; its interval joins those of the two (MOVER: Zou and Donner, Statistics in Medicine 27, 2008),
as if no speaker were in both. Of several groups some is best by chance, so theirs are first widened for the number of
pairs (Bonferroni): a gap whose interval holds 0 may be nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.intervals import FEWEST_SPEAKERS
from nk.stages.columns import as_text, need_column
from nk.stages.evaluate import evaluate, measures_of, or_null, per_class
from nk.tables import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.tables import Dataset, Predictions

FEWEST = 10  # rows with truth that a group needs: of fewer, a value says nothing
_AGES = (18, 30, 45, 60, 75)
_MOST = 50  # groups of a column; more are not groups but names
_USUAL = ("speaker", "gender", "age", "database")
_TAIL = 0.025  # of an interval of 95 %
_FEW = 5  # numbers with more different values than that are cut into thirds
_ABOUT = ("schema", "fewest", "gaps")


@dataclass(frozen=True)
class Gap:
    """How far the groups of a column are apart in one measure.

    `low` and `high` are None where there is no interval, also where a group has one or two speakers.
    """

    measure: str
    best: str
    worst: str
    value: float
    low: float | None
    high: float | None


def groups_json(
    predictions: Predictions, dataset: Dataset, columns: Sequence[str] = (), *, speakers_are_target: bool = False
) -> dict[str, Any]:
    """The content of `groups.json`, for the test rows.

    Args:
        predictions: of any parts, folds and runs
        dataset: the rows, with the columns
        columns: columns beside speaker, gender, age and database whose groups are wanted, see `check`
        speakers_are_target: the classes are speakers, so intervals are over utterances

    Returns:
        {column: {group: {measure: {value, low, high, n, n_speakers, method}}}}, with null for the values of a group of
        fewer rows; the classes are groups by the name of the target, with `recall` alone. And `schema`, `fewest` (rows
        that a group needs) and `gaps` {column: {measure, best, worst, value, low, high}} of the main measure, where at
        least two groups have a value
    """
    own = speakers_are_target
    found = {predictions.target.name: _of_classes(predictions, own=own)}
    for column in dict.fromkeys([*_USUAL, *columns]):
        if column != predictions.target.name:
            found[column] = _of_column(predictions, dataset, column, speakers_are_target=own)
    found = {column: metrics for column, metrics in found.items() if len(metrics) > 1}
    gaps = {column: _gap(predictions, metrics, column) for column, metrics in found.items()}
    plain = {
        column: {group: {one.name: _plain(one) for one in each} for group, each in metrics.items()}
        for column, metrics in found.items()
    }
    told = {column: vars(gap) for column, gap in gaps.items() if gap}
    return {"schema": 1, "fewest": FEWEST, "gaps": told, **plain}


def check(dataset: Dataset, columns: Sequence[str]) -> None:
    """Find out whether results can be told by these columns.

    Raises:
        DataError: one is not there, or has too many values
    """
    for column in columns:
        need_column(dataset, column, "`results_by`")
        if column in _ABOUT:
            raise DataError(f"`{column}` cannot be a column of results", hint="give it another name with `colnames`")
        found = groups_of(dataset.frame[column]).drop_nulls().n_unique()
        if found > _MOST:
            text = f"`results_by` is for groups, and `{column}` has {found} values, more than {_MOST}"
            raise DataError(text, hint="name a column of fewer values, or of numbers, which are cut into thirds")


def _of_classes(predictions: Predictions, *, own: bool) -> dict[str, tuple[Metric, ...]]:
    """The recall of each class."""
    if predictions.target.is_number:
        return {}
    rows = predictions.part("test")
    method = "as for the share of right rows among those of the class"
    return {
        row["class"]: (Metric("recall", row["recall"], row["low"], row["high"], row["support"], None, "test", method),)
        for row in per_class(rows, "test", speakers_are_target=own).to_dicts()
        if row["support"]
    }


def _of_column(
    predictions: Predictions, dataset: Dataset, column: str, *, speakers_are_target: bool
) -> dict[str, tuple[Metric, ...]]:
    """The measures of each group of a column; none where it is not there, or has too many values."""
    if column not in dataset:
        return {}
    rows, groups = predictions.part("test"), dataset.frame.select("id", groups_of(dataset.frame[column]).alias("group"))
    of_row = rows.frame.select("id").join(groups, on="id", how="left", maintain_order="left")["group"]
    names = of_row.drop_nulls().unique().sort().to_list()
    if len(names) > _MOST:
        return {}
    found = {}
    for name in names:
        some = replace(rows, frame=rows.frame.filter(of_row == name))
        found[name] = evaluate(some, split="test", speakers_are_target=speakers_are_target)
    return {name: each for name, each in found.items() if each}


def groups_of(values: pl.Series) -> pl.Series:
    """The group of each row as text, null where it is not known."""
    if values.name == "age":
        return _age_groups(values)
    if values.dtype.is_numeric() and values.drop_nulls().n_unique() > _FEW:
        return _thirds(values.cast(pl.Float64).fill_nan(None))
    return as_text(values)


def _thirds(values: pl.Series) -> pl.Series:
    """`1 to 2.5` and so on: three groups of about the same size."""
    known = values.drop_nulls().sort().to_list()
    cuts = [known[len(known) * k // 3] for k in (1, 2)]
    found = values.to_frame("value").with_columns(
        sum((pl.col("value") >= cut).cast(pl.Int8) for cut in cuts).alias("place")
    )
    ends = [pl.col("value").min().over("place").alias("low"), pl.col("value").max().over("place").alias("high")]
    rows = found.with_columns(ends).iter_rows(named=True)
    names = [None if row["value"] is None else f"{row['low']:.4g} to {row['high']:.4g}" for row in rows]
    return pl.Series(names, dtype=pl.String)


def _age_groups(ages: pl.Series) -> pl.Series:
    """`18-29` and so on; null where the age is not known."""
    years = ages.cast(pl.Float64, strict=False).fill_nan(None)
    edges = [0, *_AGES]
    names = [f"{low}-{high - 1}" for low, high in pairwise(edges)] + [f"{_AGES[-1]} and older"]
    place = np.searchsorted(_AGES, years.fill_null(-1.0).to_numpy(), side="right")
    return pl.Series(names, dtype=pl.String).gather(place).set(~(years >= 0).fill_null(value=False), None)


def _plain(one: Metric) -> dict[str, Any]:
    enough = one.n >= FEWEST
    about = {"n": one.n, "n_speakers": one.n_speakers}
    if not enough:
        return {"value": None, "low": None, "high": None, **about, "method": f"fewer than {FEWEST} rows"}
    return {"value": or_null(one.value), "low": one.low, "high": one.high, **about, "method": one.method}


def _gap(predictions: Predictions, metrics: dict[str, tuple[Metric, ...]], column: str) -> Gap | None:
    """The gap in the main measure between the best and the worst of the groups that have enough rows."""
    main = measures_of(predictions.target)[0]
    first = [each[0] for each in metrics.values()]  # of classes there is the recall alone
    usable = {
        name: one for name, one in zip(metrics, first, strict=True) if one.n >= FEWEST and math.isfinite(one.value)
    }
    if len(usable) < 2:
        return None
    order = sorted(usable, key=lambda name: usable[name].value, reverse=main.greater_is_better)
    best, worst = usable[order[0]], usable[order[-1]]
    low, high = (best, worst) if best.value >= worst.value else (worst, best)
    # Utterances of one or two people say nothing of the next, unless it is these people that are compared.
    few = column != "speaker" and any((one.n_speakers or FEWEST_SPEAKERS) < FEWEST_SPEAKERS for one in (best, worst))
    ends = (None, None) if few else _difference(low, high, len(usable))
    return Gap(best.name, order[0], order[-1], low.value - high.value, *ends)


def _difference(larger: Metric, smaller: Metric, groups: int) -> tuple[float | None, float | None]:
    """The interval of the difference of the best and the worst of so many groups from those of both values."""
    if larger.low is None or larger.high is None or smaller.low is None or smaller.high is None:
        return None, None
    value = larger.value - smaller.value
    wide = _widened(larger, groups), _widened(smaller, groups)
    down = math.hypot((larger.value - larger.low) * wide[0], (smaller.high - smaller.value) * wide[1])
    up = math.hypot((larger.high - larger.value) * wide[0], (smaller.value - smaller.low) * wide[1])
    return value - down, value + up


def _widened(one: Metric, groups: int) -> float:
    """How much wider the interval of a group is that holds for all pairs of so many groups."""
    from scipy.special import stdtrit

    degrees = (one.n_speakers or one.n) - 1
    pairs = groups * (groups - 1) / 2
    return float(stdtrit(degrees, 1 - _TAIL / pairs) / stdtrit(degrees, 1 - _TAIL))
