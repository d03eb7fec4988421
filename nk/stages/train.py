"""Features and a split -> trained models and what they predict. Everything fitted is fitted on training rows alone."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.execute import run_all
from nk.registry import Training
from nk.stages.evaluate import uncertainty
from nk.stages.scale import FittedScaler, fit_scaler, load_scaler
from nk.tables import Features, Predictions, Target, positions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from nk.registry import Doubles, Fitted, Floats, Ints, Model
    from nk.stages.split import Fold
    from nk.tables import Dataset
    from nk.ui import Ui


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


@dataclass(frozen=True)
class _Job:
    run: int
    fold: Fold
    recipe: Recipe


def cross(
    features: Features, dataset: Dataset, folds: Sequence[Fold], recipe: Recipe, runs: int, ui: Ui
) -> tuple[Predictions, Counter[str]]:
    """Train on each fold's training rows and predict its dev and test rows, `runs` times with seeds that follow.

    In a cross-validation the test rows of all folds together are all rows, and their part is `test`.

    Returns:
        the predictions, and what the models said of their training: sentence -> how many said it
    """
    inner = replace(recipe, jobs=1) if len(folds) * runs > 1 else recipe
    work = [_Job(run, fold, replace(inner, seed=recipe.seed + run)) for run in range(runs) for fold in folds]
    found: dict[tuple[int, str], pl.DataFrame] = {}
    notes: Counter[str] = Counter()
    with ui.progress("training", len(work), "folds" if len(folds) > 1 else "models") as progress:
        for job, frame, said in run_all(lambda job: _one(features, dataset, job), work, jobs=recipe.jobs):
            found[job.run, job.fold.name] = frame
            notes.update(said)
            progress.advance()
    frame = pl.concat(found[job.run, job.fold.name] for job in work)
    return Predictions(frame, dataset.target), notes


def train(features: Features, dataset: Dataset, ids: Sequence[str], dev: Sequence[str], recipe: Recipe) -> Trained:
    """Fit gaps, scaler and model on the rows `ids`; `dev` are rows that a model may stop on."""
    x = features.rows(ids)
    fill = _fill_values(x, recipe.nan_strategy)
    scaler = fit_scaler(recipe.scale, _filled(x, fill))
    ready = [scaler.transform(_filled(part, fill)) for part in (x, features.rows(dev))]
    data = Training(
        x=ready[0],
        y=_truth(dataset, ids),
        groups=_groups(dataset, ids),
        classes=len(dataset.target.labels),
        dev_x=ready[1] if dev else None,
        dev_y=_truth(dataset, dev) if dev else None,
    )
    fitted = recipe.model.fit(data, seed=recipe.seed, jobs=recipe.jobs)
    return Trained(dataset.target, features.names, fill, scaler, fitted)


def predict(
    trained: Trained, features: Features, dataset: Dataset, ids: Sequence[str], *, run: int, fold: str, split: str
) -> pl.DataFrame:
    """What a trained model says of the rows `ids`: the frame of `Predictions`."""
    target = trained.target
    scores = trained.scores(features.rows(ids))
    rows = _rows(dataset, ids)
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
    text = {
        "schema": 1,
        "target": trained.target.name,
        "labels": list(trained.target.labels),
        "names": list(trained.names),
        "fill": trained.fill.tolist(),
        **about,
    }
    (folder / "trained.json").write_text(json.dumps(text, indent=1, ensure_ascii=False), encoding="utf-8")


def load(folder: Path, model: type[Model]) -> Trained:
    """Read what `save` has written with a model of this plug-in."""
    text = json.loads((folder / "trained.json").read_text(encoding="utf-8"))
    return Trained(
        Target(text["target"], tuple(text["labels"])),
        tuple(text["names"]),
        np.array(text["fill"], dtype=np.float32),
        load_scaler(folder),
        model.load(folder),
    )


def _one(features: Features, dataset: Dataset, job: _Job) -> tuple[_Job, pl.DataFrame, tuple[str, ...]]:
    fold = job.fold
    trained = train(features, dataset, fold.train, fold.dev, job.recipe)
    parts = [
        predict(trained, features, dataset, ids, run=job.run, fold=fold.name, split=split)
        for split, ids in (("dev", fold.dev), ("test", fold.test))
        if ids
    ]
    return job, pl.concat(parts), trained.fitted.notes


def _rows(dataset: Dataset, ids: Sequence[str]) -> pl.DataFrame:
    return dataset.frame[positions(dataset.ids, ids)]


def _truth(dataset: Dataset, ids: Sequence[str]) -> Ints | Doubles:
    column = _rows(dataset, ids)[dataset.target.name]
    if dataset.target.is_number:
        return column.to_numpy().astype(np.float64)
    number = {label: place for place, label in enumerate(dataset.target.labels)}
    return np.array([number[label] for label in column], dtype=np.int64)


def _groups(dataset: Dataset, ids: Sequence[str]) -> Ints:
    """A number a speaker; a number a row where speakers are unknown, or are what is to be told."""
    if not dataset.has_speakers or dataset.target.name == "speaker":
        return np.arange(len(ids), dtype=np.int64)
    speakers = _rows(dataset, ids)["speaker"].fill_null("").to_list()
    number = {speaker: place for place, speaker in enumerate(sorted(set(speakers)))}
    return np.array([number[speaker] for speaker in speakers], dtype=np.int64)


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
