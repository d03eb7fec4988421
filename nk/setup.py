"""What a run needs besides data, made before any work, so that what cannot be is refused at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk import exports, runfolder
from nk.config import check_built, check_run, options_for
from nk.config.model import DEFAULTS
from nk.config.scoring import chooses
from nk.execute import HERE, cores
from nk.families import features as feature_plugins
from nk.families import models as model_plugins
from nk.paths import resolver
from nk.registry import check_requirements
from nk.runfolder import ELSEWHERE
from nk.stages.calibration import Aims
from nk.stages.locked import places_of, read_locks
from nk.stages.pooling import Pooling
from nk.stages.sources import Ask
from nk.stages.train import Recipe
from nk.stages.tune import Grid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nk.audio import Channel
    from nk.config import Config, Loaded
    from nk.execute import Executor
    from nk.lock import Lock
    from nk.registry import FeatureSource, Model
    from nk.replay import Replay

USED_BY_RUN = ("EXP", "DATA", "FEATS", "MODEL", "PLOT", "REPORT")


@dataclass(frozen=True)
class Setup:
    """The config, the plug-ins with their options, how many cores to use, and the locks of databases that have one.

    `executor` says where features are computed and folds trained.

    `beside_locks` are the folders that these are in, `replay` says which run is repeated, if one is.
    """

    config: Config
    file: Path
    jobs: int
    recipe: Recipe
    sources: tuple[FeatureSource, ...]
    locks: Mapping[str, Lock]
    beside_locks: tuple[Path, ...]
    replay: Replay | None
    executor: Executor = HERE

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.replay.folder if self.replay else Path(self.config.exp.root) / self.config.exp.name

    @property
    def earlier(self) -> Path:
        """The folder of the run before this one."""
        return self.replay.run if self.replay else self.folder

    @property
    def channels(self) -> dict[str, Channel]:
        """Which channel is used, a database."""
        return self.config.data.channels

    @property
    def ask(self) -> Ask:
        """What the sources of features go by."""
        feats, resolve = self.config.feats, resolver(self.file)
        return Ask(self.channels, Pooling(feats.pooling), resolve, self.jobs, feats.features, feats.no_reuse,
                   self.executor)  # fmt: skip


def prepare(loaded: Loaded, jobs: int | None, replay: Replay | None = None, executor: Executor = HERE) -> Setup:
    """Make everything that a run needs besides data.

    Raises:
        ConfigError: something is missing in the config
        NotBuilt: the config asks for what nk cannot do yet
        MissingDependency: a package is not installed
        DataError: the run folder cannot be where the config wants it, or a lock cannot be used
    """
    check_run(loaded)
    check_built(loaded, USED_BY_RUN)
    config = _with_model(loaded.config)
    if replay:
        runfolder.check_place(replay.folder.parent, replay.folder.name, way_out=ELSEWHERE)
    else:
        runfolder.check_place(Path(config.exp.root), config.exp.name)
    if config.exp.save_test and not replay:
        exports.check_place(config.exp.save_test, "save_test")
    jobs = jobs or min(config.model.n_jobs or cores(), cores())
    seed = config.exp.random_seed if config.model.random_seed is None else config.model.random_seed
    feats, gaps = config.feats, config.model.nan_strategy or config.feats.nan_strategy
    grid = _grid(config)
    recipe = Recipe(
        model=grid.models[0] if grid else model_of(config, config.model.options),
        scale=feats.scale,
        nan_strategy="zero" if gaps == "zeros" else gaps,
        seed=seed,
        jobs=jobs,
        balancing=feats.balancing,
        balancing_seed=feats.balancing_random_state,
        grid=grid,
        aims=Aims(config.model.risk_coverage, config.model.set_coverage) if config.model.calibrate else None,
    )
    places = places_of(config.data, resolver(loaded.file))
    locks = read_locks(places, config.data, config.model)
    beside = dict.fromkeys(place if place.is_dir() else place.parent for place in places.values())
    return Setup(config, loaded.file, jobs, recipe, sources_of(config), locks, tuple(beside), replay, executor)


def _with_model(config: Config) -> Config:
    """The config with the model that it names, or the usual one for its task."""
    name = config.model.type or DEFAULTS[config.exp.type]
    return config.replaced(model=config.model.model_copy(update={"type": name}))


def model_of(config: Config, options: Mapping[str, Any]) -> Model:
    """The model that [MODEL] names, with options of a section.

    Raises:
        MissingDependency: a package is not installed
        ConfigError: the model refuses the options
    """
    name = config.model.type or ""
    plugin = model_plugins.get(name)
    check_requirements(plugin)
    return plugin(options_for(plugin, options), name=name)


def _grid(config: Config) -> Grid | None:
    """The models with every combination of the values to try, the last option's values changing first."""
    spaces = config.model.spaces
    if not spaces:
        return None
    values = tuple(dict(zip(spaces, each, strict=True)) for each in product(*spaces.values()))
    models = tuple(model_of(config, {**config.model.options, **each}) for each in values)
    return Grid(values, models, chooses(config.model, config.exp.type))


def sources_of(config: Config) -> tuple[FeatureSource, ...]:
    """The features that [FEATS] names, with their options.

    Raises:
        MissingDependency: a package is not installed
    """
    plugins = [(name, feature_plugins.get(name)) for name in config.feats.type]
    for _, plugin in plugins:
        check_requirements(plugin)
    return tuple(plugin(options_for(plugin, config.feats.options), name=name) for name, plugin in plugins)
