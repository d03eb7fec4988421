"""Features and a split -> trained models and what they predict. Everything fitted is fitted on training rows alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.execute import run_all
from nk.registry import Training
from nk.stages import balance, gaps
from nk.stages.course import Course, Stop
from nk.stages.evaluate import uncertainty
from nk.stages.folds import shared_ids
from nk.stages.grouping import by_hash
from nk.stages.scale import fit_scaler
from nk.stages.stop import held_out
from nk.stages.trained import Trained, vectors
from nk.tables import Predictions, positions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    import numpy.typing as npt

    from nk.registry import Doubles, Floats, Ints, LearntFeatures, Model
    from nk.stages.folds import Fold
    from nk.stages.scale import FittedScaler
    from nk.tables import Dataset, Features, Sequences, Target
    from nk.ui import Ui

    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Recipe:
    """How to train: the model, the scaler's name, what replaces missing values, the seed, and how many cores.

    `balancing` is a method's name, or None, and `balancing_seed` the seed of its random choices.
    """

    model: Model
    scale: str | None
    nan_strategy: str
    seed: int
    jobs: int
    balancing: str | None = None
    balancing_seed: int = 42

    @property
    def text(self) -> str:
        """In words, for the plan."""
        scale = f"{self.scale} scaling fitted on train" if self.scale else "features not scaled"
        scale = "features scaled within each speaker" if self.scale == "speaker" else scale
        balanced = f", training rows balanced by {self.balancing}" if self.balancing else ""
        return f"{self.model.called}, {gaps.policy(self.nan_strategy)}, {scale}{balanced}"

    def of_run(self, run: int) -> Recipe:
        """The recipe of run 0, 1, ...: run r has the seeds + r."""
        return replace(self, seed=self.seed + run, balancing_seed=(self.balancing_seed + run) % 2**32)


@dataclass(frozen=True)
class _Rows:
    """Features, truth and rows of a dataset, looked up once by id; all that follows takes them by place.

    `where` is the place of each row in `values`, `y` as in `Training`, but -1 or NaN where the truth is not known, and
    `known` says which columns have a value at all.
    """

    frame: pl.DataFrame
    names: tuple[str, ...]
    values: Floats
    where: Ints
    y: Ints | Doubles
    known: Mask
    sequences: tuple[Sequences, ...]

    def x(self, places: Ints, learnt: tuple[LearntFeatures, ...] = ()) -> Floats:
        """Features of some rows, shape (places, names), those that are learnt behind the others."""
        plain = self.values[self.where[places]]
        ids = self.frame["id"].gather(places).to_list()
        more = [vectors(one, sequences, ids) for one, sequences in zip(learnt, self.sequences, strict=True)]
        return np.hstack([plain, *more])

    def learnt(self, places: Ints, seed: int) -> tuple[LearntFeatures, ...]:
        """The features that are learnt from the frames of some rows."""
        ids = self.frame["id"].gather(places).to_list()
        return tuple(one.learner.learn([one.frames[key] for key in ids], seed=seed) for one in self.sequences)


@dataclass(frozen=True)
class Crossed:
    """What came out of all folds and runs: the predictions, and how each training went."""

    predictions: Predictions
    courses: tuple[Course, ...]


@dataclass(frozen=True)
class _Way:
    """How one model is trained: `groups` are those of all rows, `kind` what they are, `where` is for messages."""

    recipe: Recipe
    target: Target
    groups: Ints
    kind: str
    where: str = ""


@dataclass(frozen=True)
class _Job:
    run: int
    fold: Fold
    way: _Way


def cross(features: Features, dataset: Dataset, folds: Sequence[Fold], recipe: Recipe, runs: int, ui: Ui) -> Crossed:
    """Train on each fold's training rows and predict its dev and test rows, `runs` times with seeds that follow.

    In a cross-validation the test rows of all folds together are all rows, and their part is `test`.

    Raises:
        DataError: a fold cannot be trained, see `check`
    """
    inner = replace(recipe, jobs=1) if len(folds) * runs > 1 else recipe
    if recipe.balancing:
        import_module("imblearn")  # once, not by several threads at once
    rows = _rows(features, dataset, shared_ids(folds))
    work = _jobs(rows.frame, dataset, folds, inner, runs)
    found: dict[tuple[int, str], tuple[pl.DataFrame, Course]] = {}
    with (
        ui.progress("training", len(work), "folds" if len(folds) > 1 else "models") as progress,
        _threads(inner.jobs, "blas"),
    ):
        for job, frame, course in run_all(lambda job: _one(rows, job), work, jobs=recipe.jobs):
            found[job.run, job.fold.name] = frame, course
            progress.advance()
    frames, courses = zip(*(found[job.run, job.fold.name] for job in work), strict=True)
    return Crossed(Predictions(pl.concat(frames), dataset.target), courses)


def check(dataset: Dataset, folds: Sequence[Fold], recipe: Recipe, runs: int) -> None:
    """Find out before any work whether each fold can be trained, as far as that does not depend on features.

    Raises:
        DataError: a fold has no training row with a truth, too few of a class for the balancing, or no speaker to hold
            out for early stopping; or features are to be scaled by speaker, and a speaker is not known
    """
    frame = dataset.frame[positions(dataset.ids, shared_ids(folds))]
    if recipe.scale == "speaker":
        check_speakers(frame)
    truth = _truth(frame, dataset.target)
    for job in _jobs(frame, dataset, folds, recipe, runs if recipe.model.stop_share is not None else 1):
        places, _, _ = _parts(truth, job.fold.train_rows, job.fold.dev_rows, job.way)
        if recipe.balancing:
            y = np.asarray(truth[places], dtype=np.int64)
            balance.check(y, recipe.balancing, labels=dataset.target.labels, where=job.way.where)


def _jobs(frame: pl.DataFrame, dataset: Dataset, folds: Sequence[Fold], recipe: Recipe, runs: int) -> list[_Job]:
    ways = [_way(frame, dataset, recipe.of_run(run)) for run in range(runs)]
    where = {fold.name: f" of fold `{fold.name}`" if len(folds) > 1 else "" for fold in folds}
    return [_Job(run, fold, replace(ways[run], where=where[fold.name])) for run in range(runs) for fold in folds]


def _way(frame: pl.DataFrame, dataset: Dataset, recipe: Recipe) -> _Way:
    """The way for these rows.

    Groups are a number a speaker; a number a row where speakers are unknown, or are what is to be told. They are
    numbered in the order of a hash of (seed, speaker), so that more speakers do not change that of others.
    """
    by_row = not dataset.has_speakers or dataset.target.name == "speaker"
    names = frame["id" if by_row else "speaker"].fill_null("").to_list()
    number = {name: place for place, name in enumerate(by_hash(names, recipe.seed))}
    groups = np.array([number[name] for name in names], dtype=np.int64)
    return _Way(recipe, dataset.target, groups, "rows" if by_row else "speakers")


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


def train(features: Features, dataset: Dataset, ids: Sequence[str], dev: Sequence[str], recipe: Recipe) -> Trained:
    """Fit gaps, scaler and model on the rows `ids`; `dev` are rows that a model may stop on.

    For one model at a time: the number of threads of linear algebra is set for the whole process.
    """
    rows = _rows(features, dataset, [*ids, *dev])
    every, way = np.arange(len(rows.where)), _way(rows.frame, dataset, recipe)
    with _threads(recipe.jobs, "blas"), _threads(recipe.jobs, "openmp"):
        return _train(rows, every[: len(ids)], every[len(ids) :], way)


def predict(
    trained: Trained, features: Features, dataset: Dataset, ids: Sequence[str], *, run: int, fold: str, split: str
) -> pl.DataFrame:
    """What a trained model says of the rows `ids`: the frame of `Predictions`."""
    rows = dataset.frame[positions(dataset.ids, ids)]
    more = [vectors(one, two, ids) for one, two in zip(trained.learnt, features.sequences, strict=True)]
    return _said(trained, np.hstack([features.rows(ids), *more]), rows, run=run, fold=fold, split=split)


def _said(trained: Trained, x: Floats, rows: pl.DataFrame, *, run: int, fold: str, split: str) -> pl.DataFrame:
    target, scores = trained.target, trained.scores(x, _speakers(rows, trained.scaler))
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


def _one(rows: _Rows, job: _Job) -> tuple[_Job, pl.DataFrame, Course]:
    fold = job.fold
    with _threads(job.way.recipe.jobs, "openmp"):
        trained = _train(rows, fold.train_rows, fold.dev_rows, job.way)
        parts = [
            _said(trained, rows.x(places, trained.learnt), rows.frame[places], run=job.run, fold=fold.name, split=split)
            for split, places in (("dev", fold.dev_rows), ("test", fold.test_rows))
            if len(places)
        ]
    return job, pl.concat(parts), replace(trained.course, run=job.run, fold=fold.name)


def _train(rows: _Rows, places: Ints, dev: Ints, way: _Way) -> Trained:
    """Cut off rows to stop on, learn features, fill gaps, scale, balance, fit: all on the rows that are left."""
    recipe, target = way.recipe, way.target
    places, dev, stop = _parts(rows.y, places, dev, way)
    learnt = rows.learnt(places, recipe.seed)
    raw = rows.x(places, learnt)
    fill = gaps.fill_values(raw, recipe.nan_strategy)
    scaler = fit_scaler(recipe.scale, gaps.filled(raw, fill))

    def ready(some: Ints) -> Floats:
        return scaler.transform(gaps.filled(rows.x(some, learnt), fill), _speakers(rows.frame, scaler, some))

    data = Training(
        x=ready(places),
        y=rows.y[places],
        groups=way.groups[places],
        classes=len(target.labels),
        dev_x=ready(dev) if len(dev) else None,
        dev_y=rows.y[dev] if len(dev) else None,
    )
    data, balanced = _balanced(data, way)
    fitted = recipe.model.fit(data, seed=recipe.seed, jobs=recipe.jobs)
    notes = (*_lacking(raw, rows), *balanced.notes, *fitted.notes)
    course = replace(balanced, rows=len(data.y), notes=notes, stop=stop)
    names = (*rows.names, *(name for one in learnt for name in one.names))
    return Trained(target, names, fill, scaler, fitted, course, learnt)


def _parts(truth: Ints | Doubles, places: Ints, dev: Ints, way: _Way) -> tuple[Ints, Ints, Stop | None]:
    """The rows to train on and to stop on, all of known truth; the latter are cut off where the model wants some.

    Raises:
        DataError: there is nothing to train on, or nobody to hold out
    """
    known = ~np.isnan(truth) if way.target.is_number else truth >= 0
    places, dev = places[known[places]], dev[known[dev]]
    if not len(places):
        raise DataError(f"the training part{way.where} has no row with a `{way.target.name}`",
                        hint="choose another split, or fill the column in the table")  # fmt: skip
    share = way.recipe.model.stop_share
    if share is None or len(dev):
        return places, dev, None
    groups = way.groups[places]
    held = held_out(truth[places], groups, len(way.target.labels), share, way.where)
    stop = Stop(len(np.unique(groups[held])), len(np.unique(groups)), int(held.sum()), way.kind)
    return places[~held], places[held], stop


def _balanced(data: Training, way: _Way) -> tuple[Training, Course]:
    """The training rows balanced, and how that went."""
    method = way.recipe.balancing
    if method is None:
        return data, Course()
    y = np.asarray(data.y, dtype=np.int64)
    # One thread: sums of several come in any order, and round in different ways.
    with _threads(1, "openmp"):
        found = balance.balance(
            data.x, y, data.groups, method, seed=way.recipe.balancing_seed, labels=way.target.labels, where=way.where
        )
    course = Course(before=found.before, after=found.after, notes=found.notes)
    return replace(data, x=found.x, y=found.y, groups=found.groups), course


def _lacking(raw: Floats, rows: _Rows) -> tuple[str, ...]:
    """A note on features that have values, but none in the training rows."""
    plain = raw[:, : len(rows.names)]
    lacks = np.flatnonzero(rows.known & ~np.isfinite(plain).any(axis=0))
    return (f"no training row has a value of {gaps.named(rows.names, lacks)}: 0 was used",) if len(lacks) else ()


def _speakers(frame: pl.DataFrame, scaler: FittedScaler, places: Ints | None = None) -> list[str | None] | None:
    """Speakers of the rows, all or those at some places, where the scaler has to know them."""
    if scaler.method != "speaker" or "speaker" not in frame.columns:
        return None
    speakers = frame["speaker"]
    return (speakers if places is None else speakers.gather(places)).to_list()


def _threads(jobs: int, kind: Literal["blas", "openmp"]) -> AbstractContextManager[Any]:
    """At most `jobs` threads within libraries, as long as it is entered.

    Linear algebra has one number for the process, so that it is set once around threads that train folds; OpenMP has a
    number a thread, so that each of them sets its own.
    """
    from threadpoolctl import threadpool_limits

    for library in ("scipy.linalg", "sklearn.utils"):  # only what is loaded by now can be limited
        import_module(library)
    limits: AbstractContextManager[Any] = threadpool_limits(jobs, user_api=kind)
    return limits


def _rows(features: Features, dataset: Dataset, ids: Sequence[str]) -> _Rows:
    frame = dataset.frame[positions(dataset.ids, ids)]
    where = positions(features.ids, ids)
    known: Mask = np.asarray(np.isfinite(features.values).any(axis=0))
    truth = _truth(frame, dataset.target)
    return _Rows(frame, features.names, features.values, where, truth, known, features.sequences)


def _truth(frame: pl.DataFrame, target: Target) -> Ints | Doubles:
    """Values, or class numbers; NaN or -1 where the truth is not known."""
    column = frame[target.name]
    if target.is_number:
        return column.cast(pl.Float64).to_numpy().astype(np.float64)
    number: dict[str | None, int] = {label: place for place, label in enumerate(target.labels)} | {None: -1}
    return np.array([number[label] for label in column.to_list()], dtype=np.int64)
