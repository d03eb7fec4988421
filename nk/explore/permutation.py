"""What a model loses on speakers that it has not heard when a feature is shuffled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nk.execute import run_all
from nk.explore.learners import held_out, recipe_for, strongest
from nk.explore.sampling import sampled
from nk.report.figures import count_text
from nk.stages import gaps
from nk.stages.fit import threads, truth_of
from nk.stages.train import train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.registry import Doubles, Floats, Ints, Model
    from nk.stages.train import Recipe
    from nk.stages.trained import Trained
    from nk.tables import Dataset, Features

MOST_ROWS = 2000
_MOST_FEATURES = 200
# So many rows are predicted at most, or each feature is shuffled once.
_PREDICTED, _SHUFFLES = 300_000, 5


@dataclass(frozen=True)
class Permuted:
    """What shuffling each feature costs, shape (features,), 0 where it was not shuffled; how, and what to say of it."""

    values: Doubles
    how: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Fold:
    """A model and the rows that it has not heard, raw, as all the others of their speakers."""

    trained: Trained
    x: Floats
    truth: Ints | Doubles


def by_permutation(dataset: Dataset, features: Features, model: Model, *, seed: int, jobs: int) -> Permuted:
    """Train on some speakers, shuffle a feature among rows of the others, and see what is lost (Breiman 2001).

    Every speaker is held out once. What is lost is UAR for classes, R2 for numbers, over all held-out rows.

    Args:
        dataset: rows whose target is known
        features: of the rows
        model: what learns
        seed: of the sample, folds and shuffles
        jobs: how many cores to use

    Raises:
        DataError: it cannot be trained
    """
    rows, notes = sampled(dataset, MOST_ROWS, seed, "importance by permutation is from")
    folds, unit = held_out(rows, seed)
    recipe = recipe_for(model, seed, jobs, len(rows))
    made = [_trained(rows, features, fold, recipe) for fold in folds]
    asked, fewer = _asked(made[0], rows, features)
    repeats = int(np.clip(_PREDICTED // max(1, len(rows) * len(asked)), 1, _SHUFFLES))
    before = _score([fold.trained.scores(fold.x) for fold in made], made, rows)
    values = np.zeros(len(features.names))

    def lost(place: int) -> tuple[int, float]:
        after = [_score(_shuffled(made, place, seed, repeat), made, rows) for repeat in range(repeats)]
        return place, before - float(np.mean(after))

    with threads(1, "blas"):
        for place, loss in run_all(lost, asked, jobs=jobs):
            values[place] = loss
    measure = "R2" if rows.target.is_number else "UAR"
    times = "once" if repeats == 1 else f"{repeats} times"
    how = f"{measure} that `{model.called}` loses when the feature is shuffled {times} among rows of {unit} that it"
    how += f" has not heard; all of {count_text(len(rows), 'row')} were held out in turn ({measure} {before:.3f})"
    return Permuted(values, how, (*notes, *fewer, *_weak(before, rows, model)))


def _trained(rows: Dataset, features: Features, fold: Ints, recipe: Recipe) -> _Fold:
    held = rows.frame[fold]
    ids = rows.frame.join(held.select("id"), on="id", how="anti", maintain_order="left")["id"].to_list()
    trained = train(features, rows, ids, (), recipe)
    return _Fold(trained, features.rows(held["id"].to_list()), truth_of(held, rows.target))


def _asked(fold: _Fold, rows: Dataset, features: Features) -> tuple[Sequence[int], tuple[str, ...]]:
    """Which features are shuffled: all, or those that tell most by themselves."""
    if len(features.names) <= _MOST_FEATURES:
        return range(len(features.names)), ()
    note = (
        f"shuffled were the {_MOST_FEATURES} of {len(features.names):,} features with the largest F; others count as 0"
    )
    whole = gaps.filled(features.rows(rows.ids), fold.trained.fill)
    return strongest(whole, truth_of(rows.frame, rows.target), _MOST_FEATURES).tolist(), (note,)


def _shuffled(made: Sequence[_Fold], place: int, seed: int, repeat: int) -> list[Doubles]:
    """What each fold's model says of its held-out rows, one feature shuffled among them."""
    found = []
    for number, fold in enumerate(made):
        x = fold.x.copy()
        x[:, place] = np.random.default_rng([seed, number, place, repeat]).permutation(x[:, place])
        found.append(fold.trained.scores(x))
    return found


def _score(scores: Sequence[Doubles], made: Sequence[_Fold], rows: Dataset) -> float:
    """UAR or R2 over the held-out rows of all folds."""
    truth = np.concatenate([fold.truth for fold in made])
    said = np.concatenate(list(scores))
    if rows.target.is_number:
        return float(1 - ((truth - said) ** 2).sum() / (((truth - truth.mean()) ** 2).sum() or np.nan))
    right = said.argmax(axis=1) == truth
    return float(np.mean([right[truth == one].mean() for one in np.unique(truth)]))


def _weak(before: float, rows: Dataset, model: Model) -> tuple[str, ...]:
    """A warning where there is nothing to lose."""
    chance = 0.0 if rows.target.is_number else 1 / len(np.unique(truth_of(rows.frame, rows.target)))
    if before > chance + 0.02:
        return ()
    return (
        f"`{model.called}` tells no more than guessing ({before:.3f}, chance {chance:.3f}): its ranks mean nothing",
    )
