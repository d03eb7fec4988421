"""What stages ask of a table's columns."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from nk.tables import Dataset

# Columns that nk itself gives a row; a user's column of that name is kept as `<name>_in_table`.
OWN = ("id", "path", "database", "digest", "size")
# What a row is found by; it says nothing of who speaks or how.
_KEYS = (*OWN, "file", "start", "end")


def as_text(column: pl.Series) -> pl.Series:
    """Values as text; whole numbers without a point, whatever their type."""
    if column.dtype.is_float() and are_whole(column):
        return column.cast(pl.Int64).cast(pl.String)
    return column.cast(pl.String)


def are_whole(column: pl.Series) -> bool:
    """Whether all numbers of a column are whole and held exactly."""
    return bool(((column == column.round(0)) & (column.abs() < 2**53)).all())


def describing(columns: Iterable[str]) -> list[str]:
    """The columns that say something of a row, beyond which it is."""
    return [column for column in columns if column not in _KEYS and not column.startswith("\n")]


def free(name: str, taken: Collection[str]) -> str:
    """The name, with as many `_` behind it as it takes to be none of those that are taken."""
    while name in taken:
        name += "_"
    return name


def need_column(dataset: Dataset, column: str, what: str) -> None:
    """Make sure that a column is there, for `what`.

    Raises:
        DataError: it is not
    """
    if column not in dataset:
        raise DataError(f"there is no column `{column}`, which {what} names", hint=which(column, dataset.frame.columns))


def which(column: str, columns: Iterable[str]) -> str:
    """A hint that names the columns, the nearest first."""
    there = describing(columns)
    near = get_close_matches(column, there, n=1)
    shown = ", ".join(f"`{name}`" for name in there)
    return f"did you mean `{near[0]}`? The columns are {shown}" if near else f"the columns are {shown}"


def in_order(name: str) -> list[tuple[bool, int, str]]:
    """What names are sorted by: numbers within them by size, so that `s9` comes before `s10`, all else as text."""
    pieces = re.findall(r"\d+|\D+", name)
    return [(not piece.isdecimal(), int(piece) if piece.isdecimal() else 0, piece) for piece in pieces]
