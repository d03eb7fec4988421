"""How well one value a row predicts the label, on given folds, and how well it would by chance.

The probe is the plainest there is, so that thousands of rounds cost little: values are put into bins, and a bin says what
its training rows say. That is a ridge regression on the bins, in which predictions are sums of labels over rows that are
the same whatever the labels are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from nk.registry import Doubles, Ints

ROUNDS = 1999  # of shuffled labels: p is .0005 at best, which is below .01 still when it is one of 19
_BINS = 10  # at most
_ROWS = 10  # in a bin and of a class, on average, at least
_WEIGHT = 5.0  # rows that pull the mean of a bin to that of all
_AT_ONCE = 2_000_000  # numbers
_TIE = 1e-9


@dataclass(frozen=True)
class Task:
    """What there is to predict, of rows with a label.

    `labels` are class numbers (int64) or values (float64), shape (rows,), and `classes` how many classes there are, 0 for
    values. `speakers` are numbers from 0, equal for rows of one speaker. Row `test_rows[i]` is tested in fold
    `test_folds[i]`, and row `out_rows[i]` is not trained on in fold `out_folds[i]`: tested rows, and others.
    """

    labels: Ints | Doubles
    classes: int
    speakers: Ints
    folds: int
    test_rows: Ints
    test_folds: Ints
    out_rows: Ints
    out_folds: Ints

    @cached_property
    def rows(self) -> Ints:
        """All of them."""
        return np.arange(len(self.labels))


def binned(values: pl.Series, classes: int) -> Ints:
    """Put values into bins of about equal size, by their rank: shape (rows,); null is a bin of its own, the last.

    Equal values go together, into the bin of their mean rank. No label is used, so that all rows may be.
    """
    known = len(values) - values.null_count()
    bins = int(np.clip(known // (_ROWS * max(classes, 2)), 2, _BINS))
    places = ((values.rank("average") - 0.5) * bins / max(known, 1)).floor().fill_null(bins)
    return np.unique(places.to_numpy(), return_inverse=True)[1].astype(np.int64)


def scores(bins: Mapping[str, Ints], task: Task, *, seed: int, rounds: int = ROUNDS) -> dict[str, Doubles]:
    """The score of each cue: with the true labels first, then with shuffled ones.

    Args:
        bins: the bin of each row, shape (rows,), for every cue
        task: what is to be predicted; at least one row is tested
        seed: what labels are shuffled with, the same for all cues
        rounds: how often

    Returns:
        shape (1 + rounds,) each: UAR for classes; for values Pearson's correlation, 0 where a prediction is constant
    """
    cells = {name: _Cells.of(places, task) for name, places in bins.items()}
    found: dict[str, list[Doubles]] = {name: [] for name in bins}
    size = max([len(task.labels), *(len(one.bin) * max(task.classes, 1) for one in cells.values())])
    for rows in _draws(task.speakers, seed, rounds, max(1, _AT_ONCE // size)):
        for name, one in cells.items():
            found[name].append((_uar if task.classes else _correlation)(one, task, task.labels[rows]))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def p_value(scores: Doubles) -> float:
    """The share of rounds, the true one among them, that score no less than the true one, which is the first."""
    return float(np.mean(scores >= scores[0] - _TIE))


def holm(values: Sequence[float]) -> list[float]:
    """Holm's correction of p values for their number (Scandinavian Journal of Statistics 6, 1979)."""
    order = np.argsort(values, kind="stable")
    raised = np.asarray(values, dtype=np.float64)[order] * np.arange(len(values), 0, -1)
    found = np.empty(len(values))
    found[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return [float(value) for value in found]


def shuffle(speakers: Ints, generator: np.random.Generator, rounds: int) -> Ints:
    """For each row the row whose label it gets: every speaker gets the labels of another, in random order.

    So labels stay as they are spread over speakers, whether they vary within them or not. Speakers who have more rows
    get the other's labels several times, who have fewer get some of them.

    Args:
        speakers: numbers from 0, shape (rows,)
        generator: of random numbers
        rounds: how often

    Returns:
        shape (rounds, rows)
    """
    sizes = np.bincount(speakers)
    starts = np.cumsum(sizes) - sizes
    nth = np.empty(len(speakers), dtype=np.int64)  # 0, 1, ... within each speaker
    nth[np.argsort(speakers, kind="stable")] = np.arange(len(speakers)) - np.repeat(starts, sizes)
    mixed = np.argsort(speakers + generator.random((rounds, len(speakers))), axis=1)
    other = generator.permuted(np.tile(np.arange(len(sizes)), (rounds, 1)), axis=1)[:, speakers]
    return np.take_along_axis(mixed, starts[other] + nth % sizes[other], axis=1)


def _draws(speakers: Ints, seed: int, rounds: int, most: int) -> Iterator[Ints]:
    """Rows whose labels are used, some rounds at a time: shape (some, rows); the very first are in order."""
    generator = np.random.default_rng(seed)
    yield np.arange(len(speakers))[np.newaxis]
    for start in range(0, rounds, most):
        yield shuffle(speakers, generator, min(most, rounds - start))


@dataclass(frozen=True)
class _Cells:
    """The tested rows of one fold and bin together, `bin` and `fold` of shape (cells,).

    `tested` are the cells of `Task.test_rows`; `held_rows` are those of `Task.out_rows` that are in a cell, and `held` which.
    `bins` are those of all rows.
    """

    bin: Ints
    fold: Ints
    tested: Ints
    held: Ints
    held_rows: Ints
    bins: Ints

    @classmethod
    def of(cls, bins: Ints, task: Task) -> _Cells:
        count = int(bins.max()) + 1
        names, tested = np.unique(task.test_folds * count + bins[task.test_rows], return_inverse=True)
        out = task.out_folds * count + bins[task.out_rows]
        place = np.minimum(np.searchsorted(names, out), len(names) - 1)
        same = names[place] == out
        return cls(names % count, names // count, tested, place[same], task.out_rows[same], bins)


def _counts(places: Ints, labels: Ints, size: int, classes: int) -> Ints:
    """How many rows of each class there are in each place: shape (rounds, size, classes).

    Args:
        places: of the rows, shape (rows,)
        labels: class numbers, shape (rounds, rows)
        size: how many places there are
        classes: how many classes there are
    """
    rounds = len(labels)
    cells = (np.arange(rounds)[:, None] * size + places) * classes + labels
    return np.bincount(cells.ravel(), minlength=rounds * size * classes).reshape(rounds, size, classes)


def _sums(places: Ints, labels: Doubles, size: int) -> Doubles:
    """The sum of labels, shape (rounds, rows), in each place: shape (rounds, size)."""
    rounds = len(labels)
    cells = np.arange(rounds)[:, None] * size + places
    return np.bincount(cells.ravel(), labels.ravel(), minlength=rounds * size).reshape(rounds, size)


def _uar(cells: _Cells, task: Task, labels: Ints) -> Doubles:
    """UAR where a bin says the class of whose training rows it holds the largest share: shape (rounds,)."""

    def count(places: Ints, rows: Ints, size: int) -> Ints:
        return _counts(places, labels[:, rows], size, task.classes)

    tested = count(cells.tested, task.test_rows, len(cells.bin))
    every = count(cells.bins, task.rows, int(cells.bins.max()) + 1)
    trained = every.sum(axis=1, keepdims=True) - count(task.out_folds, task.out_rows, task.folds)
    learnt = every[:, cells.bin] - count(cells.held, cells.held_rows, len(cells.bin))
    said = (learnt / np.maximum(trained, 1)[:, cells.fold]).argmax(axis=2)
    hits = np.where(said[:, :, None] == np.arange(task.classes), tested, 0).sum(axis=1)
    rows = tested.sum(axis=1)
    return (hits / np.maximum(rows, 1)).sum(axis=1) / (rows > 0).sum(axis=1)


def _correlation(cells: _Cells, task: Task, labels: Doubles) -> Doubles:
    """Pearson's correlation of truth and prediction: shape (rounds,).

    A bin says by how much the mean of its training rows, pulled to that of all, is above that of all. The mean itself would
    say who is tested: where a speaker is left out whose values are high, that of the others is low.
    """

    def add(places: Ints, rows: Ints, size: int, values: Doubles = labels) -> Doubles:
        return _sums(places, values[:, rows], size)

    size, bins, ones = len(cells.bin), int(cells.bins.max()) + 1, np.ones((1, len(task.rows)))
    trained = np.maximum(len(task.rows) - add(task.out_folds, task.out_rows, task.folds, ones), 1)
    mean = (labels.sum(axis=1, keepdims=True) - add(task.out_folds, task.out_rows, task.folds)) / trained
    weight, learnt = (
        add(cells.bins, task.rows, bins, values)[:, cells.bin] - add(cells.held, cells.held_rows, size, values)
        for values in (ones, labels)
    )
    said = (learnt - weight * mean[:, cells.fold]) / (weight + _WEIGHT)
    predicted, truth = said[:, cells.tested], labels[:, task.test_rows]
    predicted = predicted - predicted.mean(axis=1, keepdims=True)
    truth = truth - truth.mean(axis=1, keepdims=True)
    spread = np.sqrt((predicted**2).sum(axis=1) * (truth**2).sum(axis=1))
    return np.divide((predicted * truth).sum(axis=1), spread, out=np.zeros(len(labels)), where=spread > _TIE)
