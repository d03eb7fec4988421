"""Predictions of several models of the same rows -> those of an ensemble."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.metrics._rows import clean, numbers
from nk.stages.evaluate import uncertainty
from nk.tables import Predictions
from nk.votes import Votes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.registry import Doubles
    from nk.votes import Ensemble

# Sums that are equal but for rounding are a tie, which goes to the first label whatever the order of the models.
_DECIMALS = 12


@dataclass(frozen=True)
class Joined:
    """The predictions of an ensemble, and in words what it has learnt from; empty where it has not."""

    predictions: Predictions
    learnt_from: str


def combine(method: Ensemble, members: Sequence[Predictions], dev: Sequence[Predictions] = ()) -> Joined:
    """Join predictions.

    Where the method learns, it learns from dev, or from rows that were out of fold: then the rows of a fold are
    predicted by what was learnt from those of the other folds, without the speakers of its own.

    Args:
        method: how
        members: of the same rows in the same order, as `nk.members.matched` gives them
        dev: of other rows to learn from, with truth, likewise

    Raises:
        DataError: there are no rows to learn from, the models have not as many runs, or a prediction is not that of
            the scores
    """
    _check_runs(members)
    votes, frame = votes_of(members), members[0].frame
    if not method.learns:
        return Joined(_predictions(method.combine(votes, None), members[0]), "")
    if dev:
        _check_runs(dev)
        return Joined(_predictions(method.combine(votes, votes_of(dev, learn=True)), members[0]), "the dev part")
    if frame["fold"].n_unique() == 1 or frame["truth"].null_count() == frame.height:
        hint = "write `traindevtest = True` in [EXP], or cross-validate, as by `loso = True` in [MODEL]"
        raise DataError(f"`{method.called}` has nothing to learn from: no dev part, and no folds", hint=hint)
    scores = _crossed(method, votes_of(members, learn=True), frame)
    return Joined(_predictions(scores, members[0]), "the rows of the other folds")


def _crossed(method: Ensemble, votes: Votes, frame: pl.DataFrame) -> Doubles:
    """Scores of each fold by what was learnt from the others."""
    folds, speakers, known = frame["fold"].to_numpy(), frame["speaker"], frame["truth"].is_not_null().to_numpy()
    found = np.empty(votes.scores.shape[1:])
    for fold in np.unique(folds):
        mine = folds == fold
        own = speakers.filter(pl.Series(mine)).drop_nulls().unique().to_list()
        others = known & ~mine & ~speakers.is_in(own).fill_null(value=False).to_numpy()
        if not others.any():
            raise DataError(f"nothing is left to learn from for the fold `{fold}`", hint="fold by speakers")
        found[mine] = method.combine(replace(_some(votes, mine), truth=None), _some(votes, others))
    return found


def _some(votes: Votes, rows: Any) -> Votes:
    truth = None if votes.truth is None else votes.truth[rows]
    return Votes(votes.scores[:, rows], votes.uncertainty[:, rows], truth)


def votes_of(members: Sequence[Predictions], *, learn: bool = False) -> Votes:
    """What models say, as numbers; with `learn`, the truth too.

    Raises:
        DataError: a score is missing, or `predicted` is not the class with the highest
    """
    target = members[0].target
    truth = numbers(_filled(members[0]), target) if learn else None
    if target.is_number:
        values = np.stack([one.frame["predicted"].cast(pl.Float64).to_numpy() for one in members])
        _need_numbers(values)
        return Votes(values[:, :, None], np.zeros(values.shape), truth)
    scores = np.stack([one.scores for one in members])
    _need_numbers(scores)
    for one, own in zip(members, scores, strict=True):
        _check_predicted(one, own)
    return Votes(scores, np.stack([_uncertainty(one, own) for one, own in zip(members, scores, strict=True)]), truth)


def _filled(one: Predictions) -> pl.Series:
    """The truth, with any value where it is not known: these rows are not learnt from."""
    return clean(one.frame["truth"], one.target).fill_null(0.0 if one.target.is_number else one.target.labels[0])


def _need_numbers(values: Doubles) -> None:
    if not np.isfinite(values).all():
        raise DataError("scores or values are missing among the predictions", hint="leave that run out, or run it anew")


def _check_predicted(one: Predictions, scores: Doubles) -> None:
    said = numbers(clean(one.frame["predicted"], one.target), one.target)
    other = scores[np.arange(len(said)), said] < scores.max(axis=1)
    if other.any():
        examples = one.frame["id"].filter(pl.Series(other)).to_list()
        text = "`predicted` is not the class with the highest score"
        raise DataError(text, rows=int(other.sum()), examples=examples, hint="give tables that nk has written")


def _uncertainty(one: Predictions, scores: Doubles) -> Doubles:
    """As the table says, or from the scores where it does not."""
    if "uncertainty" not in one.frame.columns or one.frame["uncertainty"].null_count():
        return uncertainty(scores)
    return one.frame["uncertainty"].to_numpy()


def _check_runs(members: Sequence[Predictions]) -> None:
    keys = [one.frame.select("id", "run") for one in members]
    if any(not one.equals(keys[0]) for one in keys[1:]):
        text = f"the models have not as many `runs`: {', '.join(str(one['run'].n_unique()) for one in keys)}"
        raise DataError(text, hint="set `runs` in [EXP] alike")


def _predictions(scores: Doubles, first: Predictions) -> Predictions:
    target, usual = first.target, [name for name in _COLUMNS if name in first.frame.columns]
    frame = first.frame.select(usual)
    if target.is_number:
        return Predictions(frame.with_columns(pl.Series("predicted", scores[:, 0])), target)
    scores = np.round(scores, _DECIMALS)
    said = pl.Series("predicted", np.array(target.labels, dtype=object)[scores.argmax(axis=1)], dtype=pl.String)
    columns = [pl.Series(f"p_{label}", scores[:, place]) for place, label in enumerate(target.labels)]
    return Predictions(frame.with_columns(said, *columns, pl.Series("uncertainty", uncertainty(scores))), target)


_COLUMNS = ("id", "file", "start", "end", "database", "speaker", "split", "run", "fold", "truth", "predicted")
