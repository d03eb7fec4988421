"""The loop that serves all strategies: begin trials, try them on a rung, go on with the best.

- `grid` and `random` begin all their combinations at once, and there is one rung, of all speakers.
- `halving_grid` and `halving_random` have more: all are tried on few speakers, and a third goes on to three times as
  many (successive halving: Jamieson and Talwalkar, AISTATS 2016).
- `tpe` begins a few at a time, which it proposes by what those before have reached (tree-structured Parzen estimator:
  Bergstra and others, NIPS 2011). How many does not depend on the number of cores, so that results do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nk.apart import Lost
from nk.errors import NkError
from nk.execute import HERE
from nk.optim import space
from nk.optim.trials import Outcome, Task, evaluate
from nk.stages.fit import threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nk.execute import Executor
    from nk.optim.space import Dimension
    from nk.optim.store import Study, Trial
    from nk.optim.trials import Bench
    from nk.registry import Model

    Make = Callable[[Mapping[str, Any]], Model]

FACTOR = 3  # one in so many goes on to the next rung
_TOGETHER = 4  # trials that TPE proposes at a time


@dataclass(frozen=True)
class Strategy:
    """Which combinations are tried: all, or `count` that are drawn, or that TPE proposes; on one rung or several."""

    kind: str
    halving: bool
    count: int
    seed: int
    dims: tuple[Dimension, ...]

    @property
    def rungs(self) -> int:
        """How many rungs it takes until one trial is left."""
        return math.floor(math.log(self.count, FACTOR) + 1e-9) + 1 if self.halving else 1

    @cached_property
    def combinations(self) -> list[dict[str, Any]]:
        """What to begin at once."""
        if self.kind == "grid" or self.count >= space.size(self.dims, drawn=True):
            return space.grid(self.dims)
        return space.drawn(self.dims, self.count, self.seed)


def strategy(name: str, dims: Sequence[Dimension], count: int, seed: int) -> Strategy:
    """The strategy of a name in [OPTIM] `search_strategy`; `count` is how many combinations are to be drawn."""
    bare = name.removesuffix("_cv").removeprefix("halving_")
    size = space.size(dims, drawn=bare != "grid")
    number = int(size if bare == "grid" else min(count, size))
    return Strategy(bare, name.startswith("halving_"), number, seed, tuple(dims))


def wanted(how: Strategy) -> int:
    """How many trials there are to be; ranges may be so narrow that not as many can be drawn."""
    return how.count if how.kind == "tpe" else len(how.combinations)


def tries(how: Strategy, rungs: int) -> int:
    """How often a combination is tried on a rung."""
    return sum(math.ceil(how.count / FACTOR**number) for number in range(rungs))


@dataclass(frozen=True)
class _Place:
    """Where trials are made, on how many cores, and what is called after each."""

    bench: Bench
    executor: Executor
    jobs: int
    done: Callable[[], None]

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """What comes of tasks, in any order."""
        for task, found in self.executor.run(evaluate, self.bench, tasks, jobs=self.jobs):
            if isinstance(found, Lost):
                yield Outcome(task.trial, task.rung, error=f"the trial {found.why}")
            else:
                yield found


def search(
    study: Study,
    where: Bench,
    how: Strategy,
    make: Make,
    *,
    jobs: int,
    done: Callable[[], None],
    executor: Executor = HERE,
) -> None:
    """Try everything that has not been tried.

    Args:
        study: the trials so far
        where: what they are tried on
        how: which there are to be
        make: makes the model of a combination
        jobs: how many cores to use
        done: called after each trial on each rung
        executor: where trials are made
    """
    place = _Place(where, executor, jobs, done)
    if where.way.recipe.balancing:
        import_module("imblearn")  # once, not by several threads at once
    with threads(1, "blas"):
        if how.kind != "tpe":
            study.begin(how.combinations)
            _climb(study, place, how.count, make)
            return
        while True:
            _propose(study, how)
            if not _open(study):
                return
            _climb(study, place, how.count, make)


def tried(study: Study, how: Strategy) -> list[Trial]:
    """The trials that there are to be: a study may have more, where more were drawn before."""
    if how.kind == "tpe":
        return study.trials[: how.count]
    drawn = {repr(one) for one in how.combinations}
    return [one for one in study.trials if repr(one.values) in drawn]


def _propose(study: Study, how: Strategy) -> None:
    """Fill up what is tried together; where the last few were begun and not ended, they are first."""
    count = len(study.trials)
    if count % _TOGETHER or not _open(study):
        study.ask(max(0, min(how.count, (count // _TOGETHER + 1) * _TOGETHER) - count), how.seed)


def _open(study: Study) -> list[Trial]:
    return [one for one in study.trials if one.state == "open"]


def _climb(study: Study, place: _Place, count: int, make: Make) -> None:
    """Try the open trials on each rung, and end those that do not go on to the next."""
    where, last = place.bench, len(place.bench.rungs) - 1
    for number, rung in enumerate(where.rungs):
        known = _known(study, number)
        waiting = [one for one in _open(study) if one.rung < number]
        first = {repr(one.values): one for one in reversed(waiting) if repr(one.values) not in known}
        tasks = [_task(one, number, make) for one in reversed(first.values())]
        for outcome in place.outcomes(tasks):
            study.record(outcome, rung.speakers)
            place.done()
        known = _known(study, number)
        # TPE may propose the same twice.
        for again in [one for one in waiting if study.trials[one.number].rung < number]:
            study.record(replace(known[repr(again.values)], trial=again.number), rung.speakers)
            place.done()
        if number < last:
            count = math.ceil(count / FACTOR)
            _stop(study, number, count, where)
    for one in _open(study):
        study.end(one.number, complete=True)


def _known(study: Study, rung: int) -> dict[str, Outcome]:
    """What each combination has come to on a rung."""
    found = {}
    for one in study.trials:
        record = one.records.get(rung)
        if record:
            found[repr(one.values)] = Outcome(one.number, rung, record.values, record.folds)
        elif one.state == "failed":
            found[repr(one.values)] = Outcome(one.number, one.rung, error=one.error)
    return found


def _task(trial: Trial, rung: int, make: Make) -> Task:
    try:
        return Task(trial.number, rung, make(trial.values))
    except NkError as error:
        return Task(trial.number, rung, None, str(error))


def _stop(study: Study, rung: int, count: int, where: Bench) -> None:
    """End all trials but the best `count`; of equals the first go on, and who has gone on before has done so."""
    sign = -1 if where.aim.greater_is_better else 1
    beyond = sum(one.state != "open" and one.rung > rung for one in study.trials)
    waiting = sorted(_open(study), key=lambda one: (sign * one.records[rung].values[0], one.number))
    gone = [one for one in waiting if one.rung > rung]
    others = [one for one in waiting if one.rung == rung]
    for one in others[max(0, count - beyond - len(gone)) :]:
        study.end(one.number, complete=False)
