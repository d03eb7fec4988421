"""Class scores that say how often they are right, and what is decided by them: fitted on rows the model has not seen.

These rows are dev where there is a dev part, else training rows out of fold, by speaker. On them three things are
learnt, each from scores and truth alone: a temperature for the scores, the uncertainty up to which a row is decided on
(`nk/stages/rejection.py`), and how low the score of a class that is still a candidate may be
(`nk/stages/conformal.py`).

Scores become softmax(log(max(score, floor)) / temperature): one temperature for all classes cannot change which of them
is the largest (Guo et al., On calibration of modern neural networks, ICML 2017, section 4.2). The floor is for scores
of 0, as votes have them; it is the one of four with the least log loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nk.stages import conformal, rejection
from nk.stages.evaluate import uncertainty

if TYPE_CHECKING:
    from nk.registry import Doubles, Ints

FEWEST = 20  # rows; fewer say too little
FLOORS = (1e-2, 1e-3, 1e-6, 1e-12)
COLDEST, HOTTEST = 0.2, 100.0
# One number is learnt from them all: more rows make it no better, only slower.
_MOST = 10_000


@dataclass(frozen=True)
class Aims:
    """What is wanted: the share of rows to decide on, and how often a set of classes is to hold the truth."""

    decided: float = 0.8
    coverage: float = 0.9


class Calibration(BaseModel):
    """What was learnt of `rows` rows of `groups` speakers (or rows, see `kind`); `by` says in words which they are.

    `threshold` is the uncertainty up to which a row is decided on, so that `decided` of them are. `bound` is 1 less the
    score that a class needs to be in the set, so that `coverage` of the sets hold the truth; None where there are too
    few speakers for that.
    """

    model_config = ConfigDict(frozen=True)

    temperature: float = Field(gt=0, allow_inf_nan=False)
    floor: float = Field(gt=0, lt=1)
    decided: float = Field(gt=0, lt=1)
    threshold: float = Field(ge=0, allow_inf_nan=False)
    coverage: float = Field(gt=0, lt=1)
    bound: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    by: str
    kind: str
    rows: int = Field(ge=1)
    groups: int = Field(ge=1)

    def scores(self, raw: Doubles) -> Doubles:
        """Calibrated scores, shape (rows, classes); the largest of a row keeps its place."""
        return tempered(raw, self.temperature, self.floor)


@dataclass(frozen=True)
class Held:
    """Rows that the model has not seen: raw scores, class numbers, speakers (or rows, see `kind`), and which rows."""

    scores: Doubles
    truth: Ints
    groups: Ints
    kind: str
    by: str


def fit(held: Held, aims: Aims) -> Calibration | str:
    """Learn from rows with known truth; or say why that cannot be done, as a sentence."""
    rows = len(held.truth)
    if rows < FEWEST or len(np.unique(held.truth)) < 2:
        few = "one class alone" if rows >= FEWEST else f"{rows} rows, fewer than {FEWEST}"
        return f"scores are not calibrated: {held.by} has {few}"
    temperature, floor = best(held.scores, held.truth)
    scores = tempered(held.scores, temperature, floor)
    missed = 1 - scores[np.arange(rows), held.truth]
    return Calibration(
        temperature=temperature,
        floor=floor,
        decided=aims.decided,
        threshold=rejection.threshold(uncertainty(scores), aims.decided),
        coverage=aims.coverage,
        bound=conformal.bound(missed, held.groups, aims.coverage),
        by=held.by,
        kind=held.kind,
        rows=rows,
        groups=len(np.unique(held.groups)),
    )


def tempered(raw: Doubles, temperature: float, floor: float) -> Doubles:
    """Scores at a temperature, of which the largest keeps its place, shape (rows, classes)."""
    from scipy.special import softmax

    soft: Doubles = softmax(np.log(np.maximum(raw, floor)) / temperature, axis=1)
    row, top = np.arange(len(soft)), raw.argmax(axis=1)
    # The floor, or rounding, can make equals of scores that differ.
    lost = soft.argmax(axis=1) != top
    soft[row[lost], top[lost]] = np.nextafter(soft[lost].max(axis=1), 2.0)
    return soft


def best(raw: Doubles, truth: Ints) -> tuple[float, float]:
    """The temperature and the floor with the least log loss; of equals the highest floor.

    Args:
        raw: scores, shape (rows, classes)
        truth: class numbers, shape (rows,)
    """
    step = -(-len(truth) // _MOST)
    raw, truth = raw[::step], truth[::step]
    found = [(*_temperature(np.log(np.maximum(raw, floor)), truth), floor) for floor in FLOORS]
    _, temperature, floor = min(found, key=lambda one: one[0])
    return temperature, floor


def _temperature(logs: Doubles, truth: Ints) -> tuple[float, float]:
    """The least log loss, and its temperature."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    rows = np.arange(len(truth))

    def loss(log: float) -> float:
        return float(-log_softmax(logs / np.exp(log), axis=1)[rows, truth].mean())

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(found.fun), float(np.exp(found.x))
