"""Scores of an SVM: the softmax of its margins.

A class's margin is the sum of those of its pairs: the one-against-rest decision function is whole votes plus a small
fraction, and nearly the same for sure and unsure rows (docs/decisions/0005-learners.md). `SVC(probability=True)` is
leaving scikit-learn, and its scores disagree with the SVM's own decisions. How far scores are to be trusted is learnt
later, for all models alike (`nk/stages/calibration.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nk.registry import Doubles, Ints


def margins(estimator: Any, rows: Doubles) -> Doubles:
    """The margins of an SVC with a column a class, shape (rows, classes); the largest is its decision."""
    import numpy as np

    decision: Doubles = estimator.decision_function(rows)
    if decision.ndim == 2:
        return _pairwise(estimator, rows, decision.argmax(axis=1))
    # Of two classes the SVC takes the second at 0; argmax would take the first.
    second = np.where(decision == 0, np.finfo(float).tiny, decision)
    return np.column_stack([-second / 2, second / 2])


def _pairwise(estimator: Any, rows: Doubles, winners: Ints) -> Doubles:
    """For each class the sum of its margins to the others, with the SVM's own winner raised to the top."""
    import copy

    import numpy as np

    twin = copy.copy(estimator).set_params(decision_function_shape="ovo", break_ties=False)
    pairs: Doubles = twin.decision_function(rows)
    found = np.zeros((len(rows), len(estimator.classes_)))
    first, second = np.triu_indices(found.shape[1], 1)
    np.add.at(found.T, first, pairs.T)
    np.subtract.at(found.T, second, pairs.T)
    row = np.arange(len(rows))
    found[row, winners] = np.nextafter(found.max(axis=1), np.inf)
    return found


def scores(decisions: Doubles) -> Doubles:
    """Softmax of decisions, shape (rows, classes), of which the largest keeps its place."""
    import numpy as np
    from scipy.special import softmax

    soft: Doubles = softmax(decisions, axis=1)
    row, best = np.arange(len(soft)), decisions.argmax(axis=1)
    # Rounding can make equals of decisions that differ in the last digit.
    lost = soft.argmax(axis=1) != best
    soft[row[lost], best[lost]] = np.nextafter(soft[lost].max(axis=1), 2.0)
    return soft
