"""What to know of a test of a stored model: whom it has heard before, and what it cannot say."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from nk.audit.finding import SHOWN, Finding
from nk.audit.words import counted, first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.stages.about import About
    from nk.tables import Dataset, Target

_CHOSEN = "leave them out: options, early stopping and scores may have been settled on them"
_NEW = "leave them out: what a model has heard is no test"


def findings(dataset: Dataset, about: About, unknown: Mapping[str, int], *, prefix: str = "") -> list[Finding]:
    """Speakers and recordings that trained or chose the model, classes without a row, and rows without a known label.

    Args:
        dataset: the rows of a test set
        about: of the model
        unknown: how many rows have each label that the model does not know
        prefix: what stood before the names of speakers in training
    """
    parts = (
        ("training", about.recordings, about.speakers, _NEW),
        ("dev part", about.dev_recordings, about.dev_speakers, _CHOSEN),
    )
    found = [_recordings(dataset, digests, where, do) for where, digests, _, do in parts]
    found += [_speakers(dataset, names, prefix, where) for where, _, names, _ in parts]
    found += [_unknown(dataset.target, unknown), _unlabelled(dataset, sum(unknown.values())), _untested(dataset)]
    return [one for one in found if one is not None]


def _recordings(dataset: Dataset, digests: Sequence[str], where: str, do: str) -> Finding | None:
    heard = dataset.frame.filter(pl.col("digest").is_in(list(digests)))
    files = heard["file"].unique(maintain_order=True).to_list()
    if not files:
        return None
    text = f"{_count(len(files), 'recording')} in the {where} ({_rows(len(heard))})"
    return _warning("trained_recordings", files, text, do)


def _speakers(dataset: Dataset, names: Sequence[str] | None, prefix: str, where: str) -> Finding | None:
    if dataset.target.name == "speaker" or names == ():
        return None
    if not dataset.has_speakers or names is None:
        place = "here" if not dataset.has_speakers else "in the training"
        text = f"speakers are not known {place}, so that the model may have heard the same voices"
        return _warning("trained_speakers", (), text, "add a column `speaker`")
    heard = pl.lit(prefix) + pl.col("speaker")
    rows = dataset.frame.filter(heard.is_in(list(names)))
    found = rows["speaker"].unique().sort().to_list()
    if not found:
        return None
    of = dataset.frame["speaker"].drop_nulls().n_unique()
    text = f"{len(found)} of {_count(of, 'speaker')} in the {where} ({_rows(len(rows))})"
    hint = "the result does not hold for new speakers; if they have nothing but names in common, use `rename_speakers`"
    return _warning("trained_speakers", found, text, hint)


def _unknown(target: Target, unknown: Mapping[str, int]) -> Finding | None:
    if not unknown:
        return None
    shown = first(f"`{label}` {count}" for label, count in unknown.items())
    text = (
        f"{_rows(sum(unknown.values()))} with a `{target.name}` that the model does not know, predicted and not scored"
    )
    return Finding("unknown_labels", "warning", len(unknown), shown, text, _way(target, unknown))


def _way(target: Target, unknown: Mapping[str, int]) -> str:
    near = [f"`{label}` means `{close}`" for label in unknown for close in _alike(label, target.labels)]
    if near:
        return f"if {' and '.join(near[:SHOWN])}, say so with `mapping` of a database in `tests`"
    if target.measured.edges:
        return "they are outside of the edges of its classes"
    return f"its classes are {_named(target.labels)}; `mapping` gives labels other names"


def _alike(label: str, labels: Sequence[str]) -> list[str]:
    lower = {known.strip().casefold(): known for known in labels}
    return [lower[near] for near in get_close_matches(label.strip().casefold(), lower, n=1, cutoff=0.8)]


def _unlabelled(dataset: Dataset, unknown: int) -> Finding | None:
    """A set of which nothing can be scored; single rows without a label are counted by the plan."""
    name = dataset.target.name
    if dataset.frame[name].null_count() < len(dataset) or unknown == len(dataset):
        return None
    text = f"no row has a `{name}` that is known: they are predicted, and there is nothing to measure"
    near = get_close_matches(name, [column for column in dataset.frame.columns if column != name], n=1, cutoff=0.7)
    hint = f"if it is in `{near[0]}`, rename that" if near else "if its column has another name, rename it"
    return Finding("no_truth", "warning", len(dataset), (), text, f"{hint} with `colnames`")


def _untested(dataset: Dataset) -> Finding | None:
    """Classes of the model that no row has; where none has any, that is said already."""
    target = dataset.target
    there = {*dataset.frame[target.name].drop_nulls().to_list()} if target.labels else set()
    lost = [label for label in target.labels if label not in there]
    if not there or not lost:
        return None
    text = "classes of the model that no row has: means over classes leave them out"
    return Finding("missing_classes", "note", len(lost), first(lost), text, "do not compare with a test that has them")


def _warning(check: str, names: Sequence[str], text: str, do: str) -> Finding:
    return Finding(check, "warning", len(names), first(names), text, do)


def _rows(count: int) -> str:
    return counted(count, "row")


def _count(number: int, what: str) -> str:
    return counted(number, f"{what} was", f"{what}s were")


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
