"""How much each feature weighs in what a model has learnt: by itself where it can tell, else by permutation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.stats import rankdata

from nk.explore.exhibit import Exhibit
from nk.explore.learners import labelled, recipe_for
from nk.explore.permutation import by_permutation
from nk.report.figures import count_text, importance
from nk.stages.train import train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.registry import Doubles, Model
    from nk.tables import Dataset, Features

_WORDS = {
    "impurity": "the impurity that its questions for the feature take away, as a share of the whole (Breiman 2001)",
    "gain": "the loss that the questions for the feature save, as a share of the whole",
    "coefficients": "the mean size of the feature's coefficients, all features having deviation 1",
}


@dataclass(frozen=True)
class Importance:
    """How much each feature weighs, shape (features,), in a model; `how` says by what it was measured."""

    model: str
    values: Doubles
    how: str
    notes: tuple[str, ...] = ()


def measured(dataset: Dataset, features: Features, model: Model, *, seed: int, jobs: int, permuted: bool) -> Importance:
    """How much features weigh in one model, on the rows whose target is known."""
    known = labelled(dataset)
    if permuted or not model.weighs:
        found = by_permutation(known, features, model, seed=seed, jobs=jobs)
        return Importance(model.called, found.values, found.how, found.notes)
    trained = train(features, known, known.ids, (), recipe_for(model, seed, jobs, len(known)))
    values = trained.fitted.importances()
    if values is None:
        raise TypeError(f"`{model.called}` does not say how much features weigh, though it has `weighs`")
    how = f"{_WORDS[model.weighs]}; `{model.called}` learnt from {count_text(len(known), 'row')}"
    return Importance(model.called, values[: len(features.names)], how, trained.course.notes)


def ranks(found: Sequence[Importance]) -> Doubles:
    """The rank of each feature, 1 the first, as the mean over models: shape (features,); equal ones share a rank.

    A feature without which a model is better, which happens by chance, counts as one of no importance.
    """
    each = [rankdata(-one.values.clip(min=0).round(12)) for one in found]
    mean: Doubles = np.mean(each, axis=0)
    return mean


def in_order(found: Sequence[Importance]) -> list[int]:
    """The places of the features, the most important first; of equals the one that stands first."""
    return [int(place) for place in np.argsort(ranks(found), kind="stable")]


def exhibits(found: Sequence[Importance], names: Sequence[str], most: int, *, about: str) -> list[Exhibit]:
    """What each model says, and where there are several, all together.

    Args:
        found: of each model
        names: of the features
        most: how many are drawn
        about: what was to be told, for the title
    """
    shown = [_of_one(one, names, most, about, care="" if len(found) > 1 else f" {_CARE}") for one in found]
    return [_of_all(found, names, most, about), *shown] if len(found) > 1 else shown


def _of_one(one: Importance, names: Sequence[str], most: int, about: str, *, care: str) -> Exhibit:
    order = in_order([one])
    columns = {"feature": [names[place] for place in order], "importance": one.values[order]}
    table = pl.DataFrame({"rank": ranks([one])[order], **columns})
    title = f"Importance for {about}, by {one.model}"
    caption = f"{_drawn(len(names), most)}: {one.how}.{care}"
    return Exhibit(
        name=f"importance_{one.model}",
        title=title,
        table=table,
        caption=caption,
        draw=lambda pen: importance.draw(table.head(most), title=title, caption=caption, pen=pen),
        notes=one.notes,
    )


def _of_all(found: Sequence[Importance], names: Sequence[str], most: int, about: str) -> Exhibit:
    order, mean = in_order(found), ranks(found)
    each = {one.model: ranks([one])[order] for one in found}
    table = pl.DataFrame({"feature": [names[place] for place in order], "mean_rank": mean[order], **each})
    title = f"Importance for {about}, by {len(found)} models"
    models_named = ", ".join(one.model for one in found)
    caption = f"{_drawn(len(names), most)}: mean rank over {models_named}; 1 is the first. {_CARE}"
    return Exhibit(
        name="importance",
        title=title,
        table=table,
        caption=caption,
        draw=lambda pen: importance.draw_ranks(table.head(most), title=title, caption=caption, pen=pen),
    )


_CARE = "Features that say the same share it. Who picks features by this has used these rows: test the pick on others."


def _drawn(features: int, most: int) -> str:
    return f"First {most:,} of {features:,} features" if features > most else count_text(features, "feature")
