"""What is known of a stored model beyond what its predictions need: how, on whom and with what it was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from nk.audio import Channel
from nk.stages.trained import RECORD
from nk.storage import read_record

if TYPE_CHECKING:
    from pathlib import Path


class Source(BaseModel):
    """A source of features, and its options."""

    model_config = ConfigDict(frozen=True)

    name: str
    options: dict[str, Any]


class Measures(BaseModel):
    """The features: where they come from, how frames are pooled, which columns are kept (None: all).

    `extractors` and `learners` are the provenance of the values, `channels` the channel of each database.
    """

    model_config = ConfigDict(frozen=True)

    sources: tuple[Source, ...]
    pooling: tuple[str, ...]
    keep: tuple[str, ...] | None
    channels: dict[str, Channel]
    extractors: tuple[dict[str, Any], ...]
    learners: tuple[dict[str, Any], ...] = ()


class About(BaseModel):
    """How a model was trained; `speakers` (None: not known) and `recordings` (digests) are those that it has heard.

    Those of the dev part have had a say in options, early stopping and the temperature of scores.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    options: dict[str, Any]
    scale: str | None
    nan_strategy: str
    balancing: str | None
    seed: int
    training: dict[str, Any]
    features: Measures
    trained_on: str
    speakers: tuple[str, ...] | None
    recordings: tuple[str, ...]
    dev_speakers: tuple[str, ...] = ()
    dev_recordings: tuple[str, ...] = ()


def read_about(folder: Path) -> About:
    """What a run has stored with its model.

    Raises:
        PluginError: it is missing, damaged, or of an older nk
    """
    return read_record(folder / RECORD, About)
