"""Texts that are spoken in both train and test: a model may know the sentence rather than how it is spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.audit.finding import Finding, Level
from nk.audit.labels import codes, labels, said, speakers
from nk.audit.parts import column_of, in_order, shared
from nk.audit.tells import told
from nk.audit.words import counted, first
from nk.stages.columns import as_text
from nk.tables import TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from nk.stages.folds import Fold
    from nk.tables import Dataset

_HOW: dict[Level | None, str] = {"warning": "alone tells", "note": "may tell", None: "hardly tells"}


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:
    """A note; a warning where the text tells the label, see `nk.audit.tells`."""
    frame, target = in_order(dataset, folds), dataset.target
    column = text_column(dataset)
    if column is None:
        return []
    texts = _plain(frame[column])
    both = shared(column_of(texts), folds, "train", "test")
    if not both:
        return []
    found = told(codes(texts), labels(frame, target), speakers(frame, target), folds)
    what = f"{counted(len(both), 'text is', 'texts are')} in both train and test; the text {_HOW[found.level]}"
    what += f" `{target.name}` ({said(found, target)})"
    do = f"to test with other words, let nk split by them too: `groups = ['speaker', '{column}']` in [DATA]"
    examples = dict(zip(texts, as_text(frame[column]), strict=True))
    return [Finding("shared_texts", found.level or "note", len(both), first(examples[one] for one in both), what, do)]


def text_column(dataset: Dataset) -> str | None:
    """The column with what is spoken; None where there is none."""
    known = (name for name in TEXTS if name in dataset and name != dataset.target.name)
    return next((name for name in known if dataset.frame[name].null_count() < len(dataset)), None)


def _plain(texts: pl.Series) -> pl.Series:
    """Words alone: without capitals, punctuation and double blanks; null where nothing is left."""
    plain = as_text(texts).str.to_lowercase().str.replace_all(r"[^\w]+", " ").str.strip_chars()
    return plain.set(plain == "", None)
