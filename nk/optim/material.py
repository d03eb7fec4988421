"""What a search goes by: the rows of the training part with their features, and no others.

The rows of the test part (and of dev) are gone before there are features, so that nothing can depend on them. In a
cross-validation there is no such part, and the search goes by all rows.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk import __version__, ready
from nk.manifest import versions
from nk.recognised import code, elsewhere, hashed, of_frame
from nk.registry import FeatureTable
from nk.stages import cautions, locked, sources, train
from nk.stages.fit import labelled, rows_of
from nk.stages.folds import shared_ids, with_features
from nk.stages.inner import FOLDS, Inner, inner_folds
from nk.stages.recordings import check_skips

if TYPE_CHECKING:
    from nk.manifest import Stopwatch
    from nk.optim.setting import Outer, Setting
    from nk.registry import Ints
    from nk.stages.fit import Rows, Way
    from nk.stages.folds import Fold
    from nk.tables import Dataset, Skip
    from nk.ui import Ui


@dataclass(frozen=True)
class Part:
    """The rows to search on, before there are features; `folds` are those of a cross-validation, if it is one."""

    dataset: Dataset
    folds: tuple[Fold, ...]
    skipped: tuple[Skip, ...]

    @property
    def words(self) -> str:
        """What the rows are."""
        speakers = self.dataset.frame["speaker"].drop_nulls().n_unique() if self.dataset.has_speakers else 0
        whose = f" of {speakers} speakers" if speakers else ""
        what = "all rows, as there is a cross-validation" if self.folds else "the training part"
        return f"{what}: {len(self.dataset)} rows{whose}"


@dataclass(frozen=True)
class Material:
    """Rows with features, how models are trained on them, and the folds of a cross-validation."""

    rows: Rows
    way: Way
    folds: tuple[Fold, ...]
    key: str

    @property
    def places(self) -> Ints:
        """Of all rows whose truth is known."""
        return labelled(self.rows.y, np.arange(len(self.rows.where)), self.way)

    def outer(self, wanted: Outer) -> list[Inner]:
        """The outer folds of a nested search: those of the cross-validation, unless a number of them is asked for."""
        if self.folds and wanted is True:
            return [
                Inner(one.train_rows, labelled(self.rows.y, one.test_rows, self.way), f" of fold `{one.name}`")
                for one in self.folds
            ]
        dealt = inner_folds(self.rows.y, self.places, self.way, FOLDS if wanted is True else int(wanted))
        return [replace(one, where=f" of outer fold {number}") for number, one in enumerate(dealt, 1)]


def part_of(setting: Setting, ui: Ui, watch: Stopwatch) -> Part:
    """Read the databases, and take the rows to search on.

    Raises:
        DataError: they cannot be read, divided or trained on as the config asks for
    """
    setup = setting.setup
    read = ready.read(setup, ui, watch)
    with watch("split"):
        dataset, folds = ready.divided(read.dataset, setup)
        changed = locked.verified(read.dataset, dataset, setup.config.data, setup.locks)
    cautions.say([*cautions.of_skips(read.skipped, len(read.dataset) + len(read.skipped)), *changed], ui)
    train.check(dataset, folds, setup.recipe, 1)
    if len(folds) > 1:
        return Part(dataset, tuple(folds), read.skipped)
    kept = dataset.frame.filter(pl.col("split") == "train")
    return Part(dataset.with_frame(kept, "it is in the training part"), (), read.skipped)


def material(part: Part, setting: Setting, ui: Ui, watch: Stopwatch) -> Material:
    """Measure the features of the rows, once for all trials.

    Raises:
        DataError: as for a run
    """
    setup, dataset, folds = setting.setup, part.dataset, list(part.folds)
    with watch("extract"):
        sources.check_columns(dataset, setup.sources, setup.ask)
        features, failed = sources.complete(dataset, setup.sources, setup.ask, setup.recipe.nan_strategy, ui)
        total = len(dataset) + len(part.skipped)
        check_skips([*part.skipped, *failed], total, setup.config.feats.fail_threshold)
    cautions.say([*cautions.of_skips(failed, len(dataset)), *cautions.of_sizes(features, setup.recipe)], ui)
    dataset, folds = with_features(dataset, folds, features.ids)
    rows = rows_of(features, dataset, shared_ids(folds) if folds else dataset.ids)
    return Material(rows, train.way_of(rows.frame, dataset, setup.recipe), tuple(folds), _key(setting, dataset))


def _key(setting: Setting, dataset: Dataset) -> str:
    """A hash of what trials depend on: rows, features, model, how it is trained, what is searched; not on the rest."""
    setup, recipe, how, target = setting.setup, setting.setup.recipe, setting.how, dataset.target
    plugins = [(one.called, one.options.model_dump(mode="json")) for one in (*setup.sources, recipe.model)]
    trained = (recipe.scale, recipe.nan_strategy, recipe.seed, recipe.balancing, recipe.balancing_seed)
    feats = (setup.config.feats.pooling, setup.config.feats.features, sorted(setup.channels.items()))
    searched = (how.kind, how.halving, how.count if how.halving else 0, 0 if how.kind == "grid" else how.seed,
                [(one.key, list(one.values), one.span) for one in how.dims])  # fmt: skip
    columns = [one for one in ("id", "database", "speaker", "start", "end", "digest") if one in dataset.frame.columns]
    parts = [
        repr((plugins, trained, feats, searched, setting.aim.called, setting.folds)),
        repr((target.name, target.labels)),
        of_frame(dataset.frame.select(*columns, pl.col(target.name).alias("\ntruth"))),
        *(of_frame(one.read(setup.ask.resolve)) for one in setup.sources if isinstance(one, FeatureTable)),
        code(),
        *elsewhere([*setup.sources, recipe.model]),
        json.dumps([__version__, sys.version, versions()]),
    ]
    return hashed(parts)
