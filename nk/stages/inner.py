"""Inner folds: training rows dealt by speaker, each predicted by models of the others.

In an inner fold as in an outer one, all that is fitted is fitted on its training rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nk.apart import Lost
from nk.errors import DataError, PluginError
from nk.execute import HERE
from nk.stages.fit import fit_each, speakers_of, threads
from nk.stages.grouping import dealt_evenly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.registry import Doubles, Ints, Model
    from nk.stages.fit import Rows, Way
    from nk.stages.trained import Trained

FOLDS = 5
_STRATA = 5  # of a numeric target


@dataclass(frozen=True)
class Inner:
    """An inner fold: places to train on and to measure on, and its name for messages."""

    train: Ints
    test: Ints
    where: str


def inner_folds(truth: Ints | Doubles, places: Ints, way: Way, most: int = FOLDS) -> list[Inner]:
    """Training rows dealt to inner folds by speaker, with about equal shares of classes; none where all are of one."""
    number = fold_count(truth, places, way, most)
    if number < 2:
        return []
    fold = np.array(dealt_evenly(_strata(truth[places], way).tolist(), way.groups[places].tolist(), number))
    return [
        Inner(places[fold != one], places[fold == one], f" of inner fold {one + 1}{way.where}") for one in range(number)
    ]


def fold_count(truth: Ints | Doubles, places: Ints, way: Way, most: int = FOLDS) -> int:
    """How many inner folds there are: at most `most`, and no more than speakers, or rows of the largest class."""
    if not len(places):
        return 0
    largest = int(np.bincount(_strata(truth[places], way)).max())
    return min(most, len(np.unique(way.groups[places])), largest)


def _strata(truth: Ints | Doubles, way: Way) -> Ints:
    """The class of each row, or the fifth of the values that it is in."""
    if not way.target.is_number:
        return np.asarray(truth, dtype=np.int64)
    rank = np.argsort(np.argsort(truth, kind="stable"), kind="stable")
    return np.asarray(rank * _STRATA // len(truth), dtype=np.int64)


def out_of_fold(rows: Rows, folds: Sequence[Inner], way: Way, models: Sequence[Model]) -> list[Doubles]:
    """What each model says of the rows of all inner folds, in their order; its scores or values.

    Raises:
        DataError: it cannot be trained in a fold
    """
    alone = replace(way, recipe=replace(way.recipe, jobs=1), executor=HERE)
    found: dict[int, list[Doubles]] = {}
    for number, outcome in way.executor.run(
        _one, (rows, folds, alone, models), range(len(folds)), jobs=way.recipe.jobs
    ):
        if isinstance(outcome, Lost):
            raise PluginError(f"a training{folds[number].where} {outcome.why}")
        found[number] = outcome
    return [np.concatenate([found[number][place] for number in range(len(folds))]) for place in range(len(models))]


def _one(shared: tuple[Rows, Sequence[Inner], Way, Sequence[Model]], number: int) -> list[Doubles]:
    rows, folds, way, models = shared
    inner = folds[number]
    with threads(1, "openmp"):
        try:
            found = fit_each(rows, inner.train, inner.train[:0], replace(way, where=inner.where), models)
        except DataError as error:
            raise DataError(f"in the training part{inner.where}: {error}", hint=error.hint) from error
        return [scores(rows, each, inner.test) for each in found]


def scores(rows: Rows, trained: Trained, places: Ints) -> Doubles:
    """What a trained model says of some rows."""
    return trained.scores(rows.x(places, trained.learnt), speakers_of(rows.frame, trained.scaler, places))
