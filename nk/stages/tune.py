"""A model with the best of the values that its options may have, chosen without a look at any row that is tested.

Every combination is trained and measured on dev, where there is a dev part, else in inner folds: the training rows are
dealt to at most 5 groups of speakers, each is predicted by a model of the others, and the pooled rows are measured. In
an inner fold as in an outer one, all that is fitted is fitted on its training rows. Of equals the first is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nk import families
from nk.errors import DataError
from nk.execute import run_all
from nk.metrics._counts import count
from nk.metrics._moments import measure as moments
from nk.registry import Options
from nk.stages import balance
from nk.stages.course import Choice
from nk.stages.fit import fit, fit_each, labelled, parts, speakers_of, threads
from nk.stages.grouping import dealt_evenly

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from nk.registry import Doubles, Ints, Model
    from nk.stages.fit import Rows, Way
    from nk.stages.trained import Trained

_FOLDS = 5
_STRATA = 5  # of a numeric target
_WAY_OUT = "leave out `tuning_params`, or have a dev part (`traindevtest = True`)"


@dataclass(frozen=True)
class Grid:
    """What to try: the values of each combination, in order, the model that has them, and what to measure."""

    values: tuple[Mapping[str, Any], ...]
    models: tuple[Model, ...]
    measure: str


@dataclass(frozen=True)
class Inner:
    """An inner fold: places to train on and to measure on, and its name for messages."""

    train: Ints
    test: Ints
    where: str


def best(rows: Rows, places: Ints, dev: Ints, way: Way) -> Trained:
    """A model that is trained on some rows, with the best values where there are several to try.

    Raises:
        DataError: it cannot be trained, see `check`
    """
    grid = way.recipe.grid
    if grid is None:
        return fit(rows, places, dev, way)
    places, dev = labelled(rows.y, places, way), labelled(rows.y, dev, way)
    if len(dev):
        found = fit_each(rows, places, dev, way, grid.models)
        choice = _choice([_measured(grid, rows.y[dev], _scores(rows, one, dev)) for one in found], grid, "dev")
        trained = found[choice.place]
    else:
        folds = inner_folds(rows.y, places, way)
        choice = _choice(_crossed(rows, folds, way, grid), grid, f"{len(folds)} inner folds of {way.kind}")
        chosen = replace(way, recipe=replace(way.recipe, model=grid.models[choice.place], grid=None))
        trained = fit(rows, places, dev, chosen)
    notes = (*trained.course.notes, *_undefined(choice))
    return replace(trained, course=replace(trained.course, choice=choice, notes=notes))


def inner_folds(truth: Ints | Doubles, places: Ints, way: Way) -> list[Inner]:
    """Training rows dealt to inner folds by speaker, with about equal shares of classes.

    Raises:
        DataError: all are of one speaker
    """
    number = fold_count(truth, places, way)
    if number < 2:
        raise DataError(f"`tuning_params` needs two {way.kind} in the training part{way.where} to choose by",
                        hint=_WAY_OUT)  # fmt: skip
    fold = np.array(dealt_evenly(_strata(truth[places], way).tolist(), way.groups[places].tolist(), number))
    return [
        Inner(places[fold != one], places[fold == one], f" of inner fold {one + 1}{way.where}") for one in range(number)
    ]


def fold_count(truth: Ints | Doubles, places: Ints, way: Way) -> int:
    """How many inner folds there are: no more than speakers, or rows of the largest class."""
    if not len(places):
        return 0
    largest = int(np.bincount(_strata(truth[places], way)).max())
    return min(_FOLDS, len(np.unique(way.groups[places])), largest)


def check(truth: Ints | Doubles, places: Ints, dev: Ints, way: Way) -> None:
    """Find out before any work whether each training on the way can be done, as far as features do not matter.

    Raises:
        DataError: there is nothing to train on or to choose by, one class alone, too few rows for the balancing, or no
            speaker to hold out for early stopping
    """
    grid = way.recipe.grid
    models = grid.models if grid else (way.recipe.model,)
    _check(truth, places, dev, way, models)
    known = labelled(truth, places, way)
    if grid and not len(labelled(truth, dev, way)):
        for inner in inner_folds(truth, known, way):
            one = replace(way, where=inner.where)
            if not way.target.is_number and len(np.unique(truth[inner.train])) < 2:
                raise DataError(f"the training part{inner.where} has one class alone", hint=_WAY_OUT)
            _check(truth, inner.train, dev[:0], one, models)


def _check(truth: Ints | Doubles, places: Ints, dev: Ints, way: Way, models: Sequence[Model]) -> None:
    for share in {model.stop_share for model in models}:
        left, _, _ = parts(truth, places, dev, way, share)
        if way.recipe.balancing:
            y = np.asarray(truth[left], dtype=np.int64)
            balance.check(y, way.recipe.balancing, labels=way.target.labels, where=way.where)


def fits(truth: Ints | Doubles, places: Ints, dev: Ints, way: Way) -> int:
    """How many models are trained to get one."""
    grid = way.recipe.grid
    if grid is None:
        return 1
    if len(labelled(truth, dev, way)):
        return len(grid.models)
    return fold_count(truth, labelled(truth, places, way), way) * len(grid.models) + 1


def _strata(truth: Ints | Doubles, way: Way) -> Ints:
    """The class of each row, or the fifth of the values that it is in."""
    if not way.target.is_number:
        return np.asarray(truth, dtype=np.int64)
    rank = np.argsort(np.argsort(truth, kind="stable"), kind="stable")
    return np.asarray(rank * _STRATA // len(truth), dtype=np.int64)


def _crossed(rows: Rows, folds: Sequence[Inner], way: Way, grid: Grid) -> list[float]:
    """What each combination gets for the rows of all inner folds together."""

    def one(number: int) -> tuple[int, list[Doubles]]:
        inner = folds[number]
        its = replace(way, recipe=replace(way.recipe, jobs=1), where=inner.where)
        with threads(1, "openmp"):
            try:
                found = fit_each(rows, inner.train, inner.train[:0], its, grid.models)
            except DataError as error:
                text = f"a value to try cannot be used in the training part{inner.where}: {error}"
                raise DataError(text, hint=error.hint) from error
            return number, [_scores(rows, each, inner.test) for each in found]

    scores = dict(run_all(one, range(len(folds)), jobs=way.recipe.jobs))
    truth = np.concatenate([rows.y[inner.test] for inner in folds])
    return [
        _measured(grid, truth, np.concatenate([scores[number][place] for number in range(len(folds))]))
        for place in range(len(grid.models))
    ]


def _scores(rows: Rows, trained: Trained, places: Ints) -> Doubles:
    return trained.scores(rows.x(places, trained.learnt), speakers_of(rows.frame, trained.scaler, places))


def _measured(grid: Grid, truth: npt.NDArray[Any], scores: Doubles) -> float:
    """The measure's value, NaN where it is not defined."""
    one = families.metrics.get(grid.measure)(Options(), name=grid.measure)
    nobody = np.zeros(len(truth), dtype=np.int64)
    if scores.ndim == 1:
        return float(one.values(moments(truth, scores, nobody, 0))[0])
    return float(one.values(count(truth, scores.argmax(axis=1), scores, nobody, 0))[0])


def _choice(scores: Sequence[float], grid: Grid, by: str) -> Choice:
    sign = 1 if families.metrics.get(grid.measure).greater_is_better else -1
    ranks = [-math.inf if math.isnan(score) else sign * score for score in scores]
    return Choice(grid.values, tuple(scores), ranks.index(max(ranks)), grid.measure, by)


def _undefined(choice: Choice) -> tuple[str, ...]:
    if not all(map(math.isnan, choice.scores)):
        return ()
    return (f"tuning: `{choice.measure}` is not defined on {choice.by}, so that the first values were taken",)
