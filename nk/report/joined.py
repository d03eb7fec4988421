"""An ensemble in a report: whose config tells of its recordings, what is said of its members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk.config import load_config
from nk.config.data import Data
from nk.config.whole import Config
from nk.errors import ConfigError, Problem
from nk.report.files import CONFIG, read_joined, read_json
from nk.report.shapes import Joined, Manifest
from nk.report.words import counted, listed, options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.report.files import Run
    from nk.report.shapes import Member


def config_of(folder: Path, overrides: Sequence[str] = ()) -> tuple[Config, Path]:
    """The config that a report of an ensemble goes by, and its file: that of the first member that is at hand.

    Members have the same rows, so that any of them tells where the recordings are; [PLOT] and [REPORT] are its own.
    Where none is at hand, there are no recordings, and all is as it is without a config.

    Raises:
        ConfigError: a config is wrong, or there is none to put `overrides` over
        DataError: a file of the ensemble cannot be read
    """
    joined = read_joined(folder)
    for member in joined.members if joined else ():
        file = folder / member.place / CONFIG
        if member.place and file.is_file():
            return load_config(file, overrides).config, file
    if overrides:
        text = f"no member of `{folder}` is at hand, whose config options could be put over"
        raise ConfigError([Problem("nk", 0, text, "leave them out, or put the members where they were")])
    target = read_json(folder / "manifest.json", Manifest).target
    return Config(data=Data(target=target)), folder / CONFIG


def methods(run: Run, joined: Joined) -> str:
    """How the predictions were made, for the paragraph on methods."""
    told = f" ({options(joined.options)})" if joined.options else ""
    text = f"The predictions of {counted(len(joined.members), 'model')} were joined by {joined.method}{told}"
    learnt = f", which was learnt from {joined.learnt_from}" if joined.learnt_from else ""
    folds = len(run.manifest.folds)
    tested = f" Each model was tested in a cross-validation with {folds} folds." if folds > 1 else ""
    return f"{text}{learnt}: {listed(_called(one) for one in joined.members)}.{tested}"


def _called(one: Member) -> str:
    return f"{one.name} ({one.model} on {listed(one.features)})" if one.model else one.name


def task(joined: Joined) -> dict[str, Any]:
    """What stands for model and features."""
    features = dict.fromkeys(name for one in joined.members for name in one.features)
    model = f"{joined.method} of {counted(len(joined.members), 'model')}"
    return {"model": model, "features": list(features) or ["what their tables say"]}


def members(joined: Joined, measure: str | None) -> dict[str, Any]:
    """The members with the measure that counts, the best first as the ensemble was told, and the test against it."""
    rows = [
        {"name": one.name, "model": one.model, "features": list(one.features),
         **(one.metrics[measure].model_dump() if measure in one.metrics else dict.fromkeys(("value", "low", "high")))}
        for one in joined.members
    ]  # fmt: skip
    return {"measure": measure, "rows": rows, "words": joined.words, "cautions": list(joined.cautions)}
