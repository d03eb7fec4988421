"""The tables that stages hand to each other, and `align`, the only place where two of them meet.

All are frozen: a stage takes a table and returns a new one. Rows are told by `id`, never by position.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from nk.registry import FeatureLearner

PARTS = ("train", "dev", "test")
# What tables call the words that are spoken, the likeliest name first.
TEXTS = ("text", "transcription", "transcript", "sentence", "prompt")


@dataclass(frozen=True)
class Measured:
    """What was measured of numbers to make the target of them, which new numbers have to be treated by as well.

    `largest` is what the numbers of a database were turned round by, `scale` their mean and deviation, and `edges` are
    those of the classes that all were cut into.
    """

    largest: dict[str, float] = field(default_factory=dict)
    scale: dict[str, tuple[float, float]] = field(default_factory=dict)
    edges: tuple[float, ...] = ()


@dataclass(frozen=True)
class Target:
    """What is to be predicted: a column, and its classes in order; no classes means numbers, no name nothing."""

    name: str
    labels: tuple[str, ...] = ()
    measured: Measured = field(default_factory=Measured, compare=False, repr=False)

    @property
    def is_number(self) -> bool:
        """Whether this is a regression target."""
        return not self.labels


@dataclass(frozen=True)
class Step:
    """A line of a dataset's history: what was done, and how many rows went in and came out.

    `told` says that the user should read it though no row went: values were changed, or a choice was made.
    """

    what: str
    rows_in: int
    rows_out: int
    told: bool = False

    def of(self, database: str) -> Step:
        """The same, with the name of the database that it is about."""
        return replace(self, what=f"{self.what} (of `{database}`)")


@dataclass(frozen=True)
class Dataset:
    """Labelled recordings: a frame with one row a segment, sorted by `id`.

    Columns: `id` (unique, `<database>/<file>#<start ms>-<end ms>`), `file` (as written in the table), `path` (where the
    audio is), `start` and `end` (s), `database`, `split` (train, dev, test; null while not split), `speaker`, `gender`
    and `age` where known, the target, and whatever else the user's table has.
    """

    frame: pl.DataFrame
    target: Target
    history: tuple[Step, ...] = field(default=())

    def __len__(self) -> int:
        return self.frame.height

    def __contains__(self, column: str) -> bool:
        return column in self.frame.columns

    @property
    def ids(self) -> list[str]:
        """The ids in order."""
        return self.frame["id"].to_list()

    @property
    def has_speakers(self) -> bool:
        """Whether there is a speaker for at least one row."""
        return "speaker" in self and self.frame["speaker"].null_count() < len(self)

    def part(self, name: str) -> Dataset:
        """The rows of one part of the split."""
        return replace(self, frame=self.frame.filter(pl.col("split") == name))

    def with_frame(self, frame: pl.DataFrame, what: str, *, told: bool = False) -> Dataset:
        """Another frame, with a line in the history that says why."""
        step = Step(what, self.frame.height, frame.height, told)
        return replace(self, frame=frame, history=(*self.history, step))


@dataclass(frozen=True)
class Skip:
    """A row that could not be used, and why."""

    database: str
    file: str
    start: float | None
    end: float | None
    reason: str


@dataclass(frozen=True)
class Sequences:
    """The frames of every row, shape (frames, columns) each, from which `learner` makes features in every fold."""

    learner: FeatureLearner
    frames: Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Features:
    """One vector a row: `values` is float32 of shape (rows, names), `provenance` says what made them.

    `sequences` are what further columns are learnt from.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    values: npt.NDArray[np.float32]
    provenance: dict[str, Any] = field(default_factory=dict)
    sequences: tuple[Sequences, ...] = ()

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.ids), len(self.names)):
            raise ValueError(f"{self.values.shape} values for {len(self.ids)} ids and {len(self.names)} names")

    def rows(self, ids: Sequence[str]) -> npt.NDArray[np.float32]:
        """The vectors of these ids, in their order: shape (ids, names).

        Raises:
            DataError: an id has no vector
        """
        return self.values[positions(self.ids, ids)]


@dataclass(frozen=True)
class Predictions:
    """What a model said of rows whose truth may be known.

    The frame has `id`, `file`, `start`, `end`, `database`, `speaker`, `split`, `run`, `fold`, `truth`, `predicted`, and
    for classes a column `p_<class>` each, in the order of `labels`, and `uncertainty` in [0, 1]. `truth` and
    `predicted` are text for classes and float64 for numbers; `truth` is null where it is not known.
    """

    frame: pl.DataFrame
    target: Target

    @property
    def scores(self) -> npt.NDArray[np.float64]:
        """Class scores, shape (rows, classes); (rows, 0) for numbers."""
        columns = [f"p_{label}" for label in self.target.labels]
        return self.frame.select(columns).to_numpy() if columns else np.empty((self.frame.height, 0))

    def part(self, name: str) -> Predictions:
        """The rows of one part of the split."""
        return replace(self, frame=self.frame.filter(pl.col("split") == name))


@dataclass(frozen=True)
class Metric:
    """A value with its 95 % interval: `low` and `high` are None where there is none, `method` says how it was made."""

    name: str
    value: float
    low: float | None
    high: float | None
    n: int
    n_speakers: int | None
    split: str
    method: str


def positions(have: Sequence[str], want: Sequence[str]) -> npt.NDArray[np.int64]:
    """Where each wanted id stands among those we have.

    Raises:
        DataError: an id is double among those we have, or missing from them
    """
    where = {key: number for number, key in enumerate(have)}
    if len(where) < len(have):
        raise DataError("ids are double", rows=len(have) - len(where), examples=_doubles(have))
    missing = [key for key in want if key not in where]
    if missing:
        raise DataError("ids are missing", rows=len(missing), examples=missing)
    return np.fromiter((where[key] for key in want), dtype=np.int64, count=len(want))


def align(left: pl.DataFrame, right: pl.DataFrame, *, on: Iterable[str] = ("id",)) -> pl.DataFrame:
    """Join two tables that have to hold the same rows, in the order of the left one.

    Raises:
        DataError: a row is double in one of them, or missing from one of them
    """
    keys = list(on)
    for side in (left, right):
        double = side.filter(side.select(keys).is_duplicated())
        if double.height:
            raise DataError("rows are double", rows=double.height, examples=_shown(double, keys))
    for one, other in ((left, right), (right, left)):
        alone = one.join(other, on=keys, how="anti")
        if alone.height:
            raise DataError("rows are in one table only", rows=alone.height, examples=_shown(alone, keys))
    return left.join(right, on=keys, how="left", maintain_order="left")


def _doubles(ids: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    return sorted({key for key in ids if key in seen or seen.add(key)})  # type: ignore[func-returns-value]


def _shown(frame: pl.DataFrame, keys: list[str]) -> list[str]:
    return [" ".join(map(str, row)) for row in frame.select(keys).head(6).iter_rows()]
