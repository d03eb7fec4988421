"""What one gets without listening: chance, and always saying the most frequent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nk.metrics._counts import count, count_guesses
from nk.metrics._moments import measure, measure_guesses
from nk.metrics._rows import clean, labelled, numbers
from nk.stages.evaluate import measures_of, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from nk.metrics._rows import Rows, Tally
    from nk.tables import Predictions


def baselines(
    predictions: Predictions, known: Mapping[Any, pl.Series], *, split: str = "test"
) -> dict[str, dict[str, float | None]]:
    """What guessing would give. Like a model, a guess for a fold's rows knows the training rows of that fold alone.

    `chance`: for classes, guesses that give each class equally often, as counts to be expected; for numbers, values
    drawn at random from the training rows, as moments to be expected (so RMSE is the root of the expected MSE).
    `majority`: for classes always the most frequent one of train (of several the first in order); for numbers always
    the mean of train.

    Args:
        predictions: of any parts; only their truth is used
        known: truth of the training rows (null where not known) by the name of the fold
        split: the part

    Returns:
        `chance` and `majority`, each a value a measure, null where it is not defined; empty where no truth is known

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    rows, target = labelled(predictions, split), predictions.target
    learnt = {fold: numbers(clean(truth, target).drop_nulls(), target) for fold, truth in known.items()}
    if not rows.frame.height or not all(map(len, learnt.values())):
        return {"chance": {}, "majority": {}}
    guess, constant = (_guess_number if target.is_number else _guess_class)(rows, learnt)
    wanted = measures_of(target, scored=rows.scored)
    return {"chance": values_of(guess, wanted), "majority": values_of(constant, wanted)}


def _guess_number(rows: Rows, learnt: Mapping[Any, Any]) -> tuple[Tally, Tally]:
    nobody = np.zeros(len(rows.truth), dtype=np.int64)
    means = {fold: values.mean() for fold, values in learnt.items()}
    constant = np.array([means[fold] for fold in rows.frame["fold"]], dtype=np.float64)
    guesses = measure_guesses(rows.truth, rows.frame["fold"].to_list(), learnt)
    return guesses, measure(rows.truth, constant, nobody, 0)


def _guess_class(rows: Rows, learnt: Mapping[Any, Any]) -> tuple[Tally, Tally]:
    classes = len(rows.target.labels)
    nobody = np.zeros(len(rows.truth), dtype=np.int64)
    often = {fold: int(np.bincount(values, minlength=classes).argmax()) for fold, values in learnt.items()}
    said = np.array([often[fold] for fold in rows.frame["fold"]], dtype=np.int64)
    constant = count(rows.truth, said, np.eye(classes)[said], nobody, 0)
    return count_guesses(rows.truth, classes), constant
