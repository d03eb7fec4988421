"""What a run leaves: the files of its folder, from the tables that it ended with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.config import to_yaml
from nk.config.resolve import resolved
from nk.exports import write_features
from nk.manifest import manifest
from nk.plan import hours
from nk.report.pictures import draw_results
from nk.show import log_results
from nk.stages import trained
from nk.stages.load import make_reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.config import Config
    from nk.manifest import Stopwatch
    from nk.runfolder import RunFolder
    from nk.setup import Setup
    from nk.stages.course import Course
    from nk.stages.folds import Fold
    from nk.stages.trained import Trained
    from nk.stages.views import View
    from nk.tables import Dataset, Features, Predictions, Skip
    from nk.ui import Ui


@dataclass(frozen=True)
class Done:
    """What a run has ended with."""

    setup: Setup
    dataset: Dataset
    folds: Sequence[Fold]
    features: Features
    predictions: Predictions
    views: Sequence[View]
    metrics: dict[str, Any]
    trained: Trained
    skipped: Sequence[Skip]
    courses: Sequence[Course]


def write(folder: RunFolder, done: Done, watch: Stopwatch, ui: Ui) -> None:
    """Write everything, the manifest last: it holds the seconds, and marks the folder as complete."""
    config = done.setup.config
    folder.text("config.yaml", to_yaml(_resolved(done.setup)))
    folder.json("metrics.json", done.metrics)
    _write_tables(folder, done)
    if config.feats.store_format:
        write_features(folder.path, config.feats.store_format, done.features, done.dataset)
    if config.model.save:
        trained.save(done.trained, folder.folder("model"), _about_model(done))
    with watch("figures"):
        _draw(folder.folder("figures"), done, ui)
    log_results(done.metrics, config.model.measure, ui)
    folder.text("log.txt", "\n".join(ui.lines) + "\n")
    folder.json("manifest.json", _manifest(done, watch))


def final_rows(dataset: Dataset, folds: Sequence[Fold]) -> tuple[Sequence[str], Sequence[str]]:
    """What the stored model is trained on, and may stop on: the split's rows, or all after a cross-validation."""
    if len(folds) == 1:
        return folds[0].train, folds[0].dev
    return dataset.ids, ()


def _resolved(setup: Setup) -> Config:
    data = setup.config.data
    readers = {name: [make_reader(database)] for name, database in data.databases.items()}
    plugins = {"feats": setup.sources, "model": [setup.recipe.model], **readers}
    return resolved(setup.config, ("exp", "data", "feats", "model", "plot"), plugins)


def _draw(folder: Path, done: Done, ui: Ui) -> None:
    config, dataset = done.setup.config, done.dataset
    if len(done.folds) > 1:  # what the tables say of parts is not what was done
        dataset = replace(dataset, frame=dataset.frame.drop("split", strict=False))
    asked = [name for name, database in config.data.databases.items() if database.value_counts]
    counted = [(name, dataset) for name in asked if name in dataset.frame["database"]]
    unwritten = draw_results(
        folder,
        done.predictions,
        done.metrics,
        config.plot,
        views=done.views,
        measure=config.model.measure,
        counted=counted,
    )
    for text in unwritten:
        ui.warn(text, "install a font for them; the tables of the run folder have all names")


def _write_tables(folder: RunFolder, done: Done) -> None:
    folder.parquet("dataset.parquet", done.dataset.frame.drop("path", "size"))
    folder.csv("predictions.csv", done.predictions.frame)
    for view in done.views:
        if view.key == "combined":
            folder.csv("combined.csv", view.predictions.frame)
    schema = {"database": pl.String, "file": pl.String, "start": pl.Float64, "end": pl.Float64, "reason": pl.String}
    folder.csv("skipped.csv", pl.DataFrame([vars(skip) for skip in done.skipped], schema=schema))
    for name in ("per_class", "per_speaker"):
        rows = [{"split": part, **row} for part, found in done.metrics[name].items() for row in found]
        if rows:
            folder.csv(f"{name}.csv", pl.DataFrame(rows, infer_schema_length=None))


def _manifest(done: Done, watch: Stopwatch) -> dict[str, Any]:
    return manifest(
        seed=done.setup.config.exp.random_seed,
        seconds=watch.seconds,
        config=done.setup.file.name,
        audio_hours=round(hours(done.dataset), 4),
        rows=len(done.dataset),
        features=done.features.provenance["extractors"],
        columns=len(done.features.names),
        folds=[fold.name for fold in done.folds],
        trainings=[course.as_dict(done.dataset.target.labels) for course in done.courses],
        history=[vars(step) for step in done.dataset.history],
    )


def _about_model(done: Done) -> dict[str, Any]:
    """What else has to be known to use the stored model."""
    setup, dataset = done.setup, done.dataset
    ids, _ = final_rows(dataset, done.folds)
    rows = dataset.frame.filter(pl.col("id").is_in(list(ids)), pl.col(dataset.target.name).is_not_null())
    return {
        "model": setup.recipe.model.called,
        "options": setup.recipe.model.options.model_dump(mode="json", by_alias=True),
        "scale": setup.recipe.scale,
        "nan_strategy": setup.recipe.nan_strategy,
        "balancing": setup.recipe.balancing,
        "seed": setup.recipe.seed,
        "training": done.trained.course.as_dict(dataset.target.labels),
        "features": {
            **done.features.provenance,
            "pooling": list(setup.config.feats.pooling),
            "channels": setup.channels,
        },
        "trained_on": "all rows, after the cross-validation" if len(done.folds) > 1 else "the training part",
        "speakers": rows["speaker"].unique().sort().to_list() if dataset.has_speakers else None,
        "recordings": rows["digest"].unique().sort().to_list(),
    }
