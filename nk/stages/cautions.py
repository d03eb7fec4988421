"""What the user should know of what a run does without, or asks for: a sentence each, with a way out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nk.audit.parts import column_of, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nk.config import Loaded
    from nk.stages.folds import Fold
    from nk.tables import Dataset, Skip

_SHOWN = 5


@dataclass(frozen=True)
class Caution:
    """A sentence, and what to do about it."""

    text: str
    hint: str | None = None


def of_config(loaded: Loaded) -> list[Caution]:
    """What the config asks for that a run does without."""
    reports = [item for item in loaded.unbuilt if item.section == "report"]
    return (
        [Caution(f"{reports[0].name} ({reports[0].place}) is not built yet: no report is written")] if reports else []
    )


def of_scale(dataset: Dataset, folds: Sequence[Fold]) -> list[Caution]:
    """What features scaled within each speaker ask of new speakers, and who has the fewest rows to be scaled by."""
    speakers = column_of(in_order(dataset, folds)["speaker"])
    names, number = speakers.names, speakers.number
    fewest, single = np.full(len(names), len(number) + 1), np.zeros(len(names), dtype=bool)
    for fold in folds:
        tested, *others = (
            np.bincount(number[rows], minlength=len(names)) for rows in (fold.test_rows, fold.dev_rows, fold.train_rows)
        )
        fewest = np.minimum(fewest, np.where(tested, tested, fewest))
        single |= np.any([counts == 1 for counts in (tested, *others)], axis=0)
    least = int(fewest.argmin())
    text = "features are scaled within each speaker, test speakers by their own rows, of which there have to be several"
    text += f": the fewest are {fewest[least]}, of `{names[least]}`"
    if single.any():
        text += f"; of a single row all features become 0: {_named(names[place] for place in np.flatnonzero(single))}"
    return [Caution(text, "`scale = standard` asks nothing of new speakers")]


def of_skips(skipped: Sequence[Skip], total: int) -> Caution:
    """How many rows could not be used, by reason, with an example of each."""
    reasons = Counter(skip.reason for skip in skipped)
    first = {skip.reason: skip.file for skip in reversed(skipped)}
    shown = [f"{count} {reason} (`{first[reason]}`)" for reason, count in reasons.most_common(_SHOWN)]
    more = ["..."] if len(reasons) > _SHOWN else []
    return Caution(f"{len(skipped)} of {total} rows skipped: {'; '.join([*shown, *more])}")


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(f"`{name}`" for name in listed[:_SHOWN]) + (", ..." if len(listed) > _SHOWN else "")
