"""Speakers of whom only one label is known: to know the voice is then to know the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.audit.finding import Finding
from nk.audit.words import counted, first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.stages.folds import Fold
    from nk.tables import Dataset


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:  # noqa: ARG001 - the form of a check
    """Speakers with several rows and one label: a note, natural (a diagnosis), harmful where speakers are shared."""
    name = dataset.target.name
    if not dataset.has_speakers or name == "speaker":
        return []
    known = dataset.frame.drop_nulls(["speaker", name])
    several = known.group_by("speaker").agg(pl.len(), pl.col(name).n_unique(), pl.col(name).first().alias("label"))
    several = several.filter(pl.col("len") > 1).sort("speaker")
    one = several.filter(pl.col(name) == 1)
    if not one.height:
        return []
    every = one.height == several.height
    do = "what counts is how many speakers there are of each; see that they are alike in all else"
    what = f"each speaker has one `{name}`{_shares(dataset, one)}"
    if not every:
        what = f"{one.height} of {counted(several.height, 'speaker')} have one `{name}` only"
        do = "it is harmless while no speaker is in both train and test"
    return [Finding("one_label_speakers", "note", one.height, first(one["speaker"]), what, do)]


def _shares(dataset: Dataset, speakers: pl.DataFrame) -> str:
    """How many speakers each class has."""
    if dataset.target.is_number:
        return ""
    counts = dict(speakers["label"].value_counts().iter_rows())
    return (
        " (" + ", ".join(f"`{label}` {counts[label]}" for label in dataset.target.labels[:10] if label in counts) + ")"
    )
