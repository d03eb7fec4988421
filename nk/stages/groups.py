"""Results a group of people or recordings: by gender, age, database and any column named; the content of `groups.json`.

A group's result is that of its rows alone, with an interval as ever. The gap of a column is the difference between its
best and its worst group; its interval joins those of the two (MOVER: Zou and Donner, Statistics in Medicine 27, 2008),
as if no speaker were in both. With many groups some are worse by chance: a gap whose interval holds 0 may be nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.stages.columns import as_text
from nk.stages.evaluate import evaluate, measures_of, or_null

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.tables import Dataset, Metric, Predictions

FEWEST = 10  # rows with truth that a group needs: of fewer, a value says nothing
_AGES = (18, 30, 45, 60, 75)
_MOST = 50  # groups of a column; more are not groups but names
_USUAL = ("gender", "age", "database")


@dataclass(frozen=True)
class Gap:
    """How far the groups of a column are apart in one measure; `low` and `high` are None where there is no interval."""

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
        columns: columns beside gender, age and database whose groups are wanted
        speakers_are_target: the classes are speakers, so intervals are over utterances

    Returns:
        `schema`, `fewest` (rows that a group needs), `groups` {column: {group: {measure: {value, low, high, n,
        n_speakers, method}}}}, with null for the values of a group of fewer rows, and `gaps` {column: {measure, best,
        worst, value, low, high}} of the main measure, where at least two groups have a value
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    gaps: dict[str, Any] = {}
    for column in dict.fromkeys([*_USUAL, *columns]):
        metrics = _of_column(predictions, dataset, column, speakers_are_target=speakers_are_target)
        if len(metrics) > 1:
            found[column] = {group: {one.name: _plain(one) for one in each} for group, each in metrics.items()}
            gap = _gap(predictions, metrics)
            gaps |= {column: vars(gap)} if gap else {}
    return {"schema": 1, "fewest": FEWEST, "groups": found, "gaps": gaps}


def _of_column(
    predictions: Predictions, dataset: Dataset, column: str, *, speakers_are_target: bool
) -> dict[str, tuple[Metric, ...]]:
    """The measures of each group of a column; none where it is not there, or has too many values."""
    if column not in dataset or column == dataset.target.name:
        return {}
    values = _age_groups(dataset.frame[column]) if column == "age" else as_text(dataset.frame[column])
    group = dict(zip(dataset.ids, values.to_list(), strict=True))
    rows = predictions.part("test")
    of_row = pl.Series([group.get(key) for key in rows.frame["id"].to_list()], dtype=pl.String)
    names = of_row.drop_nulls().unique().sort().to_list()
    if len(names) > _MOST:
        return {}
    found = {}
    for name in names:
        some = replace(rows, frame=rows.frame.filter(of_row == name))
        found[name] = evaluate(some, split="test", speakers_are_target=speakers_are_target)
    return {name: each for name, each in found.items() if each}


def _age_groups(ages: pl.Series) -> pl.Series:
    """`18-29` and so on; null where the age is not known."""
    years = ages.cast(pl.Float64, strict=False).to_list()
    edges = [0, *_AGES]
    names = [f"{low}-{high - 1}" for low, high in zip(edges, _AGES, strict=False)] + [f"{_AGES[-1]} and older"]
    found = [None if year is None else names[sum(year >= edge for edge in _AGES)] for year in years]
    return pl.Series(found, dtype=pl.String)


def _plain(one: Metric) -> dict[str, Any]:
    enough = one.n >= FEWEST
    about = {"n": one.n, "n_speakers": one.n_speakers}
    if not enough:
        return {"value": None, "low": None, "high": None, **about, "method": f"fewer than {FEWEST} rows"}
    return {"value": or_null(one.value), "low": one.low, "high": one.high, **about, "method": one.method}


def _gap(predictions: Predictions, metrics: dict[str, tuple[Metric, ...]]) -> Gap | None:
    """The gap in the main measure between the best and the worst of the groups that have enough rows."""
    main = measures_of(predictions.target)[0]
    usable = {
        name: one
        for name, each in metrics.items()
        for one in each
        if one.name == main.name and one.n >= FEWEST and math.isfinite(one.value)
    }
    if len(usable) < 2:
        return None
    order = sorted(usable, key=lambda name: usable[name].value, reverse=main.greater_is_better)
    best, worst = usable[order[0]], usable[order[-1]]
    low, high = (best, worst) if best.value >= worst.value else (worst, best)
    return Gap(main.name, order[0], order[-1], low.value - high.value, *_difference(low, high))


def _difference(larger: Metric, smaller: Metric) -> tuple[float | None, float | None]:
    """The interval of a difference from those of both values."""
    if larger.low is None or larger.high is None or smaller.low is None or smaller.high is None:
        return None, None
    value = larger.value - smaller.value
    down = math.hypot(larger.value - larger.low, smaller.high - smaller.value)
    up = math.hypot(larger.high - larger.value, smaller.value - smaller.low)
    return value - down, value + up
