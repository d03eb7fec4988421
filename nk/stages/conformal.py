"""Sets of classes that hold the truth as often as is asked for: split conformal prediction, by speaker.

A class is in the set of a row where 1 less its score is at most a bound, which is learnt on rows that the model has not
seen. Rows of one speaker are not independent, so that the bound is a quantile over speakers: each has the same weight,
shared by his rows, and a speaker of whom nothing is known has that weight too, at the far end (Dunn, Wasserman and
Ramdas, Distribution-free prediction sets for two-layer hierarchical models, JASA 118, 2023; Lee, Barber and Willett,
Distribution-free inference with hierarchical data, 2023). Then the set of a row of a new speaker holds the truth with
at least that probability, whatever the model is. The class with the largest score is always in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from nk.registry import Doubles, Ints

_ROUNDING = 1e-9


def fewest(coverage: float) -> int:
    """How many speakers it takes for a coverage, e.g. 9 for 0.9: with fewer a new one has more than what may fail."""
    return int(np.ceil(coverage / (1 - coverage) - _ROUNDING))


def bound(missed: Doubles, groups: Ints, coverage: float) -> float | None:
    """The bound on 1 less the score of a class, None where there are too few speakers.

    Args:
        missed: 1 less the score of the true class, of rows that the model has not seen, shape (rows,)
        groups: whose rows they are, shape (rows,)
        coverage: how often a set is to hold the truth, between 0 and 1
    """
    _, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(counts) < fewest(coverage):
        return None
    weights = 1 / (counts[place] * (len(counts) + 1))
    order = np.argsort(missed, kind="stable")
    reached = np.cumsum(weights[order])
    last = int(np.searchsorted(reached, coverage - _ROUNDING))
    return float(missed[order[min(last, len(order) - 1)]])


def sets(scores: Doubles, bounds: Doubles) -> npt.NDArray[np.bool_]:
    """Which classes are in the set of each row, shape (rows, classes).

    Args:
        scores: shape (rows, classes)
        bounds: of each row, shape (rows,)
    """
    found: npt.NDArray[np.bool_] = 1 - scores <= bounds[:, None] + _ROUNDING
    found[np.arange(len(scores)), scores.argmax(axis=1)] = True
    return found
