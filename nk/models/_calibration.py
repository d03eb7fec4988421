"""Scores of an SVM: the softmax of its margins at a temperature fitted on held-out rows.

A class's margin is the sum of those of its pairs: the one-against-rest decision function is whole votes plus a small
fraction, and nearly the same for sure and unsure rows (docs/decisions/0005-learners.md).
`SVC(probability=True)` is leaving scikit-learn, and its scores disagree with the SVM's own decisions. One temperature
cannot reorder the classes, so that the highest score is always the decision. It minimises the log loss of decisions
out of fold (Guo et al., On calibration of modern neural networks, 2017, section 4.2), where folds are, in this order:

1. by speaker: at most 5 groups of speakers, dealt in the order of their numbers; a fold whose rest lacks a class is
   left out, since its decisions would be of another problem,
2. where none is left (the target is the speaker, or a speaker alone holds a class each): by row, each class dealt to 5
   folds in turn, rows that balancing has repeated together,
3. where that fails too (one row a class): none, and the temperature is 1.

Rows that balancing has made up (group -1) are left out of all this, on both sides: one may lie between a row that is
held out and one that is not. Where only they hold a class, the temperature is 1. Everything but the full first is told
in a note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from nk.registry import Doubles, Ints, Training

    Mask = npt.NDArray[np.bool_]

FOLDS = 5
# Decisions differ by about one from class to class: below, scores are 0 and 1 to 9 digits, above all the same.
COLDEST, HOTTEST = 0.05, 100.0


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


def scores(decisions: Doubles, temperature: float) -> Doubles:
    """Softmax of decisions / temperature, shape (rows, classes), of which the largest keeps its place."""
    import numpy as np
    from scipy.special import softmax

    soft: Doubles = softmax(decisions / temperature, axis=1)
    row, best = np.arange(len(soft)), decisions.argmax(axis=1)
    # Rounding can make equals of decisions that differ in the last digit.
    lost = soft.argmax(axis=1) != best
    soft[row[lost], best[lost]] = np.nextafter(soft[lost].max(axis=1), 2.0)
    return soft


def calibrate(make: Callable[[], Any], data: Training, *, jobs: int) -> tuple[float, tuple[str, ...]]:
    """Fit the temperature: train on each fold's rest and look at the decisions in the fold.

    Returns:
        the temperature, and notes where the folds are not all of speakers
    """
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    real = data.groups >= 0
    x, y = np.asarray(data.x[real], dtype=np.float64), data.y[real]
    if len(np.unique(y)) < len(np.unique(data.y)):
        return 1.0, ("the scores of `svm` are not calibrated: balancing has left a class without a real row",)
    chosen, notes = folds(x, y, data.groups[real])
    if not chosen:
        return 1.0, notes

    def decisions(fold: Mask) -> Doubles:
        return margins(make().fit(x[~fold], y[~fold]), x[fold])

    with ThreadPoolExecutor(jobs) as pool:  # libsvm releases the interpreter's lock
        found = np.concatenate(list(pool.map(decisions, chosen)))
    truth = np.searchsorted(np.unique(y), np.concatenate([y[fold] for fold in chosen]))
    return best_temperature(found, truth), notes


def folds(x: Doubles, y: Any, groups: Ints) -> tuple[list[Mask], tuple[str, ...]]:
    """The rows of each fold whose rest has all classes, and notes, see the head of this file."""
    import numpy as np

    order, place = np.unique(groups, return_inverse=True)
    by_speaker = _usable(place % FOLDS, y)
    dealt = min(FOLDS, len(order))
    if len(by_speaker) == dealt:
        return by_speaker, ()
    if by_speaker:
        note = f"the scores of `svm` are calibrated on {len(by_speaker)} of {dealt} groups of speakers"
        return by_speaker, (f"{note}: without the others a class would be lost",)
    by_row = _usable(_dealt(x, y), y)
    if by_row:
        note = "the scores of `svm` are calibrated on rows of known speakers, and may be too sure of new ones"
        return by_row, (f"{note}: without any group of speakers a class would be lost",)
    return [], ("the scores of `svm` are not calibrated: no class has a row to spare",)


def best_temperature(decisions: Doubles, truth: Any) -> float:
    """The temperature, between 0.05 and 100, at which the softmax of the decisions has the least log loss."""
    import numpy as np
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    rows = np.arange(len(truth))

    def loss(log: float) -> float:
        return float(-log_softmax(decisions / np.exp(log), axis=1)[rows, truth].mean())

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def _usable(number: Any, y: Any) -> list[Mask]:
    """Masks of the folds with these numbers whose rest has every class."""
    import numpy as np

    classes = len(np.unique(y))
    masks = [number == fold for fold in np.unique(number)]
    return [mask for mask in masks if len(np.unique(y[~mask])) == classes]


def _dealt(x: Doubles, y: Any) -> Any:
    """A fold a row: the rows of each class go to the folds in turn, equal rows to the same."""
    import numpy as np

    number = np.empty(len(y), dtype=np.int64)
    for label in np.unique(y):
        turn: dict[bytes, int] = {}
        for row in np.flatnonzero(y == label):
            number[row] = turn.setdefault(x[row].tobytes(), len(turn)) % FOLDS
    return number
