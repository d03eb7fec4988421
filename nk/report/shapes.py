"""What the files of a run folder have to look like before a report is made of them: it may come from anywhere."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

_LARGEST = 2**53  # of whole numbers, beyond which one is not told from the next as a float
Finite = Annotated[float, Field(allow_inf_nan=False)]
Number = Finite | None
Whole = Annotated[int, Field(ge=-_LARGEST, le=_LARGEST)]
Part = Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]  # names files
Cell = Whole | Finite | str | None
_NAMES = {"speaker", "fold"}  # columns of text; in all others there are numbers


def _alike(rows: list[dict[str, Cell]]) -> list[dict[str, Cell]]:
    """Rows of a table, which have the same columns."""
    if any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError("rows have different columns")
    cells = [(key, value) for row in rows for key, value in row.items() if value is not None]
    if any(isinstance(value, str) != (key in _NAMES) for key, value in cells):
        raise ValueError("there is text among numbers")
    return rows


Rows = Annotated[list[dict[str, Cell]], AfterValidator(_alike)]


class Shape(BaseModel):
    """A part of a file; what it has besides is not read."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class Measure(Shape):
    """A measure with its 95 % interval, where there is one."""

    value: Number
    low: Number
    high: Number
    n: Whole
    n_speakers: Whole | None
    method: str


class View(Shape):
    """Another look at the predictions, and what there is to know of it."""

    metrics: dict[str, Measure]
    baselines: dict[str, dict[str, Number]]
    rows: Whole | None = None
    left_out: Whole = 0
    left_out_percent: Number = None
    threshold: Number = None
    wanted: Number = None
    share: Number = None
    by: str | None = None
    rule: str | None = None
    labels: tuple[str, ...] = ()


class ClassRow(Shape):
    """What became of the rows of a class."""

    name: str = Field(alias="class")
    precision: Number
    recall: Number
    f1: Number
    support: Whole
    low: Number = None
    high: Number = None


class Runs(Shape):
    """The measures of each run, and what is common to them."""

    rows: list[dict[str, Number]]
    mean: dict[str, Number]
    std: dict[str, Number]


class Calibration(Shape):
    """How true scores are."""

    ece: Finite
    low: Number = None
    high: Number = None
    perfect: Finite
    perfect_high: Finite
    score: Finite
    right: Finite
    by: str | None = None


class Risk(Shape):
    """The share of wrong rows, and its mean over every share of the surest ones."""

    area: Finite
    risk: Finite


class Sets(Shape):
    """Sets of classes that hold the truth; `why` says why there are none."""

    wanted: Number
    held: Number = None
    mean_size: Number = None
    single: Number = None
    why: str | None = None


class Metrics(Shape):
    """`metrics.json`."""

    metrics: dict[Part, dict[str, Measure]]
    baselines_by_part: dict[str, dict[str, dict[str, Number]]]
    per_class: dict[str, list[ClassRow]]
    per_speaker: dict[str, Rows]
    runs: dict[str, Runs]
    folds: Rows
    calibration: dict[str, Calibration] = {}
    risk_coverage: dict[str, Risk] = {}
    sets: dict[str, Sets] = {}
    decided: dict[str, View] = {}
    certain: dict[str, View] = {}
    combined: dict[str, View] = {}
    bins: dict[str, View] = {}
    per_database: dict[str, dict[str, View]] = {}


class Gap(Shape):
    """How far the best and the worst group of a column are apart."""

    measure: str
    best: str
    worst: str
    value: Number
    low: Number
    high: Number


class Groups(Shape):
    """`groups.json`: measures of each group of a column, gaps, and how many rows a group needs."""

    fewest: Whole
    gaps: dict[str, Gap]
    columns: dict[str, dict[str, dict[str, Measure]]]

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, found: Any) -> Any:
        """The file has columns beside the rest."""
        if not isinstance(found, dict):
            return found
        about = {key: found[key] for key in ("fewest", "gaps") if key in found}
        return about | {"columns": {key: one for key, one in found.items() if key not in {"schema", *about}}}


class Finding(Shape):
    """A line of `audit.json`."""

    check: str
    level: Literal["note", "warning", "error"]
    count: Whole
    examples: tuple[str, ...]
    what: str
    do: str


class Audit(Shape):
    """`audit.json`."""

    findings: list[Finding]


class Step(Shape):
    """A line of the history of rows."""

    what: str
    rows_in: Whole
    rows_out: Whole
    told: bool = False


class Manifest(Shape):
    """`manifest.json` of a run."""

    made: str
    platform: str
    nk: str
    python: str
    packages: dict[str, str]
    seed: int
    seconds: dict[str, Finite]
    rows: Whole
    audio_hours: Finite
    columns: Whole
    features: list[dict[str, object]]
    folds: list[str]
    history: list[Step]
    measure: str | None = None
    target: str | None = None


class Share(Shape):
    """A measure of a member of an ensemble, with its 95 % interval where there is one."""

    value: Number
    low: Number
    high: Number


class Member(Shape):
    """A run that an ensemble joins; `place` leads to its folder, empty where that is a table alone."""

    name: str
    place: str = ""
    model: str | None = None
    features: tuple[str, ...] = ()
    metrics: dict[str, Share]


class Joined(Shape):
    """`ensemble.json`: what was joined and how, and whether the ensemble is better than its best member."""

    method: str
    options: dict[str, object]
    learnt_from: str | None
    members: list[Member] = Field(min_length=2)
    words: str
    cautions: tuple[str, ...] = ()


class Made(Shape):
    """What every `manifest.json` says."""

    made: str = ""
    platform: str = ""
    nk: str = ""
    python: str = ""
    packages: dict[str, str] = {}
    seed: int | None = None
    seconds: dict[str, Finite] = {}
    command: str = ""


class Lead(Shape):
    """A finding of what was looked at: the kind, the column and a sentence."""

    check: str
    about: str
    text: str


FileName = Annotated[str, Field(pattern=r"^[^\x00]+$")]  # where it leads is looked at by its reader


class Exhibit(Shape):
    """An entry of `explore.json`: something that was looked at, and the names of its files.

    `bare` are figures without words, and `below` the words that these then lack and the caption does not have; folders
    of earlier versions have neither.
    """

    name: str
    title: str
    caption: str
    notes: tuple[str, ...] = ()
    lead: str | None = None
    leads: tuple[Lead, ...] = ()
    files: tuple[FileName, ...] = ()
    bare: tuple[FileName, ...] = ()
    below: tuple[str, ...] = ()


class Explored(Shape):
    """`explore.json`."""

    name: str = ""
    target: str | None = None
    rows: Whole | None = None
    exhibits: list[Exhibit]
