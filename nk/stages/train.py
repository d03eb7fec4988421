"""Features and a split -> trained models and what they predict. Everything fitted is fitted on training rows alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from nk.errors import DataError
from nk.execute import run_all
from nk.registry import Training
from nk.stages.evaluate import uncertainty
from nk.stages.folds import shared_ids
from nk.stages.grouping import by_hash
from nk.stages.scale import FittedScaler, fit_scaler, load_scaler
from nk.storage import read_record, unreadable, write_record
from nk.tables import Features, Predictions, Target, positions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import numpy.typing as npt

    from nk.registry import Doubles, Fitted, Floats, Ints, Model
    from nk.stages.folds import Fold
    from nk.tables import Dataset
    from nk.ui import Ui

RECORD = "trained.json"


@dataclass(frozen=True)
class Recipe:
    """How to train: the model, the scaler's name, what replaces missing values, the seed, and how many cores."""

    model: Model
    scale: str | None
    nan_strategy: str
    seed: int
    jobs: int


@dataclass(frozen=True)
class Trained:
    """A model with all that its predictions need: column names, values for gaps, scaler, labels in order."""

    target: Target
    names: tuple[str, ...]
    fill: npt.NDArray[np.float32]
    scaler: FittedScaler
    fitted: Fitted

    def scores(self, x: Floats) -> Doubles:
        """Class scores, shape (rows, classes), or values, shape (rows,), for raw features in the order of `names`."""
        return self.fitted.predict(self.scaler.transform(_filled(x, self.fill)))


class _Stored(BaseModel):
    """What is stored beside a model and its scaler; a run adds what else has to be known to use them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    version: Literal[1] = Field(default=1, alias="schema")
    target: str = Field(min_length=1)
    labels: tuple[str, ...]
    names: tuple[str, ...]
    fill: tuple[Annotated[float, Field(allow_inf_nan=False)], ...]

    @model_validator(mode="after")
    def _fits(self) -> _Stored:
        for key, values in (("labels", self.labels), ("names", self.names)):
            if len({*values}) < len(values):
                raise ValueError(f"`{key}` holds a name twice")
        if len(self.fill) != len(self.names):
            raise ValueError(f"`fill` has {len(self.fill)} values for {len(self.names)} features")
        return self


@dataclass(frozen=True)
class _Rows:
    """Features, truth and rows of a dataset, looked up once by id; all that follows takes them by place.

    `where` is the place of each row in `values`, `y` as in `Training`.
    """

    frame: pl.DataFrame
    names: tuple[str, ...]
    values: Floats
    where: Ints
    y: Ints | Doubles

    def x(self, places: Ints) -> Floats:
        """Features of some rows, shape (places, names)."""
        return self.values[self.where[places]]


@dataclass(frozen=True)
class _Job:
    run: int
    fold: Fold
    recipe: Recipe
    groups: Ints


def cross(
    features: Features, dataset: Dataset, folds: Sequence[Fold], recipe: Recipe, runs: int, ui: Ui
) -> tuple[Predictions, Counter[str]]:
    """Train on each fold's training rows and predict its dev and test rows, `runs` times with seeds that follow.

    In a cross-validation the test rows of all folds together are all rows, and their part is `test`.

    Returns:
        the predictions, and what the models said of their training: sentence -> how many said it
    """
    inner = replace(recipe, jobs=1) if len(folds) * runs > 1 else recipe
    recipes = [replace(inner, seed=recipe.seed + run) for run in range(runs)]
    rows = _rows(features, dataset, shared_ids(folds))
    groups = [_groups(rows.frame, dataset, one.seed) for one in recipes]
    work = [_Job(run, fold, recipes[run], groups[run]) for run in range(runs) for fold in folds]
    found: dict[tuple[int, str], pl.DataFrame] = {}
    notes: Counter[str] = Counter()
    with (
        ui.progress("training", len(work), "folds" if len(folds) > 1 else "models") as progress,
        _threads(inner.jobs, "blas"),
    ):
        for job, frame, said in run_all(lambda job: _one(rows, dataset.target, job), work, jobs=recipe.jobs):
            found[job.run, job.fold.name] = frame
            notes.update(said)
            progress.advance()
    frame = pl.concat(found[job.run, job.fold.name] for job in work)
    return Predictions(frame, dataset.target), notes


def train(features: Features, dataset: Dataset, ids: Sequence[str], dev: Sequence[str], recipe: Recipe) -> Trained:
    """Fit gaps, scaler and model on the rows `ids`; `dev` are rows that a model may stop on.

    For one model at a time: the number of threads of linear algebra is set for the whole process.
    """
    rows = _rows(features, dataset, [*ids, *dev])
    every, groups = np.arange(len(rows.where)), _groups(rows.frame, dataset, recipe.seed)
    with _threads(recipe.jobs, "blas"), _threads(recipe.jobs, "openmp"):
        return _train(rows, groups, every[: len(ids)], every[len(ids) :], dataset.target, recipe)


def predict(
    trained: Trained, features: Features, dataset: Dataset, ids: Sequence[str], *, run: int, fold: str, split: str
) -> pl.DataFrame:
    """What a trained model says of the rows `ids`: the frame of `Predictions`."""
    rows = dataset.frame[positions(dataset.ids, ids)]
    return _said(trained, features.rows(ids), rows, run=run, fold=fold, split=split)


def _said(trained: Trained, x: Floats, rows: pl.DataFrame, *, run: int, fold: str, split: str) -> pl.DataFrame:
    target, scores = trained.target, trained.scores(x)
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


def save(trained: Trained, folder: Path, about: dict[str, Any]) -> None:
    """Write a trained model into an existing folder; `about` is what else has to be known to use it."""
    trained.fitted.save(folder)
    trained.scaler.save(folder)
    fill = tuple(trained.fill.tolist())
    stored = _Stored(target=trained.target.name, labels=trained.target.labels, names=trained.names, fill=fill, **about)
    write_record(folder / RECORD, stored)


def load(folder: Path, model: type[Model]) -> Trained:
    """Read what `save` has written with a model of this plug-in.

    Raises:
        PluginError: a file is missing, damaged, of another learner, or does not fit the others
    """
    stored = read_record(folder / RECORD, _Stored)
    fill = np.array(stored.fill, dtype=np.float32)
    scaler, fitted = load_scaler(folder), model.load(folder)
    if scaler.about.features != len(stored.names):
        message = f"it has {len(stored.names)} features where the scaler has {scaler.about.features}"
        raise unreadable(folder / RECORD, message)
    trained = Trained(Target(stored.target, stored.labels), stored.names, fill, scaler, fitted)
    _try(trained, folder)
    return trained


def _try(trained: Trained, folder: Path) -> None:
    """Predict one row, of the values for gaps: the files may be sound, and yet be of different models."""
    try:
        found = trained.scores(trained.fill[None])
        due = (1, len(trained.target.labels)) if trained.target.labels else (1,)
        if found.shape != due or not np.isfinite(found).all():
            raise ValueError(f"the model does not give {due[-1]} finite scores a row, which its labels ask for")
    except Exception as error:
        raise unreadable(folder / RECORD, error) from error


def _one(rows: _Rows, target: Target, job: _Job) -> tuple[_Job, pl.DataFrame, tuple[str, ...]]:
    fold = job.fold
    with _threads(job.recipe.jobs, "openmp"):
        trained = _train(rows, job.groups, fold.train_rows, fold.dev_rows, target, job.recipe)
        parts = [
            _said(trained, rows.x(places), rows.frame[places], run=job.run, fold=fold.name, split=split)
            for split, places in (("dev", fold.dev_rows), ("test", fold.test_rows))
            if len(places)
        ]
    return job, pl.concat(parts), trained.fitted.notes


def _train(rows: _Rows, groups: Ints, places: Ints, dev: Ints, target: Target, recipe: Recipe) -> Trained:
    x = rows.x(places)
    fill = _fill_values(x, recipe.nan_strategy)
    scaler = fit_scaler(recipe.scale, _filled(x, fill))
    data = Training(
        x=scaler.transform(_filled(x, fill)),
        y=rows.y[places],
        groups=groups[places],
        classes=len(target.labels),
        dev_x=scaler.transform(_filled(rows.x(dev), fill)) if len(dev) else None,
        dev_y=rows.y[dev] if len(dev) else None,
    )
    fitted = recipe.model.fit(data, seed=recipe.seed, jobs=recipe.jobs)
    return Trained(target, rows.names, fill, scaler, fitted)


def _threads(jobs: int, kind: Literal["blas", "openmp"]) -> AbstractContextManager[Any]:
    """At most `jobs` threads within libraries, as long as it is entered.

    Linear algebra has one number for the process, so that it is set once around threads that train folds; OpenMP has a
    number a thread, so that each of them sets its own.
    """
    from importlib import import_module

    from threadpoolctl import threadpool_limits

    for library in ("scipy.linalg", "sklearn.utils"):  # only what is loaded by now can be limited
        import_module(library)
    limits: AbstractContextManager[Any] = threadpool_limits(jobs, user_api=kind)
    return limits


def _rows(features: Features, dataset: Dataset, ids: Sequence[str]) -> _Rows:
    frame = dataset.frame[positions(dataset.ids, ids)]
    where = positions(features.ids, ids)
    return _Rows(frame, features.names, features.values, where, _truth(frame, dataset.target))


def _truth(frame: pl.DataFrame, target: Target) -> Ints | Doubles:
    column = frame[target.name]
    if target.is_number:
        return column.to_numpy().astype(np.float64)
    number = {label: place for place, label in enumerate(target.labels)}
    return np.array([number[label] for label in column.to_list()], dtype=np.int64)


def _groups(frame: pl.DataFrame, dataset: Dataset, seed: int) -> Ints:
    """A number a speaker; a number a row where speakers are unknown, or are what is to be told.

    They are numbered in the order of a hash of (seed, speaker), so that more speakers do not change that of others.
    """
    by_row = not dataset.has_speakers or dataset.target.name == "speaker"
    names = frame["id" if by_row else "speaker"].fill_null("").to_list()
    number = {name: place for place, name in enumerate(by_hash(names, seed))}
    return np.array([number[name] for name in names], dtype=np.int64)


def _fill_values(x: Floats, strategy: str) -> Floats:
    """What stands for a missing value of each column, from training rows alone: shape (features,)."""
    if strategy == "zero":
        return np.zeros(x.shape[1], dtype=np.float32)
    if strategy not in {"mean", "median"}:
        raise DataError(f"`nan_strategy = {strategy}` cannot be used in training", hint="use zero, mean or median")
    usable = np.where(np.isfinite(x), x, np.nan).astype(np.float64)
    empty = np.isnan(usable).all(axis=0)  # a column without any value is zero under every strategy
    known = np.where(empty, 0.0, usable)
    values = np.nanmean(known, axis=0) if strategy == "mean" else np.nanmedian(known, axis=0)
    return np.asarray(values, dtype=np.float32)


def _filled(x: Floats, fill: Floats) -> Floats:
    return np.where(np.isfinite(x), x, fill).astype(np.float32)
