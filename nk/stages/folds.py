"""Folds: which rows train and which test, in a cross-validation, or in a split as the only fold.

Every choice is a function of the seed and of what it is about, as in `nk/stages/split.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from nk.errors import DataError
from nk.stages.grouping import ROW, by_hash, dealt_evenly, group_values
from nk.tables import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from nk.config.model import Model
    from nk.tables import Dataset

    Places = npt.NDArray[np.int64]

_WAY_OUT = "remove it and use a split of your own"
_MOST = 10_000  # folds; each is a model


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows to train on, to choose on, and to test on; `name` is `split` where there is no cross-validation.

    There may be a thousand folds of many rows, so a fold holds the places of its own rows within `ids`, which the folds
    share, and makes the rest when it is asked. `kept` are the places to train on; None: all that are in no other part.
    `groups` are those that its test rows are in, one of each column by which rows are folded.
    """

    name: str
    ids: tuple[str, ...] = field(repr=False)
    dev_rows: Places = field(repr=False)
    test_rows: Places = field(repr=False)
    kept: Places | None = field(default=None, repr=False)
    groups: tuple[str, ...] = ()

    @property
    def train_rows(self) -> Places:
        """Places in `ids` of the rows to train on, in order."""
        if self.kept is not None:
            return self.kept
        free = np.ones(len(self.ids), dtype=bool)
        free[self.dev_rows] = free[self.test_rows] = False
        return np.flatnonzero(free)

    @property
    def train(self) -> tuple[str, ...]:
        """Ids to train on."""
        return self._named(self.train_rows)

    @property
    def dev(self) -> tuple[str, ...]:
        """Ids to choose on."""
        return self._named(self.dev_rows)

    @property
    def test(self) -> tuple[str, ...]:
        """Ids to test on."""
        return self._named(self.test_rows)

    def _named(self, rows: Places) -> tuple[str, ...]:
        return tuple(self.ids[row] for row in rows.tolist())


def make_folds(dataset: Dataset, model: Model, groups: Sequence[str], *, seed: int) -> list[Fold] | None:
    """The folds of a cross-validation over all rows, whatever their part; None where none is asked for.

    Args:
        dataset: the rows
        model: the section MODEL
        groups: columns whose values train and test never share. Of several each has folds of its own, a fold tests the
            rows that are in one of each, and trains on the rows that share none of the values
        seed: what groups are drawn with

    Raises:
        DataError: there are not enough groups, all rows are in one fold, or the target is the speaker
    """
    if not (model.loso or model.logo or model.k_fold_cross):
        return None
    if model.logo and model.logo is not True and not model.loso and "fold" in dataset:
        return folds_of(dataset, [_stated(dataset)])
    columns = [_of_column(dataset, model, column, seed, first=not n) for n, column in enumerate(groups)]
    return folds_of(dataset, columns)


def folds_by(dataset: Dataset, model: Model, groups: Sequence[str]) -> str:
    """What the folds of `make_folds` are, in words."""
    names = " and ".join(groups)
    if model.loso or model.logo is True:
        return f"a {names} each"
    if model.logo and "fold" in dataset:
        return "by the column `fold` of the table"
    if groups == (ROW,) or dataset.target.name == "speaker":
        return "rows"
    plural = " and of ".join(f"{name}s" for name in groups)
    return f"groups of {plural}" + ("" if model.logo else " with about equal shares of classes")


def holdout(dataset: Dataset) -> Fold:
    """The split itself as the only fold."""
    part = dataset.frame["split"].to_numpy()
    kept, dev, test = (np.flatnonzero(part == name) for name in PARTS)
    return Fold("split", tuple(dataset.ids), dev, test, kept)


def shared_ids(folds: Sequence[Fold]) -> tuple[str, ...]:
    """The ids whose places all these folds hold.

    Raises:
        ValueError: they are of different datasets
    """
    first = folds[0].ids
    if any(fold.ids is not first and fold.ids != first for fold in folds):
        raise ValueError("folds of different datasets")
    return first


def folds_of(dataset: Dataset, columns: Sequence[Sequence[str]]) -> list[Fold]:
    """A fold for every combination of the groups that rows have in these columns.

    Raises:
        DataError: a column has one group, or there are too many folds
    """
    numbers = [_numbered(column) for column in columns]
    for names, _ in numbers:
        if len(names) < 2:
            hint = "give the column `fold` two values at least, or remove it"
            raise DataError(f"all rows are in one fold, `{names[0]}`, so there is nothing to train on", hint=hint)
    codes = np.stack([number for _, number in numbers])
    combinations, fold = np.unique(codes, axis=1, return_inverse=True)
    if combinations.shape[1] > _MOST:
        raise DataError(f"there would be {combinations.shape[1]} folds, each with a model of its own",
                        hint="use `logo = 10` or `k_fold_cross = 10`")  # fmt: skip
    ids = tuple(dataset.ids)
    rows = np.split(np.argsort(fold, kind="stable"), np.cumsum(np.bincount(fold))[:-1])
    groups = [
        tuple(names[place] for (names, _), place in zip(numbers, combination, strict=True))
        for combination in combinations.T
    ]
    # Of one column the other rows are those to train on, which a fold knows by itself.
    kept = [
        None if len(codes) == 1 else np.flatnonzero((codes != combination[:, None]).all(axis=0))
        for combination in combinations.T
    ]
    none = np.arange(0)
    return [
        Fold("+".join(named), ids, none, mine, others, named)
        for named, mine, others in zip(groups, rows, kept, strict=True)
    ]


def with_features(dataset: Dataset, folds: list[Fold], ids: Sequence[str]) -> tuple[Dataset, list[Fold]]:
    """The rows that have features, with the folds that they had."""
    if len(ids) == len(dataset):
        return dataset, folds
    kept = dataset.with_frame(dataset.frame.filter(dataset.frame["id"].is_in(list(ids))), "has features")
    return kept, without(folds, kept.ids) if folds else folds


def without(folds: Sequence[Fold], ids: Sequence[str]) -> list[Fold]:
    """The folds with only those rows that are among `ids`; a fold that has nothing left to test is none.

    Raises:
        DataError: of several folds one is left
    """
    those = set(ids)
    stay = np.array([row in those for row in shared_ids(folds)])
    place = np.cumsum(stay) - 1
    named = tuple(row for row in shared_ids(folds) if row in those)

    def moved(rows: Places) -> Places:
        left: Places = place[rows[stay[rows]]]
        return left

    found = [
        replace(
            fold,
            ids=named,
            dev_rows=moved(fold.dev_rows),
            test_rows=moved(fold.test_rows),
            kept=None if fold.kept is None else moved(fold.kept),
        )
        for fold in folds
    ]
    found = [fold for fold in found if len(fold.test_rows)]
    if len(folds) > 1 and len(found) < 2:
        raise DataError("one fold has rows that can be used, so there is nothing to train on",
                        hint="look at the rows that were skipped, or use a split")  # fmt: skip
    return found


def _numbered(groups: Sequence[str]) -> tuple[list[str], Places]:
    names = sorted(set(groups), key=natural)
    place = {name: number for number, name in enumerate(names)}
    return names, np.array([place[group] for group in groups], dtype=np.int64)


def natural(name: str) -> tuple[bool, int, str]:
    """Numbers by size, before everything else by the alphabet."""
    return (not name.isdecimal(), int(name) if name.isdecimal() else 0, name)


def _stated(dataset: Dataset) -> list[str]:
    from nk.stages.columns import as_text

    column = as_text(dataset.frame["fold"])
    if column.null_count():
        files = dataset.frame.filter(column.is_null())["file"].to_list()
        raise DataError("the column `fold` is empty for some rows", rows=len(files), examples=files,
                        hint="give every row a fold, or rename the column with `colnames`")  # fmt: skip
    return column.to_list()


def _of_column(dataset: Dataset, model: Model, column: str, seed: int, *, first: bool) -> list[str]:
    """The group of each row in one column: a value each, or values dealt to groups."""
    if model.loso or model.logo is True:
        return _values(dataset, column, f"leave one {column} out")
    if model.logo:
        return _dealt(_values(dataset, column, f"`logo = {model.logo}`"), int(model.logo), seed, f"logo = {model.logo}")
    count = int(model.k_fold_cross or 0)
    what = f"k_fold_cross = {count}"
    # Where the speaker is what is to be told, every row is a group of its own.
    own = dataset.target.name == "speaker" and column == "speaker"
    values = dataset.ids if own else _values(dataset, column, f"`{what}`")
    return _stratified(dataset, values, count, seed, what) if first else _dealt(values, count, seed, what)


def _values(dataset: Dataset, column: str, what: str) -> list[str]:
    values = group_values(dataset, column, "the data", what, _WAY_OUT)
    if len(set(values)) < 2:
        raise DataError(f"there is one {column}, and {what} needs two", hint=f"add a {column}")
    return values


def _dealt(values: list[str], count: int, seed: int, what: str) -> list[str]:
    order = by_hash(values, seed)
    if count > len(order):
        raise DataError(f"`{what}` asks for more groups than there are to make them of ({len(order)})",
                        hint=f"use at most {len(order)}, or `loso = True`")  # fmt: skip
    group = {value: f"{number % count + 1:0{len(str(count))}}" for number, value in enumerate(order)}
    return [group[value] for value in values]


def _stratified(dataset: Dataset, groups: list[str], count: int, seed: int, what: str) -> list[str]:
    """Folds of about equal class shares, no group in two of them."""
    if len(set(groups)) < count:
        raise DataError(f"`{what}` asks for more folds than there are groups to make them of ({len(set(groups))})",
                        hint=f"use at most {len(set(groups))}")  # fmt: skip
    order = {group: number for number, group in enumerate(by_hash(groups, seed))}
    fold = dealt_evenly(_strata(dataset), [order[group] for group in groups], count)
    return [f"{number + 1:0{len(str(count))}}" for number in fold]


def _strata(dataset: Dataset) -> list[int]:
    """The class of each row, or the fifth of the values it is in; -1 where it is not known."""
    column = dataset.frame[dataset.target.name]
    if dataset.target.is_number:
        known = max(1, len(column) - column.null_count())
        return [-1 if rank is None else int(rank) for rank in (column.rank("ordinal") - 1) * 5 // known]
    number = {label: place for place, label in enumerate(dataset.target.labels)}
    return [-1 if label is None else number[label] for label in column.to_list()]
