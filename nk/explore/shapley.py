"""How much each feature moves what a model says of rows that it has not heard: SHAP values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.stats import spearmanr

from nk.explore.exhibit import Exhibit
from nk.explore.learners import held_out, labelled, recipe_for, strongest
from nk.explore.sampling import sampled
from nk.report.figures import count_text
from nk.report.figures import shapley as picture
from nk.stages import gaps
from nk.stages.fit import threads, truth_of
from nk.stages.train import train

if TYPE_CHECKING:
    from nk.registry import Doubles, Floats, Model
    from nk.stages.trained import Trained
    from nk.tables import Dataset, Features

_MOST_ROWS, _MOST_FEATURES = 2000, 200  # to learn from
_EXPLAINED, _BACKGROUND = 100, 20


def exhibit(
    dataset: Dataset, features: Features, model: Model, *, most: int, seed: int, jobs: int, parted: bool = True
) -> Exhibit:
    """Train on some speakers and explain what the model says of others (Lundberg and Lee 2017).

    The values are those of shap's permutation explainer: one random order of the features, forth and back, for a row.

    Args:
        dataset: the rows
        features: of the rows
        model: what learns
        most: how many features are drawn
        seed: of the samples and the orders
        jobs: how many cores to use
        parted: whether a column `split` holds the parts that the config asks for

    Raises:
        DataError: the model cannot be trained
    """
    rows, notes = sampled(labelled(dataset), _MOST_ROWS, seed, "SHAP values are from")
    features, fewer = _fewer(features, rows)
    trained, others, who = _trained(rows, features, model, seed, parted=parted)
    explained, _ = sampled(others, _EXPLAINED, seed, "")
    learnt_from = rows.frame.join(others.frame.select("id"), on="id", how="anti")
    background, _ = sampled(replace(rows, frame=learnt_from.sort("id")), _BACKGROUND, seed, "")
    x = features.rows(explained.ids)
    with threads(jobs, "blas"):
        values = shap_values(trained, x, features.rows(background.ids), seed)
    labels = rows.target.labels or ("",)
    table = _table(values, x, features.names, labels)
    order = table.group_by("feature", maintain_order=True).agg(pl.col("mean_size").sum())["feature"].to_list()
    title = f"SHAP values for {rows.target.name}, by {model.called}"
    unit = "score of a class" if rows.target.labels else "value that is said"
    caption = f"Mean size of what a feature adds to the {unit}, in {count_text(len(explained), 'recording')} of {who};"
    caption += f" against {count_text(len(background), 'recording')} that `{model.called}` has learnt from."
    return Exhibit(
        name=f"shap_{model.called}",
        title=title,
        table=table,
        caption=caption,
        draw=lambda pen: picture.draw(table, order[:most], labels, title=title, caption=caption, pen=pen),
        notes=(*notes, *fewer),
    )


def shap_values(trained: Trained, x: Floats, background: Floats, seed: int) -> Doubles:
    """SHAP values of class scores, or of values: shape (rows, features, classes), with one class for numbers.

    Args:
        trained: the model
        x: raw features of the rows to explain
        background: raw features of the rows that stand for what is not known
        seed: of the orders of the features
    """
    import shap

    def said(some: Doubles) -> Doubles:
        return trained.scores(some.astype(np.float32))

    masker = shap.maskers.Independent(gaps.filled(background, trained.fill), max_samples=len(background))
    explainer = shap.PermutationExplainer(said, masker, seed=seed % 2**31)
    found = explainer(gaps.filled(x, trained.fill), max_evals=2 * x.shape[1] + 1, silent=True).values
    return np.asarray(found, dtype=np.float64).reshape(len(x), x.shape[1], -1)


def _fewer(features: Features, rows: Dataset) -> tuple[Features, tuple[str, ...]]:
    """The features that a model can be explained with in time."""
    if len(features.names) <= _MOST_FEATURES:
        return features, ()
    raw = features.rows(rows.ids)
    x = gaps.filled(raw, gaps.fill_values(raw, "median"))
    kept = strongest(x, truth_of(rows.frame, rows.target), _MOST_FEATURES)
    names = tuple(features.names[place] for place in kept)
    note = f"of {len(features.names):,} features the model has the {_MOST_FEATURES} with the largest F"
    return replace(features, names=names, values=features.values[:, kept]), (note,)


def _trained(
    rows: Dataset, features: Features, model: Model, seed: int, *, parted: bool
) -> tuple[Trained, Dataset, str]:
    """A model, the rows that it has not heard, and who they are: the test part, else a fifth of the speakers."""
    parts = rows.frame["split"].to_list() if parted and "split" in rows else []
    if {"train", "test"} <= {*parts}:
        others, learnt, who = rows.part("test"), rows.part("train").ids, "the test part"
    else:
        folds, unit = held_out(rows, seed)
        others, who = replace(rows, frame=rows.frame[folds[0]]), f"held-out {unit}" if unit == "speakers" else "others"
        learnt = rows.frame.join(others.frame.select("id"), on="id", how="anti", maintain_order="left")["id"].to_list()
    return train(features, rows, learnt, (), recipe_for(model, seed, 1, len(rows))), others, who


def _table(values: Doubles, x: Floats, names: tuple[str, ...], labels: tuple[str, ...]) -> pl.DataFrame:
    """A row a feature and class, the feature first that moves most; `direction` is Spearman's, of value and effect."""
    sizes = np.abs(values).mean(axis=0)
    rows = []
    for place in np.argsort(-sizes.sum(axis=1), kind="stable"):
        for number, label in enumerate(labels):
            moved = values[:, place, number]
            rows.append((names[place], label, float(sizes[place, number]), _direction(x[:, place], moved)))
    table = pl.DataFrame(
        rows, schema={"feature": pl.String, "class": pl.String, "mean_size": pl.Float64, "direction": pl.Float64},
        orient="row",
    )  # fmt: skip
    return table if len(labels) > 1 else table.drop("class")


def _direction(x: Floats, moved: Doubles) -> float | None:
    known = np.isfinite(x)
    if known.sum() < 3 or np.ptp(x[known]) == 0 or np.ptp(moved[known]) == 0:
        return None
    return float(spearmanr(x[known], moved[known]).statistic)
