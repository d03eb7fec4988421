"""Recordings -> features: from the cache where it has them, else computed, in parallel and stored as they come."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.audio import digest, probe, read
from nk.cache import FeatureCache
from nk.cache_folder import cache_folder
from nk.errors import AudioError, DataError
from nk.execute import run_all
from nk.tables import Features, Skip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nk.audio import Channel
    from nk.registry import Doubles, FeatureExtractor, Floats
    from nk.tables import Dataset
    from nk.ui import Ui

# To be raised when nk/audio.py gives other samples for the same bytes: what is cached is then not used any more.
READS_AS = 1


@dataclass(frozen=True)
class Work:
    """One row to compute: where it is, and the key under which its values are stored."""

    id: str
    key: str
    path: str
    digest: str
    start: float
    end: float
    channel: Channel


@dataclass(frozen=True)
class Extracted:
    """The values of one extractor for each id: a vector, or a matrix of frames; and the rows that failed."""

    names: tuple[str, ...]
    values: Mapping[str, Floats]
    failed: Mapping[str, str]
    provenance: Mapping[str, Any]


def provenance(extractor: FeatureExtractor) -> dict[str, Any]:
    """What the values depend on beside the audio."""
    return {
        "extractor": extractor.called,
        "version": version(extractor.package),
        "revision": extractor.revision,
        "options": extractor.options.model_dump(mode="json"),
        "rate": extractor.rate,
        "reads_as": READS_AS,
    }


def count_cached(dataset: Dataset, extractor: FeatureExtractor, channels: Mapping[str, Channel]) -> int:
    """How many rows need no computation; a damaged cache has none, and is left for `extract` to mend."""
    with FeatureCache(cache_folder() / "features", provenance(extractor), look=True) as cache:
        keys = [work.key for work in _works(dataset, channels)]
        known = cache.known(list(set(keys)))
    return sum(key in known for key in keys)


def extract(
    dataset: Dataset,
    extractor: FeatureExtractor,
    *,
    channels: Mapping[str, Channel],
    jobs: int,
    ui: Ui,
    fresh: bool = False,
) -> Extracted:
    """Compute what one extractor gives for every row.

    Args:
        dataset: the rows, with `path` and `digest`
        extractor: the plug-in
        channels: which channel to use, a database
        jobs: how many files to work on at once
        ui: where progress is shown
        fresh: compute everything anew, whatever the cache has
    """
    about = provenance(extractor)
    works = _works(dataset, channels)
    with FeatureCache(cache_folder() / "features", about, warn=ui.warn) as cache:
        names = cache.names or _store_names(cache, extractor)
        values = {} if fresh else _cached(cache, works)
        todo = [work for work in works if work.id not in values]
        computed, failed = _compute(todo, extractor, cache, jobs, ui)
    return Extracted(names, {**values, **computed}, failed, about)


def pool(extracted: Extracted, pooling: Sequence[str]) -> Extracted:
    """Frames -> one vector a row: the statistics named in `pooling`, of every column, over the frames of a row.

    They are computed in float64: over the frames of an hour, a sum in float32 would lose its last digits.
    """
    functions: dict[str, Callable[..., Doubles]]
    functions = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max, "median": np.median}
    names = tuple(f"{name}_{how}" for how in pooling for name in extracted.names)
    values = {
        key: np.concatenate([functions[how](frames.astype(np.float64), axis=0) for how in pooling]).astype(np.float32)
        for key, frames in extracted.values.items()
    }
    return Extracted(names, values, extracted.failed, {**extracted.provenance, "pooling": list(pooling)})


def join(parts: Sequence[Extracted], dataset: Dataset, keep: Sequence[str] | None = None) -> Features:
    """The extractors' vectors side by side, for the rows that all of them have; `keep` names columns to keep.

    Raises:
        DataError: a name in `keep` is not a column
    """
    ids = tuple(key for key in dataset.ids if all(key in part.values for part in parts))
    names = tuple(name for part in parts for name in part.names)
    if ids:
        values = np.hstack([np.stack([part.values[key] for key in ids]) for part in parts])
    else:
        values = np.empty((0, len(names)), dtype=np.float32)
    if keep:
        names, values = _select(names, values, keep)
    return Features(ids, names, values, {"extractors": [dict(part.provenance) for part in parts]})


def skips(dataset: Dataset, parts: Sequence[Extracted]) -> list[Skip]:
    """The rows that an extractor failed on, each with the first reason."""
    reasons: dict[str, str] = {}
    for part in parts:
        reasons = {**part.failed, **reasons}
    rows = dataset.frame.filter(pl.col("id").is_in(list(reasons)))
    return [
        Skip(row["database"], row["file"], row["start"], row["end"], reasons[row["id"]])
        for row in rows.iter_rows(named=True)
    ]


def _works(dataset: Dataset, channels: Mapping[str, Channel]) -> list[Work]:
    rows = dataset.frame.select("id", "path", "start", "end", "digest", "database")
    return [_work(row, channels[row["database"]]) for row in rows.iter_rows(named=True)]


def _work(row: Mapping[str, Any], channel: Channel) -> Work:
    span = f"{round(row['start'] * 1000)}-{round(row['end'] * 1000)}"
    key = f"{row['digest']}:{span}:{channel}"
    return Work(row["id"], key, row["path"], row["digest"], row["start"], row["end"], channel)


def _cached(cache: FeatureCache, works: Sequence[Work]) -> dict[str, Floats]:
    found = cache.get(list({work.key for work in works}))
    return {work.id: found[work.key] for work in works if work.key in found}


def _store_names(cache: FeatureCache, extractor: FeatureExtractor) -> tuple[str, ...]:
    names = extractor.names()
    cache.put_names(names)
    return names


def _compute(
    todo: Sequence[Work], extractor: FeatureExtractor, cache: FeatureCache, jobs: int, ui: Ui
) -> tuple[dict[str, Floats], dict[str, str]]:
    from threadpoolctl import threadpool_limits

    values: dict[str, Floats] = {}
    failed: dict[str, str] = {}
    task, name = partial(_extract_one, extractor), f"features {extractor.called}"
    # A core a file: threads of linear algebra beside them would only wait for each other.
    with threadpool_limits(1, user_api="blas"), ui.progress(name, len(todo), "files") as progress:
        for work, outcome in run_all(task, todo, jobs=jobs, workers=extractor.workers, idle=cache.tick):
            if isinstance(outcome, str):
                failed[work.id] = outcome
            else:
                values[work.id] = outcome
                cache.put(work.key, outcome)
            progress.advance()
    return values, failed


def _extract_one(extractor: FeatureExtractor, work: Work) -> tuple[Work, Floats | str]:
    """The values, or why there are none."""
    try:
        # A whole file is read to its last sample, not to the millisecond that its row's `end` is rounded to.
        whole = work.start == 0 and abs(work.end - probe(work.path).seconds) < 0.001
        start, end = (None, None) if whole else (work.start, work.end)
        audio = read(work.path, start, end, channel=work.channel, rate=extractor.rate)
        unchanged = _is_still(work.path, work.digest)
    except AudioError as error:
        return work, str(error)
    if not unchanged:  # what was read is not what the key stands for
        return work, "it changed during the run"
    try:
        values = extractor.extract(audio)
    except Exception as error:  # noqa: BLE001 - whatever a library raises on one file must not end the run
        return work, f"`{extractor.called}` failed: {error}"
    if values.size == 0 or np.isnan(values).all():
        return work, f"too short for `{extractor.called}` ({audio.seconds:.3f} s)"
    return work, np.asarray(values, dtype=np.float32)


def _is_still(path: str, expected: str) -> bool:
    """Whether the file has the digest that it had.

    Raises:
        AudioError: the file is missing or cannot be read
    """
    try:
        stat = Path(path).stat()
    except OSError:
        return digest(path) == expected  # says why
    return _had(path, expected, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _had(path: str, expected: str, size: int, changed: int) -> bool:  # noqa: ARG001 - they tell apart what is remembered
    """Whether a file of that size and time of change had the digest: one of a thousand segments is hashed once."""
    return digest(path) == expected


def _select(names: tuple[str, ...], values: Floats, keep: Sequence[str]) -> tuple[tuple[str, ...], Floats]:
    missing = [name for name in keep if name not in names]
    if missing:
        raise DataError("`features` in [FEATS] names columns that are not there", examples=missing,
                        hint=f"there are {len(names)}, for instance `{names[0]}`")  # fmt: skip
    where = [names.index(name) for name in keep]
    return tuple(keep), values[:, where]
