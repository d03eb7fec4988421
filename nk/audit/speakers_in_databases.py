"""Speakers that several databases call the same: are they the same person?"""

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
    """Speakers of several databases, which nk takes for the same person."""
    if not dataset.has_speakers or dataset.target.name == "speaker":
        return []
    databases = dataset.frame.drop_nulls("speaker").group_by("speaker").agg(pl.col("database").n_unique())
    names = databases.filter(pl.col("database") > 1)["speaker"].sort().to_list()
    if not names:
        return []
    what = f"{counted(len(names), 'speaker is', 'speakers are')} in several databases, and taken for the same person"
    do = "if they are not, give them names of their own: `<database>.rename_speakers = True`"
    return [Finding("speakers_in_databases", "note", len(names), first(names), what, do)]
