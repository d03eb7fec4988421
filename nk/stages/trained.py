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
from nk.tables import Measured, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from nk.registry import Doubles, Fitted, Floats, LearntFeatures, Model
    from nk.tables import Sequences

RECORD = "trained.json"


@dataclass(frozen=True)
class Trained:
    """A model with all that its predictions need: column names, values for gaps, scaler, labels in order.

    `course` says how its training went, `learnt` are the features, last in `names`, that come of frames.
    """

    target: Target
    names: tuple[str, ...]
    fill: npt.NDArray[np.float32]
    scaler: FittedScaler
    fitted: Fitted
    course: Course = field(default_factory=Course)
    learnt: tuple[LearntFeatures, ...] = ()

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
    """What is stored beside a model and its scaler; a run adds what else has to be known to use them (`About`)."""

    model_config = ConfigDict(extra="allow", frozen=True, ser_json_inf_nan="strings")

    version: Literal[1] = Field(default=1, alias="schema")
    target: str = Field(min_length=1)
    labels: tuple[str, ...]
    names: tuple[str, ...]
    fill: tuple[Annotated[float, Field(allow_inf_nan=False)], ...]
    learners: tuple[str, ...] = ()
    measured: Measured = Measured()

    @model_validator(mode="after")
    def _fits(self) -> _Stored:
        for key, values in (("labels", self.labels), ("names", self.names)):
            if len({*values}) < len(values):
                raise ValueError(f"`{key}` holds a name twice")
        if len(self.fill) != len(self.names):
            raise ValueError(f"`fill` has {len(self.fill)} values for {len(self.names)} features")
        edges = self.measured.edges
        if edges and (len(edges) != len(self.labels) + 1 or list(edges) != sorted({*edges})):
            raise ValueError(f"its {len(edges)} edges do not make {len(self.labels)} classes")
        return self


def save(trained: Trained, folder: Path, about: dict[str, Any]) -> None:
    """Write a trained model into an existing folder; `about` is what else has to be known to use it."""
    trained.fitted.save(folder)
    trained.scaler.save(folder)
    for place, learnt in enumerate(trained.learnt):
        _learnt_folder(folder, place).mkdir()
        learnt.save(_learnt_folder(folder, place))
    fill = tuple(trained.fill.tolist())
    target, learners = trained.target, tuple(learnt.learner for learnt in trained.learnt)
    stored = _Stored(
        target=target.name,
        labels=target.labels,
        names=trained.names,
        fill=fill,
        learners=learners,
        measured=target.measured,
        **about,
    )
    write_record(folder / RECORD, stored)


def _learnt_folder(folder: Path, place: int) -> Path:
    return folder / f"features_{place + 1}"


def vectors(learnt: LearntFeatures, sequences: Sequences, ids: Sequence[str]) -> Floats:
    """What is learnt of the frames of some rows, shape (ids, names)."""
    found = [learnt.vector(sequences.frames[key]) for key in ids]
    return np.stack(found) if found else np.empty((0, len(learnt.names)), dtype=np.float32)


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
    learnt = tuple(_load_learnt(name, _learnt_folder(folder, place)) for place, name in enumerate(stored.learners))
    own = tuple(name for one in learnt for name in one.names)
    if own and stored.names[-len(own) :] != own:
        raise unreadable(folder / RECORD, "its last names are not those of the features that were learnt")
    target = Target(stored.target, stored.labels, stored.measured)
    trained = Trained(target, stored.names, fill, scaler, fitted, learnt=learnt)
    _try(trained, folder)
    return trained


def _load_learnt(name: str, folder: Path) -> LearntFeatures:
    from nk.families import features
    from nk.registry import FeatureLearner

    plugin = features.get(name)
    if not issubclass(plugin, FeatureLearner):
        raise unreadable(folder, f"`{name}` learns no features")
    return plugin.load(folder)


def _try(trained: Trained, folder: Path) -> None:
    """Predict one row, of the values for gaps: the files may be sound, and yet be of different models."""
    try:
        found = trained.scores(trained.fill[None], [""])
        due = (1, len(trained.target.labels)) if trained.target.labels else (1,)
        if found.shape != due or not np.isfinite(found).all():
            raise ValueError(f"the model does not give {due[-1]} finite scores a row, which its labels ask for")
    except Exception as error:
        raise unreadable(folder / RECORD, error) from error
