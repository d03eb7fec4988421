"""Features and a split -> trained models and what they predict. Everything fitted is fitted on training rows alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.apart import Lost
from nk.errors import DataError, PluginError
from nk.execute import HERE
from nk.stages import crossfit, gaps, tune
from nk.stages.evaluate import uncertainty
from nk.stages.fit import Way, rows_of, speakers_of, threads, truth_of
from nk.stages.folds import shared_ids
from nk.stages.grouping import by_hash
from nk.stages.trained import vectors
from nk.tables import Predictions, positions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.execute import Executor
    from nk.registry import Floats, Model
    from nk.stages.calibration import Aims, Calibration
    from nk.stages.course import Choice, Course
    from nk.stages.fit import Rows
    from nk.stages.folds import Fold
    from nk.stages.trained import Trained
    from nk.stages.tune import Grid
    from nk.tables import Dataset, Features
    from nk.ui import Ui


@dataclass(frozen=True)
class Recipe:
    """How to train: the model, the scaler's name, what replaces missing values, the seed, and how many cores.

    `balancing` is a method's name, or None, and `balancing_seed` the seed of its random choices. `grid` are models with
    other values of options, of which the best is chosen in every fold; `model` is then the first of them. `aims` are
    those that scores are calibrated for, None where they are not.
    """

    model: Model
    scale: str | None
    nan_strategy: str
    seed: int
    jobs: int
    balancing: str | None = None
    balancing_seed: int = 42
    grid: Grid | None = None
    aims: Aims | None = None

    @property
    def text(self) -> str:
        """In words, for the plan."""
        scale = f"{self.scale} scaling fitted on train" if self.scale else "features not scaled"
        scale = "features scaled within each speaker" if self.scale == "speaker" else scale
        balanced = f", training rows balanced by {self.balancing}" if self.balancing else ""
        return f"{self.model.called}, {gaps.policy(self.nan_strategy)}, {scale}{balanced}"

    def chosen(self, choice: Choice | None) -> Recipe:
        """The recipe with the values that were chosen."""
        if self.grid is None or choice is None:
            return self
        return replace(self, model=self.grid.models[choice.place], grid=None)

    def of_run(self, run: int) -> Recipe:
        """The recipe of run 0, 1, ...: run r has the seeds + r."""
        return replace(self, seed=self.seed + run, balancing_seed=(self.balancing_seed + run) % 2**32)


@dataclass(frozen=True)
class Crossed:
    """What came out of all folds and runs: the predictions, how each training went, and the calibration to store."""

    predictions: Predictions
    courses: tuple[Course, ...]
    calibration: Calibration | None = None


@dataclass(frozen=True)
class _Job:
    run: int
    fold: Fold
    way: Way


def cross(
    features: Features,
    dataset: Dataset,
    folds: Sequence[Fold],
    recipe: Recipe,
    runs: int,
    ui: Ui,
    executor: Executor = HERE,
) -> Crossed:
    """Train on each fold's training rows and predict its dev and test rows, `runs` times with seeds that follow.

    In a cross-validation the test rows of all folds together are all rows, and their part is `test`. Where there are
    several models to train, `executor` says where; of a single one it has the inner folds.

    Raises:
        DataError: a fold cannot be trained, see `check`
    """
    several = len(folds) * runs > 1
    inner = replace(recipe, jobs=1) if several else recipe
    inner = replace(inner, aims=_aims_of_a_fold(dataset, folds, recipe))
    if recipe.balancing:
        import_module("imblearn")  # once, not by several threads at once
    rows = rows_of(features, dataset, shared_ids(folds))
    work = _jobs(rows.frame, dataset, folds, inner, runs, HERE if several else executor)
    found: dict[int, tuple[pl.DataFrame, Course]] = {}
    where = executor if several else HERE
    with (
        ui.progress("training", len(work), "folds" if len(folds) > 1 else "models") as progress,
        threads(inner.jobs, "blas"),
    ):
        for place, outcome in where.run(_one, (rows, work), range(len(work)), jobs=recipe.jobs):
            if isinstance(outcome, Lost):
                raise PluginError(f"a training{work[place].way.where} {outcome.why}")
            found[place] = outcome
            progress.advance()
    frames, courses = zip(*(found[place] for place in range(len(work))), strict=True)
    predictions = Predictions(pl.concat(frames), dataset.target)
    if recipe.aims and not inner.aims and not dataset.target.is_number:
        unit = "rows" if _by_row(dataset) else "speakers"
        return Crossed(*crossfit.calibrate(predictions, courses, recipe.aims, unit))
    return Crossed(predictions, courses, courses[0].calibration)


def _aims_of_a_fold(dataset: Dataset, folds: Sequence[Fold], recipe: Recipe) -> Aims | None:
    """Those for which a fold is calibrated by itself: not numbers, and not folds without dev, which do so together."""
    together = len(folds) > 1 and not any(fold.dev for fold in folds)
    return None if together or dataset.target.is_number else recipe.aims


def check(dataset: Dataset, folds: Sequence[Fold], recipe: Recipe, runs: int) -> None:
    """Find out before any work whether each fold can be trained, as far as that does not depend on features.

    Raises:
        DataError: a fold has no training row with a truth, too few of a class for the balancing, no speaker to hold
            out for early stopping, or too few to choose options by; or features are to be scaled by speaker, and a
            speaker is not known
    """
    frame = dataset.frame[positions(dataset.ids, shared_ids(folds))]
    if recipe.scale == "speaker":
        check_speakers(frame)
    truth = truth_of(frame, dataset.target)
    drawn = recipe.model.stop_share is not None or recipe.grid
    for job in _jobs(frame, dataset, folds, recipe, runs if drawn else 1):
        tune.check(truth, job.fold.train_rows, job.fold.dev_rows, job.way)


def planned(dataset: Dataset, folds: Sequence[Fold], recipe: Recipe, runs: int) -> list[str]:
    """What there is to try, and how many trainings it takes; nothing where one is enough."""
    frame = dataset.frame[positions(dataset.ids, shared_ids(folds))]
    truth = truth_of(frame, dataset.target)
    recipe = replace(recipe, aims=_aims_of_a_fold(dataset, folds, recipe))
    jobs = _jobs(frame, dataset, folds, recipe, runs)
    fits = sum(tune.fits(truth, job.fold.train_rows, job.fold.dev_rows, job.way) for job in jobs)
    if recipe.grid is None:
        more = fits - len(jobs)
        return [f"calibration: {more} more trainings, in inner folds (`calibrate = False` saves them)"] if more else []
    values = recipe.grid.values
    several = [f"{len({str(one[key]) for one in values})} values of `{key}`" for key in values[0]]
    # What is stored after a cross-validation is tuned on all rows; after a split it has the values that were chosen.
    every = np.arange(len(truth))
    fits += tune.fits(truth, every, every[:0], jobs[0].way) if len(folds) > 1 else 1
    tried = f"{' by '.join(several)}" + (f", {len(values)} combinations" if len(several) > 1 else "")
    return [f"tuning: {tried}, chosen by {recipe.grid.measure}: {fits} trainings in all"]


def _jobs(
    frame: pl.DataFrame,
    dataset: Dataset,
    folds: Sequence[Fold],
    recipe: Recipe,
    runs: int,
    executor: Executor = HERE,
) -> list[_Job]:
    ways = [replace(way_of(frame, dataset, recipe.of_run(run)), executor=executor) for run in range(runs)]
    where = {fold.name: f" of fold `{fold.name}`" if len(folds) > 1 else "" for fold in folds}
    return [_Job(run, fold, replace(ways[run], where=where[fold.name])) for run in range(runs) for fold in folds]


def way_of(frame: pl.DataFrame, dataset: Dataset, recipe: Recipe) -> Way:
    """The way for these rows.

    Groups are a number a speaker; a number a row where speakers are unknown, or are what is to be told. They are
    numbered in the order of a hash of (seed, speaker), so that more speakers do not change that of others.
    """
    by_row = _by_row(dataset)
    names = frame["id" if by_row else "speaker"].fill_null("").to_list()
    number = {name: place for place, name in enumerate(by_hash(names, recipe.seed))}
    groups = np.array([number[name] for name in names], dtype=np.int64)
    return Way(recipe, dataset.target, groups, "rows" if by_row else "speakers")


def _by_row(dataset: Dataset) -> bool:
    return not dataset.has_speakers or dataset.target.name == "speaker"


def check_speakers(frame: pl.DataFrame) -> None:
    """Make sure that every speaker is known, as features are scaled by speaker.

    Raises:
        DataError: one is not
    """
    hint = "give every row its speaker in the column `speaker`, or use `scale = standard`"
    if "speaker" not in frame.columns:
        raise DataError("`scale = speaker` needs a column `speaker`", hint=hint)
    unknown = frame.filter(pl.col("speaker").is_null())
    if unknown.height:
        raise DataError("`scale = speaker` needs the speaker of every row, which is missing", rows=unknown.height,
                        examples=unknown["file"].to_list(), hint=hint)  # fmt: skip


def train(
    features: Features,
    dataset: Dataset,
    ids: Sequence[str],
    dev: Sequence[str],
    recipe: Recipe,
    choice: Choice | None = None,
    calibration: Calibration | None = None,
    executor: Executor = HERE,
) -> Trained:
    """Fit gaps, scaler and model on the rows `ids`; `dev` are rows that a model may stop on, and options be chosen by.

    For one model at a time: the number of threads of linear algebra is set for the whole process. `choice` are the
    values of options, where they have been chosen on these very rows, and `calibration` is what `cross` has found.
    `executor` is where inner folds are trained; the model itself is trained here.
    """
    rows = rows_of(features, dataset, [*ids, *dev])
    recipe = replace(recipe.chosen(choice), aims=None)
    every, way = np.arange(len(rows.where)), replace(way_of(rows.frame, dataset, recipe), executor=executor)
    with threads(recipe.jobs, "blas"), threads(recipe.jobs, "openmp"):
        found = tune.best(rows, every[: len(ids)], every[len(ids) :], way)
    course = replace(found.course, choice=choice or found.course.choice, calibration=calibration)
    return replace(found, course=course, calibration=calibration)


def predict(
    trained: Trained, features: Features, dataset: Dataset, ids: Sequence[str], *, run: int, fold: str, split: str
) -> pl.DataFrame:
    """What a trained model says of the rows `ids`: the frame of `Predictions`."""
    rows = dataset.frame[positions(dataset.ids, ids)]
    more = [vectors(one, two, ids) for one, two in zip(trained.learnt, features.sequences, strict=True)]
    return _said(trained, np.hstack([features.rows(ids), *more]), rows, run=run, fold=fold, split=split)


def _said(trained: Trained, x: Floats, rows: pl.DataFrame, *, run: int, fold: str, split: str) -> pl.DataFrame:
    target, scores = trained.target, trained.scores(x, speakers_of(rows, trained.scaler))
    has_truth = target.name in rows.columns
    frame = rows.select(
        "id", "file", "start", "end", "database",
        (pl.col("speaker") if "speaker" in rows.columns else pl.lit(None, pl.String)).alias("speaker"),
        pl.lit(split).alias("split"), pl.lit(run).alias("run"), pl.lit(fold).alias("fold"),
        (pl.col(target.name) if has_truth else pl.lit(None)).alias("truth"),
    )  # fmt: skip
    if target.is_number:
        return frame.with_columns(pl.Series("predicted", scores))
    names = pl.Series(target.labels)
    columns = [pl.Series(f"p_{label}", scores[:, place]) for place, label in enumerate(target.labels)]
    return frame.with_columns(
        names.gather(scores.argmax(axis=1)).alias("predicted"), *columns, pl.Series("uncertainty", uncertainty(scores))
    )


def _one(shared: tuple[Rows, Sequence[_Job]], place: int) -> tuple[pl.DataFrame, Course]:
    rows, job = shared[0], shared[1][place]
    fold = job.fold
    with threads(job.way.recipe.jobs, "openmp"):
        trained = tune.best(rows, fold.train_rows, fold.dev_rows, job.way)
        said = [
            _said(trained, rows.x(places, trained.learnt), rows.frame[places], run=job.run, fold=fold.name, split=split)
            for split, places in (("dev", fold.dev_rows), ("test", fold.test_rows))
            if len(places)
        ]
    return pl.concat(said), replace(trained.course, run=job.run, fold=fold.name)
