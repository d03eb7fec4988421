"""What a run leaves: the files of its folder, from the tables that it ended with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import evaluations, lock
from nk.config import to_yaml
from nk.config.resolve import resolved
from nk.exports import write_features
from nk.manifest import manifest
from nk.plan import hours
from nk.report.pictures import draw_results
from nk.stages import trained
from nk.stages.load import make_reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.config import Config
    from nk.evaluations import Evaluation
    from nk.lock import Lock
    from nk.manifest import Stopwatch
    from nk.runfolder import RunFolder
    from nk.setup import Setup
    from nk.stages.course import Course
    from nk.stages.folds import Fold
    from nk.stages.trained import Trained
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
    metrics: dict[str, Any]
    trained: Trained
    skipped: Sequence[Skip]
    courses: Sequence[Course]
    lock: Lock
    seen: Sequence[Evaluation]


def write(folder: RunFolder, done: Done, watch: Stopwatch, ui: Ui) -> None:
    """Write everything, the manifest last: it holds the seconds, and marks the folder as complete."""
    config = done.setup.config
    folder.text("config.yaml", to_yaml(_resolved(done.setup)))
    folder.json("metrics.json", done.metrics)
    folder.text(lock.NAME, lock.text(done.lock))
    if done.seen:
        folder.text(evaluations.NAME, evaluations.text(done.seen))
    _write_tables(folder, done)
    if config.feats.store_format:
        write_features(folder.path, config.feats.store_format, done.features, done.dataset)
    if config.model.save:
        trained.save(done.trained, folder.folder("model"), _about_model(done))
    with watch("figures"):
        draw_results(folder.folder("figures"), done.predictions, done.metrics, config.plot)
    folder.json("manifest.json", _manifest(done, watch))
    folder.text("log.txt", "\n".join(ui.lines) + "\n")


def counted(
    setup: Setup, made: Lock, features: Features, predictions: Predictions, metrics: dict[str, Any], ui: Ui
) -> Sequence[Evaluation]:
    """Count this evaluation of the test rows, and say which there have been; none where nothing could be measured."""
    found = metrics["metrics"].get("test")
    if not found:
        return ()
    measure = setup.config.model.measure or next(iter(found))
    new = evaluations.evaluation(
        predictions,
        [made.test, *(one.test for one in setup.locks.values())],
        measure=measure,
        value=found[measure]["value"],
        name=setup.config.exp.name,
        model=setup.recipe.model.called,
        features=tuple(str(part["extractor"]) for part in features.provenance["extractors"]),
    )
    beside = [folder / evaluations.NAME for folder in setup.beside_locks]
    return evaluations.note(new, beside, ui, old=setup.folder / evaluations.NAME)


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


def _write_tables(folder: RunFolder, done: Done) -> None:
    folder.parquet("dataset.parquet", done.dataset.frame.drop("path", "size"))
    folder.csv("predictions.csv", done.predictions.frame)
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
