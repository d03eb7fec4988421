"""Traits of speakers that tell the label: who can hear a woman from a man then knows part of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.audit.finding import Finding
from nk.audit.labels import codes, fifths, labels, said, speakers
from nk.audit.parts import in_order
from nk.audit.tells import told
from nk.stages.columns import as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.stages.folds import Fold
    from nk.tables import Dataset

_TRAITS = ("gender", "age")


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:
    """Gender or age that tells the label, see `nk.audit.tells`; age is taken in fifths."""
    frame, target = in_order(dataset, folds), dataset.target
    if not dataset.has_speakers or target.name == "speaker":
        return []
    found = []
    for trait in (trait for trait in _TRAITS if trait in dataset and trait != target.name):
        values = _of_speakers(frame, trait)
        numbers = fifths(values) if values.dtype.is_numeric() else codes(values)
        one = told(numbers, labels(frame, target), speakers(frame, target), folds)
        if one.level:
            what = f"`{trait}` alone tells `{target.name}`: {said(one, target)}"
            do = f"take as many speakers of each `{trait}` for each `{target.name}`, or each `{trait}` alone (`filter`)"
            found.append(Finding("telling_traits", one.level, 1, (), what, do))
    return found


def _of_speakers(frame: pl.DataFrame, trait: str) -> pl.Series:
    """The trait of each row's speaker: the mean of numbers, else the most frequent word; null without a speaker."""
    values = (
        frame[trait] if frame[trait].dtype.is_numeric() else as_text(frame[trait]).str.strip_chars().str.to_lowercase()
    )
    column = pl.col(trait)
    usual = column.mean() if values.dtype.is_numeric() else column.drop_nulls().mode().sort().first()
    known = pl.when(pl.col("speaker").is_not_null()).then(usual.over("speaker"))
    return frame.select("speaker", values).select(known.alias(trait)).to_series()
