"""The same audio twice: in two parts of a split, under two speakers' names, or with two labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.audit import fingerprint
from nk.audit.copies import search
from nk.audit.finding import SHOWN, Finding
from nk.stages.folds import shared_ids
from nk.tables import positions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from nk.audio import Channel
    from nk.audit.copies import Copies
    from nk.audit.finding import Level
    from nk.registry import Ints
    from nk.stages.folds import Fold
    from nk.tables import Dataset
    from nk.ui import Ui

    Mask = npt.NDArray[np.bool_]

_PARTS: tuple[tuple[str, str, Level, str], ...] = (
    ("train", "test", "warning", "what a model has heard is no test"),
    ("dev", "test", "warning", "what a model was chosen by is no test"),
    ("train", "dev", "note", "a choice made on what a model has heard is no choice"),
)
_CALLED = {"train": "training", "dev": "dev", "test": "test"}


def measure(dataset: Dataset, *, channels: Mapping[str, Channel], jobs: int, ui: Ui, fresh: bool = False) -> Copies:
    """Which of all rows hold the same audio; fingerprints come from the cache where it has them.

    Args:
        dataset: the rows, with `path` and `digest`
        channels: which channel is used, a database
        jobs: how many files to work on at once
        ui: where progress is shown
        fresh: make all fingerprints anew, whatever the cache has
    """
    return search(fingerprint.measure(dataset, channels=channels, jobs=jobs, ui=ui, fresh=fresh))


def find(copies: Copies, dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:
    """Copies in two parts of any fold, and what copies within one part say of the table.

    Args:
        copies: of these rows, and maybe of others
        dataset: the rows
        folds: those of the run; a split is one

    Returns:
        `duplicates`: a warning for test rows of which a copy trains or is chosen by (an error where that is so of all
        that is tested), a note for dev rows of which a copy trains. Of other copies `duplicate_names`, a warning, where
        they have different speakers, else `duplicates_inside`, a note. `duplicate_labels`, a note, for all copies with
        different labels
    """
    if not folds:
        return []
    kin = _kin(copies, shared_ids(folds))
    rows = _Rows(kin, dataset.frame[positions(dataset.ids, shared_ids(folds))], dataset)
    crossing = [crossed for parts in _PARTS if (crossed := _crossed(kin, folds, *parts[:2])).rows]
    told = np.zeros(len(kin.group), dtype=bool)
    told[[row for crossed in crossing for row in (*crossed.rows, *crossed.partners)]] = True
    levels = {parts[:2]: parts[2:] for parts in _PARTS}
    found = [_between(rows, crossed, *levels[crossed.one, crossed.other]) for crossed in crossing]
    return [*found, *_names(rows, told), *_inside(rows, told), *_labels(rows)]


@dataclass(frozen=True, eq=False)
class _Kin:
    """Which rows of the folds are copies: `group` has a number a row, equal for equal samples; `near` pairs of those.

    `whole` are the pairs of which neither is an excerpt of the other.
    """

    group: Ints
    near: Ints
    whole: Ints

    @property
    def alike(self) -> Mask:
        """Which rows have a copy."""
        several = np.bincount(self.group) > 1
        several[self.near.reshape(-1)] = True
        found: Mask = several[self.group]
        return found

    def reach(self, rows: Ints) -> tuple[Mask, Mask]:
        """The groups that hold any of the rows, and those that do or are near to one that does."""
        same = np.zeros(int(self.group.max()) + 1, dtype=bool)
        same[self.group[rows]] = True
        near = same.copy()
        near[self.near[same[self.near[:, 0]], 1]] = True
        near[self.near[same[self.near[:, 1]], 0]] = True
        return same, near

    def differ(self, values: Ints, *, whole: bool) -> Mask:
        """Which rows have a copy with another value; -1 is not known. Excerpts do not count if copies must be whole."""
        size = int(self.group.max()) + 1
        least, most = np.full(size, np.iinfo(np.int64).max), np.full(size, -1)
        known = values >= 0
        np.minimum.at(least, self.group[known], values[known])
        np.maximum.at(most, self.group[known], values[known])
        low, high = least.copy(), most.copy()
        for one, other in ((0, 1), (1, 0)):
            pairs = self.whole if whole else self.near
            np.minimum.at(low, pairs[:, one], least[pairs[:, other]])
            np.maximum.at(high, pairs[:, one], most[pairs[:, other]])
        found: Mask = known & (low < high)[self.group]
        return found

    def partner(self, row: int, among: Ints) -> int:
        """The first of the rows that is the same as this one, else nearly so."""
        mine = self.group[row]
        close = {*self.near[self.near[:, 0] == mine, 1].tolist(), *self.near[self.near[:, 1] == mine, 0].tolist()}
        others = among[among != row]
        for groups in ([mine], list(close)):
            fitting = others[np.isin(self.group[others], groups)]
            if len(fitting):
                return int(fitting[0])
        raise ValueError("it has no copy there")


@dataclass(frozen=True)
class _Rows:
    """The rows of the folds, and which are copies."""

    kin: _Kin
    frame: pl.DataFrame
    dataset: Dataset

    def numbers(self, column: str) -> Ints:
        """A number for each value of a column, -1 where it is not known."""
        values = self.frame[column]
        found: Ints = (values.rank("dense").cast(pl.Int64) - 1).fill_null(-1).to_numpy()
        return found

    @property
    def misnamed(self) -> Mask:
        """Which rows have a copy under another speaker's name; none where speakers are what is to be told."""
        if not self.dataset.has_speakers or self.dataset.target.name == "speaker":
            return np.zeros(len(self.kin.group), dtype=bool)
        return self.kin.differ(self.numbers("speaker"), whole=False)

    def example(self, row: int, other: int) -> str:
        """Two rows that are copies."""
        column = "id" if self.frame["file"][row] == self.frame["file"][other] else "file"
        how = "is" if self.kin.group[row] == self.kin.group[other] else "is nearly"
        return f"`{self.frame[column][row]}` {how} `{self.frame[column][other]}`"

    def examples(self, rows: Sequence[int], values: Ints | None = None) -> tuple[str, ...]:
        """The first of these rows, each with a copy (one of another value, where there are values), no pair twice."""
        found: list[str] = []
        seen: set[int] = set()
        for row in rows:
            if row not in seen and len(found) < SHOWN:
                others = np.arange(len(self.kin.group)) if values is None else np.flatnonzero(values != values[row])
                other = self.kin.partner(row, others)
                seen |= {row, other}
                found.append(self.example(row, other))
        return tuple(found)


@dataclass(frozen=True)
class _Crossed:
    """Rows of the part `other` of which the part `one` of a fold has a copy.

    `same` counts those of which a copy has equal samples; `partners` are the copies, `shown` the first rows, each with
    one of them, and `every` says whether `other` has no further rows in any fold.
    """

    one: str
    other: str
    rows: tuple[int, ...]
    same: int
    partners: tuple[int, ...]
    shown: tuple[tuple[int, int], ...]
    every: bool


def _kin(copies: Copies, ids: Sequence[str]) -> _Kin:
    place = {key: number for number, key in enumerate(copies.ids)}
    rows = np.array([place.get(key, -1) for key in ids], dtype=np.int64)
    size = int(copies.group.max(initial=-1)) + 1
    # A row without a fingerprint is a copy of none.
    group = np.where(rows < 0, size + np.arange(len(rows)), np.append(copies.group, -1)[rows])
    here = np.zeros(size, dtype=bool)
    here[group[group < size]] = True
    kept = here[copies.near].all(axis=1)
    return _Kin(group, copies.near[kept], copies.near[kept & copies.whole])


def _crossed(kin: _Kin, folds: Sequence[Fold], one: str, other: str) -> _Crossed:
    suspect = kin.alike
    if not suspect.any():
        return _Crossed(one, other, (), 0, (), (), every=False)
    found, same, partners = (np.zeros(len(kin.group), dtype=bool) for _ in range(3))
    shown: list[tuple[int, int]] = []
    every = True
    for first, second in _rows_of(folds, one, other):
        mine, whole = second[suspect[second]], len(second)
        there = first[suspect[first]]
        equal, near = (reached[kin.group[mine]] for reached in kin.reach(there))
        every &= int(near.sum()) == whole
        new = mine[near & ~found[mine]][: SHOWN - len(shown)].tolist()
        shown += [(row, kin.partner(row, there)) for row in new]
        found[mine[near]], same[mine[equal]] = True, True
        partners[there[kin.reach(mine[near])[1][kin.group[there]]]] = True
    rows, copied = (tuple(np.flatnonzero(mask).tolist()) for mask in (found, partners))
    return _Crossed(one, other, rows, int(same.sum()), copied, tuple(shown), every)


def _rows_of(folds: Sequence[Fold], one: str, other: str) -> Iterator[tuple[Ints, Ints]]:
    for fold in folds:
        rows = {"train": fold.train_rows, "dev": fold.dev_rows, "test": fold.test_rows}
        yield rows[one], rows[other]


def _between(rows: _Rows, crossed: _Crossed, level: Level, why: str) -> Finding:
    count, one, other = len(crossed.rows), _CALLED[crossed.one], _CALLED[crossed.other]
    are = f"{other} recording is a copy of a" if count == 1 else f"{other} recordings are copies of"
    what = f"{count} {are} {one} recording{'s' * (count > 1)}{_how(crossed.same, count)}"
    misnamed = int(rows.misnamed[list(crossed.rows)].sum())
    what += f", {misnamed} of them under another speaker's name" * (misnamed > 0)
    if (crossed.one, crossed.other) == ("train", "test") and crossed.every:
        level, what = "error", f"{what}, and there is no other"
    examples = tuple(rows.example(*pair) for pair in crossed.shown)
    return Finding("duplicates", level, count, examples, what, f"keep one of each: {why}")


def _how(same: int, count: int) -> str:
    counts = [
        f"{number} {how}" for number, how in ((same, "with the same samples"), (count - same, "changed")) if number
    ]
    return f" ({', '.join(counts)})"


def _names(rows: _Rows, told: Mask) -> list[Finding]:
    some = np.flatnonzero(rows.misnamed & ~told).tolist()
    if not some:
        return []
    what = f"{len(some)} recordings are the same audio as one under another speaker's name, in the same part"
    do = "find out who speaks: a split by speaker cannot keep them apart, and intervals take them for two"
    examples = rows.examples(some, rows.numbers("speaker"))
    return [Finding("duplicate_names", "warning", len(some), examples, what, do)]


def _inside(rows: _Rows, told: Mask) -> list[Finding]:
    some = np.flatnonzero(rows.kin.alike & ~told & ~rows.misnamed).tolist()
    if not some:
        return []
    what = f"{len(some)} recordings have a copy in the same part"
    do = "keep one of each: else they count more than others"
    return [Finding("duplicates_inside", "note", len(some), rows.examples(some), what, do)]


def _labels(rows: _Rows) -> list[Finding]:
    target = rows.dataset.target.name
    values = rows.numbers(target)
    some = np.flatnonzero(rows.kin.differ(values, whole=True)).tolist()
    if not some:
        return []
    what = f"{len(some)} recordings have a copy with another `{target}`"
    do = "find out which is right, and keep one of each"
    return [Finding("duplicate_labels", "note", len(some), rows.examples(some, values), what, do)]
