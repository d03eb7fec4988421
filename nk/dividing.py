"""Rows -> parts of a split, or folds: what a run trains and tests, and what a look at the data is parted by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk import runfolder
from nk.stages import locked, select, split, target
from nk.stages.folds import holdout, make_folds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nk.config import Config
    from nk.config.data import Data
    from nk.lock import Lock
    from nk.stages.folds import Fold
    from nk.tables import Dataset


def divide(dataset: Dataset, config: Config, locks: Mapping[str, Lock], earlier: Path) -> tuple[Dataset, list[Fold]]:
    """Split the dataset, or fold it where a cross-validation is asked for; the target is then in its final form.

    Args:
        dataset: the rows that were read
        config: says how
        locks: by the name of their database
        earlier: the folder of the run before this one, for the strategy `reuse`

    Raises:
        DataError: it cannot be divided so
    """
    data, seed = config.data, config.exp.random_seed
    if is_folded(config, locks):
        folded = locked.folded(locks)
        dataset = split.without_own_parts(dataset)
        dataset = locked.of_lock(dataset, folded) if folded else dataset
        dataset = undivided(dataset, config)
        made = locked.folds(dataset, folded) if folded else make_folds(dataset, config.model, data.groups, seed=seed)
        return dataset, made or []
    before, three = runfolder.earlier_split(earlier), config.exp.traindevtest
    dataset = split.split(dataset, data, seed=seed, three=three, earlier=before, locks=locks)
    dataset = select.trimmed(dataset, data, seed, divided=True)
    split.check_parts(dataset)
    dataset = _targeted(dataset, data, learnt=pl.col("split") == "train")
    return dataset, [holdout(dataset)]


def is_folded(config: Config, locks: Mapping[str, Lock]) -> bool:
    """Whether a cross-validation is asked for, by the config or by a lock."""
    model = config.model
    return bool(locked.folded(locks) or model.loso or model.logo or model.k_fold_cross)


def undivided(dataset: Dataset, config: Config) -> Dataset:
    """The rows as they are used where all are of one part, with the target in its final form."""
    dataset = select.trimmed(split.without_own_parts(dataset), config.data, config.exp.random_seed, divided=False)
    return _targeted(dataset, config.data, learnt=pl.lit(value=True))


def _targeted(dataset: Dataset, data: Data, learnt: pl.Expr) -> Dataset:
    """What is done to a numeric target once it is known which rows are `learnt` from."""
    if not dataset.target.name or not dataset.target.is_number:
        return dataset
    dataset = target.standardised(dataset, data.databases, learnt)
    return target.cut(dataset, data, learnt) if data.type == "continuous" else dataset
