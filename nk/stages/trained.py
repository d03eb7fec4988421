"""A trained model with all that its predictions need, and how it is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from nk.stages import gaps
from nk.stages.course import Course
from nk.stages.scale import FittedScaler, load_scaler
from nk.storage import read_record, unreadable, write_record
from nk.tables import Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from nk.registry import Doubles, Fitted, Floats, Model

RECORD = "trained.json"


@dataclass(frozen=True)
class Trained:
    """A model with all that its predictions need: column names, values for gaps, scaler, labels in order.

    `course` says how its training went.
    """

    target: Target
    names: tuple[str, ...]
    fill: npt.NDArray[np.float32]
    scaler: FittedScaler
    fitted: Fitted
    course: Course = field(default_factory=Course)

    def scores(self, x: Floats, speakers: Sequence[str | None] | None = None) -> Doubles:
        """Class scores, shape (rows, classes), or values, shape (rows,).

        Args:
            x: raw features in the order of `names`
            speakers: of the rows; needed where features are scaled by speaker, who then need several rows each

        Raises:
            DataError: there are other features, or a speaker is needed and not known
        """
        return self.fitted.predict(self.scaler.transform(gaps.filled(x, self.fill), speakers))


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
        found = trained.scores(trained.fill[None], [""])
        due = (1, len(trained.target.labels)) if trained.target.labels else (1,)
        if found.shape != due or not np.isfinite(found).all():
            raise ValueError(f"the model does not give {due[-1]} finite scores a row, which its labels ask for")
    except Exception as error:
        raise unreadable(folder / RECORD, error) from error
