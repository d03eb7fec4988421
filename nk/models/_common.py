"""What the learners share: the record beside a stored model, and a look at training rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nk.errors import DataError
from nk.storage import read_record, unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from nk.registry import Doubles, Ints, Training

RECORD = "model.json"


class About(BaseModel):
    """What is stored beside a model: which learner, its classes, and what there is to say about it.

    `classes` is how many there are (0: regression), `present` are the numbers of those that training rows had, in the
    order of the model's own columns, `notes` are sentences for the user.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = Field(default=1, alias="schema")
    model: str
    classes: int = Field(default=0, ge=0)
    present: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _present_are_classes(self) -> About:
        if list(self.present) != sorted({*self.present} & {*range(self.classes)}):
            raise ValueError(f"{list(self.present)} are not numbers of {self.classes} classes")
        return self


A = TypeVar("A", bound=About)


def describe(data: Training, model: str) -> About:
    """The record for a model that is to be trained on these rows.

    Raises:
        DataError: there are no rows, or all are of one class, from which nothing can be learnt
    """
    if not len(data.y):
        raise DataError("the training part has no rows", hint="choose another split")
    if not data.classes:
        return About(model=model)
    present = tuple(sorted({*data.y.tolist()}))
    if len(present) < 2:
        hint = "choose another split, so that the training part has at least two classes"
        raise DataError("all rows of the training part are of one class", rows=len(data.y), hint=hint)
    return About(model=model, classes=data.classes, present=present)


def read_about(folder: Path, kind: type[A], model: str) -> A:
    """The record of a stored model.

    Raises:
        PluginError: it cannot be read, or is another learner's
    """
    about = read_record(folder / RECORD, kind)
    if about.model != model:
        raise unreadable(folder / RECORD, f"it is of `{about.model}`, not of `{model}`")
    return about


def spread(scores: Doubles, about: About) -> Doubles:
    """Scores of the classes that training rows had -> of all classes, shape (rows, classes); the others get 0."""
    import numpy as np

    wide = np.zeros((len(scores), about.classes))
    wide[:, list(about.present)] = scores
    return wide


def balanced(y: Ints) -> Doubles:
    """A weight a row that gives all classes the same sum: rows / (classes x rows of its class)."""
    import numpy as np

    found, place, count = np.unique(y, return_inverse=True, return_counts=True)
    weights: Doubles = (len(y) / (len(found) * count))[place]
    return weights
