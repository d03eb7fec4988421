"""The models that tell how much features weigh, the rows that they learn from, and whom they are tried on."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.config.options import options_for
from nk.errors import ConfigError, Problem
from nk.families import models
from nk.registry import check_requirements
from nk.stages.fit import truth_of
from nk.stages.grouping import by_hash, dealt_evenly
from nk.stages.train import Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.registry import Doubles, Floats, Ints, Model
    from nk.tables import Dataset

# What stands for the default where the target is a number.
_FOR_NUMBERS = {"log_reg": "lin_reg"}
_FOLDS = 5
_FEW = 5000  # rows, for which threads cost more than they save


def learners(names: Sequence[str], options: Mapping[str, Any], *, numbers: bool) -> list[Model]:
    """The models that `EXPL.model` names, with their options from [MODEL]; `numbers` says that these are to be told.

    Raises:
        ConfigError: one is not for this kind of target
        MissingDependency: a package is not installed
    """
    task = "regression" if numbers else "classification"
    found: list[Model] = []
    for name in dict.fromkeys(_FOR_NUMBERS.get(one, one) if numbers else one for one in names):
        plugin = models.get(name)
        if plugin.task != task:
            hint = f"take one for {task}, such as `{'tree_reg' if numbers else 'tree'}`"
            raise ConfigError(
                [Problem("config", 0, f"[EXPL] `model` names `{name}`, which is for {plugin.task}", hint)]
            )
        check_requirements(plugin)
        found.append(plugin(options_for(plugin, options), name=name))
    return found


def recipe_for(model: Model, seed: int, jobs: int, rows: int) -> Recipe:
    """How models are trained for a look at so many rows: on features of deviation 1, medians standing for gaps."""
    jobs = jobs if rows > _FEW else 1
    return Recipe(model=model, scale="standard", nan_strategy="median", seed=seed, jobs=jobs)


def labelled(dataset: Dataset) -> Dataset:
    """The rows whose target is known."""
    truth = truth_of(dataset.frame, dataset.target)
    known = ~np.isnan(truth) if dataset.target.is_number else truth >= 0
    return dataset.with_frame(dataset.frame.filter(pl.Series(known)), "target is known")


def held_out(rows: Dataset, seed: int) -> tuple[list[Ints], str]:
    """The places of the rows of each fold, no speaker in two of them, and of whom they are, in words.

    Where speakers are not known, or there is one, or they are what is to be told, it goes by rows.
    """
    by_row = not rows.has_speakers or rows.target.name == "speaker" or rows.frame["speaker"].n_unique() < 2
    names = rows.ids if by_row else rows.frame["speaker"].cast(pl.String).fill_null("").to_list()
    number = {name: place for place, name in enumerate(by_hash(names, seed))}
    truth = truth_of(rows.frame, rows.target)
    strata = np.digitize(truth, np.quantile(truth, [0.2, 0.4, 0.6, 0.8])) if rows.target.is_number else truth
    count = min(_FOLDS, len(number))
    fold = np.array(dealt_evenly(strata.tolist(), [number[name] for name in names], count))
    places = [np.flatnonzero(fold == one) for one in range(count)]
    unit = "recordings" if by_row else "speakers"
    return [one for one in places if len(one)], unit


def strongest(x: Floats, y: Ints | Doubles, most: int) -> Ints:
    """The places of at most so many features, in order: those with the largest F by themselves.

    Args:
        x: shape (rows, features), without gaps
        y: class numbers, or values
        most: how many
    """
    from sklearn.feature_selection import f_classif, f_regression

    if x.shape[1] <= most:
        return np.arange(x.shape[1])
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that some are constant
        strength = np.nan_to_num((f_classif if y.dtype.kind == "i" else f_regression)(x, y)[0])
    return np.sort(np.argsort(-strength, kind="stable")[:most])
