"""Recordings, byte for byte the same, that are in both train and test: as a whole, or other parts of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.audit.finding import Finding, Level
from nk.audit.parts import column_of, in_order, shared, tested
from nk.audit.words import counted, first

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nk.registry import Doubles
    from nk.stages.folds import Fold, Places
    from nk.tables import Dataset

_TIMES = ("start", "end")
_SAME = 0.5  # share of the shorter of two segments in which they overlap, above which they are the same audio


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:
    """The same audio under any name, and other parts of a recording.

    The same is an error where all that is tested is trained on, segment by segment, else a warning. Other parts have
    place and device in common, which is a note; without speakers they are probably of one speaker, and a warning.
    """
    frame = in_order(dataset, folds)
    recordings = shared(column_of(frame["digest"]), folds, "train", "test")
    if not recordings:
        return []
    files = dict(frame.select("digest", "file")[tested(folds)].iter_rows())
    audio = shared(column_of(frame["digest"] + _stretches(frame)), folds, "train", "test")
    heard = {name.rpartition("#")[0] for name in audio}
    same, parts = ([files[one] for one in recordings if (one in heard) == here] for here in (True, False))
    found = [_of_same(same, cut=_is_cut(frame, heard), every=_all_heard(frame, folds))] if same else []
    return found + ([_of_parts(parts, dataset)] if parts else [])


def _of_same(files: list[str], *, cut: bool, every: bool) -> Finding:
    who = ("recording has", "recordings have") if cut else ("recording is", "recordings are")
    what = f"{counted(len(files), *who)}{' the same parts' if cut else ''} in both train and test"
    what += ", and with them all that is tested" if every else ""
    do = "remove the doubles: what a model has heard is no test"
    return Finding("shared_recordings", "error" if every else "warning", len(files), first(files), what, do)


def _of_parts(files: list[str], dataset: Dataset) -> Finding:
    what = f"{counted(len(files), 'recording has', 'recordings have')} parts in both train and test"
    do = "place and device are the same: keep the parts together, with `groups = ['speaker', 'file']` in [DATA]"
    level: Level = "note" if dataset.has_speakers else "warning"
    return Finding("shared_recordings", level, len(files), first(files), what, do)


def _stretches(frame: pl.DataFrame) -> pl.Series:
    """Which stretch of its recording each row has, as `#<number>`: segments that overlap by half have the same."""
    keys = frame.select("digest", *_TIMES).unique().sort("digest", *_TIMES)
    stretch = connected(keys["digest"].rank("dense").to_numpy(), *(keys[name].to_numpy() for name in _TIMES))
    named = keys.with_columns(pl.format("#{}", pl.Series(stretch)).alias("stretch"))
    return frame.join(named, on=["digest", *_TIMES], how="left", maintain_order="left")["stretch"]


def connected(recording: Places, start: Doubles, end: Doubles) -> Places:
    """The number of each segment's stretch, shape (segments,), of segments in order of recording and start."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = []
    for apart in range(1, len(start)):
        one, other = np.arange(len(start) - apart), np.arange(apart, len(start))
        near = (recording[one] == recording[other]) & (start[other] < end[one])
        if not near.any():  # what does not reach the next but one does not reach one further on
            break
        pairs.append((one[near], other[near]))
    first, second = (np.concatenate([pair[side] for pair in pairs]) if pairs else np.arange(0) for side in (0, 1))
    overlap = np.minimum(end[first], end[second]) - start[second]
    same = overlap > _SAME * np.minimum(end[first] - start[first], end[second] - start[second])
    graph = coo_array((np.ones(same.sum()), (first[same], second[same])), shape=(len(start), len(start)))
    found: Places = connected_components(graph, directed=False)[1].astype(np.int64)
    return found


def _is_cut(frame: pl.DataFrame, recordings: Iterable[str]) -> bool:
    """Whether any of these recordings has several segments."""
    segments = frame.filter(pl.col("digest").is_in(list(recordings))).group_by("digest")
    return bool((segments.agg(pl.struct(_TIMES).n_unique().alias("count"))["count"] > 1).any())


def _all_heard(frame: pl.DataFrame, folds: Sequence[Fold]) -> bool:
    """Whether the very audio of every tested row is trained on, in every fold."""
    audio = column_of(frame.select(pl.concat_str("digest", *_TIMES, separator="#")).to_series())
    counts = audio.counts
    return all(bool((audio.of(fold, "train", counts)[audio.number[fold.test_rows]] > 0).all()) for fold in folds)
