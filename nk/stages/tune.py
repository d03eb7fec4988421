"""A model with the best of the values that its options may have, and calibrated, without a look at any row tested.

Every combination is trained and measured on dev, where there is a dev part, else in inner folds: the training rows are
dealt to at most 5 groups of speakers, each is predicted by a model of the others, and the pooled rows are measured
(`nk/stages/inner.py`). Of equals the first is taken. The same rows then calibrate the scores
(`nk/stages/calibration.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nk import families
from nk.errors import DataError
from nk.metrics._counts import count
from nk.metrics._moments import measure as moments
from nk.registry import Options
from nk.stages import balance, calibration
from nk.stages.calibration import Held
from nk.stages.course import Choice
from nk.stages.fit import fit, fit_each, labelled, parts
from nk.stages.inner import fold_count, inner_folds, out_of_fold, scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from nk.registry import Doubles, Ints, Model
    from nk.stages.fit import Rows, Way
    from nk.stages.inner import Inner
    from nk.stages.trained import Trained

_WAY_OUT = "leave out `tuning_params`, or have a dev part (`traindevtest = True`)"


@dataclass(frozen=True)
class Grid:
    """What to try: the values of each combination, in order, the model that has them, and what to measure."""

    values: tuple[Mapping[str, Any], ...]
    models: tuple[Model, ...]
    measure: str


def best(rows: Rows, places: Ints, dev: Ints, way: Way) -> Trained:
    """A model that is trained on some rows, with the best values where there are several to try, and calibrated.

    Raises:
        DataError: it cannot be trained, see `check`
    """
    places, dev = labelled(rows.y, places, way), labelled(rows.y, dev, way)
    trained, held = (_by_dev if len(dev) else _by_folds)(rows, places, dev, way)
    aims = way.recipe.aims
    if aims is None or way.target.is_number:
        return trained
    found = held if isinstance(held, str) else calibration.fit(held, aims)
    if isinstance(found, str):
        return replace(trained, course=trained.course.noting(found))
    return replace(trained, calibration=found, course=replace(trained.course, calibration=found))


def _by_dev(rows: Rows, places: Ints, dev: Ints, way: Way) -> tuple[Trained, Held]:
    grid = way.recipe.grid
    found = fit_each(rows, places, dev, way, grid.models if grid else [way.recipe.model])
    said = [scores(rows, one, dev) for one in found]
    choice = _choice([_measured(grid, rows.y[dev], one) for one in said], grid, "dev") if grid else None
    place = choice.place if choice else 0
    held = Held(said[place], np.asarray(rows.y[dev], dtype=np.int64), way.groups[dev], way.kind, "the dev part")
    return _having(found[place], choice), held


def _by_folds(rows: Rows, places: Ints, dev: Ints, way: Way) -> tuple[Trained, Held | str]:
    recipe = way.recipe
    if recipe.grid is None and (recipe.aims is None or way.target.is_number):
        return fit(rows, places, dev, way), ""
    folds = inner_folds(rows.y, places, way)
    if recipe.grid is None:
        return fit(rows, places, dev, way), _held_out(rows, folds, way)
    if not folds:
        raise _lonely(way)
    said = _tried(rows, folds, way, recipe.grid)
    truth = np.concatenate([rows.y[inner.test] for inner in folds])
    by = f"{len(folds)} inner folds of {way.kind}"
    choice = _choice([_measured(recipe.grid, truth, one) for one in said], recipe.grid, by)
    trained = fit(rows, places, dev, replace(way, recipe=recipe.chosen(choice)))
    return _having(trained, choice), _held(rows, folds, way, said[choice.place])


def _having(trained: Trained, choice: Choice | None) -> Trained:
    if choice is None:
        return trained
    course = trained.course.noting(*_undefined(choice))
    return replace(trained, course=replace(course, choice=choice))


def _tried(rows: Rows, folds: Sequence[Inner], way: Way, grid: Grid) -> list[Any]:
    try:
        return out_of_fold(rows, folds, way, grid.models)
    except DataError as error:
        raise DataError(f"a value to try cannot be used {error}", hint=error.hint) from error


def _held_out(rows: Rows, folds: Sequence[Inner], way: Way) -> Held | str:
    """What a model with these options says out of fold, or why there is nothing to calibrate on."""
    if not folds:
        return f"scores are not calibrated: there are no two {way.kind} in the training part{way.where}"
    try:
        return _held(rows, folds, way, out_of_fold(rows, folds, way, [way.recipe.model])[0])
    except DataError as error:
        return f"scores are not calibrated: {error}"


def _held(rows: Rows, folds: Sequence[Inner], way: Way, said: Any) -> Held:
    """The rows of the folds whose models knew all classes."""
    every = np.unique(np.concatenate([rows.y[inner.test] for inner in folds]))
    whole = [len(np.unique(rows.y[inner.train])) == len(every) for inner in folds]
    places = np.concatenate([inner.test for inner in folds])
    kept = np.concatenate([np.full(len(inner.test), one) for inner, one in zip(folds, whole, strict=True)])
    of = "" if all(whole) else f" of {len(folds)}, as without the others a class would be lost"
    by = f"{sum(whole)} inner folds of {way.kind}{of}"
    return Held(said[kept], np.asarray(rows.y[places[kept]], dtype=np.int64), way.groups[places[kept]], way.kind, by)


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
        folds = inner_folds(truth, known, way)
        if not folds:
            raise _lonely(way)
        for inner in folds:
            one = replace(way, where=inner.where)
            if not way.target.is_number and len(np.unique(truth[inner.train])) < 2:
                raise DataError(f"the training part{inner.where} has one class alone", hint=_WAY_OUT)
            _check(truth, inner.train, dev[:0], one, models)


def _lonely(way: Way) -> DataError:
    text = f"`tuning_params` needs two {way.kind} in the training part{way.where} to choose by"
    return DataError(text, hint=_WAY_OUT)


def _check(truth: Ints | Doubles, places: Ints, dev: Ints, way: Way, models: Sequence[Model]) -> None:
    for share in {model.stop_share for model in models}:
        left, _, _ = parts(truth, places, dev, way, share)
        if way.recipe.balancing:
            y = np.asarray(truth[left], dtype=np.int64)
            balance.check(y, way.recipe.balancing, labels=way.target.labels, where=way.where)


def fits(truth: Ints | Doubles, places: Ints, dev: Ints, way: Way) -> int:
    """How many models are trained to get one."""
    grid = way.recipe.grid
    models = len(grid.models) if grid else 1
    if len(labelled(truth, dev, way)):
        return models
    if grid is None and (way.recipe.aims is None or way.target.is_number):
        return 1
    return fold_count(truth, labelled(truth, places, way), way) * models + 1


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
