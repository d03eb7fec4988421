"""Recordings, byte for byte the same, that are in both train and test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.audit.finding import Finding, Level
from nk.audit.parts import column_of, in_order, shared, tested
from nk.audit.words import counted, first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.stages.folds import Fold
    from nk.tables import Dataset


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:
    """The same file under any name. An error where all that is tested is trained on, segment by segment."""
    frame = in_order(dataset, folds)
    twice = shared(column_of(frame["digest"]), folds, "train", "test")
    if not twice:
        return []
    files = dict(frame.select("digest", "file")[tested(folds)].iter_rows())
    what = f"{counted(len(twice), 'recording is', 'recordings are')} in both train and test"
    level: Level = "error" if _all_heard(frame, folds) else "warning"
    if level == "error":
        what += ", and with them all that is tested"
    do = "remove the doubles: what a model has heard is no test"
    return [Finding("shared_recordings", level, len(twice), first(files[one] for one in twice), what, do)]


def _all_heard(frame: pl.DataFrame, folds: Sequence[Fold]) -> bool:
    """Whether the very audio of every tested row is trained on, in every fold."""
    if not {"start", "end"} <= {*frame.columns}:
        return False
    audio = column_of(frame.select(pl.concat_str("digest", "start", "end", separator="#")).to_series())
    counts = audio.counts
    return all(bool((audio.of(fold, "train", counts)[audio.number[fold.test_rows]] > 0).all()) for fold in folds)
