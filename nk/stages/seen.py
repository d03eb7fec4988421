"""What to know of a test of a stored model: whom it has heard before, and what it cannot say."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from nk.audit.finding import SHOWN, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nk.stages.about import About
    from nk.tables import Dataset, Target

_NEW = "leave them out: what a model has heard is no test"


def findings(dataset: Dataset, about: About, unknown: Mapping[str, int], *, prefix: str = "") -> list[Finding]:
    """Speakers and recordings that were trained on, and rows without a label that the model knows.

    Args:
        dataset: the rows of a test set
        about: of the model
        unknown: how many rows have each label that the model does not know
        prefix: what stood before the names of speakers in training
    """
    found = [_recordings(dataset, about), _speakers(dataset, about, prefix)]
    found += [_unknown(dataset.target, unknown), _unlabelled(dataset, sum(unknown.values()))]
    return [one for one in found if one is not None]


def _recordings(dataset: Dataset, about: About) -> Finding | None:
    heard = dataset.frame.filter(pl.col("digest").is_in(list(about.recordings)))
    files = heard["file"].unique(maintain_order=True).to_list()
    if not files:
        return None
    text = f"{_count(len(files), 'recording')} in the training: {_named(files)} ({_rows(len(heard))})"
    return _warning("trained_recordings", files, text, _NEW)


def _speakers(dataset: Dataset, about: About, prefix: str) -> Finding | None:
    if dataset.target.name == "speaker":
        return None
    if not dataset.has_speakers or about.speakers is None:
        where = "here" if not dataset.has_speakers else "in the training"
        text = f"speakers are not known {where}, so that the model may have heard the same voices"
        return _warning("trained_speakers", (), text, "add a column `speaker`")
    heard = pl.lit(prefix) + pl.col("speaker")
    rows = dataset.frame.filter(heard.is_in(list(about.speakers)))
    names = rows["speaker"].unique().sort().to_list()
    if not names:
        return None
    of = dataset.frame["speaker"].drop_nulls().n_unique()
    text = f"{len(names)} of {_count(of, 'speaker')} in the training: {_named(names)} ({_rows(len(rows))})"
    hint = "the result does not hold for new speakers; if they have nothing but names in common, use `rename_speakers`"
    return _warning("trained_speakers", names, text, hint)


def _unknown(target: Target, unknown: Mapping[str, int]) -> Finding | None:
    if not unknown:
        return None
    shown = [f"`{label}` {count}" for label, count in list(unknown.items())[:SHOWN]]
    text = f"{_rows(sum(unknown.values()))} with a `{target.name}` that the model does not know are predicted and not"
    text += f" scored: {', '.join(shown)}" + (", ..." if len(unknown) > SHOWN else "")
    return Finding(
        "unknown_labels", "warning", sum(unknown.values()), tuple(unknown)[:SHOWN], text, _way(target, unknown)
    )


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


def _warning(check: str, names: Sequence[str], text: str, do: str) -> Finding:
    return Finding(check, "warning", len(names), tuple(names[:SHOWN]), text, do)


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{' was' if number == 1 else 's were'}"


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(f"`{name}`" for name in listed[:SHOWN]) + (", ..." if len(listed) > SHOWN else "")
