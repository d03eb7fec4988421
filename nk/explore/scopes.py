"""The same numbers of all rows, of each database, of each part, and of each part of each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.tables import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

ALL = "all"


def by_scope(
    frame: pl.DataFrame, numbers: Sequence[pl.Expr], more: Sequence[str] = (), *, parted: bool
) -> pl.DataFrame:
    """Numbers of the rows of every scope.

    Args:
        frame: the rows
        numbers: what to compute of a group of rows, each with a name
        more: columns whose values part every scope further
        parted: whether rows have parts of a split

    Returns:
        `database` and `split` (`all` where they are not parted; the one is left out where there is one database, the
        other where there are no parts), `more`, and the numbers; all rows first
    """
    kinds = [pl.col("database").cast(pl.String)]
    kinds += [pl.col("split").cast(pl.Enum((ALL, *PARTS)))] if parted else []
    frame = frame.with_columns(kinds)
    known = ["database"] * (frame["database"].n_unique() > 1) + ["split"] * parted
    known = [name for name in known if name not in more]
    ways = [[], *([one] for one in known), *([known] if len(known) > 1 else [])]
    tables = [_grouped(frame, [*way, *more], numbers) for way in ways]
    table = pl.concat(tables, how="diagonal_relaxed").with_columns(pl.col(name).fill_null(ALL) for name in known)
    first = [*known, *more]
    return table.select(*first, *(name for name in table.columns if name not in first))


def _grouped(frame: pl.DataFrame, keys: Sequence[str], numbers: Sequence[pl.Expr]) -> pl.DataFrame:
    if not keys:
        return frame.select(*numbers)
    return frame.group_by(keys, maintain_order=True).agg(*numbers).sort(keys, nulls_last=True)
