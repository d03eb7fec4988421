"""What a run needs besides data, made before any work, so that what cannot be is refused at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nk import runfolder
from nk.config import check_built, check_run, options_for
from nk.execute import cores
from nk.families import features as feature_plugins
from nk.families import models as model_plugins
from nk.registry import check_requirements
from nk.stages.train import Recipe

if TYPE_CHECKING:
    from nk.audio import Channel
    from nk.config import Config, Loaded
    from nk.registry import FeatureSource, Model

USED_BY_RUN = ("EXP", "DATA", "FEATS", "MODEL", "PLOT", "REPORT")


@dataclass(frozen=True)
class Setup:
    """The config, the plug-ins with their options, and how many cores to use."""

    config: Config
    file: Path
    jobs: int
    recipe: Recipe
    sources: tuple[FeatureSource, ...]

    @property
    def root(self) -> Path:
        """The folder of run folders."""
        return Path(self.config.exp.root)

    @property
    def channels(self) -> dict[str, Channel]:
        """Which channel is used, a database."""
        return self.config.data.channels


def prepare(loaded: Loaded, jobs: int | None) -> Setup:
    """Make everything that a run needs besides data.

    Raises:
        ConfigError: something is missing in the config
        NotBuilt: the config asks for what nk cannot do yet
        MissingDependency: a package is not installed
        DataError: the run folder cannot be where the config wants it
    """
    check_run(loaded)
    check_built(loaded, USED_BY_RUN)
    config = loaded.config
    runfolder.check_place(Path(config.exp.root), config.exp.name)
    jobs = jobs or min(config.model.n_jobs or cores(), cores())
    seed = config.exp.random_seed if config.model.random_seed is None else config.model.random_seed
    recipe = Recipe(_model(config), config.feats.scale, config.model.nan_strategy, seed, jobs)
    return Setup(config, loaded.file, jobs, recipe, _sources(config))


def _model(config: Config) -> Model:
    name = config.model.type or ""
    plugin = model_plugins.get(name)
    check_requirements(plugin)
    return plugin(options_for(plugin, config.model.options), name=name)


def _sources(config: Config) -> tuple[FeatureSource, ...]:
    plugins = [(name, feature_plugins.get(name)) for name in config.feats.type]
    for _, plugin in plugins:
        check_requirements(plugin)
    return tuple(plugin(options_for(plugin, config.feats.options), name=name) for name, plugin in plugins)
