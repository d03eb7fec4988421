"""Recordings to be heard in a report: the errors that the model is surest of, its doubts, and a few that are right."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import audio
from nk.errors import AudioError, DataError
from nk.paths import resolver
from nk.report.judged import judged
from nk.report.words import counted, without_folders
from nk.stages.load import places

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nk.report.files import Run
    from nk.tables import Predictions

RATE = 16000  # Hz
MOST_SECONDS = 6.0
MOST_BYTES = 3_000_000
_ERRORS, _UNSURE, _RIGHT, _CLASSES = 10, 10, 2, 20
KINDS = {
    "errors": "Most confident errors",
    "unsure": "Least certain",
    "right": "Right, and sure of it",
    "far": "Largest errors",
    "near": "Nearest to the truth",
}


@dataclass(frozen=True)
class Clip:
    """The beginning of a recording as MP3, why it is here (a key of `KINDS`), and its row of `judged`."""

    kind: str
    row: dict[str, Any]
    data: bytes
    cut: bool


def choose(predictions: Predictions, part: str) -> list[tuple[str, dict[str, Any]]]:
    """Which predictions are worth hearing, each with its kind; of several runs the first."""
    rows = judged(predictions, part)
    rows = rows.filter(pl.col("run") == pl.col("run").min()).sort("id")
    if predictions.target.is_number:
        distance = pl.col("error").abs()
        groups = [("far", rows.sort(distance, descending=True, maintain_order=True).head(_ERRORS))]
        groups += [("near", rows.sort(distance, maintain_order=True).head(_ERRORS // 2))]
        return _once(groups)
    sure = rows.sort("score", descending=True, maintain_order=True)
    unsure = rows.sort("uncertainty", descending=True, maintain_order=True)
    groups = [("errors", sure.filter(~pl.col("right")).head(_ERRORS)), ("unsure", unsure.head(_UNSURE))]
    right = sure.filter("right")
    groups += [
        ("right", right.filter(pl.col("truth") == label).head(_RIGHT)) for label in predictions.target.labels[:_CLASSES]
    ]
    return _once(groups)


def _once(groups: Iterable[tuple[str, pl.DataFrame]]) -> list[tuple[str, dict[str, Any]]]:
    """Every row in the first group that has it."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for kind, rows in groups:
        for row in rows.iter_rows(named=True):
            found.setdefault(row["id"], (kind, row))
    return list(found.values())


def clips(run: Run) -> tuple[list[Clip], list[str]]:
    """The clips of a run, and what is to be said of those that are not there.

    A recording is taken only if its bytes are those that the run has read.
    """
    if not run.part:
        return [], []
    if not run.config.data.databases:
        return [], ["no recordings: the members, whose configs say where they are, are not at hand"]
    wanted = choose(run.predictions, run.part)
    try:
        found = places(run.config.data, resolver(run.config_file))
    except DataError as error:
        return [], [f"no recordings: {without_folders(str(error))}"]
    keys = run.rows.select("id", "digest").join(
        run.rows.select("id", "database", "file").join(found, on=["database", "file"]), on="id"
    )
    known = {row["id"]: (row["path"], row["digest"]) for row in keys.iter_rows(named=True)}
    return _made(wanted, known, run)


def _made(
    wanted: Sequence[tuple[str, dict[str, Any]]], known: dict[str, tuple[str, str]], run: Run
) -> tuple[list[Clip], list[str]]:
    made: list[Clip] = []
    lost = size = 0
    for kind, row in wanted:
        clip = _clip(kind, row, *known.get(row["id"], ("", "")), run)
        if clip is None:
            lost += 1
        elif size + len(clip.data) <= MOST_BYTES:
            made.append(clip)
            size += len(clip.data)
    notes = (
        [f"{counted(lost, 'recording')} of {len(wanted)} could not be read, or changed since the run"] if lost else []
    )
    left = len(wanted) - lost - len(made)
    notes += [f"{counted(left, 'clip')} left out, as the page would be too large"] if left else []
    return made, notes


def _clip(kind: str, row: dict[str, Any], path: str, digest: str, run: Run) -> Clip | None:
    start, end = row["start"], row["end"]
    channel = run.config.data.channels.get(row["database"], "first")
    try:
        if not path or audio.digest(path) != digest:
            return None
        cut = end - start > MOST_SECONDS
        heard = audio.read(path, start, start + MOST_SECONDS if cut else end, channel, RATE)
    except AudioError:
        return None
    return Clip(kind, row, _encoded(heard.mono), cut)


def _encoded(samples: Any) -> bytes:
    """MP3, which every browser plays."""
    import soundfile

    written = io.BytesIO()
    soundfile.write(written, samples.clip(-1, 1), RATE, format="MP3")
    return written.getvalue()
