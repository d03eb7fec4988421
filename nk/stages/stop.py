"""Early stopping needs rows that training does not see: where there is no dev part, speakers are cut off train."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nk.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    from nk.registry import Doubles, Ints

    Mask = npt.NDArray[np.bool_]


def held_out(y: Ints | Doubles, groups: Ints, classes: int, share: float, where: str = "") -> Mask:
    """Rows of the speakers that are held out for early stopping.

    Speakers are taken in the order of their numbers, which the seed has drawn, passing over those without whom a class
    would be lost to training, until there are `share` of all, one at least.

    Args:
        y: class numbers, or values, shape (rows,)
        groups: speakers of the rows, as numbers
        classes: how many classes there are, 0 for values
        share: of the speakers, between 0 and 1
        where: which rows these are, for the message (` of fold 3`)

    Raises:
        DataError: nobody can be held out
    """
    speakers, place = np.unique(groups, return_inverse=True)
    kind = np.asarray(y, dtype=np.int64) if classes else np.zeros(len(y), dtype=np.int64)
    counts = np.zeros((len(speakers), max(classes, 1)), dtype=np.int64)
    np.add.at(counts, (place, kind), 1)
    left, taken = counts.sum(axis=0), np.zeros(len(speakers), dtype=bool)
    for speaker in range(len(speakers)):
        less = left - counts[speaker]
        if taken.sum() < max(1, round(share * len(speakers))) and (less[left > 0] > 0).all():
            left, taken[speaker] = less, True
    if not taken.any():
        message = (
            f"early stopping has no speaker of the training part{where} to hold out without losing a class or all rows"
        )
        hint = "leave out `early_stopping_rounds`, or have a dev part (`traindevtest = True`)"
        raise DataError(message, hint=hint)
    return taken[place]
