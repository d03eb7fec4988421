"""Does a column that is no voice tell the label? Measured as the model is: on the same folds, beside guessing.

Two things have to hold before it is worth a warning. It is not by chance: the association of column and label
(Pearson's chi-squared of their table) is larger than nearly all that arise when the labels are dealt anew. And it is of
a size that matters: on rows that were not counted, the column alone gets at least a tenth of the way from guessing to
perfection.

Rows of a speaker are no independent evidence, so what is dealt anew respects speakers. What is the same in all rows of
a speaker (gender, a diagnosis) is dealt to whole speakers; what varies within speakers is dealt within each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from nk.audit.finding import Level
    from nk.stages.folds import Fold, Places

    Doubles = npt.NDArray[np.float64]

_LEAST, _MUCH = 0.1, 0.5  # of the way from guessing to perfection
_CHANCE = 0.01 / 3  # text, gender and age are looked at, so that one in a hundred clean corpora is warned of
_DEALS, _SPEAKER_DEALS = 1999, 9999  # the latter are quick
_FEWER = 499, 50_000_000  # of very many rows: at least so many deals, or so many rows dealt in all


@dataclass(frozen=True)
class Told:
    """What a column tells: the UAR that it reaches alone, that of guessing, and how likely it is by chance.

    `p` is None where the column reaches too little for it to matter.
    """

    score: float
    chance: float
    p: float | None

    @property
    def level(self) -> Level | None:
        """A warning where it matters and is not by chance; a note where it is much, though it may be by chance."""
        if self.p is None:
            return None
        if self.p < _CHANCE:
            return "warning"
        return "note" if self.score - self.chance >= _MUCH * (1 - self.chance) else None


def told(column: Places, label: Places, speaker: Places, folds: Sequence[Fold]) -> Told:
    """What `column` tells of `label`.

    Args:
        column: the number of each row's value, -1 where it is not known; shape (rows,), in the order of the folds' ids
        label: the number of each row's class, likewise
        speaker: the number of each row's speaker; -1: not known, so that the row stands for itself
        folds: which rows are counted and which are told
    """
    known = (column >= 0) & (label >= 0)
    classes = int(label.max(initial=0)) + 1
    score, chance = _score(np.where(known, column, -1), label, classes, folds), 1 / classes
    if not known.any() or not score - chance >= _LEAST * (1 - chance):
        return Told(score, chance, None)
    return Told(score, chance, by_chance(column[known], label[known], _alone(speaker[known])))


def _score(column: Places, label: Places, classes: int, folds: Sequence[Fold]) -> float:
    """UAR of saying of each tested row the class that is most typical of its value in training.

    Most typical is the class with the largest share of its own rows at that value. Where classes tie, or the value was
    not met, one of them is drawn, and the expected hits count.
    """
    total = _table(column, label, int(column.max(initial=0)) + 1, classes)
    hits, rows = np.zeros(classes), np.zeros(classes)
    for fold in folds:
        values, seen, own, sizes = _counted(column, label, total, fold)
        if not len(values):
            continue
        rates = np.divide(seen, sizes, out=np.zeros_like(seen), where=sizes > 0)
        best = rates == rates.max(axis=1, keepdims=True)
        hits += (own * best / best.sum(axis=1, keepdims=True)).sum(axis=0)
        rows += own.sum(axis=0)
    return float((hits[rows > 0] / rows[rows > 0]).mean()) if rows.any() else 0.0


def _counted(column: Places, label: Places, total: Doubles, fold: Fold) -> tuple[Places, Doubles, Doubles, Doubles]:
    """The values that a fold tests, how often each class has them in training and in test, and its training rows."""
    classes = total.shape[1]
    values = np.unique(column[fold.test_rows])
    values = values[values >= 0]
    own = _among(values, column, label, fold.test_rows, classes)
    if fold.kept is not None:
        seen = _among(values, column, label, fold.kept, classes)
        kept = fold.kept[column[fold.kept] >= 0]
        return values, seen, own, np.bincount(label[kept], minlength=classes).astype(np.float64)
    left = np.concatenate([fold.dev_rows, fold.test_rows])
    sizes = total.sum(axis=0) - np.bincount(label[left[column[left] >= 0]], minlength=classes)
    return values, total[values] - _among(values, column, label, left, classes), own, sizes


def _among(values: Places, column: Places, label: Places, rows: Places, classes: int) -> Doubles:
    """How often each class has each of these values in some rows: shape (values, classes)."""
    rows = rows[np.isin(column[rows], values)]
    return _table(np.searchsorted(values, column[rows]), label[rows], len(values), classes)


def _table(column: Places, label: Places, values: int, classes: int) -> Doubles:
    """How often each value goes with each class; rows whose value is -1 are left out."""
    known = column >= 0
    code = column[known] * classes + label[known]
    return np.bincount(code, minlength=values * classes).reshape(values, classes).astype(np.float64)


def by_chance(column: Places, label: Places, speaker: Places, *, level: float = _CHANCE) -> float:
    """How likely an association as large as this is, if the column has nothing to do with the label.

    It is the share of deals whose chi-squared is as large, the real one among them. Once it cannot become small, no
    more are made (Besag and Clifford, Sequential Monte Carlo p-values, Biometrika 78, 1991).

    Args:
        column: the number of each row's value, shape (rows,)
        label: the number of each row's class
        speaker: the number of each row's speaker, from 0 without gaps
        level: a p of twice that is large enough to end it
    """
    values, classes = int(column.max()) + 1, int(label.max()) + 1
    real = _chi_squared(_table(column, label, values, classes)) * (1 - 1e-9)
    whole = _constant(column, speaker)
    if whole is not None:
        tables, deals = _dealt_to_speakers(whole, _table(speaker, label, len(whole), classes), values), _SPEAKER_DEALS
    else:
        tables, deals = _dealt_within(column, label, speaker, values, classes), _few(len(column))
    larger = 0
    for deal, table in enumerate(islice(tables, deals), start=1):
        larger += _chi_squared(table) >= real
        if larger > 2 * level * deals:
            return larger / deal
    return (larger + 1) / (deals + 1)


def _few(rows: int) -> int:
    return int(np.clip(_FEWER[1] // rows, _FEWER[0], _DEALS))


def _dealt_to_speakers(value: Places, labels: Doubles, values: int) -> Iterator[Doubles]:
    """Tables of value and label after the values were dealt to speakers anew; `labels` are those of each speaker."""
    random = np.random.default_rng(0)
    while True:
        table = np.zeros((values, labels.shape[1]))
        np.add.at(table, random.permutation(value), labels)
        yield table


def _dealt_within(column: Places, label: Places, speaker: Places, values: int, classes: int) -> Iterator[Doubles]:
    """Tables after the labels were dealt anew: within a speaker who has several, among the speakers who have one."""
    random = np.random.default_rng(0)
    order = np.argsort(speaker, kind="stable")
    column, label = column[order], label[order]
    rows = np.split(np.arange(len(order)), np.cumsum(np.bincount(speaker))[:-1])
    several = [mine for mine in rows if (label[mine] != label[mine[0]]).any()]
    one = [mine for mine in rows if (label[mine] == label[mine[0]]).all()]
    firsts, lengths = label[[mine[0] for mine in one]], [len(mine) for mine in one]
    places = np.concatenate([*one, np.arange(0)])
    while True:
        dealt = label.copy()
        dealt[places] = np.repeat(random.permutation(firsts), lengths)
        for mine in several:
            random.shuffle(dealt[mine[0] : mine[-1] + 1])
        yield _table(column, dealt, values, classes)


def _constant(column: Places, speaker: Places) -> Places | None:
    """The value of each speaker; None where a speaker has several."""
    value = np.zeros(int(speaker.max()) + 1, dtype=np.int64)
    value[speaker] = column
    return value if (value[speaker] == column).all() else None


def _chi_squared(table: Doubles) -> float:
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return float(np.divide((table - expected) ** 2, expected, out=np.zeros_like(table), where=expected > 0).sum())


def _alone(speaker: Places) -> Places:
    """Speakers numbered from 0 without gaps; a row whose speaker is not known is a speaker of its own."""
    own = np.where(speaker >= 0, speaker, int(speaker.max(initial=0)) + 1 + np.arange(len(speaker)))
    return np.unique(own, return_inverse=True)[1].reshape(-1).astype(np.int64)
