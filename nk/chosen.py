"""What a model is worth that was chosen among many by what they reach, where the best one's own value is too good.

The highest of many values is high by merit and by luck; the luck stays behind when other speakers come. What is
reported beside it repeats the choice where it does no harm:

- by dev, where all have a dev part: the best there is chosen, and its value on the test part is reported.
- in inner folds, where that is asked for after a cross-validation: for each fold, the best by its training rows alone
  (`nk/nesting.py`) is chosen, and its predictions for the fold are taken. That is a nested cross-validation.
- by the other speakers, where not: for each test speaker, the best by the rows of all others is chosen, and its
  predictions for this speaker are taken; their measure over all speakers is reported. This is the idea of Tsamardinos,
  Greasidou and Borboudakis (Machine Learning 107, 2018), who choose and measure on different halves of the same
  out-of-sample predictions, with speakers in place of their bootstrap, since rows of a speaker go together. After a
  cross-validation the models of other folds have been trained on this speaker too, which a nested cross-validation
  would be free of: where there is nothing to learn, the value is still somewhat too high (benchmarks/choice.py).

The interval is that of the predictions that were chosen: that other speakers would have led to another choice is in
the value, and not in the width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.intervals import group
from nk.metrics._rows import labelled
from nk.stages.evaluate import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.registry import Doubles, Measure
    from nk.tables import Metric, Predictions


@dataclass(frozen=True)
class Choice:
    """What the choice among several reaches, how it was made, and how often (of how many) each was chosen.

    `folded` says that the predictions are those of a cross-validation.
    """

    how: Literal["dev", "inner folds", "other speakers"]
    metric: Metric
    chosen: dict[str, int]
    folded: bool = False


def by_dev(dev: Sequence[Predictions], test: Sequence[Predictions], names: Sequence[str], one: Measure[Any]) -> Choice:
    """Choose by the dev part, and measure on the test part.

    Args:
        dev: what each predicts of the same dev rows
        test: what each predicts of the same test rows
        names: of each
        one: what to choose by

    Raises:
        DataError: it is not defined for the dev rows of any
    """
    values = np.array([_metric(each, "dev", one).value for each in dev])
    best = _best(values, one)
    return Choice("dev", _metric(test[best], "test", one), {names[best]: 1})


def by_others(test: Sequence[Predictions], names: Sequence[str], one: Measure[Any]) -> Choice:
    """Choose for each test speaker by the rows of the others, and measure what was chosen.

    Args:
        test: what each predicts of the same test rows
        names: of each
        one: what to choose by

    Raises:
        DataError: there are fewer than three speakers, or the measure is not defined without one of them
    """
    target = test[0].target
    rows = [labelled(each, "test") for each in test]
    groups = [group(some.frame["id"], some.speakers, speakers_are_target=target.name == "speaker") for some in rows]
    if groups[0].kind != "speaker":
        raise DataError(f"no choice by other speakers: {groups[0].why}", hint="use a dev part: `traindevtest = True`")
    without = [one.values(some.tally(own.numbers, len(own)))[1:] for some, own in zip(rows, groups, strict=True)]
    best = [_best(values, one) for values in np.array(without).T]
    parts = [rows[place].frame.filter(groups[place].numbers == speaker) for speaker, place in enumerate(best, 1)]
    frame = pl.concat(parts, how="vertical_relaxed")
    counts = {names[place]: best.count(place) for place in dict.fromkeys(sorted(best, key=best.count, reverse=True))}
    folded = rows[0].frame["fold"].n_unique() > 1
    return Choice("other speakers", _metric(replace(test[0], frame=frame), "test", one), counts, folded)


def need_same_folds(test: Sequence[Predictions]) -> None:
    """Make sure that a choice for each fold can be made.

    Raises:
        DataError: some have other folds
    """
    folds = [each.frame.select("id", "fold").unique().sort("id", "fold") for each in test]
    if any(not each.equals(folds[0]) for each in folds):
        hint = "leave out what changes them, as `random_seed`"
        raise DataError("no nested choice: cells have other folds", hint=hint)


def by_inner(
    test: Sequence[Predictions], inner: Sequence[Mapping[str, float]], names: Sequence[str], one: Measure[Any]
) -> Choice:
    """Choose for each fold by its training rows, and measure what was chosen.

    Args:
        test: what each predicts of the same test rows
        inner: what each reaches in inner folds of the training rows of a fold, by the name of the fold
        names: of each
        one: what to choose by

    Raises:
        DataError: the measure is not defined in the inner folds of any
    """
    best = {name: _best(np.array([values[name] for values in inner]), one) for name in sorted(inner[0])}
    parts = [test[place].part("test").frame.filter(pl.col("fold") == name) for name, place in best.items()]
    places = list(best.values())
    counts = {names[place]: places.count(place) for place in sorted({*places}, key=lambda one: -places.count(one))}
    frame = pl.concat(parts, how="vertical_relaxed")
    return Choice("inner folds", _metric(replace(test[0], frame=frame), "test", one), counts, folded=True)


def _metric(predictions: Predictions, split: str, one: Measure[Any]) -> Metric:
    own = predictions.target.name == "speaker"
    return next(each for each in evaluate(predictions, split=split, speakers_are_target=own) if each.name == one.name)


def _best(values: Doubles, one: Measure[Any]) -> int:
    """The place of the best value, the first of equal ones."""
    if np.isnan(values).all():
        raise DataError(
            f"`{one.name}` is not defined for these rows", hint="choose by another measure: [MODEL] `measure`"
        )
    return int(np.nanargmax(values) if one.greater_is_better else np.nanargmin(values))
