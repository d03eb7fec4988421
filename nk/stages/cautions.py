"""What the user should know of his data and split before he believes a result: a sentence each, with a way out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.metrics._rows import labelled
from nk.stages.columns import as_text
from nk.stages.folds import shared_ids
from nk.tables import PARTS, positions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nk.config import Loaded
    from nk.stages.folds import Fold, Places
    from nk.tables import Dataset, Predictions, Skip

_SHOWN = 5
# What tables say for "not known"; as a class it is most likely a mistake.
_MISSING = {"na", "n/a", "nan", "none", "null", "-", "?", "unknown"}


@dataclass(frozen=True)
class Caution:
    """A sentence, and what to do about it."""

    text: str
    hint: str | None = None


def of_config(loaded: Loaded) -> list[Caution]:
    """What the config asks for that a run does without."""
    reports = [item for item in loaded.unbuilt if item.section == "report"]
    return (
        [Caution(f"{reports[0].name} ({reports[0].place}) is not built yet: no report is written")] if reports else []
    )


def of_data(dataset: Dataset) -> list[Caution]:
    """Classes and speakers that are probably one, and classes that probably mean nothing is known."""
    found = _missing_words(dataset)
    if not dataset.target.is_number:
        found += _alike(f"classes of `{dataset.target.name}`", dataset.target.labels)
    if dataset.has_speakers and dataset.target.name != "speaker":
        found += _alike("speakers", dataset.frame["speaker"].drop_nulls().unique().sort().to_list())
        found += _of_several_databases(dataset)
    return found + _without_truth(dataset)


def of_folds(dataset: Dataset, folds: Sequence[Fold]) -> list[Caution]:
    """Speakers and recordings that train and test share, and classes that a model never hears; folds together."""
    if not folds:
        return []
    found = []
    if dataset.has_speakers and dataset.target.name != "speaker":
        shared = _shared(_numbers(dataset, "speaker", folds), folds)
        if shared:
            text = f"{_count(len(shared), 'speaker')} in both train and test: {_named(shared)}"
            found.append(Caution(text, "the result does not hold for new speakers; split by speaker"))
    if not dataset.has_speakers:
        found.append(Caution("speakers are not known, so the same voice may be in both train and test",
                             "add a column `speaker`"))  # fmt: skip
    twice = _shared(_numbers(dataset, "digest", folds), folds)
    if twice:
        files = dict(dataset.frame.select("digest", "file").iter_rows())
        text = f"{_count(len(twice), 'recording')} in both train and test: {_named(files[one] for one in twice)}"
        found.append(Caution(text, "remove the doubles: what a model has heard is no test"))
    return found if dataset.target.is_number else found + _lost_classes(dataset, folds)


def of_scale(dataset: Dataset, folds: Sequence[Fold]) -> list[Caution]:
    """What features scaled within each speaker ask of new speakers, and who has the fewest rows to be scaled by."""
    names, number = _numbers(dataset, "speaker", folds)
    fewest, single = np.full(len(names), len(number) + 1), np.zeros(len(names), dtype=bool)
    for fold in folds:
        tested, *others = (
            np.bincount(number[rows], minlength=len(names)) for rows in (fold.test_rows, fold.dev_rows, fold.train_rows)
        )
        fewest = np.minimum(fewest, np.where(tested, tested, fewest))
        single |= np.any([counts == 1 for counts in (tested, *others)], axis=0)
    least = int(fewest.argmin())
    text = "features are scaled within each speaker, test speakers by their own rows, of which there have to be several"
    text += f": the fewest are {fewest[least]}, of `{names[least]}`"
    if single.any():
        text += f"; of a single row all features become 0: {_named(names[place] for place in np.flatnonzero(single))}"
    return [Caution(text, "`scale = standard` asks nothing of new speakers")]


def of_truth(predictions: Predictions) -> list[Caution]:
    """The parts that are predicted and cannot be measured, as no truth is known."""
    name, found = predictions.target.name, [labelled(predictions, part) for part in PARTS]
    return [
        Caution(f"no row of the part `{part}` has a `{name}`: they are predicted, and there is nothing to measure",
                "the predictions are in `predictions.csv`")
        for part, rows in zip(PARTS, found, strict=True) if rows.dropped and not rows.frame.height
    ]  # fmt: skip


def of_combining(dataset: Dataset, column: str) -> list[Caution]:
    """Who has several truths, so that one decision about him is neither right nor wrong."""
    name = dataset.target.name
    if name == column:
        return []
    counts = dataset.frame.drop_nulls([name, column]).group_by(column).agg(pl.col(name).n_unique()).sort(column)
    several = as_text(counts.filter(pl.col(name) > 1)[column]).to_list()
    if not several:
        return []
    text = f"{len(several)} of {counts.height} values of `{column}` have several values of `{name}`, and are left out"
    text += f" where one decision a {column} is scored: {_named(several)}"
    return [Caution(text, "`combine_per_speaker` is for what holds for a speaker as a whole, such as a diagnosis")]


def of_differing(keys: Sequence[str], folder: object) -> list[Caution]:
    """What a config says otherwise than the run whose model is tested."""
    if not keys:
        return []
    text = f"since the run the config has changed, and the model is still that of `{folder}`: {', '.join(keys)}"
    return [Caution(text, "run it again for a model of the present config")]


def of_versions(changed: Sequence[str]) -> list[Caution]:
    """What has another version than when the model was trained."""
    if not changed:
        return []
    text = f"versions are not those of the training, so that scores may differ: {', '.join(changed)}"
    return [Caution(text, "`manifest.json` of the run says what it was trained with")]


def of_skips(skipped: Sequence[Skip], total: int) -> Caution:
    """How many rows could not be used, by reason, with an example of each."""
    reasons = Counter(skip.reason for skip in skipped)
    first = {skip.reason: skip.file for skip in reversed(skipped)}
    shown = [f"{count} {reason} (`{first[reason]}`)" for reason, count in reasons.most_common(_SHOWN)]
    more = ["..."] if len(reasons) > _SHOWN else []
    return Caution(f"{len(skipped)} of {total} rows skipped: {'; '.join([*shown, *more])}")


def _without_truth(dataset: Dataset) -> list[Caution]:
    name = dataset.target.name
    counts = dataset.frame.group_by("database").agg(pl.col(name).count()).sort("database")
    empty = counts.filter(pl.col(name) == 0)["database"].to_list()
    if not empty:
        return []
    text = f"no row of {_named(empty)} has a `{name}`: nothing is learnt from it, and its predictions are not scored"
    return [Caution(text, f"if its column has another name, use `{empty[0]}.colnames`")]


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


def _shared(numbers: tuple[list[str], Places], folds: Sequence[Fold]) -> list[str]:
    """Values that rows of train and of test have in common, in any fold."""
    names, number = numbers
    total = np.bincount(number, minlength=len(names))
    found: set[int] = set()
    for fold in folds:
        tested = np.unique(number[fold.test_rows])
        found.update(tested[_in_train(fold, number, total)[tested] > 0].tolist())
    return [names[place] for place in sorted(found) if names[place]]


def _lost_classes(dataset: Dataset, folds: Sequence[Fold]) -> list[Caution]:
    names, number = _numbers(dataset, dataset.target.name, folds)
    total = np.bincount(number, minlength=len(names))
    lost: Counter[str] = Counter({name: len(folds) for name in dataset.target.labels if name not in names})
    for fold in folds:
        absent = np.flatnonzero(_in_train(fold, number, total) == 0)
        lost.update(names[place] for place in absent if names[place])  # no name: rows without a truth
    if not lost:
        return []
    several = len(folds) > 1
    named = ", ".join(
        f"`{name}`" + (f" in {count} of {len(folds)} folds" if several else "") for name, count in lost.items()
    )
    return [Caution(f"classes without a training row: {named}", "such a class is never predicted there")]


def _numbers(dataset: Dataset, column: str, folds: Sequence[Fold]) -> tuple[list[str], Places]:
    """The different values of a column in order, and for each row of the folds which one it has."""
    values = dataset.frame[column].fill_null("")
    number = values.rank("dense").to_numpy().astype(np.int64) - 1
    return values.unique().sort().to_list(), number[positions(dataset.ids, shared_ids(folds))]


def _in_train(fold: Fold, number: Places, total: Places) -> Places:
    """How many training rows have each value; `total` is how many rows have it."""
    if fold.kept is not None:
        return np.bincount(number[fold.kept], minlength=len(total))
    # Of a thousand folds each trains on nearly all rows, so that the few others are counted.
    left = total.copy()
    for rows in (fold.dev_rows, fold.test_rows):
        np.subtract.at(left, number[rows], 1)
    return left


def _count(number: int, what: str) -> str:
    return f"{number} {what}{' is' if number == 1 else 's are'}"


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(f"`{name}`" for name in listed[:_SHOWN]) + (", ..." if len(listed) > _SHOWN else "")
