"""A run folder read again: the model with all that it takes to use it, checked against what is installed now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import ValidationError

from nk import __version__, families
from nk.config import check_built, load_config, options_for
from nk.errors import DataError, MissingDependency
from nk.manifest import versions
from nk.registry import FeatureTable, check_requirements
from nk.stages import trained
from nk.stages.about import read_about
from nk.storage import unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.config import Config, Feats, Loaded
    from nk.registry import FeatureSource, Model, Plugin, Registry
    from nk.stages.about import About, Source
    from nk.stages.trained import Trained
    from nk.tables import Features

MANIFEST = "manifest.json"
_CONFIG = "config.yaml"
_PREDICTIONS = "predictions.csv"  # other commands leave a manifest and a config too
_MODEL = "model"
# What a config may say otherwise than the run, and the model is the same: how to work, what to write, what to show.
_FREE = {"n_jobs", "no_reuse", "print_feats", "store_format", "fail_threshold", "save", "measure", "options", "search"}
# Packages that no score depends on, and what the provenance of features tells versions by.
_IDLE = {"matplotlib", "audformat", "polars"}
_VERSION = ("version", "revision", "reads_as")
_OF_DATA = ("target", "type", "labels", "bins", "target_divide_by")


@dataclass(frozen=True)
class Stored:
    """A run: its folder, its config, its manifest, and the model with its features."""

    folder: Path
    config: Config
    manifest: dict[str, Any]
    about: About
    trained: Trained
    sources: tuple[FeatureSource, ...]

    def truth(self) -> pl.Series:
        """The truth of the rows that the model was trained on.

        Raises:
            DataError: the table of rows cannot be read
        """
        path, name = self.folder / "dataset.parquet", self.trained.target.name
        try:
            rows = pl.read_parquet(path, columns=[name, "split"] if self.was_split else [name])
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError(f"`{path}` cannot be read: {error}", hint="run it anew") from error
        return rows.filter(pl.col("split") == "train")[name] if self.was_split else rows[name]

    @property
    def was_split(self) -> bool:
        """Whether there was a split, not a cross-validation."""
        return bool(self.manifest.get("folds") == ["split"])


def find(where: Path, overrides: Sequence[str]) -> tuple[Path, Loaded]:
    """A run folder, and the config that says what to test on.

    Args:
        where: the run folder, whose own config it is then, or a config file, which means the run that it would write
        overrides: `section.key=value`, put over what the file says

    Raises:
        ConfigError: the config is wrong
        DataError: there is no run
        NotBuilt: the config asks for what nk cannot do yet
    """
    if where.is_dir():
        lacking = next((name for name in (MANIFEST, _CONFIG, _PREDICTIONS) if not (where / name).is_file()), None)
        if lacking:
            text = f"`{where}` is no run folder: it has no `{lacking}`"
            raise DataError(text, hint="name a folder that `nk run` has written, or a config file")
        loaded = load_config(where / _CONFIG, overrides)
        folder = where
    else:
        loaded = load_config(where, overrides)
        folder = Path(loaded.config.exp.root) / loaded.config.exp.name
        if not (folder / MANIFEST).is_file():
            text = f"there is no run of `{where}`: `{folder}` has no `{MANIFEST}`"
            raise DataError(text, hint=f"`nk run {where}` makes one")
    check_built(loaded, ("DATA",))
    return folder, loaded


def open_run(folder: Path, given: Config) -> Stored:
    """Read a run.

    Args:
        folder: the run folder
        given: the config that says where tables of features are; all else is that of the run

    Raises:
        DataError: it has no model
        MissingDependency: what the model needs is not installed
        PluginError: a file is missing or damaged
    """
    place = folder / _MODEL
    if not place.is_dir():
        hint = "write `save = True` in [MODEL], and run it again"
        raise DataError(f"`{folder}` has no model, as it was run with `save = False`", hint=hint)
    about = read_about(place)
    model: type[Model] = _plugin(families.models, about.model)
    sources = tuple(_source(source, given.feats, place) for source in about.features.sources)
    config = load_config(folder / "config.yaml").config
    return Stored(folder, config, _manifest(folder), about, trained.load(place, model), sources)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"`{folder / MANIFEST}` cannot be read: {error}", hint="run it anew") from error
    return found if isinstance(found, dict) else {}


def _source(about: Source, given: Feats, place: Path) -> FeatureSource:
    plugin: type[FeatureSource] = _plugin(families.features, about.name)
    if issubclass(plugin, FeatureTable) and about.name in given.type:
        return plugin(options_for(plugin, given.options), name=about.name)
    try:
        options = plugin.options_type.model_validate(about.options)
    except ValidationError as error:
        raise unreadable(place / trained.RECORD, f"options of `{about.name}`: {error.errors()[0]['msg']}") from error
    return plugin(options, name=about.name)


def _plugin(registry: Registry[Any], name: str) -> type[Any]:
    if not registry.knows(name):
        text = f"the model needs `{name}`, which is not one of the {registry.family} that are installed"
        raise MissingDependency(text, hint="install the package that brings it, as it was in training")
    plugin: type[Plugin] = registry.get(name)
    check_requirements(plugin)
    return plugin


def differing(given: Config, ran: Config) -> list[str]:
    """The keys that say how to train and are set otherwise than in the run, as `[FEATS] scale`."""
    found = []
    for section in ("data", "feats", "model"):
        mine, theirs = getattr(given, section), getattr(ran, section)
        names = [name for name in type(mine).model_fields if name in mine.model_fields_set and name not in _FREE]
        names = [name for name in names if section != "data" or name in _OF_DATA]
        keys = [name for name in names if getattr(mine, name) != getattr(theirs, name)]
        options = theirs.options if section != "data" else {}
        keys += [
            key for key, value in options.items() if key != "import_file" and mine.options.get(key, value) != value
        ]
        found += [f"[{section.upper()}] `{key}`" for key in keys]
    return found


def changed_versions(stored: Stored, features: Features) -> list[str]:
    """What has another version than in training: packages, as `numpy 2.1 (was 2.0)`, and what computes features."""
    then = {"nk": stored.manifest.get("nk"), **stored.manifest.get("packages", {})}
    now = {"nk": __version__, **versions()}
    wanted = [name for name in then if name not in _IDLE and now.get(name) != then[name]]
    pairs = zip(stored.about.features.extractors, features.provenance["extractors"], strict=False)
    other = [old["extractor"] for old, new in pairs if any(old.get(key) != new.get(key) for key in _VERSION)]
    return [f"{name} {now.get(name, 'none')} (was {then[name]})" for name in wanted] + [
        f"the features `{name}`" for name in other
    ]
