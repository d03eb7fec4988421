"""Too few test speakers to say anything of others: a result may be theirs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.audit.finding import Finding
from nk.audit.parts import in_order, tested
from nk.audit.words import counted, first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.stages.folds import Fold
    from nk.tables import Dataset

_ENOUGH = 5


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:
    """Fewer than five speakers who are tested and measured; where the target is the speaker, they are the task."""
    if not dataset.has_speakers or dataset.target.name == "speaker":
        return []
    rows = in_order(dataset, folds)[tested(folds)]
    speakers = rows.filter(rows[dataset.target.name].is_not_null())["speaker"].drop_nulls().unique().sort().to_list()
    if not 0 < len(speakers) < _ENOUGH:
        return []
    do = "the result may be theirs alone: "
    split = len(folds) == 1 and len(folds[0].train_rows)
    do += "test every speaker in turn (`loso = True` in [MODEL])" if split else "record more speakers"
    what = counted(len(speakers), "test speaker")
    return [Finding("few_test_speakers", "warning", len(speakers), first(speakers), what, do)]
