"""A stored model and new rows -> predictions and metrics, on the path of training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.errors import DataError
from nk.manifest import Stopwatch
from nk.paths import resolver
from nk.plan import Plan, history_lines
from nk.stages import audit, cautions, seen, select, sources, split, train
from nk.stages.certainty import decided
from nk.stages.folds import holdout
from nk.stages.groups import groups_json
from nk.stages.known import as_told, unknown_labels
from nk.stages.load import load
from nk.stages.pooling import Pooling
from nk.stages.recordings import check_skips
from nk.stages.results import metrics_json
from nk.stages.views import views
from nk.tables import Predictions, positions
from nk.told import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.audit.finding import Finding
    from nk.config import Loaded
    from nk.config.output import Plot
    from nk.stages.certainty import Calibrations
    from nk.stages.folds import Fold
    from nk.stages.views import View
    from nk.stored import Stored
    from nk.tables import Dataset, Features, Skip, Target
    from nk.testsets import Testset
    from nk.ui import Ui

FOLD = "stored"  # in the predictions of a model that was not trained in a fold of theirs


@dataclass(frozen=True)
class Trial:
    """A test set that has been read; `total` is how many rows its table has, `unknown` counts labels not known."""

    testset: Testset
    dataset: Dataset
    skipped: tuple[Skip, ...]
    total: int
    multichannel: int
    unknown: dict[str, int]
    findings: list[Finding]
    ask: sources.Ask
    fail_threshold: float
    watch: Stopwatch

    @property
    def fold(self) -> Fold:
        """All rows, to be tested."""
        return replace(holdout(self.dataset), name=FOLD)


@dataclass(frozen=True)
class Tested:
    """What a test has ended with; `trial` has the rows that have features."""

    run: Stored
    trial: Trial
    features: Features
    predictions: Predictions
    views: Sequence[View]
    metrics: dict[str, Any]
    groups: dict[str, Any]
    skipped: tuple[Skip, ...]

    @property
    def told(self) -> Told:
        """What is said of it."""
        return Told(self.metrics, self.groups, self.run.config.model.measure, self.trial.findings)

    @property
    def calibrations(self) -> Calibrations:
        """What the scores were calibrated with."""
        return {(0, FOLD): self.run.trained.calibration}

    @property
    def summary(self) -> dict[str, Any]:
        """The metrics and what is to be known with them, for JSON."""
        trial = self.trial
        rows = {
            "rows": len(trial.dataset),
            "unlabelled": self.predictions.frame["truth"].null_count() - sum(trial.unknown.values()),
            "unknown_labels": trial.unknown,
            "skipped": len(self.skipped),
            "findings": audit.as_json(trial.findings)["findings"],
        }
        return {**self.metrics, **rows}


def read(testset: Testset, run: Stored, given: Loaded, jobs: int, ui: Ui) -> Trial:
    """Read a test set with the conventions of training.

    Raises:
        DataError: it cannot be read, no row is left, or features are scaled by speaker and one is not known
    """
    config, watch = given.config, Stopwatch()
    resolve = resolver(given.file)
    with watch("load"):
        found = load(
            testset.data,
            number=run.config.exp.type == "regression",
            fail_threshold=config.feats.fail_threshold,
            resolve=resolve,
            seed=config.exp.random_seed,
            jobs=jobs,
            ui=ui,
            known=_target(testset, run),
        )
    dataset = split.without_own_parts(found.dataset)
    dataset = replace(dataset, frame=dataset.frame.with_columns(pl.lit("test").alias("split")))
    dataset = select.trimmed(dataset, testset.data, config.exp.random_seed, divided=True)
    if not len(dataset):
        raise DataError(f"no row of `{testset.name}` is left", hint="look at the filters and limits in [DATA]")
    if run.about.scale == "speaker":
        train.check_speakers(dataset.frame)
    unknown, features = unknown_labels(dataset), run.about.features
    ask = sources.Ask(
        testset.data.channels, Pooling(features.pooling), resolve, jobs, features.keep, config.feats.no_reuse
    )
    findings = audit.of_test(dataset, seen.findings(dataset, run.about, unknown, prefix=testset.prefix))
    total = len(found.dataset) + len(found.skipped)
    return Trial(
        testset, dataset, found.skipped, total, found.multichannel, unknown, findings, ask,
        config.feats.fail_threshold, watch,
    )  # fmt: skip


def _target(testset: Testset, run: Stored) -> Target:
    """The target of the model; what was measured of the database that this one is like goes by its own name."""
    target, like = run.trained.target, testset.like
    old = target.measured
    largest = {testset.name: old.largest[like]} if like in old.largest else {}
    scale = {testset.name: old.scale[like]} if like in old.scale else {}
    return replace(target, measured=replace(old, largest=largest, scale=scale))


def plan(trial: Trial, run: Stored) -> list[str]:
    """What is about to be done, a line each."""
    about, dataset = run.about, trial.dataset
    model = f"{about.model}, trained on {about.trained_on} of `{run.folder}`"
    notes = history_lines(dataset, strange=sum(trial.unknown.values()))
    if trial.multichannel:
        have = "file has" if trial.multichannel == 1 else "files have"
        channel = trial.ask.channels[trial.testset.name]
        notes = [f"channels: {trial.multichannel} {have} more than one; used is `{channel}`", *notes]
    features = sources.planned(dataset, run.sources, trial.ask)
    return Plan(dataset, [trial.fold], features, model, notes).lines()


def warnings(trial: Trial, run: Stored) -> list[cautions.Caution]:
    """What to know before the result is believed."""
    found = cautions.of_skips(trial.skipped, trial.total)
    return found + (cautions.of_scale(trial.dataset, [trial.fold]) if run.about.scale == "speaker" else [])


def evaluate(trial: Trial, run: Stored, ui: Ui) -> Tested:
    """Compute the features that the model was trained on, predict, and measure.

    Raises:
        DataError: too much cannot be used, or the features are not those of the model
    """
    about, watch, dataset = run.about, trial.watch, trial.dataset
    with watch("extract"):
        features, failed = sources.complete(dataset, run.sources, trial.ask, about.nan_strategy, ui)
        skipped = (*trial.skipped, *failed)
        check_skips(skipped, trial.total, trial.fail_threshold)
    if failed:
        cautions.say(cautions.of_skips(failed, len(dataset)), ui)
        kept = dataset.frame.filter(pl.col("id").is_in(list(features.ids)))
        dataset = dataset.with_frame(kept, "has features")
    if not len(dataset):
        raise DataError(f"no row of `{trial.testset.name}` has features", hint="see the reasons above")
    with watch("predict"):
        features = _fitting(features, run)
        frame = train.predict(run.trained, features, dataset, dataset.ids, run=0, fold=FOLD, split="test")
        predictions = Predictions(frame, dataset.target)
    with watch("evaluate"):
        own = dataset.target.name == "speaker"
        known = {FOLD: run.truth()}
        looks = views(predictions, known, dataset, _plot(dataset, run, ui), None)
        tempers = {(0, FOLD): run.trained.calibration}
        looks += decided(predictions, known, tempers)
        metrics = metrics_json(predictions, known, looks, tempers, speakers_are_target=own)
        by = [column for column in run.config.exp.results_by if column in dataset]
        by_group = groups_json(predictions, dataset, by, speakers_are_target=own)
    trial = replace(trial, dataset=as_told(dataset), unknown=unknown_labels(dataset))
    return Tested(run, trial, features, predictions, looks, metrics, by_group, skipped)


def _plot(dataset: Dataset, run: Stored, ui: Ui) -> Plot:
    """The section PLOT of the run, without what the test set has no column for."""
    plot = run.config.plot
    column = plot.combine_per_speaker_col
    if not plot.combine_per_speaker or column in dataset:
        return plot
    ui.note(f"no decision a {column}: the test set has no column `{column}`")
    return plot.model_copy(update={"combine_per_speaker": None})


def _fitting(features: Features, run: Stored) -> Features:
    """The columns that the model was trained on, in its order.

    Raises:
        DataError: one is not there
    """
    learnt = sum(len(one.names) for one in run.trained.learnt)
    names = run.trained.names[: len(run.trained.names) - learnt]
    if features.names == names:
        return features
    missing = [name for name in names if name not in features.names]
    if missing:
        text = "the features lack columns that the model was trained on"
        raise DataError(text, examples=missing, hint="compute them as in training, or train anew")
    return replace(features, names=names, values=features.values[:, positions(features.names, names)])


def all_rows(tested: Sequence[Tested]) -> pl.DataFrame:
    """The rows of all test sets with what was predicted of them."""
    from nk.exports import test_rows

    return pl.concat([test_rows(one.predictions, one.trial.dataset) for one in tested], how="diagonal_relaxed")
