"""What a run is about to do, said before it does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from nk.tables import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.stages.split import Fold
    from nk.tables import Dataset


_NAMED = 10  # speakers that are named; more would fill the screen


@dataclass(frozen=True)
class Plan:
    """The work ahead: `cached` counts rows a feature set that need no computation."""

    dataset: Dataset
    folds: Sequence[Fold]
    cached: Mapping[str, int]
    model: str
    notes: Sequence[str]

    @property
    def hours(self) -> float:
        """Hours of audio in the rows."""
        return hours(self.dataset)

    def lines(self) -> list[str]:
        """The plan in words, a line each."""
        return [self._data(), self._split(), *self._features(), f"model: {self.model}", *self.notes]

    def _data(self) -> str:
        frame, target = self.dataset.frame, self.dataset.target
        kind = "a number" if target.is_number else f"{len(target.labels)} classes"
        speakers = f", {frame['speaker'].n_unique()} speakers" if self.dataset.has_speakers else ", speakers unknown"
        files = frame["path"].n_unique()
        segments = "" if files == len(frame) else f" in {len(frame)} segments"
        return f"data: {files} files{segments}, {self.hours:.2f} hours{speakers}; `{target.name}`, {kind}"

    def _split(self) -> str:
        if len(self.folds) > 1:
            return f"cross-validation: {len(self.folds)} folds over all rows (the split of the databases is not used)"
        counts = [self._part(part) for part in PARTS]
        return "split: " + ", ".join(text for text in counts if text)

    def _part(self, part: str) -> str:
        frame = self.dataset.frame.filter(pl.col("split") == part)
        if not frame.height:
            return ""
        if not self.dataset.has_speakers:
            return f"{part} {frame.height} rows"
        names = frame["speaker"].drop_nulls().unique().sort().to_list()
        named = f" ({', '.join(names)})" if part != "train" and len(names) <= _NAMED else ""
        return f"{part} {frame.height} rows of {len(names)} speakers{named}"

    def _features(self) -> list[str]:
        total = len(self.dataset)
        return [f"features: {name}, {known} of {total} in the cache" for name, known in self.cached.items()]


def hours(dataset: Dataset) -> float:
    """Hours of audio in the rows of a dataset."""
    length = (dataset.frame["end"] - dataset.frame["start"]).sum()
    return float(length) / 3600
