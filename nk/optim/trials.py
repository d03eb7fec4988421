"""A trial: a model with certain options, trained and measured in inner folds of speakers.

In an inner fold all that is fitted is fitted on its training rows: features that are learnt, gaps, scaling, balancing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nk.errors import DataError, NkError
from nk.intervals import group
from nk.optim import aims
from nk.stages import balance
from nk.stages.fit import fit_each, labelled, threads
from nk.stages.inner import inner_folds, scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.intervals import Groups, Interval
    from nk.registry import Doubles, Ints, Measure, Model
    from nk.stages.fit import Rows, Way
    from nk.stages.inner import Inner


@dataclass(frozen=True)
class Rung:
    """Inner folds over the rows of so many speakers (or rows, see `Way.kind`), and how intervals leave rows out."""

    speakers: int
    folds: tuple[Inner, ...]
    groups: Groups


@dataclass(frozen=True)
class Bench:
    """Where all models are tried alike: the same rows in the same inner folds, on more speakers from rung to rung."""

    rows: Rows
    way: Way
    rungs: tuple[Rung, ...]
    aim: Measure[Any]

    def truth(self, rung: Rung) -> Any:
        """The truth of the rows of a rung, fold after fold."""
        return self.rows.y[np.concatenate([inner.test for inner in rung.folds])]

    def interval(self, rung: Rung, values: Doubles) -> Interval:
        """The interval of a result."""
        return aims.interval_of(self.aim, values, self.truth(rung), rung.groups)


@dataclass(frozen=True)
class Task:
    """What there is to do: train and measure a model on a rung; `error` says why there is no model."""

    trial: int
    rung: int
    model: Model | None
    error: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of it: the measure over all rows and without each speaker, that of each fold; or why there is none."""

    trial: int
    rung: int
    values: Doubles | None = None
    folds: tuple[float, ...] = ()
    seconds: float = 0.0
    error: str = ""


def bench(rows: Rows, places: Ints, way: Way, aim: Measure[Any], *, folds: int, rungs: int) -> Bench:
    """Deal training rows to inner folds, once for all trials.

    Args:
        rows: features and truth
        places: of the training rows
        way: how models are trained
        aim: what is to be best
        folds: how many inner folds; fewer where there are fewer speakers
        rungs: how many rungs at most; each has three times the speakers of the one before, and the last has all

    Raises:
        DataError: there are no two speakers to deal, or models cannot be trained in the inner folds
    """
    places = labelled(rows.y, places, way)
    order = np.unique(way.groups[places])
    found, classes = [], len(np.unique(rows.y[places]))
    for power in reversed(range(rungs)):
        count = -(-len(order) // 3**power)
        some = places[np.isin(way.groups[places], order[:count])]
        inner = tuple(inner_folds(rows.y, some, way, folds))
        if power == 0:
            _check(rows, places, inner, way)
        if power == 0 or (count >= folds and _is_sound(rows, some, inner, way, classes)):
            found.append(_rung(rows, inner, way, count))
    return Bench(rows, replace(way, recipe=replace(way.recipe, jobs=1)), tuple(found), aim)


def _check(rows: Rows, places: Ints, inner: Sequence[Inner], way: Way) -> None:
    """Find out whether models can be trained in the inner folds, as far as features and options do not matter.

    Raises:
        DataError: there are no folds, a class is in the training rows of none, or they cannot be balanced
    """
    if not inner:
        raise DataError(f"the search needs two {way.kind} in the training part{way.where} to choose by",
                        hint="choose another split")  # fmt: skip
    for one in inner:
        if way.target.is_number:
            continue
        y = np.asarray(rows.y[one.train], dtype=np.int64)
        if len(np.unique(y)) < min(2, len(np.unique(rows.y[places]))):
            raise DataError(f"the training part{one.where} has one class alone", hint="choose another split")
        if way.recipe.balancing:
            balance.check(y, way.recipe.balancing, labels=way.target.labels, where=one.where)


def _is_sound(rows: Rows, places: Ints, inner: Sequence[Inner], way: Way, classes: int) -> bool:
    """Whether few speakers are enough: to be dealt and balanced, and to have every class that all of them have."""
    try:
        _check(rows, places, inner, way)
    except DataError:
        return False
    return way.target.is_number or all(len(np.unique(rows.y[one.train])) == classes for one in inner)


def _rung(rows: Rows, inner: tuple[Inner, ...], way: Way, count: int) -> Rung:
    tested = np.concatenate([one.test for one in inner])
    return Rung(count, inner, groups_of(rows, tested, speakers_are_target=way.target.name == "speaker"))


def groups_of(rows: Rows, places: Ints, *, speakers_are_target: bool) -> Groups:
    """How intervals leave out rows."""
    frame = rows.frame[places]
    speakers = frame["speaker"] if "speaker" in frame.columns else None
    return group(frame["id"], speakers, speakers_are_target=speakers_are_target)


def evaluate(where: Bench, task: Task) -> Outcome:
    """Do a task; what goes wrong is told, so that the others can go on."""
    start = time.perf_counter()
    try:
        if task.model is None:
            return Outcome(task.trial, task.rung, error=task.error)
        values, folds = _measured(where, where.rungs[task.rung], task.model)
    except NkError as error:
        return Outcome(task.trial, task.rung, error=str(error))
    except Exception as error:  # noqa: BLE001 - a fault in one trial must not cost the others; it is told and counted
        return Outcome(task.trial, task.rung, error=f"this is a fault of nk: {type(error).__name__}: {error}")
    seconds = time.perf_counter() - start
    if np.isnan(values[0]):
        return Outcome(task.trial, task.rung, seconds=seconds, error=f"`{where.aim.called}` is not defined")
    return Outcome(task.trial, task.rung, values, folds, seconds)


def _measured(where: Bench, rung: Rung, model: Model) -> tuple[Doubles, tuple[float, ...]]:
    said = [predicted(where, inner, model) for inner in rung.folds]
    each = [_plain(where.aim, where.rows.y[inner.test], one) for inner, one in zip(rung.folds, said, strict=True)]
    whole = aims.values(where.aim, where.truth(rung), np.concatenate(said), rung.groups.numbers, len(rung.groups))
    return whole, tuple(each)


def predicted(where: Bench, inner: Inner, model: Model) -> Doubles:
    """What a model that is trained on the training rows of a fold says of its others.

    Raises:
        DataError: it cannot be trained
    """
    with threads(1, "openmp"):
        way = replace(where.way, where=inner.where)
        trained = fit_each(where.rows, inner.train, inner.train[:0], way, [model])[0]
        return scores(where.rows, trained, inner.test)


def _plain(aim: Measure[Any], truth: Any, said: Doubles) -> float:
    return float(aims.values(aim, truth, said, np.zeros(len(truth), dtype=np.int64), 0)[0])


def combined(
    rows: Rows, way: Way, aim: Measure[Any], folds: Sequence[Inner], said: Sequence[Doubles]
) -> tuple[Doubles, Interval, Groups]:
    """The measure of the rows of all folds together, its interval, and how that leaves rows out."""
    places = np.concatenate([one.test for one in folds])
    groups, truth = groups_of(rows, places, speakers_are_target=way.target.name == "speaker"), rows.y[places]
    found = aims.values(aim, truth, np.concatenate(said), groups.numbers, len(groups))
    return found, aims.interval_of(aim, found, truth, groups), groups
