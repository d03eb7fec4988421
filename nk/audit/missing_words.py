"""Classes that say that nothing is known: most likely a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.audit.finding import Finding
from nk.audit.words import first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.stages.folds import Fold
    from nk.tables import Dataset

_WORDS = {"na", "n/a", "nan", "none", "null", "-", "?", "unknown"}
_DO = "leave the field empty where it is not known, or name the classes in `labels`"


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:  # noqa: ARG001 - the form of a check
    """Words for "not known" among the classes."""
    words = [label for label in dataset.target.labels if label.strip().lower() in _WORDS]
    if not words:
        return []
    what = f"a word for what is not known is taken for a class of `{dataset.target.name}`"
    return [Finding("missing_words", "warning", len(words), first(words), what, _DO)]
