"""What the user should know of his data and split before he believes a result: a sentence each, with a way out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nk.stages.split import Fold
    from nk.tables import Dataset, Skip

_SHOWN = 5
# What tables say for "not known"; as a class it is most likely a mistake.
_MISSING = {"na", "n/a", "nan", "none", "null", "-", "?", "unknown"}


@dataclass(frozen=True)
class Caution:
    """A sentence, and what to do about it."""

    text: str
    hint: str | None = None


def of_data(dataset: Dataset) -> list[Caution]:
    """Classes and speakers that are probably one, and classes that probably mean nothing is known."""
    found = _missing_words(dataset)
    if not dataset.target.is_number:
        found += _alike(f"classes of `{dataset.target.name}`", dataset.target.labels)
    if dataset.has_speakers and dataset.target.name != "speaker":
        found += _alike("speakers", dataset.frame["speaker"].drop_nulls().unique().sort().to_list())
        found += _of_several_databases(dataset)
    return found


def of_folds(dataset: Dataset, folds: Sequence[Fold]) -> list[Caution]:
    """Speakers and recordings that train and test share, and classes that a model never hears; folds together."""
    column = {name: dataset.frame[name].to_list() for name in ("id", "speaker", "digest") if name in dataset}
    found = []
    if dataset.has_speakers and dataset.target.name != "speaker":
        shared = _shared(column["id"], column["speaker"], folds)
        if shared:
            text = f"{_count(len(shared), 'speaker')} in both train and test: {_named(shared)}"
            found.append(Caution(text, "the result does not hold for new speakers; split by speaker"))
    if not dataset.has_speakers and len(folds):
        found.append(Caution("speakers are not known, so the same voice may be in both train and test",
                             "add a column `speaker`"))  # fmt: skip
    twice = _shared(column["id"], column["digest"], folds)
    if twice:
        files = dict(zip(column["digest"], dataset.frame["file"].to_list(), strict=True))
        text = f"{_count(len(twice), 'recording')} in both train and test: {_named(files[one] for one in twice)}"
        found.append(Caution(text, "remove the doubles: what a model has heard is no test"))
    return found + _lost_classes(dataset, folds)


def of_skips(skipped: Sequence[Skip], total: int) -> Caution:
    """How many rows could not be used, by reason, with an example of each."""
    reasons = Counter(skip.reason for skip in skipped)
    first = {skip.reason: skip.file for skip in reversed(skipped)}
    shown = [f"{count} {reason} (`{first[reason]}`)" for reason, count in reasons.most_common(_SHOWN)]
    more = ["..."] if len(reasons) > _SHOWN else []
    return Caution(f"{len(skipped)} of {total} rows skipped: {'; '.join([*shown, *more])}")


def _missing_words(dataset: Dataset) -> list[Caution]:
    words = [label for label in dataset.target.labels if label.strip().lower() in _MISSING]
    if not words:
        return []
    text = f"{_named(words)} is taken for a class of `{dataset.target.name}`"
    return [Caution(text, "leave the field empty where it is not known, or name the classes in `labels`")]


def _alike(what: str, names: Iterable[str]) -> list[Caution]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.strip().casefold().removesuffix(".0"), []).append(name)
    alike = [" and ".join(f"`{name}`" for name in group) for group in groups.values() if len(group) > 1]
    if not alike:
        return []
    return [Caution(f"{what} that differ in their spelling alone count as different: {', '.join(alike[:_SHOWN])}",
                    "spell them alike in the table if they are the same")]  # fmt: skip


def _of_several_databases(dataset: Dataset) -> list[Caution]:
    counts = dataset.frame.group_by("speaker").agg(pl.col("database").n_unique()).drop_nulls().sort("speaker")
    names = counts.filter(pl.col("database") > 1)["speaker"].to_list()
    if not names:
        return []
    text = f"{_count(len(names), 'speaker')} in several databases, and taken for the same person: {_named(names)}"
    return [Caution(text, "give them different names in the tables if they are not")]


def _shared(ids: Sequence[str], values: Sequence[str | None], folds: Sequence[Fold]) -> list[str]:
    """Values that rows of train and of test have in common, in any fold."""
    value = dict(zip(ids, values, strict=True))
    found: set[str] = set()
    for fold in folds:
        found |= {value[key] or "" for key in fold.train} & {value[key] or "" for key in fold.test}
    return sorted(found - {""})


def _lost_classes(dataset: Dataset, folds: Sequence[Fold]) -> list[Caution]:
    label = dict(zip(dataset.ids, dataset.frame[dataset.target.name].to_list(), strict=True))
    lost: Counter[str] = Counter()
    for fold in folds:
        present = {label[key] for key in fold.train}
        lost.update(name for name in dataset.target.labels if name not in present)
    if not lost:
        return []
    several = len(folds) > 1
    named = ", ".join(
        f"`{name}`" + (f" in {count} of {len(folds)} folds" if several else "") for name, count in lost.items()
    )
    return [Caution(f"classes without a training row: {named}", "such a class is never predicted there")]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{' is' if number == 1 else 's are'}"


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(f"`{name}`" for name in listed[:_SHOWN]) + (", ..." if len(listed) > _SHOWN else "")
