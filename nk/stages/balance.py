"""Even out the classes of training rows, by the methods of imbalanced-learn (Lemaitre et al., JMLR 18, 2017).

Three repeat or leave out rows (`ros`, `randomundersampler`, and by their neighbours `editednearestneighbours` and
`tomeklinks`), four make rows up between neighbours of a class (`smote`, `borderlinesmote`, `svmsmote`, `adasyn`),
`clustercentroids` makes up fewer, and `smoteenn` and `smotetomek` make up and then leave out. Where a method cannot do
what it is for, that is an error: with other neighbours than its own, folds would be trained by different methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.registry import Floats, Ints

NEIGHBOURS = 5  # of its class, between which and a row others are made up: imbalanced-learn's own number
_MAKING_UP = ("smote", "adasyn", "borderlinesmote", "svmsmote", "smoteenn", "smotetomek")
_REPEAT = "use `balancing = ros`, which repeats rows"
_WAY_OUT = f"{_REPEAT}, or leave the class out with `labels` in [DATA]"


@dataclass(frozen=True)
class Balanced:
    """Training rows, those of recordings in their order and made-up ones after them, as in `Training`.

    `before` and `after` are rows a class.
    """

    x: Floats
    y: Ints
    groups: Ints
    before: tuple[int, ...]
    after: tuple[int, ...]
    notes: tuple[str, ...] = ()


def balance(
    x: Floats, y: Ints, groups: Ints, method: str, *, seed: int, labels: Sequence[str], where: str = ""
) -> Balanced:
    """Balance training rows, scaled and without gaps.

    Args:
        x: features, shape (rows, features)
        y: class numbers, shape (rows,)
        groups: speakers of the rows, as numbers
        method: as `balancing` in [FEATS]
        seed: of the method's random choices, where it makes any
        labels: names of the classes
        where: which rows these are, for messages (` of fold 3`)

    Raises:
        DataError: the method cannot balance these rows, or a class would lose all of its rows
    """
    check(y, method, labels=labels, where=where)
    before = np.bincount(y, minlength=len(labels))
    sampler = _sampler(method, seed, before)
    try:
        found, classes = sampler.fit_resample(np.asarray(x, dtype=np.float64), y)
    except (ValueError, RuntimeError) as error:
        raise _impossible(error, x, y, method, seed, labels, where) from error
    after = np.bincount(classes, minlength=len(labels))
    _check_lost(before, after, method, labels, where)
    origin = _origin(sampler, method, y, len(classes))
    order = np.argsort(np.where(origin < 0, len(y), origin), kind="stable")
    origin = origin[order]
    return Balanced(
        x=found[order].astype(np.float32),
        y=classes[order].astype(np.int64),
        groups=np.where(origin < 0, -1, groups[origin]),
        before=tuple(before.tolist()),
        after=tuple(after.tolist()),
        notes=_notes(before, after, method, labels),
    )


def check(y: Ints, method: str, *, labels: Sequence[str], where: str = "") -> None:
    """Find out from the numbers of rows alone whether a method can balance them.

    Raises:
        DataError: there is but one class, or one has fewer rows than the method needs
    """
    counts = np.bincount(y, minlength=len(labels))
    if (counts > 0).sum() < 2:
        raise DataError(f"the training part{where} has one class, so there is nothing to balance", rows=len(y),
                        hint="choose another split, or leave out `balancing`")  # fmt: skip
    few = (counts > 0) & (counts <= NEIGHBOURS) & (counts < counts.max())
    if method in _MAKING_UP and few.any():
        short = ", ".join(f"{counts[number]} of `{labels[number]}`" for number in np.flatnonzero(few).tolist())
        text = f"`{method}` needs {NEIGHBOURS + 1} training rows of a class, a row and its {NEIGHBOURS} neighbours"
        raise DataError(f"{text}, but the training part{where} has {short}", hint=_WAY_OUT)


def _sampler(method: str, seed: int, counts: Any) -> Any:
    """imbalanced-learn's sampler with its own settings."""
    from imblearn import combine, over_sampling, under_sampling

    kinds = {
        "ros": over_sampling.RandomOverSampler,
        "smote": over_sampling.SMOTE,
        "adasyn": over_sampling.ADASYN,
        "borderlinesmote": over_sampling.BorderlineSMOTE,
        "svmsmote": over_sampling.SVMSMOTE,
        "clustercentroids": under_sampling.ClusterCentroids,
        "randomundersampler": under_sampling.RandomUnderSampler,
        "editednearestneighbours": under_sampling.EditedNearestNeighbours,
        "tomeklinks": under_sampling.TomekLinks,
        "smoteenn": combine.SMOTEENN,
        "smotetomek": combine.SMOTETomek,
    }
    sampler = kinds[method]()
    if "random_state" in sampler.get_params():
        sampler.set_params(random_state=seed)
    if method == "clustercentroids":
        # Of several smallest classes all but one would be replaced by centroids of a row each.
        least = int(counts[counts > 0].min())
        sampler.set_params(sampling_strategy={int(one): least for one in np.flatnonzero(counts > least)})
    return sampler


def _origin(sampler: Any, method: str, y: Ints, size: int) -> Ints:
    """Which of the given rows each row is, -1 where it is made up."""
    if method == "clustercentroids":
        wanted = sampler.sampling_strategy_
        parts = [
            np.full(wanted[label], -1) if label in wanted else np.flatnonzero(y == label)
            for label in np.unique(y).tolist()
        ]
        return np.concatenate(parts)
    cleaner = next((getattr(sampler, name) for name in ("enn_", "tomek_") if hasattr(sampler, name)), sampler)
    # Methods that add rows put them after the given ones.
    places = np.asarray(getattr(cleaner, "sample_indices_", np.arange(size)), dtype=np.int64)
    return np.where(places < len(y), places, -1)


def _check_lost(before: Ints, after: Ints, method: str, labels: Sequence[str], where: str) -> None:
    lost = np.flatnonzero((before > 0) & (after == 0)).tolist()
    if lost:
        named = ", ".join(f"all {before[number]} of `{labels[number]}`" for number in lost)
        raise DataError(f"`{method}` would leave out {named} in the training part{where}: each has a neighbour "
                        "of another class", hint=_WAY_OUT)  # fmt: skip


def _notes(before: Ints, after: Ints, method: str, labels: Sequence[str]) -> tuple[str, ...]:
    """What a method does without a word: `borderlinesmote` passes over classes, others leave out the rare."""
    idle = (before > 0) & (before < before.max()) & (after == before) if method == "borderlinesmote" else before < 0
    notes = [
        f"`{method}` made no rows of `{labels[number]}`: none of its rows lies on a border to other classes"
        for number in np.flatnonzero(idle).tolist()
    ]
    if _evenness(after) < _evenness(before):
        notes.append(f"`{method}` left the classes less even than they were")
    return tuple(notes)


def _evenness(counts: Ints) -> float:
    """Rows of the smallest class per row of the largest."""
    present = counts[counts > 0]
    return float(present.min() / present.max())


def _impossible(
    error: Exception, x: Floats, y: Ints, method: str, seed: int, labels: Sequence[str], where: str
) -> DataError:
    """What imbalanced-learn says, as a sentence that names the class, and with a way out."""
    counts = np.bincount(y, minlength=len(labels))
    label = _culprit(x, y, method, seed) if method in {"adasyn", "svmsmote"} else None
    if label is None:
        rows = ", ".join(f"{count} of `{name}`" for name, count in zip(labels, counts, strict=True) if count)
        reason = str(error).partition(". ")[0].rstrip(".")
        return DataError(f"`{method}` cannot balance the training part{where} ({rows}): {reason}", hint=_REPEAT)
    short = counts.max() - counts[label]
    reason = {
        ("adasyn", RuntimeError): f"none has one of another class among its {NEIGHBOURS} neighbours",
        ("adasyn", ValueError): f"the {short} to add are too few to be shared out",
    }.get((method, type(error)), "neighbours of other classes surround all that support the border")
    text = f"`{method}` cannot make rows of `{labels[label]}` from {counts[label]} in the training part{where}"
    return DataError(f"{text}: {reason}", hint="use `balancing = smote`, which takes all rows of a class")


def _culprit(x: Floats, y: Ints, method: str, seed: int) -> int | None:
    """The class that a method fails on, tried one by one."""
    labels, counts = np.unique(y, return_counts=True)
    for label in labels[counts < counts.max()].tolist():
        sampler = _sampler(method, seed, np.bincount(y)).set_params(sampling_strategy={label: int(counts.max())})
        try:
            sampler.fit_resample(np.asarray(x, dtype=np.float64), y)
        except (ValueError, RuntimeError):
            return int(label)
    return None
