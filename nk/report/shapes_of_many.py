"""What the files of a sweep, of a matrix and of a search have to look like: they may come from anywhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nk.intervals import FEWEST_SPEAKERS
from nk.report.shapes import Shape

Finite = Annotated[float, Field(allow_inf_nan=False)]
Known = Finite | None
Option = bool | int | Finite | str | list[bool | int | Finite | str] | None
_MOST = 100_000  # cells, or trials
_TARGETS = 100
_COMPARED = 200  # runs in a figure
_FIGURED = 100  # values of an option that a figure has side by side


class Measured(Shape):
    """A measure with its 95 % interval, where there is one."""

    value: Known = None
    low: Known = None
    high: Known = None
    n: int | None = None
    n_speakers: int | None = None
    method: str = ""


def is_narrow(one: Measured) -> bool:
    """Whether an interval is over utterances, as too few speakers are tested, or none is known."""
    return one.low is not None and (one.n_speakers or 0) < FEWEST_SPEAKERS


class Ran(Shape):
    """A cell; `error` says why it has no measures."""

    name: str
    target: str
    measure: str
    metrics: dict[str, Measured]
    guesses: dict[str, Known] = Field(default_factory=dict)  # in the main measure, by `chance` and `majority`
    seconds: Known
    error: str | None

    @property
    def main(self) -> Measured:
        """The measure that it is ranked by."""
        return self.metrics.get(self.measure, Measured())


class Cell(Ran):
    """A cell of a sweep."""

    values: dict[str, str]


class Best(Measured):
    """The run that is best by its own test rows."""

    name: str


class Picked(Shape):
    """What a choice among cells reaches, how it was made, and how often each was chosen."""

    by: Literal["dev", "inner folds", "other speakers"]
    cross_validated: bool
    metric: Measured
    chosen: dict[str, int]


class Standing(Measured):
    """A run among those that are compared."""

    name: str


class Compared(Shape):
    """Runs from the best to the worst, the pairs that can be told apart, and what there were to go by."""

    basis: str
    runs: list[Standing] = Field(max_length=_COMPARED)
    apart: list[tuple[str, str]] = Field(max_length=_COMPARED**2)


class Estimate(Shape):
    """What choosing among the runs of a target is worth."""

    target: str
    measure: str
    runs: int
    best: Best
    not_apart_from_best: int | None
    choice: Picked | None = None
    why_not: str | None
    words: tuple[str, ...]
    caution: str
    comparison: Compared | None


class Sweep(Shape):
    """`sweep.json`."""

    cells: list[Cell] = Field(min_length=1, max_length=_MOST)
    estimates: list[Estimate] = Field(max_length=_TARGETS)


class Pairing(Shape):
    """What a cell of a matrix was trained and tested on."""

    train: str
    test: str


class Crossing(Ran):
    """A cell of a matrix."""

    values: Pairing


class Means(Shape):
    """Means of cells, without a value where one of these has none."""

    every: Known = Field(alias="all")
    own: Known = Field(alias="self")
    cross: Known
    by_train: dict[str, Known]
    by_test: dict[str, Known]


class Matrix(Shape):
    """`matrix.json`."""

    measure: str
    means: Means
    cells: list[Crossing] = Field(min_length=1, max_length=_MOST)
    words: tuple[str, ...]
    cautions: tuple[str, ...]


class Choosable(Shape):
    """An option that is searched: what was tried of it, and its values in order where they are few."""

    key: str
    tried: str
    values: list[Option] = Field(max_length=_FIGURED)
    varied: bool


class Trial(Measured):
    """A combination, and what it reaches on as many speakers (or rows) as it was tried on."""

    trial: int = Field(ge=0, le=_MOST)
    values: dict[str, Option]
    state: Literal["complete", "stopped", "failed", "open"]
    speakers: int | None = None
    rows: int | None = None
    spread: Known
    seconds: Known
    error: str | None


class Top(Measured):
    """The best trial."""

    trial: int
    values: dict[str, Option]
    spread: Known


class Outer(Shape):
    """What was chosen in an outer fold, and what it had there in inner folds."""

    fold: str
    values: dict[str, Option]
    inner: Known


class Nested(Measured):
    """What the search is worth."""

    chosen: list[Outer] = Field(max_length=_MOST)


class Study(Shape):
    """`study.json`."""

    model: str
    measure: str
    target: str
    greater_is_better: bool
    folded: bool
    inner_folds: int
    file: Literal["best.ini", "best.yaml"]
    plan: tuple[str, ...]
    options: list[Choosable] = Field(max_length=_FIGURED)
    best: Top
    compared_with_best: int
    not_apart_from_best: int
    nested: Nested | None
    why_not_nested: str | None
    words: tuple[str, ...]
    caution: str
    trials: list[Trial] = Field(min_length=1, max_length=_MOST)
