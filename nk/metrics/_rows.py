"""Predictions made ready to be measured: rows with truth, as numbers, in an order that does not depend on theirs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.metrics._counts import Counts, count
from nk.metrics._moments import Moments, measure

if TYPE_CHECKING:
    from typing import TypeAlias

    from nk.registry import Doubles, Ints
    from nk.tables import Predictions, Target

    Tally: TypeAlias = Counts | Moments


@dataclass(frozen=True)
class Rows:
    """The rows of one part whose truth is known, sorted by id and run; `dropped` counts the others."""

    frame: pl.DataFrame
    target: Target
    dropped: int = 0

    @property
    def speakers(self) -> pl.Series | None:
        """Speakers of the rows as text, null where not known; None where there is no such column."""
        return self.frame["speaker"].cast(pl.String) if "speaker" in self.frame.columns else None

    @property
    def n(self) -> int:
        """Utterances: with one run, rows."""
        return self.frame["id"].n_unique()

    @property
    def n_speakers(self) -> int | None:
        """How many speakers are known, None where none is."""
        known = 0 if self.speakers is None else self.speakers.drop_nulls().n_unique()
        return known or None

    @property
    def scored(self) -> bool:
        """Whether there is a score a class; of decisions alone, as votes are, there is none."""
        return not self.target.is_number and {f"p_{label}" for label in self.target.labels} <= {*self.frame.columns}

    @cached_property
    def truth(self) -> Any:
        """As `numbers` gives it."""
        return numbers(self.frame["truth"], self.target)

    @cached_property
    def predicted(self) -> Any:
        """As `numbers` gives it."""
        return numbers(self.frame["predicted"], self.target)

    def tally(self, groups: Ints, size: int) -> Tally:
        """What measures need, over all rows and with each of `size` groups left out."""
        if self.target.is_number:
            return measure(self.truth, self.predicted, groups, size)
        return count(self.truth, self.predicted, self._scores, groups, size)

    @property
    def _scores(self) -> Doubles:
        if self.scored:
            return self.frame.select(f"p_{label}" for label in self.target.labels).to_numpy()
        return np.zeros((self.frame.height, len(self.target.labels)))

    @property
    def total(self) -> Tally:
        """What measures need, over all rows."""
        return self.tally(np.zeros(self.frame.height, dtype=np.int64), 0)


def labelled(predictions: Predictions, split: str) -> Rows:
    """The rows of a part with truth.

    Raises:
        DataError: a prediction is missing, or a row is double within a run
    """
    frame, target = predictions.part(split).frame, predictions.target
    frame = frame.with_columns(clean(frame["truth"], target), clean(frame["predicted"], target))
    known = frame.filter(pl.col("truth").is_not_null()).sort("id", "run")
    _check(known)
    return Rows(known, target, frame.height - known.height)


def clean(values: pl.Series, target: Target) -> pl.Series:
    """Truth or predictions as text for classes, as float64 for numbers; NaN becomes null."""
    return values.cast(pl.Float64).fill_nan(None) if target.is_number else values.cast(pl.String)


def _check(frame: pl.DataFrame) -> None:
    lacking = frame.filter(pl.col("predicted").is_null())
    if lacking.height:
        raise DataError("predictions are missing", rows=lacking.height, examples=lacking["id"].to_list())
    double = frame.filter(frame.select("id", "run").is_duplicated())
    if double.height:
        raise DataError("rows are predicted twice in a run", rows=double.height, examples=double["id"].to_list())


def numbers(values: pl.Series, target: Target) -> Any:
    """Class numbers in the order of the labels (int64), or the values (float64): shape (rows,).

    Raises:
        DataError: a label is none of the target's
    """
    if target.is_number:
        return values.to_numpy().astype(np.float64)
    strange = values.filter(~values.is_in(target.labels))
    if len(strange):
        names = strange.unique().sort().to_list()
        hint = f"the classes are {', '.join(f'`{label}`' for label in target.labels)}"
        raise DataError(f"labels are no classes of `{target.name}`", rows=len(strange), examples=names, hint=hint)
    return values.cast(pl.Enum(target.labels)).to_physical().to_numpy().astype(np.int64)
