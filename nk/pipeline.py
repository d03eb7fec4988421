"""The commands as recipes: each public function is one command, its stages from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import runfolder
from nk.config import check_built, options_for, to_yaml
from nk.config.resolve import resolved
from nk.errors import ConfigError, Problem
from nk.execute import cores
from nk.families import features as extractor_plugins
from nk.families import models as model_plugins
from nk.manifest import Stopwatch, manifest
from nk.paths import resolver
from nk.plan import Plan, hours
from nk.registry import check_requirements
from nk.report.pictures import draw_results
from nk.stages import extract, split, train
from nk.stages.evaluate import metrics_json
from nk.stages.load import check_skips, load, make_reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.audio import Channel
    from nk.config import Config, Loaded
    from nk.registry import FeatureExtractor, Model
    from nk.stages.split import Fold
    from nk.tables import Dataset, Features, Predictions, Skip
    from nk.ui import Ui

USED_BY_RUN = ("EXP", "DATA", "FEATS", "MODEL", "PLOT", "REPORT")


@dataclass(frozen=True)
class Setup:
    """What a run needs besides data, made before any work so that what cannot be is refused at once."""

    config: Config
    file: Path
    jobs: int
    recipe: train.Recipe
    extractors: tuple[FeatureExtractor, ...]

    @property
    def root(self) -> Path:
        """The folder of run folders."""
        return Path(self.config.exp.root)

    @property
    def channels(self) -> dict[str, Channel]:
        """Which channel is used, a database."""
        data = self.config.data
        own = {name: database.channel for name, database in data.databases.items()}
        return {name: data.channel if channel is None else channel for name, channel in own.items()}


@dataclass(frozen=True)
class Result:
    """What a run has found: the content of `metrics.json`, the predictions, and the folder that holds everything."""

    folder: Path
    metrics: dict[str, Any]
    predictions: Predictions
    measure: str | None


def run(loaded: Loaded, ui: Ui, *, jobs: int | None = None, dry_run: bool = False) -> Result | None:
    """Run an experiment and write its run folder; None where only the plan was asked for.

    Args:
        loaded: the config
        ui: where to say what happens
        jobs: how many cores to use; `n_jobs` of [MODEL], at most all, where not given
        dry_run: stop at the plan

    Raises:
        NkError: the config, the data or the installation does not allow it
    """
    setup, watch = prepare(loaded, jobs), Stopwatch()
    with watch("load"):
        config = setup.config
        read = load(
            config.data,
            number=config.exp.type == "regression",
            fail_threshold=config.feats.fail_threshold,
            resolve=resolver(setup.file),
            jobs=setup.jobs,
            ui=ui,
        )
        dataset, folds = _divide(read.dataset, setup)
    for line in _plan(dataset, folds, setup, multichannel=read.multichannel).lines():
        ui.note(line)
    if dry_run:
        return None
    with watch("extract"):
        features, failed = _features(dataset, setup, ui)
        skipped = (*read.skipped, *failed)
        check_skips(skipped, len(read.dataset) + len(read.skipped), config.feats.fail_threshold)
        dataset, folds = _without(failed, dataset, folds, features, setup)
    _tell(skipped, dataset, folds, setup, ui)
    with watch("train"):
        predictions, notes = train.cross(features, dataset, folds, setup.recipe, config.exp.runs, ui)
        trained = train.train(features, dataset, *_final_rows(dataset, folds), setup.recipe)
    for note, count in notes.items():
        ui.warn(note if count == 1 else f"{note} (in {count} of {len(folds) * config.exp.runs} models)")
    with watch("evaluate"):
        truth = _known_to_train(dataset, folds)
        own = dataset.target.name == "speaker"
        metrics = metrics_json(predictions, truth, speakers_are_target=own)
    with runfolder.writing(setup.root, config.exp.name) as folder:
        folder.text("config.yaml", to_yaml(_resolved(setup)))
        folder.json("metrics.json", metrics)
        _write_tables(folder, dataset, predictions, skipped, metrics)
        if config.model.save:
            train.save(trained, folder.folder("model"), _about_model(setup, dataset, folds, features))
        with watch("figures"):
            draw_results(folder.folder("figures"), predictions, metrics, config.plot)
        folder.json("manifest.json", _manifest(setup, dataset, folds, features, watch))
        folder.text("log.txt", "\n".join(ui.lines) + "\n")
    return Result(setup.root / config.exp.name, metrics, predictions, config.model.measure)


def prepare(loaded: Loaded, jobs: int | None) -> Setup:
    """Make everything that a run needs besides data.

    Raises:
        ConfigError: something is missing in the config
        NotBuilt: the config asks for what nk cannot do yet
        MissingDependency: a package is not installed
        DataError: the run folder cannot be where the config wants it
    """
    config = loaded.config
    check_built(loaded, USED_BY_RUN)
    if config.data.target is None:
        hint = "name the column that is to be learnt: `target = emotion` in [DATA]"
        raise ConfigError([Problem(str(loaded.file), 0, "[DATA] `target` is None, so there is nothing to learn", hint)])
    runfolder.check_place(Path(config.exp.root), config.exp.name)
    jobs = jobs or min(config.model.n_jobs or cores(), cores())
    seed = config.exp.random_seed if config.model.random_seed is None else config.model.random_seed
    recipe = train.Recipe(_model(loaded), config.feats.scale, config.model.nan_strategy, seed, jobs)
    return Setup(config, loaded.file, jobs, recipe, _extractors(loaded))


def _model(loaded: Loaded) -> Model:
    config = loaded.config
    if config.model.type is None:
        hint = f"write `type = svm` in [MODEL]; there are {', '.join(model_plugins.names())}"
        raise ConfigError([Problem(str(loaded.file), 0, "[MODEL] `type` is missing", hint)])
    plugin = model_plugins.get(config.model.type)
    check_requirements(plugin)
    if plugin.task != config.exp.type:
        text = f"[MODEL] `{config.model.type}` is for {plugin.task}, but [EXP] `type` is {config.exp.type}"
        raise ConfigError([Problem(str(loaded.file), 0, text)])
    return plugin(options_for(plugin, config.model.options), name=config.model.type)


def _extractors(loaded: Loaded) -> tuple[FeatureExtractor, ...]:
    feats = loaded.config.feats
    if not feats.type:
        text = f"[FEATS] `type` is empty, and `{loaded.config.model.type}` learns from features"
        raise ConfigError([Problem(str(loaded.file), 0, text, "write `type = ['os']` in [FEATS]")])
    plugins = [(name, extractor_plugins.get(name)) for name in feats.type]
    for _, plugin in plugins:
        check_requirements(plugin)
    return tuple(plugin(options_for(plugin, feats.options), name=name) for name, plugin in plugins)


def _divide(dataset: Dataset, setup: Setup) -> tuple[Dataset, list[Fold]]:
    """Split the dataset, or fold it where a cross-validation is asked for."""
    seed = setup.config.exp.random_seed
    folds = split.folds(dataset, setup.config.model, seed=seed)
    if folds is not None:
        return dataset, folds
    dataset = split.split(dataset, setup.config.data.databases, seed=seed)
    return dataset, [split.holdout(dataset)]


def _plan(dataset: Dataset, folds: Sequence[Fold], setup: Setup, *, multichannel: int) -> Plan:
    cached = {
        f"{one.called} ({_options_text(one)})": extract.count_cached(dataset, one, setup.channels)
        for one in setup.extractors
    }
    scale = f", {setup.recipe.scale} scaling fitted on train" if setup.recipe.scale else ", features not scaled"
    runs = f", {setup.config.exp.runs} runs" if setup.config.exp.runs > 1 else ""
    notes = []
    if multichannel:
        rules = ", ".join(f"`{name}.channel = {rule}`" for name, rule in setup.channels.items())
        notes.append(f"channels: {multichannel} files have more than one; used is {rules}")
    return Plan(dataset, folds, cached, f"{setup.recipe.model.called}{scale}{runs}", notes)


def _options_text(plugin: FeatureExtractor) -> str:
    return ", ".join(f"{key} {value}" for key, value in plugin.options.model_dump().items())


def _features(dataset: Dataset, setup: Setup, ui: Ui) -> tuple[Features, list[Skip]]:
    feats = setup.config.feats
    parts = []
    for extractor in setup.extractors:
        found = extract.extract(
            dataset, extractor, channels=setup.channels, jobs=setup.jobs, ui=ui, fresh=feats.no_reuse
        )
        parts.append(extract.pool(found, feats.pooling) if extractor.frame_level else found)
    features = extract.join(parts, dataset, feats.features)
    if feats.print_feats:
        ui.note(f"columns: {', '.join(features.names)}")
    return features, extract.skips(dataset, parts)


def _without(
    failed: Sequence[Skip], dataset: Dataset, folds: list[Fold], features: Features, setup: Setup
) -> tuple[Dataset, list[Fold]]:
    """The rows that have features, with the split that they had; folds are made anew, since speakers may be gone."""
    if not failed:
        return dataset, folds
    kept = dataset.with_frame(dataset.frame.filter(pl.col("id").is_in(list(features.ids))), "has features")
    anew = split.folds(kept, setup.config.model, seed=setup.config.exp.random_seed)
    if anew is not None:
        return kept, anew
    split.check_parts(kept)
    return kept, [split.holdout(kept)]


def _tell(skipped: Sequence[Skip], dataset: Dataset, folds: Sequence[Fold], setup: Setup, ui: Ui) -> None:
    """What the user should know before he believes the result."""
    if skipped:
        place = setup.root / setup.config.exp.name / "skipped.csv"
        total = len(dataset) + len(skipped)
        ui.warn(
            f"{len(skipped)} of {total} rows skipped: {skipped[0].file}: {skipped[0].reason}", f"all are in {place}"
        )
    for fold in folds:
        lost = _lost_classes(dataset, fold)
        if lost:
            where = f"fold `{fold.name}`" if len(folds) > 1 else "the split"
            ui.warn(f"{where} has no training row of {', '.join(f'`{label}`' for label in lost)}")
    for step in dataset.history:
        if step.rows_in != step.rows_out:
            ui.note(f"rows: {step.rows_in} -> {step.rows_out} where {step.what}")


def _lost_classes(dataset: Dataset, fold: Fold) -> list[str]:
    rows = dataset.frame.filter(pl.col("id").is_in(list(fold.train)))
    present = set(rows[dataset.target.name].unique().to_list())
    return [label for label in dataset.target.labels if label not in present]


def _final_rows(dataset: Dataset, folds: Sequence[Fold]) -> tuple[Sequence[str], Sequence[str]]:
    """What the stored model is trained on, and may stop on: the split's rows, or all after a cross-validation."""
    if len(folds) == 1:
        return folds[0].train, folds[0].dev
    return dataset.ids, ()


def _known_to_train(dataset: Dataset, folds: Sequence[Fold]) -> pl.Series:
    """The truth that a baseline may know."""
    ids, _ = _final_rows(dataset, folds)
    return dataset.frame.filter(pl.col("id").is_in(list(ids)))[dataset.target.name]


def _resolved(setup: Setup) -> Config:
    data = setup.config.data
    readers = {name: [make_reader(database)] for name, database in data.databases.items()}
    plugins = {"feats": setup.extractors, "model": [setup.recipe.model], **readers}
    return resolved(setup.config, ("exp", "data", "feats", "model", "plot"), plugins)


def _write_tables(
    folder: runfolder.RunFolder,
    dataset: Dataset,
    predictions: Predictions,
    skipped: Sequence[Skip],
    metrics: dict[str, Any],
) -> None:
    folder.parquet("dataset.parquet", dataset.frame.drop("path"))
    folder.csv("predictions.csv", predictions.frame)
    schema = {"database": pl.String, "file": pl.String, "start": pl.Float64, "end": pl.Float64, "reason": pl.String}
    folder.csv("skipped.csv", pl.DataFrame([vars(skip) for skip in skipped], schema=schema))
    for name in ("per_class", "per_speaker"):
        rows = [{"split": part, **row} for part, found in metrics[name].items() for row in found]
        if rows:
            folder.csv(f"{name}.csv", pl.DataFrame(rows, infer_schema_length=None))


def _manifest(
    setup: Setup, dataset: Dataset, folds: Sequence[Fold], features: Features, watch: Stopwatch
) -> dict[str, Any]:
    return manifest(
        seed=setup.config.exp.random_seed,
        seconds=watch.seconds,
        config=setup.file.name,
        audio_hours=round(hours(dataset), 4),
        rows=len(dataset),
        features=features.provenance["extractors"],
        columns=len(features.names),
        folds=[fold.name for fold in folds],
        history=[vars(step) for step in dataset.history],
    )


def _about_model(setup: Setup, dataset: Dataset, folds: Sequence[Fold], features: Features) -> dict[str, Any]:
    """What else has to be known to use the stored model."""
    ids, _ = _final_rows(dataset, folds)
    rows = dataset.frame.filter(pl.col("id").is_in(list(ids)))
    return {
        "model": setup.recipe.model.called,
        "options": setup.recipe.model.options.model_dump(mode="json", by_alias=True),
        "scale": setup.recipe.scale,
        "seed": setup.recipe.seed,
        "features": {
            "extractors": features.provenance["extractors"],
            "pooling": list(setup.config.feats.pooling),
            "channels": setup.channels,
        },
        "trained_on": "all rows, after the cross-validation" if len(folds) > 1 else "the training part",
        "speakers": rows["speaker"].unique().sort().to_list() if dataset.has_speakers else None,
        "recordings": rows["digest"].unique().sort().to_list(),
    }
