"""What a run is about to do, said before it does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from nk.tables import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.stages.folds import Fold
    from nk.tables import Dataset


_NAMED = 10  # speakers that are named; more would fill the screen


@dataclass(frozen=True)
class Plan:
    """The work ahead: `features` says of each feature set how much of it is in the cache.

    `folds_by` says what the folds of a cross-validation are, `notes` are lines of their own.
    """

    dataset: Dataset
    folds: Sequence[Fold]
    features: Sequence[str]
    model: str
    notes: Sequence[str]
    folds_by: str = ""

    @property
    def hours(self) -> float:
        """Hours of audio in the rows."""
        return hours(self.dataset)

    def lines(self) -> list[str]:
        """The plan in words, a line each."""
        return [self._data(), *self._classes(), self.split(), *self._features(), f"model: {self.model}", *self.notes]

    def _data(self) -> str:
        frame, target = self.dataset.frame, self.dataset.target
        kind = "a number" if target.is_number else _count(len(target.labels), "class", "classes")
        known = self.dataset.has_speakers
        speakers = _count(frame["speaker"].drop_nulls().n_unique(), "speaker") if known else "speakers unknown"
        files = frame["path"].n_unique()
        segments = "" if files == len(frame) else f" in {_count(len(frame), 'segment')}"
        return f"data: {_count(files, 'file')}{segments}, {self.hours:.2f} hours, {speakers}; `{target.name}`, {kind}"

    def _classes(self) -> list[str]:
        frame, target = self.dataset.frame, self.dataset.target
        if target.is_number or len(target.labels) > _NAMED:
            return []
        counts = dict(frame[target.name].value_counts().iter_rows())
        return ["classes: " + ", ".join(f"{label} {counts.get(label, 0)}" for label in target.labels)]

    def split(self) -> str:
        """The parts, or the folds."""
        if len(self.folds) > 1:
            return f"cross-validation: {len(self.folds)} folds ({self.folds_by}) over all rows (no other split is used)"
        counts = [self._part(part) for part in PARTS]
        return "split: " + ", ".join(text for text in counts if text)

    def _part(self, part: str) -> str:
        frame = self.dataset.frame.filter(pl.col("split") == part)
        if not frame.height:
            return ""
        if not self.dataset.has_speakers:
            return f"{part} {_count(frame.height, 'row')}"
        names = frame["speaker"].drop_nulls().unique().sort().to_list()
        named = f" ({', '.join(names)})" if part != "train" and len(names) <= _NAMED else ""
        return f"{part} {_count(frame.height, 'row')} of {_count(len(names), 'speaker')}{named}"

    def _features(self) -> list[str]:
        return [f"features: {line}" for line in self.features]


def _count(number: int, what: str, several: str = "") -> str:
    return f"{number} {what if number == 1 else several or what + 's'}"


def history_lines(dataset: Dataset, *, strange: int = 0) -> list[str]:
    """What was done to the rows, a line each: those that went, and values that were changed.

    `strange` is how many rows have a label that is not known, and stand without one.
    """
    lines = []
    for step in dataset.history:
        if step.rows_in != step.rows_out:
            lines.append(f"rows: {step.rows_in} -> {step.rows_out} where {step.what}")
        elif step.told:
            lines.append(f"data: {step.what}")
    name = dataset.target.name
    unknown = dataset.frame[name].null_count() - strange if name else 0
    if unknown:
        lines.append(f"unlabelled: {_count(unknown, 'row')} without `{name}`, predicted and not scored")
    return lines


def hours(dataset: Dataset) -> float:
    """Hours of audio in the rows of a dataset."""
    length = (dataset.frame["end"] - dataset.frame["start"]).sum()
    return float(length) / 3600
