"""Recordings -> features: from the cache where it has them, else computed, in parallel and stored as they come."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.apart import Lost
from nk.audio import digest, probe, read
from nk.cache import FeatureCache
from nk.cache_folder import cache_folder
from nk.errors import AudioError
from nk.execute import HERE
from nk.stages.assemble import Extracted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nk.audio import Channel
    from nk.execute import Executor
    from nk.registry import FeatureExtractor, Floats
    from nk.stages.pooling import Pooling
    from nk.tables import Dataset
    from nk.ui import Progress, Ui

    Outcomes = Iterator[tuple["Work", Floats | str, Sequence[str]]]

# To be raised when nk/audio.py gives other samples for the same bytes: what is cached is then not used any more.
READS_AS = 1
_PATIENCE = 300  # s
_AT_ONCE = 500  # rows that are taken from the cache together
_BATCH = 16  # rows that are sent together to another machine


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
        keys = _keys(dataset, channels)
        known = cache.known(keys.unique().to_list())
    return int(keys.is_in(list(known)).sum())


def extract(
    dataset: Dataset,
    extractor: FeatureExtractor,
    *,
    channels: Mapping[str, Channel],
    jobs: int,
    ui: Ui,
    fresh: bool = False,
    pooling: Pooling | None = None,
    what: str = "",
    executor: Executor = HERE,
) -> Extracted:
    """Compute what one extractor gives for every row.

    Args:
        dataset: the rows, with `path` and `digest`
        extractor: the plug-in
        channels: which channel to use, a database
        jobs: how many files to work on at once
        ui: where progress is shown
        fresh: compute everything anew, whatever the cache has
        pooling: how frames become one vector, where the extractor gives frames; None leaves them
        what: what this work is called, where it is not for features
        executor: where the work runs

    Returns:
        a vector a row, or frames; the cache keeps frames
    """
    about = provenance(extractor)
    works = _works(dataset, channels)
    pooling = pooling if extractor.frame_level else None
    with FeatureCache(cache_folder() / "features", about, warn=partial(_warn_once, ui)) as cache:
        names = cache.names or _store_names(cache, extractor)
        values = {} if fresh else _cached(cache, works, pooling)
        todo = [work for work in works if work.id not in values]
        with ui.progress(what or f"features {extractor.called}", len(todo), "files") as progress:
            computed, failed, notes = _compute(todo, extractor, cache, pooling, jobs, progress, executor)
    for note in notes:
        ui.note(note)
    values |= computed
    if pooling is None:
        return Extracted(names, values, failed, about)
    return Extracted(pooling.names(names), values, failed, {**about, "pooling": list(pooling.how)})


def _warn_once(ui: Ui, text: str) -> None:
    """A full disk is one for all extractors."""
    if not ui.has_warned(text):
        ui.warn(text)


def _works(dataset: Dataset, channels: Mapping[str, Channel]) -> list[Work]:
    frame = dataset.frame.select("id", "path", "digest", "start", "end", "database")
    keys = _keys(dataset, channels).to_list()
    return [
        Work(name, key, str(Path(path).absolute()), summed, start, end, channels[database])
        for key, (name, path, summed, start, end, database) in zip(keys, frame.iter_rows(), strict=True)
    ]


def _keys(dataset: Dataset, channels: Mapping[str, Channel]) -> pl.Series:
    """Under which key the values of each row are stored: its audio, its times in ms, its channel."""
    start, end = (pl.col(name).mul(1000).round().cast(pl.Int64) for name in ("start", "end"))
    channel = pl.col("database").replace_strict(
        {name: str(one) for name, one in channels.items()}, return_dtype=pl.String
    )
    return dataset.frame.select(pl.format("{}:{}-{}:{}", "digest", start, end, channel).alias("key"))["key"]


def _cached(cache: FeatureCache, works: Sequence[Work], pooling: Pooling | None) -> dict[str, Floats]:
    values: dict[str, Floats] = {}
    # Some at a time: the frames of a large database would fill the memory.
    for start in range(0, len(works), _AT_ONCE):
        some = works[start : start + _AT_ONCE]
        found = cache.get(list({work.key for work in some}))
        known = (work for work in some if work.key in found)
        values |= {work.id: pooling(found[work.key]) if pooling else found[work.key] for work in known}
    return values


def _store_names(cache: FeatureCache, extractor: FeatureExtractor) -> tuple[str, ...]:
    names = extractor.names()
    cache.put_names(names)
    return names


def _compute(
    todo: Sequence[Work],
    extractor: FeatureExtractor,
    cache: FeatureCache,
    pooling: Pooling | None,
    jobs: int,
    progress: Progress,
    executor: Executor,
) -> tuple[dict[str, Floats], dict[str, str], list[str]]:
    """The values, what failed and why, and what the extractor says of the work."""
    values: dict[str, Floats] = {}
    failed: dict[str, str] = {}
    notes: dict[str, None] = {}
    for work, outcome, said in _outcomes(todo, extractor, jobs, cache.tick, executor):
        notes |= dict.fromkeys(said)
        if isinstance(outcome, str):
            failed[work.id] = outcome
        else:
            values[work.id] = pooling(outcome) if pooling else outcome
            cache.put(work.key, outcome)
        progress.advance()
    return values, failed, list(notes)


def _outcomes(
    todo: Sequence[Work], extractor: FeatureExtractor, jobs: int, idle: Callable[[], None], executor: Executor
) -> Outcomes:
    from threadpoolctl import threadpool_limits

    threads = extractor.workers == "threads"
    if executor.remote or not threads:
        # What an extractor has made for itself meanwhile may not fit through a pipe.
        extractor = type(extractor)(extractor.options, name=extractor.called)
    if todo:
        executor.check_sees(todo[0].path)
    limit = None if threads and not executor.remote else _limit
    # A core a file: threads of linear algebra beside them would only wait for each other.
    with threadpool_limits(1, user_api="blas"):
        found = executor.run(_extract_one, extractor, todo, jobs=jobs, limit=limit, batch=_BATCH, idle=idle)
        for work, outcome in found:
            yield work, *((f"`{extractor.called}` {outcome.why}", ()) if isinstance(outcome, Lost) else outcome)


def _limit(work: Work) -> float:
    """How long a recording may take, in s: far longer than the slowest extractor on a busy machine."""
    return _PATIENCE + 10 * (work.end - work.start)


def _extract_one(extractor: FeatureExtractor, work: Work) -> tuple[Floats | str, Sequence[str]]:
    """The values, or why there are none; and what the extractor, which may live in a process, says of its work."""
    return _values(extractor, work), extractor.notes


def _values(extractor: FeatureExtractor, work: Work) -> Floats | str:
    try:
        # A whole file is read to its last sample, not to the millisecond that its row's `end` is rounded to.
        whole = work.start == 0 and abs(work.end - probe(work.path).seconds) < 0.001
        start, end = (None, None) if whole else (work.start, work.end)
        audio = read(work.path, start, end, work.channel, extractor.rate, every=extractor.every_channel)
        unchanged = _is_still(work.path, work.digest)
    except AudioError as error:
        return str(error)
    if not unchanged:  # what was read is not what the key stands for
        return "it changed during the run"
    try:
        values = extractor.extract(audio)
    except Exception as error:  # noqa: BLE001 - whatever a library raises on one file must not end the run
        return f"`{extractor.called}` failed: {error}"
    if values.size == 0 or np.isnan(values).all():
        return f"too short for `{extractor.called}` ({audio.seconds:.3f} s)"
    return np.asarray(values, dtype=np.float32)


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
