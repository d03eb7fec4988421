"""The features that a look at the data is of: extracted as for a run, and only where something asks for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.config import check_built
from nk.errors import ConfigError, Problem
from nk.explore import feature_views
from nk.explore.learners import learners
from nk.paths import resolver
from nk.setup import sources_of
from nk.stages import cautions, gaps, sources
from nk.stages.pooling import Pooling
from nk.stages.recordings import check_skips

if TYPE_CHECKING:
    from nk.config import Config, Loaded
    from nk.explore.exhibit import Exhibit
    from nk.explore.material import Material
    from nk.tables import Dataset, Features
    from nk.ui import Ui


def check(loaded: Loaded) -> None:
    """Find out before any work whether the features that [EXPL] asks for can be had, and their models.

    Raises:
        ConfigError: no features are named, or a model is not for this kind of target
        NotBuilt: the config asks for what nk cannot do yet
        MissingDependency: a package is not installed
    """
    config, expl = loaded.config, loaded.config.expl
    if not feature_views.needed(expl) and not (expl.spotlight and names_features(config)):
        return
    check_built(loaded, ("FEATS", "MODEL") if expl.shap else ("FEATS",))
    if not config.feats.type:
        text = "[FEATS] `type` is empty, and [EXPL] asks for views of features"
        raise ConfigError([Problem(str(loaded.file), 0, text, "write `type = ['os']` in [FEATS]")])
    feature_views.check(expl)
    sources_of(config)
    named = [*expl.model] if expl.feature_distributions or expl.permutation else []
    named += [config.model.type] if expl.shap and config.model.type else []
    learners(named, config.model.options, numbers=config.exp.type == "regression")


def names_features(config: Config) -> bool:
    """Whether features are named, and not those taken that are taken without."""
    return "type" in config.feats.model_fields_set and bool(config.feats.type)


def show(material: Material, loaded: Loaded, ui: Ui) -> list[Exhibit]:
    """All views of features that [EXPL] asks for.

    Raises:
        DataError: features cannot be extracted, or a name in [EXPL] is none of theirs
    """
    config = material.config
    if not feature_views.needed(config.expl):
        return []
    dataset, features = extracted(material, loaded, ui)
    dataset = replace(dataset, frame=material.frame.filter(pl.col("id").is_in(dataset.ids)))
    return feature_views.views(
        dataset, features, config.expl, config.plot, material.seed, material.jobs, model=config.model,
        parted=material.parted,
    )  # fmt: skip


def extracted(material: Material, loaded: Loaded, ui: Ui) -> tuple[Dataset, Features]:
    """The features, and the rows that have some."""
    feats, dataset = material.config.feats, material.dataset
    ask = sources.Ask(
        material.config.data.channels, Pooling(feats.pooling), resolver(loaded.file), material.jobs, feats.features,
        feats.no_reuse,
    )  # fmt: skip
    wanted = sources_of(material.config)
    sources.check_columns(dataset, wanted, ask)
    if feats.nan_strategy == "drop":
        features, failed = sources.complete(dataset, wanted, ask, "drop", ui)
    else:
        features, failed = sources.gather(dataset, wanted, ask, ui)
        _say_missing(features, ui)
    check_skips(failed, len(dataset), feats.fail_threshold)
    if not failed:
        return dataset, features
    cautions.say(cautions.of_skips(failed, len(dataset)), ui)
    kept = dataset.frame.filter(pl.col("id").is_in(list(features.ids)))
    return dataset.with_frame(kept, "has features"), features


def _say_missing(features: Features, ui: Ui) -> None:
    missing = ~np.isfinite(features.values)
    if missing.any():
        columns = gaps.named(features.names, np.flatnonzero(missing.any(axis=0)))
        text = (
            f"{missing.sum():,} values of features are missing ({columns}): models, correlations and projections take"
        )
        ui.warn(f"{text} the median of the column for them, and distributions leave them out")
