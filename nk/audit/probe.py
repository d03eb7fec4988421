"""How well one value a row predicts the label, on given folds, and how well it would by chance.

The probe is the plainest there is, so that thousands of rounds cost little: values are put into bins, and a bin says
what its training rows say. That is a ridge regression on the bins, in which predictions are sums of labels over rows
that are the same whatever the labels are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from nk.registry import Doubles, Ints

ROUNDS = 1999  # of shuffled labels: p is .0005 at best, which is below .01 still when it is one of 19
_BINS = 10  # at most
_ROWS = 10  # in a bin and of a class, on average, at least
_WEIGHT = 5.0  # rows that pull the mean of a bin to that of all
_ENOUGH = 20  # rounds that score no less than the true labels: p is above .01 whatever the others give
_AT_ONCE = 200, 2_000_000  # rounds and numbers at most
_TIE = 1e-9


@dataclass(frozen=True)
class Task:
    """What there is to predict, of rows with a label.

    `labels` are class numbers (int64) or values (float64), shape (rows,), and `classes` how many classes there are, 0
    for values. `speakers` are numbers from 0, equal for rows of one speaker. Row `test_rows[i]` is tested in fold
    `test_folds[i]`, and row `out_rows[i]` is not trained on in fold `out_folds[i]`: tested rows, and others.
    """

    labels: Any
    classes: int
    speakers: Ints
    folds: int
    test_rows: Ints
    test_folds: Ints
    out_rows: Ints
    out_folds: Ints


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
        rounds: how often; less often where it is clear that p is above .01

    Returns:
        shape (1 + rounds,) each: UAR for classes; for values Pearson's correlation, 0 where a prediction is constant
    """
    score = _uar if task.classes else _correlation
    cells = {name: _Cells.of(places, task) for name, places in bins.items()}
    found = {name: np.empty(0) for name in bins}
    size = max([len(task.labels), *(len(one.bin) * max(task.classes, 1) for one in cells.values())])
    for rows in _draws(task.speakers, seed, rounds, int(np.clip(_AT_ONCE[1] // size, 1, _AT_ONCE[0]))):
        for name in [name for name in bins if _as_good(found[name]) <= _ENOUGH]:
            found[name] = np.append(found[name], score(cells[name], task, task.labels[rows]))
    return found


def predicted(bins: Ints, task: Task) -> Any:
    """What a cue's bins say of `task.test_rows`: classes, or how far values are above the mean of training rows."""
    cells, labels = _Cells.of(bins, task), task.labels[np.newaxis]
    said = _said_classes(cells, task, labels) if task.classes else _said_values(cells, task, labels)
    return said[0, cells.tested]


def p_value(scores: Doubles) -> float:
    """The share of rounds, the true one among them, that score no less than the true one, which is the first.

    It holds for rounds that were ended early too (Besag and Clifford, Biometrika 78, 1991).
    """
    return _as_good(scores) / len(scores)


def _as_good(scores: Doubles) -> int:
    return int(np.sum(scores >= scores[:1] - _TIE))


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

    `tested` are the cells of `Task.test_rows`; `held_rows` are those of `Task.out_rows` that are in a cell, and `held`
    which. `bins` are those of all rows.
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
    sums: Doubles = np.bincount(cells.ravel(), labels.ravel(), minlength=rounds * size).astype(np.float64)
    found: Doubles = sums.reshape(rounds, size)
    return found


def _said_classes(cells: _Cells, task: Task, labels: Ints) -> Ints:
    """For each cell the class of whose training rows the bin holds the largest share: shape (rounds, cells)."""
    every = _counts(cells.bins, labels, int(cells.bins.max()) + 1, task.classes)
    out = _counts(task.out_folds, labels[:, task.out_rows], task.folds, task.classes)
    held = _counts(cells.held, labels[:, cells.held_rows], len(cells.bin), task.classes)
    trained = np.maximum(every.sum(axis=1, keepdims=True) - out, 1)
    said: Ints = ((every[:, cells.bin] - held) / trained[:, cells.fold]).argmax(axis=2)
    return said


def _said_values(cells: _Cells, task: Task, labels: Doubles) -> Doubles:
    """For each cell by how much the training rows of the bin are above all training rows: shape (rounds, cells).

    Means are pulled to that of all. That itself is left out, as it says who is tested: where the speaker is left out
    whose values are high, the mean of the others is low.
    """
    bins, ones = int(cells.bins.max()) + 1, np.ones((1, len(labels[0])))

    def learnt(values: Doubles) -> Doubles:
        held = _sums(cells.held, values[:, cells.held_rows], len(cells.bin))
        return _sums(cells.bins, values, bins)[:, cells.bin] - held

    def trained(values: Doubles) -> Doubles:
        out = _sums(task.out_folds, values[:, task.out_rows], task.folds)
        total: Doubles = values.sum(axis=1, keepdims=True)
        return total - out

    mean = trained(labels) / np.maximum(trained(ones), 1)
    said: Doubles = (learnt(labels) - learnt(ones) * mean[:, cells.fold]) / (learnt(ones) + _WEIGHT)
    return said


def _uar(cells: _Cells, task: Task, labels: Ints) -> Doubles:
    """UAR over the tested rows: shape (rounds,)."""
    said = _said_classes(cells, task, labels)
    tested = _counts(cells.tested, labels[:, task.test_rows], len(cells.bin), task.classes)
    hits = np.where(said[:, :, None] == np.arange(task.classes), tested, 0).sum(axis=1)
    rows = tested.sum(axis=1)
    found: Doubles = (hits / np.maximum(rows, 1)).sum(axis=1) / (rows > 0).sum(axis=1)
    return found


def _correlation(cells: _Cells, task: Task, labels: Doubles) -> Doubles:
    """Pearson's correlation over the tested rows: shape (rounds,)."""
    said, truth = _said_values(cells, task, labels)[:, cells.tested], labels[:, task.test_rows]
    said, truth = (values - values.mean(axis=1, keepdims=True) for values in (said, truth))
    spread = np.sqrt((said**2).sum(axis=1) * (truth**2).sum(axis=1))
    found: Doubles = np.divide((said * truth).sum(axis=1), spread, out=np.zeros(len(labels)), where=spread > _TIE)
    return found
