"""How trainings went: what was held out, what balancing did, what the models had to say."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_CLASSES = 10  # of more, sums are said alone


@dataclass(frozen=True)
class Stop:
    """What was cut off the training rows to stop on: `groups` of `of` speakers (or rows, see `kind`), with `rows`."""

    groups: int
    of: int
    rows: int
    kind: str


@dataclass(frozen=True)
class Choice:
    """Which of the values to try were taken.

    `tried` are the combinations in order, `scores` what each had in `measure` (NaN: not defined), `place` that of the
    best, and `by` says on which rows.
    """

    tried: tuple[Mapping[str, Any], ...]
    scores: tuple[float, ...]
    place: int
    measure: str
    by: str

    @property
    def text(self) -> str:
        """What was taken, as `C_val = 1, gamma = scale`."""
        shown = {
            key: f"{value:g}" if isinstance(value, float) else value for key, value in self.tried[self.place].items()
        }
        return ", ".join(f"{key} = {value}" for key, value in shown.items())

    def as_dict(self) -> dict[str, Any]:
        """For a file."""
        return {
            "chosen": dict(self.tried[self.place]),
            "measure": self.measure,
            "score": _or_null(self.scores[self.place]),
            "by": self.by,
        }


@dataclass(frozen=True)
class Course:
    """How the training of one model went; `before` and `after` are rows a class around the balancing, if there was."""

    rows: int = 0
    notes: tuple[str, ...] = ()
    stop: Stop | None = None
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    choice: Choice | None = None
    run: int = 0
    fold: str = ""

    def as_dict(self, labels: Sequence[str]) -> dict[str, Any]:
        """For a file: rows trained on, and the rest where there is such."""
        found: dict[str, Any] = {"run": self.run, "fold": self.fold, "rows": self.rows}
        if self.stop:
            found["held_out_to_stop"] = vars(self.stop)
        if self.before:
            found["balanced"] = {
                label: list(rows) for label, *rows in zip(labels, self.before, self.after, strict=True)
            }
        if self.choice:
            tried = zip(self.choice.tried, self.choice.scores, strict=True)
            scores = [{**values, "score": _or_null(score)} for values, score in tried]
            found["tuned"] = {**self.choice.as_dict(), "tried": scores}
        return found


def _or_null(score: float) -> float | None:
    return None if math.isnan(score) else score


def tuning(courses: Sequence[Course]) -> list[dict[str, Any]]:
    """The values that each model was trained with, of those that were to be tried: a row a run and fold."""
    return [{"run": one.run, "fold": one.fold, **one.choice.as_dict()} for one in courses if one.choice]


def warnings(courses: Sequence[Course]) -> list[str]:
    """What the models said, each sentence once with how many said it."""
    said = Counter(note for course in courses for note in course.notes)
    return [note if count == 1 else f"{note} (in {count} of {len(courses)} models)" for note, count in said.items()]


def lines(courses: Sequence[Course], labels: Sequence[str], method: str | None) -> list[str]:
    """What was cut off to stop on, what the balancing `method` did, and which values were chosen."""
    stopped = _stopped([course.stop for course in courses if course.stop])
    return [*stopped, *_balanced(courses, labels, method), *_tuned([one.choice for one in courses if one.choice])]


def _tuned(choices: Sequence[Choice]) -> list[str]:
    if not choices:
        return []
    counts = Counter(choice.text for choice in choices).most_common()
    of = f" of {len(choices)} models"
    shown = "; ".join(f"{text}" + (f" in {count}{of}" if len(choices) > 1 else "") for text, count in counts)
    ways = " or ".join(dict.fromkeys(choice.by for choice in choices))
    return [f"tuning: chosen by {choices[0].measure} on {ways}: {shown}"]


def _stopped(stops: Sequence[Stop]) -> list[str]:
    if not stops:
        return []
    groups, of, rows = (_span([getattr(stop, name) for stop in stops]) for name in ("groups", "of", "rows"))
    text = f"early stopping: as there is no dev part to watch, {groups} of {of} training {stops[0].kind} were held out"
    return [f"{text} ({rows} rows)" if stops[0].kind != "rows" else text]


def _balanced(courses: Sequence[Course], labels: Sequence[str], method: str | None) -> list[str]:
    balanced = [course for course in courses if course.before]
    if not balanced:
        return []
    before, after = (np.mean([getattr(one, name) for one in balanced], axis=0) for name in ("before", "after"))
    shown = [f"{label} {old:.0f} -> {new:.0f}" for label, old, new in zip(labels, before, after, strict=True)]
    if len(labels) > _MOST_CLASSES:
        shown = [f"{before.sum():.0f} -> {after.sum():.0f} in {len(labels)} classes"]
    mean = f", mean of {len(balanced)} models" if len(balanced) > 1 else ""
    return [f"balancing: training rows by `{method}`{mean}: {', '.join(shown)}"]


def _span(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"
