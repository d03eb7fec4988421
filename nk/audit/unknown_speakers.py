"""Rows of which it is not known who speaks, so that nothing can be said of shared voices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.audit.finding import Finding
from nk.audit.words import counted, first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.stages.folds import Fold
    from nk.tables import Dataset

_ALL = "speakers are not known, so the same voice may be in both train and test"


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:  # noqa: ARG001 - the form of a check
    """All rows, or some, have no speaker."""
    frame = dataset.frame
    if not dataset.has_speakers:
        do = "add a column `speaker`"
        return [Finding("unknown_speakers", "warning", len(dataset), first(frame["file"]), _ALL, do)]
    files = frame.filter(frame["speaker"].is_null())["file"]
    if not len(files):
        return []
    what = f"{counted(len(files), 'row has', 'rows have')} no speaker, so the same voice may be in both train and test"
    do = "fill in the column `speaker`, or leave these rows out with `required = speaker`"
    return [Finding("unknown_speakers", "warning", len(files), first(files), what, do)]
