"""What a search has found: all trials, the best, how many cannot be told from it, and what the search is worth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.optim import words
from nk.optim.nested import best_of
from nk.paired import ALPHA, difference, holm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.intervals import Interval
    from nk.optim.nested import Nested
    from nk.optim.setting import Setting
    from nk.optim.space import Dimension
    from nk.optim.store import Record, Trial
    from nk.optim.trials import Bench
    from nk.reporting import Report

_KINDS = {bool, int, float, str}
_FEW = 100  # values of an option that are stored
_MOST = 200  # trials that are compared with the best: with more, hardly a difference outlives the correction


@dataclass(frozen=True)
class Searched:
    """The trials in their order.

    `file` is the config with the best. `folded` says that there is no test part, as the config asks for a
    cross-validation, and `again` that all trials were there before. `nested` is what the search is worth, where it was
    asked for; where that cannot be said, `why` says the reason. `plan` says what was searched, and in what folds.
    """

    place: Path
    setting: Setting
    where: Bench
    trials: tuple[Trial, ...]
    file: str
    folded: bool
    again: bool = False
    nested: Nested | None = None
    why: str = ""
    plan: tuple[str, ...] = ()
    report: Report | None = None

    @cached_property
    def best(self) -> Trial:
        """The best that was tried on all speakers."""
        return best_of(self.trials, self.setting.aim)

    @property
    def value(self) -> float:
        """What the best has."""
        return float(self.best.records[self.best.rung].values[0])

    @property
    def complete(self) -> list[Trial]:
        """Those that were tried on all speakers, each combination once."""
        unique = {repr(one.values): one for one in reversed(self.trials) if one.state == "complete"}
        return list(unique.values())[::-1]

    @property
    def failed(self) -> list[Trial]:
        """Those that could not be trained, or measured."""
        return [one for one in self.trials if one.state == "failed"]

    @cached_property
    def compared(self) -> list[Trial]:
        """Those that are compared with the best: all others that were tried on all speakers, of many the next best."""
        unique = {one.number for one in self.complete} - {self.best.number}
        return [one for one in ranked(self) if one.number in unique][:_MOST]

    @cached_property
    def alike(self) -> int:
        """How many of those that are compared with the best cannot be told from it."""
        top, groups = self.best.records[self.best.rung].values, self.where.rungs[-1].groups
        bounds = self.setting.aim.bounds
        found = holm([difference(top, one.records[one.rung].values, bounds, groups).p for one in self.compared])
        return sum(p is None or p >= ALPHA for p in found)

    def interval(self, trial: Trial) -> Interval:
        """The interval of a trial on the last rung that it came to."""
        return self.where.interval(self.where.rungs[trial.rung], trial.records[trial.rung].values)

    @cached_property
    def table(self) -> pl.DataFrame:
        """A row a trial: values, state, speakers, measure with interval, deviation over inner folds, seconds, error."""
        return pl.DataFrame([self._row(one) for one in self.trials], infer_schema_length=None)

    @cached_property
    def mixed(self) -> set[str]:
        """The options with values of several kinds, which tables have as text."""
        kinds = {one.key: {type(trial.values[one.key]) for trial in self.trials} for one in self.setting.how.dims}
        return {key for key, several in kinds.items() if len(several) > 1 or not several <= _KINDS}

    def flat(self, key: str, value: Any) -> Any:
        """A value as tables have it."""
        return str(value) if key in self.mixed else value

    def _option(self, one: Dimension) -> dict[str, Any]:
        """An option and what was tried of it; of many values a figure needs none, as it has a scale."""
        few = one.values if 1 < len(one.values) <= _FEW else ()
        return {"key": one.key, "tried": words.tried(one, self.setting.how), "values": [*few],
                "varied": len(one.values) > 1}  # fmt: skip

    def _row(self, trial: Trial) -> dict[str, Any]:
        record = trial.records.get(trial.rung)
        row = {"trial": trial.number, **{key: self.flat(key, value) for key, value in trial.values.items()}}
        row |= {"state": trial.state}
        row |= {self.where.way.kind: self.where.rungs[trial.rung].speakers if record else None}
        ends = self.interval(trial) if record else None
        row |= {"measure": self.setting.aim.called, "value": float(record.values[0]) if record else None}
        row |= {"low": ends.low if ends else None, "high": ends.high if ends else None, "spread": spread(record)}
        seconds = sum(one.seconds for one in trial.records.values())
        return {**row, "seconds": round(seconds, 3), "error": trial.error or None}

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        optim, top = self.setting.loaded.config.optim, self._row(self.best)
        best = {"trial": self.best.number, "values": dict(self.best.values)}
        best |= {key: top[key] for key in ("value", "low", "high", "spread")}
        last = self.where.rungs[-1]
        told = {"schema": 1, "model": self.setting.model, "strategy": optim.search_strategy}
        told |= {"measure": self.setting.aim.called, "inner_folds": len(last.folds), "file": self.file}
        told |= {self.where.way.kind: last.speakers, "best": best, "compared_with_best": len(self.compared),
                 "not_apart_from_best": self.alike}  # fmt: skip
        told |= {"nested": self.nested.as_dict() if self.nested else None, "why_not_nested": self.why or None}
        told |= {
            "target": self.setting.loaded.config.data.target,
            "greater_is_better": self.setting.aim.greater_is_better,
        }
        told |= {"plan": [*self.plan], "options": [self._option(one) for one in self.setting.how.dims],
                 "folded": self.folded, "words": words.lines(self), "caution": words.caution(self)}  # fmt: skip
        return {**told, "trials": [{**self._row(one), "values": dict(one.values)} for one in self.trials]}


def spread(record: Record | None) -> float | None:
    """The sample standard deviation over the inner folds that have a value, None where there are not two."""
    known = [one for one in record.folds if one == one] if record else []
    return float(np.std(known, ddof=1)) if len(known) > 1 else None


def ranked(found: Searched) -> Sequence[Trial]:
    """From the best to the worst: those tried on all speakers, then by how far they came, those that failed last."""
    sign = -1 if found.setting.aim.greater_is_better else 1

    def order(one: Trial) -> tuple[bool, int, float, int]:
        record = one.records.get(one.rung)
        return one.state == "failed", -one.rung, sign * float(record.values[0]) if record else 0.0, one.number

    return sorted(found.trials, key=order)
