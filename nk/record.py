"""What a run leaves: the files of its folder, from the tables that it ended with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import evaluations, lock, replay
from nk.config import to_yaml
from nk.config.resolve import resolved
from nk.exports import write_features
from nk.manifest import manifest
from nk.paths import looked_from
from nk.plan import hours
from nk.report import checked
from nk.report.pictures import draw_results
from nk.show import log_results
from nk.stages import audit, certainty, course, trained
from nk.stages.about import About, Measures, Source
from nk.stages.load import make_reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.audit.finding import Finding
    from nk.config import Config
    from nk.evaluations import Evaluation
    from nk.lock import Lock
    from nk.manifest import Stopwatch
    from nk.ready import Ready
    from nk.registry import Plugin
    from nk.replay import Outcome, Replay
    from nk.runfolder import RunFolder
    from nk.setup import Setup
    from nk.stages.certainty import Calibrations
    from nk.stages.course import Course
    from nk.stages.folds import Fold
    from nk.stages.trained import Trained
    from nk.stages.views import View
    from nk.tables import Dataset, Features, Predictions, Skip
    from nk.testing import Tested
    from nk.told import Told
    from nk.ui import Ui


@dataclass(frozen=True)
class Done:
    """What a run has ended with; `depends_on` is a hash of what it began with (`nk/recognised.py`)."""

    setup: Setup
    dataset: Dataset
    folds: Sequence[Fold]
    features: Features
    predictions: Predictions
    views: Sequence[View]
    told: Told
    trained: Trained
    skipped: Sequence[Skip]
    courses: Sequence[Course]
    lock: Lock
    depends_on: str

    @property
    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        return self.told.metrics

    @property
    def calibrations(self) -> Calibrations:
        """What the scores of each run and fold were calibrated with."""
        return course.calibrations(self.courses)


def write(folder: RunFolder, done: Done, watch: Stopwatch, ui: Ui) -> None:
    """Write everything, the manifest last: it holds the seconds, and marks the folder as complete."""
    config = done.setup.config
    folder.text("config.yaml", config_text(done.setup, report=True))
    write_results(folder, done.told)
    folder.text(lock.NAME, lock.text(done.lock))
    _write_tables(folder, done.dataset, done, done.skipped)
    if config.feats.store_format:
        write_features(folder.path, config.feats.store_format, done.features, done.dataset)
    if config.model.save:
        trained.save(done.trained, folder.folder("model"), _about_model(done).model_dump(mode="json"))
    with watch("figures"):
        _draw(folder.folder("figures"), done, config, ui, _counted(done))
    log_results(done.told, ui)
    folder.text("log.txt", "\n".join(ui.lines) + "\n")
    folder.json("manifest.json", _manifest(done, watch))


def write_replay(folder: RunFolder, again: Replay) -> Outcome:
    """Write how the repetition of a run, which is in the folder, compares to it."""
    outcome = replay.compare(again.run, folder.path)
    folder.json(replay.NAME, outcome.as_dict(again.run))
    return outcome


def config_text(setup: Setup, *, report: bool = False) -> str:
    """The config of a run with nothing left open, as YAML; no result depends on the section [REPORT]."""
    asked = report and setup.config.report.model_fields_set
    return to_yaml(_resolved(setup, ("report",) if asked else ()))


def told_of_check(
    setup: Setup, ready: Ready, findings: Sequence[Finding], error: str, watch: Stopwatch
) -> dict[str, Any]:
    """What a report says of a check."""
    about = manifest(seed=setup.config.exp.random_seed, seconds=watch.seconds)
    text = config_text(setup, report=True)
    return checked.told(setup.config.exp.name, ready, findings, error, config=text, manifest=about)


def final_rows(dataset: Dataset, folds: Sequence[Fold]) -> tuple[Sequence[str], Sequence[str]]:
    """What the stored model is trained on, and may stop on: the split's rows, or all after a cross-validation."""
    if len(folds) == 1:
        return folds[0].train, folds[0].dev
    return dataset.ids, ()


def _resolved(setup: Setup, more: Sequence[str]) -> Config:
    databases = {**setup.config.data.databases, **setup.config.data.tested}
    readers = {name: [make_reader(database)] for name, database in databases.items()}
    plugins = {"feats": setup.sources, "model": [setup.recipe.model], **readers}
    return resolved(setup.config, ("exp", "data", "feats", "model", "plot", *more), plugins)


def _draw(
    folder: Path, found: Done | Tested, config: Config, ui: Ui, counted: Sequence[tuple[str, Dataset]] = ()
) -> None:
    unwritten = draw_results(
        folder,
        found.predictions,
        found.metrics,
        config.plot,
        views=found.views,
        measure=config.model.measure,
        counted=counted,
    )
    for text in unwritten:
        ui.warn(text, "install a font for them; the tables of the run folder have all names")


def _counted(done: Done) -> list[tuple[str, Dataset]]:
    """The databases whose classes are to be counted, each with the rows that they are among."""
    dataset = done.dataset
    if len(done.folds) > 1:  # what the tables say of parts is not what was done
        dataset = replace(dataset, frame=dataset.frame.drop("split", strict=False))
    asked = [name for name, database in done.setup.config.data.databases.items() if database.value_counts]
    return [(name, dataset) for name in asked if name in dataset.frame["database"]]


def write_test(folder: RunFolder, tested: Tested, seen: Sequence[Evaluation], ui: Ui) -> None:
    """Write what a test of a stored model has found; the manifest last, as for a run."""
    trial, run = tested.trial, tested.run
    write_results(folder, replace(tested.told, seen=seen))
    _write_tables(folder, trial.dataset, tested, tested.skipped)
    with trial.watch("figures"):
        _draw(folder.folder("figures"), tested, run.config, ui)
    log_results(replace(tested.told, seen=seen), ui, of=trial.testset.name)
    about = manifest(
        seed=run.about.seed,
        seconds=trial.watch.seconds,
        run={key: run.manifest.get(key) for key in ("config", "made", "nk")},
        database=trial.testset.database.model_dump(mode="json", exclude_unset=True),
        like=trial.testset.like,
        audio_hours=round(hours(trial.dataset), 4),
        rows=len(trial.dataset),
        unknown_labels=trial.unknown,
        features=tested.features.provenance["extractors"],
        history=[vars(step) for step in trial.dataset.history],
    )
    folder.text("log.txt", "\n".join(ui.lines) + "\n")
    folder.json("manifest.json", about)


def write_results(folder: RunFolder, told: Told) -> None:
    """Write what is said of a result: measures, groups, audit, evaluations, and the tables a class and a speaker."""
    folder.json("metrics.json", told.metrics)
    folder.json("groups.json", told.groups)
    folder.json("audit.json", audit.as_json(told.findings))
    if told.seen:
        folder.text(evaluations.NAME, evaluations.text(told.seen))
    for name in ("per_class", "per_speaker"):
        rows = [{"split": part, **row} for part, some in told.metrics[name].items() for row in some]
        if rows:
            folder.csv(f"{name}.csv", pl.DataFrame(rows, infer_schema_length=None))


def _write_tables(folder: RunFolder, dataset: Dataset, found: Done | Tested, skipped: Sequence[Skip]) -> None:
    folder.parquet("dataset.parquet", dataset.frame.drop("path", "size"))
    folder.csv("predictions.csv", found.predictions.frame)
    sets = certainty.sets(found.predictions, found.calibrations)
    if sets.height:
        folder.csv("sets.csv", sets)
    for view in found.views:
        if view.key == "combined":
            folder.csv("combined.csv", view.predictions.frame)
    schema = {"database": pl.String, "file": pl.String, "start": pl.Float64, "end": pl.Float64, "reason": pl.String}
    folder.csv("skipped.csv", pl.DataFrame([vars(skip) for skip in skipped], schema=schema))


def _manifest(done: Done, watch: Stopwatch) -> dict[str, Any]:
    return manifest(
        seed=done.setup.config.exp.random_seed,
        seconds=watch.seconds,
        config=done.setup.file.name,
        **looked_from(done.setup.folder, done.setup.file),
        audio_hours=round(hours(done.dataset), 4),
        rows=len(done.dataset),
        features=done.features.provenance["extractors"],
        columns=len(done.features.names),
        folds=[fold.name for fold in done.folds],
        trainings=[course.as_dict(done.dataset.target.labels) for course in done.courses],
        history=[vars(step) for step in done.dataset.history],
        depends_on=done.depends_on,
    )


def _about_model(done: Done) -> About:
    """What else has to be known to use the stored model."""
    setup, dataset = done.setup, done.dataset
    known = dataset.frame.filter(pl.col(dataset.target.name).is_not_null())
    rows, dev = (known.filter(pl.col("id").is_in(list(ids))) for ids in final_rows(dataset, done.folds))
    sources = [Source(name=one.called, options=_plain(one)) for one in setup.sources]
    return About(
        model=setup.recipe.model.called,
        options=_plain(setup.recipe.chosen(done.trained.course.choice).model),
        scale=setup.recipe.scale,
        nan_strategy=setup.recipe.nan_strategy,
        balancing=setup.recipe.balancing,
        seed=setup.recipe.seed,
        training=done.trained.course.as_dict(dataset.target.labels),
        features=Measures(
            sources=tuple(sources),
            pooling=setup.config.feats.pooling,
            keep=setup.config.feats.features,
            channels=setup.channels,
            **done.features.provenance,
        ),
        trained_on="all rows, after the cross-validation" if len(done.folds) > 1 else "the training part",
        speakers=_names(rows) if dataset.has_speakers else None,
        recordings=tuple(rows["digest"].unique().sort()),
        dev_speakers=_names(dev) if dataset.has_speakers else (),
        dev_recordings=tuple(dev["digest"].unique().sort()),
    )


def _names(rows: pl.DataFrame) -> tuple[str, ...]:
    return tuple(rows["speaker"].drop_nulls().unique().sort())


def _plain(plugin: Plugin) -> dict[str, Any]:
    return plugin.options.model_dump(mode="json", by_alias=True)  # type: ignore[no-any-return]
