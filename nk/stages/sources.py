"""All features of a run: each source is asked in its own way, and what they give stands side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nk.execute import HERE
from nk.registry import FeatureExtractor, FeatureLearner, FeatureTable
from nk.stages import gaps
from nk.stages.assemble import Extracted, join, skips
from nk.stages.extract import count_cached, extract
from nk.stages.lookup import column_names, lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nk.audio import Channel
    from nk.execute import Executor
    from nk.registry import FeatureSource
    from nk.stages.pooling import Pooling
    from nk.tables import Dataset, Features, Skip
    from nk.ui import Ui


@dataclass(frozen=True)
class Ask:
    """What sources go by: the channel of each database, how frames are pooled, where files are, and how to work.

    `keep` names columns to keep (None: all), `fresh` has everything computed anew.
    """

    channels: Mapping[str, Channel]
    pooling: Pooling
    resolve: Callable[[str], Path]
    jobs: int
    keep: Sequence[str] | None = None
    fresh: bool = False
    executor: Executor = HERE


def gather(dataset: Dataset, sources: Sequence[FeatureSource], ask: Ask, ui: Ui) -> tuple[Features, list[Skip]]:
    """The features of the rows that all sources have some for, and the other rows with the reasons.

    Raises:
        DataError: a table of features cannot be used, or `keep` names a column that is not there
    """
    parts: list[Extracted] = []
    learners: list[tuple[FeatureLearner, Extracted]] = []
    for source in sources:
        if isinstance(source, FeatureTable):
            parts.append(lookup(dataset, source, ask.resolve))
        elif isinstance(source, FeatureLearner):
            beside = [one for one in source.beside() if not any(_same(one, other) for other in sources)]
            parts += [_extract(dataset, extractor, ask, ask.pooling, ui) for extractor in beside]
            learners.append((source, _extract(dataset, source.frames(), ask, None, ui)))
        elif isinstance(source, FeatureExtractor):
            parts.append(_extract(dataset, source, ask, ask.pooling, ui))
    return join(parts, learners, dataset, ask.keep), skips(dataset, [*parts, *(frames for _, frames in learners)])


def complete(
    dataset: Dataset, sources: Sequence[FeatureSource], ask: Ask, nan_strategy: str, ui: Ui
) -> tuple[Features, list[Skip]]:
    """`gather`, and say what is missing; with `nan_strategy = drop` rows that lack a value are among the others.

    Raises:
        DataError: as `gather`, or all rows would be dropped
    """
    features, failed = gather(dataset, sources, ask, ui)
    for caution in gaps.caution(features, nan_strategy):
        ui.warn(caution.text, caution.hint)
    if nan_strategy != "drop":
        return features, failed
    features, dropped = gaps.drop(features, dataset)
    return features, [*failed, *dropped]


def check_columns(dataset: Dataset, sources: Sequence[FeatureSource], ask: Ask) -> None:
    """Find out before any work whether the columns to keep are there.

    Raises:
        DataError: one is not
    """
    if ask.keep:
        names = [(source.called, _names(source, ask)) for source in sources]
        empty = [Extracted(columns, {}, {}, {"extractor": called}) for called, columns in names]
        join(empty, (), dataset, ask.keep)


def _names(source: FeatureSource, ask: Ask) -> tuple[str, ...]:
    if isinstance(source, FeatureExtractor):
        return ask.pooling.names(source.names()) if source.frame_level else source.names()
    return column_names(source.read(ask.resolve)) if isinstance(source, FeatureTable) else ()


def planned(dataset: Dataset, sources: Sequence[FeatureSource], ask: Ask) -> list[str]:
    """What there is to do for each source, a line each.

    Raises:
        DataError: a table of features cannot be read
    """
    return [_planned(dataset, source, ask) for source in sources]


def _planned(dataset: Dataset, source: FeatureSource, ask: Ask) -> str:
    options = ", ".join(f"{key} {value}" for key, value in source.options.model_dump().items())
    name = f"{source.called} ({options})" if options else source.called
    if isinstance(source, FeatureExtractor):
        return f"{name}, {count_cached(dataset, source, ask.channels)} of {len(dataset)} in the cache"
    if isinstance(source, FeatureLearner):
        known = count_cached(dataset, source.frames(), ask.channels)
        return f"{name}, learnt in every fold from frames, {known} of {len(dataset)} in the cache"
    if isinstance(source, FeatureTable):
        return f"{name}, {source.read(ask.resolve).height} rows in the table"
    return name


def _same(one: FeatureSource, other: FeatureSource) -> bool:
    return (one.called, one.options) == (other.called, other.options)


def _extract(dataset: Dataset, extractor: FeatureExtractor, ask: Ask, pooling: Pooling | None, ui: Ui) -> Extracted:
    return extract(
        dataset, extractor, channels=ask.channels, jobs=ask.jobs, ui=ui, fresh=ask.fresh, pooling=pooling,
        executor=ask.executor,
    )  # fmt: skip
