"""What several features give, side by side, for the rows that all of them have."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.tables import Features, Sequences, Skip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.registry import FeatureLearner, Floats
    from nk.tables import Dataset


@dataclass(frozen=True)
class Extracted:
    """The values of one extractor for each id: a vector, or a matrix of frames; and the rows that failed."""

    names: tuple[str, ...]
    values: Mapping[str, Floats]
    failed: Mapping[str, str]
    provenance: Mapping[str, Any]


def join(
    parts: Sequence[Extracted],
    learners: Sequence[tuple[FeatureLearner, Extracted]],
    dataset: Dataset,
    keep: Sequence[str] | None = None,
) -> Features:
    """The sources' vectors side by side, for the rows that all of them have.

    Args:
        parts: vectors
        learners: what learns features in every fold, with the frames that it learns from
        dataset: the rows
        keep: names of columns to keep; of a source that has none of them all stay, as all that are learnt

    Returns:
        columns of the same name have that of their source before their own

    Raises:
        DataError: a name in `keep` is not a column
    """
    every = [*parts, *(frames for _, frames in learners)]
    ids = tuple(key for key in dataset.ids if all(key in part.values for part in every))
    names = _distinct(parts)
    if ids and parts:
        values = np.hstack([np.stack([part.values[key] for key in ids]) for part in parts])
    else:
        values = np.empty((len(ids), len(names)), dtype=np.float32)
    if keep:
        names, values = _select(names, values, keep, [len(part.names) for part in parts])
    about = {"extractors": [dict(part.provenance) for part in parts]}
    if learners:
        about["learners"] = [
            {
                "learner": learner.called,
                "options": learner.options.model_dump(mode="json"),
                "frames": dict(frames.provenance),
            }
            for learner, frames in learners
        ]
    sequences = tuple(Sequences(learner, {key: part.values[key] for key in ids}) for learner, part in learners)
    return Features(ids, names, values, about, sequences)


def _distinct(parts: Sequence[Extracted]) -> tuple[str, ...]:
    """The names of all columns; one that several sources have begins with the source, and its number if it has one."""
    times = Counter(name for part in parts for name in part.names)
    seen: Counter[str] = Counter()
    names: list[str] = []
    for part in parts:
        source = str(part.provenance["extractor"])
        seen[source] += 1
        prefix = f"{source}{seen[source] if seen[source] > 1 else ''}."
        names += [f"{prefix}{name}" if times[name] > 1 else name for name in part.names]
    return tuple(names)


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


def _select(
    names: tuple[str, ...], values: Floats, keep: Sequence[str], sizes: Sequence[int]
) -> tuple[tuple[str, ...], Floats]:
    """The columns named in `keep` of each source, which has `sizes` columns; of one that has none of them, all."""
    missing = [name for name in keep if name not in names]
    if missing:
        raise DataError("`features` in [FEATS] names columns that are not there", examples=missing,
                        hint=_columns(names))  # fmt: skip
    wanted = [names.index(name) for name in keep]
    ends = np.cumsum(sizes).tolist()
    sources = [range(end - size, end) for size, end in zip(sizes, ends, strict=True)]
    where = [place for own in sources for place in [one for one in wanted if one in own] or own]
    return tuple(names[place] for place in where), values[:, where]


def _columns(names: Sequence[str]) -> str:
    return f"there are {len(names)}, for instance `{names[0]}`" if names else "what is learnt cannot be chosen from"
