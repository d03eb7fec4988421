"""Labels and speakers of the rows as numbers, for checks that ask what tells a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from nk.audit.tells import Told
    from nk.stages.folds import Places
    from nk.tables import Target


def labels(frame: pl.DataFrame, target: Target) -> Places:
    """The number of each row's class, or of the fifth that its number is in; -1 where it is not known."""
    column = frame[target.name]
    return fifths(column) if target.is_number else codes(column)


def speakers(frame: pl.DataFrame, target: Target) -> Places:
    """The number of each row's speaker; -1 where there is none, or where the target is the speaker."""
    known = "speaker" in frame.columns and target.name != "speaker"
    return codes(frame["speaker"]) if known else np.full(frame.height, -1)


def codes(column: pl.Series) -> Places:
    """The number of each word in order; -1 where it is missing."""
    numbers = column.cast(pl.Enum(column.drop_nulls().unique().sort())).to_physical()
    return numbers.cast(pl.Int64).fill_null(-1).to_numpy()


def fifths(column: pl.Series) -> Places:
    """Which fifth of the known values each is in, equal values in the same; -1 where it is missing."""
    known = max(1, len(column) - column.null_count())
    fifth = (column.rank("min").cast(pl.Int64) - 1) * 5 // known
    return (fifth.rank("dense").cast(pl.Int64) - 1).fill_null(-1).to_numpy()


def said(told: Told, target: Target) -> str:
    """What a column tells, in words."""
    of = " of fifths" if target.is_number else ""
    return f"UAR{of} {told.score:.2f}, chance {told.chance:.2f}"
