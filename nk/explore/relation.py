"""Two columns beside each other: whether they go together, their numbers as a table, and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.explore.scopes import by_scope
from nk.explore.statistics.numbers import TOGETHER, compare
from nk.explore.statistics.pairs import correlate
from nk.explore.statistics.tables import associate
from nk.report.figures import count_text
from nk.stages.columns import free

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.explore.columns import Column
    from nk.explore.statistics.result import Result

_QUANTILES = {"min": 0.0, "lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75, "max": 1.0}
# What the numbers of a table are called; a user's column of that name gets another.
_TAKEN = ("rows", "speakers", "known", "mean", "deviation", *_QUANTILES)


def tests(one: Column, other: Column, speaker: pl.Series | None) -> list[Result]:
    """All tests of whether two columns go together; none where one has so many categories that they are names."""
    if one.is_names or other.is_names:
        return []
    of = f"{one.name} | {other.name}"
    if one.is_number and other.is_number:
        return correlate(one.values, other.values, speaker, of)
    if not one.is_number and not other.is_number:
        return associate(one.values, other.values, speaker, of)
    group, number = (other, one) if one.is_number else (one, other)
    return compare(group.values, number.values, speaker, group.labels)


def main(found: Sequence[Result], unit: str) -> Result | None:
    """The test that says it all: of all groups together, or the only one; None where there are tests of pairs alone."""
    first = next((one for one in found if one.unit == unit), None)
    return None if first and first.of != TOGETHER and any(one.of == TOGETHER for one in found) else first


def said(found: Sequence[Result], *, speakers: bool) -> str:
    """What was found of rows and of speakers, in a sentence each; `speakers` says whether they are known."""
    sentences = [_said(found, unit) for unit in ("rows", "speakers")]
    if speakers and found and not sentences[1]:
        sentences[1] = "By speakers: not tested, as they do not differ, or too few can be compared."
    return " ".join(sentences).strip()


def _said(found: Sequence[Result], unit: str) -> str:
    first, pairs = main(found, unit), [one for one in found if one.unit == unit]
    if not pairs:
        return ""
    if first:
        pairs = pairs[1:]
    words = first.sentence().partition(f"{first.of}: ")[2] if first else "too few are in all groups for a test of all"
    words = f"By {unit}: {words}"
    if not pairs:
        return f"{words}."
    sure = [pair for pair in pairs if pair.is_sure]
    if not sure:
        return f"{words}; no pair differs after Holm's correction."
    most = min(sure, key=lambda pair: pair.p)  # effects of different tests have different scales
    names = most.of.replace(" | ", " and ")
    are = count_text(len(pairs), "pair")
    return f"{words}; {len(sure)} of {are} differ after Holm's correction, most surely {names} ({most.effect_text()})."


def sample(frame: pl.DataFrame, columns: Sequence[Column]) -> str:
    """How many rows and speakers have all columns, and how many rows lack one."""
    known = frame.select(column.values.is_not_null().alias(column.name) for column in columns)
    rows = frame.filter(known.select(pl.all_horizontal(pl.all())).to_series())
    text = count_text(rows.height, "recording")
    if "speaker" in rows.columns and rows["speaker"].count():
        text += f" of {count_text(rows['speaker'].drop_nulls().n_unique(), 'speaker')}"
    missing = frame.height - rows.height
    return text + (f"; {count_text(missing, 'recording')} without a value" if missing else "")


def table(frame: pl.DataFrame, columns: Sequence[Column], *, parted: bool) -> pl.DataFrame:
    """The numbers of some columns in every scope: counts of their categories, or what numbers are like in each.

    Two numbers alone are a row each, as they are drawn.
    """
    words = {free(column.name, _TAKEN): column for column in columns if not column.is_number}
    numbers = [column for column in columns if column.is_number]
    keys = [name for name in ("id", "database", "split", "speaker") if name in frame.columns]
    values = [*(_ordered(column, name) for name, column in words.items()), *(column.values for column in numbers)]
    names = {column.name for column in columns}
    rows = frame.select(name for name in keys if name not in names).with_columns(values)
    if len(numbers) > 1:
        alike = [name for name in ("database", "split") if name in rows.columns and rows[name].n_unique() == 1]
        alike += [] if parted else ["split"]
        return rows.drop(alike, strict=False).drop_nulls([one.name for one in numbers])
    if "database" not in rows.columns:
        rows = rows.with_columns(frame["database"])
    counts = _counts(speakers="speaker" in rows.columns)
    spreads = [one for column in numbers for one in describe(column.name)]
    return by_scope(rows, [*counts, *spreads], [*words], parted=parted and "split" in rows.columns)


def _ordered(column: Column, name: str) -> pl.Series:
    return column.values.cast(pl.Enum(column.labels)).alias(name)


def _counts(*, speakers: bool) -> list[pl.Expr]:
    return [
        pl.len().alias("rows"),
        *([pl.col("speaker").drop_nulls().n_unique().alias("speakers")] if speakers else []),
    ]


def describe(name: str) -> list[pl.Expr]:
    """How a number is spread."""
    value = pl.col(name).cast(pl.Float64)
    return [
        value.count().alias("known"),
        value.mean().alias("mean"),
        value.std().alias("deviation"),
        *(value.quantile(share, "linear").alias(quantile) for quantile, share in _QUANTILES.items()),
    ]
