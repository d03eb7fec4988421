"""Rows with features -> one trained model. Everything is fitted on the rows to train on, in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.execute import HERE
from nk.registry import Training
from nk.stages import balance, gaps
from nk.stages.course import Course, Stop
from nk.stages.scale import fit_scaler
from nk.stages.stop import held_out
from nk.stages.trained import Trained, vectors
from nk.tables import positions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    import numpy.typing as npt

    from nk.execute import Executor
    from nk.registry import Doubles, Floats, Ints, LearntFeatures, Model
    from nk.stages.scale import FittedScaler
    from nk.stages.train import Recipe
    from nk.tables import Dataset, Features, Sequences, Target

    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
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
class Way:
    """How one model is trained: `groups` are those of all rows, `kind` what they are, `where` is for messages.

    `executor` says where its inner folds are trained.
    """

    recipe: Recipe
    target: Target
    groups: Ints
    kind: str
    where: str = ""
    executor: Executor = HERE


def rows_of(features: Features, dataset: Dataset, ids: Sequence[str]) -> Rows:
    """Look up the rows `ids`."""
    frame = dataset.frame[positions(dataset.ids, ids)]
    where = positions(features.ids, ids)
    known: Mask = np.asarray(np.isfinite(features.values).any(axis=0))
    truth = truth_of(frame, dataset.target)
    return Rows(frame, features.names, features.values, where, truth, known, features.sequences)


@dataclass(frozen=True)
class _Ready:
    """Training rows as a model gets them, and what was fitted on the way."""

    names: tuple[str, ...]
    learnt: tuple[LearntFeatures, ...]
    fill: npt.NDArray[np.float32]
    scaler: FittedScaler
    data: Training
    course: Course


def fit(rows: Rows, places: Ints, dev: Ints, way: Way) -> Trained:
    """Train one model: cut off rows to stop on, learn features, fill gaps, scale, balance, fit on the rows left."""
    return fit_each(rows, places, dev, way, [way.recipe.model])[0]


def fit_each(rows: Rows, places: Ints, dev: Ints, way: Way, models: Sequence[Model]) -> list[Trained]:
    """Train several models on the same rows, which are made ready once for all that stop on the same share."""
    ready: dict[float | None, _Ready] = {}
    found = []
    for model in models:
        if model.stop_share not in ready:
            ready[model.stop_share] = _ready(rows, places, dev, way, model.stop_share)
        found.append(_fit(ready[model.stop_share], model, way))
    return found


def _fit(ready: _Ready, model: Model, way: Way) -> Trained:
    fitted = model.fit(ready.data, seed=way.recipe.seed, jobs=way.recipe.jobs)
    course = replace(ready.course, notes=(*ready.course.notes, *fitted.notes))
    return Trained(way.target, ready.names, ready.fill, ready.scaler, fitted, course, learnt=ready.learnt)


def _ready(rows: Rows, places: Ints, dev: Ints, way: Way, share: float | None) -> _Ready:
    recipe = way.recipe
    places, dev, stop = parts(rows.y, places, dev, way, share)
    learnt = rows.learnt(places, recipe.seed)
    raw = rows.x(places, learnt)
    fill = gaps.fill_values(raw, recipe.nan_strategy)
    scaler = fit_scaler(recipe.scale, gaps.filled(raw, fill))

    def scaled(some: Ints) -> Floats:
        return scaler.transform(gaps.filled(rows.x(some, learnt), fill), speakers_of(rows.frame, scaler, some))

    data = Training(
        x=scaled(places),
        y=rows.y[places],
        groups=way.groups[places],
        classes=len(way.target.labels),
        dev_x=scaled(dev) if len(dev) else None,
        dev_y=rows.y[dev] if len(dev) else None,
    )
    data, balanced = _balanced(data, way)
    course = replace(balanced, rows=len(data.y), notes=(*_lacking(raw, rows), *balanced.notes), stop=stop)
    names = (*rows.names, *(name for one in learnt for name in one.names))
    return _Ready(names, learnt, fill, scaler, data, course)


def parts(
    truth: Ints | Doubles, places: Ints, dev: Ints, way: Way, share: float | None
) -> tuple[Ints, Ints, Stop | None]:
    """The rows to train on and to stop on, all of known truth; `share` of the speakers is cut off for the latter.

    Raises:
        DataError: there is nothing to train on, or nobody to hold out
    """
    places, dev = labelled(truth, places, way), labelled(truth, dev, way)
    if not len(places):
        raise DataError(f"the training part{way.where} has no row with a `{way.target.name}`",
                        hint="choose another split, or fill the column in the table")  # fmt: skip
    if share is None or len(dev):
        return places, dev, None
    groups = way.groups[places]
    held = held_out(truth[places], groups, len(way.target.labels), share, way.where)
    stop = Stop(len(np.unique(groups[held])), len(np.unique(groups)), int(held.sum()), way.kind)
    return places[~held], places[held], stop


def labelled(truth: Ints | Doubles, places: Ints, way: Way) -> Ints:
    """Those of some places whose truth is known."""
    known = ~np.isnan(truth) if way.target.is_number else truth >= 0
    return places[known[places]]


def _balanced(data: Training, way: Way) -> tuple[Training, Course]:
    """The training rows balanced, and how that went."""
    method = way.recipe.balancing
    if method is None:
        return data, Course()
    y = np.asarray(data.y, dtype=np.int64)
    # One thread: sums of several come in any order, and round in different ways.
    with threads(1, "openmp"):
        found = balance.balance(
            data.x, y, data.groups, method, seed=way.recipe.balancing_seed, labels=way.target.labels, where=way.where
        )
    course = Course(before=found.before, after=found.after, notes=found.notes)
    return replace(data, x=found.x, y=found.y, groups=found.groups), course


def _lacking(raw: Floats, rows: Rows) -> tuple[str, ...]:
    """A note on features that have values, but none in the training rows."""
    plain = raw[:, : len(rows.names)]
    lacks = np.flatnonzero(rows.known & ~np.isfinite(plain).any(axis=0))
    return (f"no training row has a value of {gaps.named(rows.names, lacks)}: 0 was used",) if len(lacks) else ()


def speakers_of(frame: pl.DataFrame, scaler: FittedScaler, places: Ints | None = None) -> list[str | None] | None:
    """Speakers of the rows, all or those at some places, where the scaler has to know them."""
    if scaler.method != "speaker" or "speaker" not in frame.columns:
        return None
    speakers = frame["speaker"]
    return (speakers if places is None else speakers.gather(places)).to_list()


def threads(jobs: int, kind: Literal["blas", "openmp"]) -> AbstractContextManager[Any]:
    """At most `jobs` threads within libraries, as long as it is entered.

    Linear algebra has one number for the process, so that it is set once around threads that train folds; OpenMP has a
    number a thread, so that each of them sets its own.
    """
    from threadpoolctl import threadpool_limits

    for library in ("scipy.linalg", "sklearn.utils"):  # only what is loaded by now can be limited
        import_module(library)
    limits: AbstractContextManager[Any] = threadpool_limits(jobs, user_api=kind)
    return limits


def truth_of(frame: pl.DataFrame, target: Target) -> Ints | Doubles:
    """Values, or class numbers; NaN or -1 where the truth is not known."""
    column = frame[target.name]
    if target.is_number:
        return column.cast(pl.Float64).to_numpy().astype(np.float64)
    number: dict[str | None, int] = {label: place for place, label in enumerate(target.labels)} | {None: -1}
    return np.array([number[label] for label in column.to_list()], dtype=np.int64)
