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
        DataError: there are no two speakers to deal
    """
    places = labelled(rows.y, places, way)
    order = np.unique(way.groups[places])
    counts = [-(-len(order) // 3**power) for power in reversed(range(rungs))]
    found = [_rung(rows, places[np.isin(way.groups[places], order[:count])], way, folds, count) for count in counts
             if count >= folds or count == len(order)]  # fmt: skip
    if not found[-1].folds:
        raise DataError(f"the search needs two {way.kind} in the training part{way.where} to choose by",
                        hint="choose another split")  # fmt: skip
    return Bench(rows, replace(way, recipe=replace(way.recipe, jobs=1)), tuple(one for one in found if one.folds), aim)


def _rung(rows: Rows, places: Ints, way: Way, folds: int, count: int) -> Rung:
    inner = tuple(inner_folds(rows.y, places, way, folds))
    if not inner:
        return Rung(count, (), group(rows.frame["id"].head(0), None))
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
