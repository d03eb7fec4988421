"""Speakers that parts of the split have in common: a model that knows the voice looks better than it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.audit.finding import Finding, Level
from nk.audit.parts import column_of, in_order, shared
from nk.audit.words import counted, first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.stages.folds import Fold
    from nk.tables import Dataset

_WAY = "let nk split by speaker (`split_strategy = speaker_split`), or set `loso = True` in [MODEL]"
_PAIRS: tuple[tuple[str, str, Level, str], ...] = (
    ("train", "test", "warning", f"the result does not hold for new speakers: {_WAY}"),
    ("dev", "test", "warning", f"choices are made on dev, so the result does not hold for new speakers: {_WAY}"),
    ("train", "dev", "note", f"what is chosen on dev suits known speakers: {_WAY}"),
)


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:
    """Speakers of two parts, of any fold; where the target is the speaker, they are the task."""
    if not dataset.has_speakers or dataset.target.name == "speaker":
        return []
    column = column_of(in_order(dataset, folds)["speaker"])
    return [_finding(dataset, names, pair) for pair in _PAIRS if (names := shared(column, folds, pair[0], pair[1]))]


def _finding(dataset: Dataset, names: list[str], pair: tuple[str, str, Level, str]) -> Finding:
    one, other, level, do = pair
    what = f"{counted(len(names), 'speaker is', 'speakers are')} in both {one} and {other}"
    if other == "test" and _one_label(dataset, names):
        what += f", each with one `{dataset.target.name}` (who knows the voice knows the answer)"
    return Finding("shared_speakers", level, len(names), first(names), what, do)


def _one_label(dataset: Dataset, speakers: list[str]) -> bool:
    """Whether none of these speakers has two values of the target."""
    target = pl.col(dataset.target.name)
    rows = dataset.frame.filter(pl.col("speaker").is_in(speakers), target.is_not_null())
    return rows.height > 0 and rows.group_by("speaker").agg(target.n_unique())[target.meta.output_name()].max() == 1
