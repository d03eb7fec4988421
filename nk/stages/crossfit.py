"""The scores of a cross-validation calibrated: each fold's on what the models of the other folds say of theirs.

No fold trains a model more for it. Other folds are of other speakers, and their rows are out of fold. That the models
of these folds have learnt from the rows of this one too can matter to a temperature by little, and to a decision not at
all. With many folds, those of every tenth are calibrated together, on the rows of the others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.metrics._rows import clean, numbers
from nk.stages import calibration
from nk.stages.calibration import Held
from nk.stages.evaluate import uncertainty

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from nk.stages.calibration import Aims, Calibration
    from nk.stages.course import Course
    from nk.tables import Predictions

    Mask = npt.NDArray[np.bool_]

_SETS = 10
_BY = "what other folds say of their rows"


def calibrate(
    predictions: Predictions, courses: Sequence[Course], aims: Aims, kind: str
) -> tuple[Predictions, tuple[Course, ...], Calibration | None]:
    """Calibrate the scores of all folds and runs.

    Args:
        predictions: with a row for each recording in each run, out of fold
        courses: of the same folds and runs
        aims: what for
        kind: speakers, or rows where they are not known or are the target

    Returns:
        the predictions, the courses with their calibrations, and the calibration on all rows of the first run, for a
        model of all of them; None where there is none
    """
    frame = predictions.frame
    place = {fold: number % _SETS for number, fold in enumerate(dict.fromkeys(one.fold for one in courses))}
    sets, runs = np.array([place[fold] for fold in frame["fold"]]), frame["run"].to_numpy()
    every, known = _held(predictions, kind)
    scores = every.scores.copy()
    found: dict[tuple[int, int], Calibration | str] = {}
    for run, one in dict.fromkeys((course.run, place[course.fold]) for course in courses):
        fitted = calibration.fit(_some(every, known & (runs == run) & (sets != one)), aims)
        found[run, one] = fitted
        if not isinstance(fitted, str):
            rows = (runs == run) & (sets == one)
            scores[rows] = fitted.scores(every.scores[rows])
    told = tuple(_told(course, found[course.run, place[course.fold]]) for course in courses)
    last = calibration.fit(_some(every, known & (runs == 0)), aims)
    return _with(predictions, scores), told, None if isinstance(last, str) else last


def _held(predictions: Predictions, kind: str) -> tuple[Held, Mask]:
    """All rows, and which have a truth."""
    frame = predictions.frame
    truth = clean(frame["truth"], predictions.target)
    groups = frame["id" if kind == "rows" else "speaker"].cast(pl.String).fill_null("").rank("dense")
    number = numbers(truth.fill_null(predictions.target.labels[0]), predictions.target)
    held = Held(predictions.scores, number, groups.to_numpy().astype(np.int64), kind, _BY)
    return held, truth.is_not_null().to_numpy()


def _some(held: Held, rows: Mask) -> Held:
    return replace(held, scores=held.scores[rows], truth=held.truth[rows], groups=held.groups[rows])


def _told(course: Course, found: Calibration | str) -> Course:
    return course.noting(found) if isinstance(found, str) else replace(course, calibration=found)


def _with(predictions: Predictions, scores: npt.NDArray[np.float64]) -> Predictions:
    columns = [pl.Series(f"p_{label}", scores[:, place]) for place, label in enumerate(predictions.target.labels)]
    frame = predictions.frame.with_columns(*columns, pl.Series("uncertainty", uncertainty(scores)))
    return replace(predictions, frame=frame)
