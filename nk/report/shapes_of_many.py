"""What the files of a sweep, of a matrix and of a search have to look like: they may come from anywhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from nk.intervals import FEWEST_SPEAKERS
from nk.report.shapes import Finite, Number, Shape, Whole
from nk.report.words import without_folders

Option = bool | Whole | Finite | str | list[bool | Whole | Finite | str] | None
Error = Annotated[str, AfterValidator(without_folders)]
_MOST = 100_000  # cells, or trials
_TARGETS = 100
_COMPARED = 200  # runs in a figure
_FIGURED = 100  # values of an option that a figure has side by side


class Measured(Shape):
    """A measure with its 95 % interval, where there is one."""

    value: Number = None
    low: Number = None
    high: Number = None
    n: Whole | None = None
    n_speakers: Whole | None = None
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
    guesses: dict[str, Number] = Field(default_factory=dict)  # in the main measure, by `chance` and `majority`
    seconds: Number
    error: Error | None

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
    runs: Whole
    best: Best
    not_apart_from_best: Whole | None
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

    every: Number = Field(alias="all")
    own: Number = Field(alias="self")
    cross: Number
    by_train: dict[str, Number]
    by_test: dict[str, Number]


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
    speakers: Whole | None = None
    rows: Whole | None = None
    spread: Number
    seconds: Number
    error: Error | None


class Top(Measured):
    """The best trial."""

    trial: Whole
    values: dict[str, Option]
    spread: Number


class Outer(Shape):
    """What was chosen in an outer fold, and what it had there in inner folds."""

    fold: str
    values: dict[str, Option]
    inner: Number


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
    inner_folds: Whole
    file: Literal["best.ini", "best.yaml"]
    plan: tuple[str, ...]
    options: list[Choosable] = Field(max_length=_FIGURED)
    best: Top
    compared_with_best: Whole
    not_apart_from_best: Whole
    nested: Nested | None
    why_not_nested: str | None
    words: tuple[str, ...]
    caution: str
    trials: list[Trial] = Field(min_length=1, max_length=_MOST)
