"""Which rows train and which test: parts of a dataset, or folds of a cross-validation.

Every choice is a function of the seed and of what it is about: speakers are put in the order of a hash of (seed,
speaker) and the first ones are taken, so that row order, other databases or library versions change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.errors import DataError, NotBuilt
from nk.registry import PART
from nk.tables import PARTS, Dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from nk.config.data import Database
    from nk.config.model import Model

    Places = npt.NDArray[np.int64]


_SPLIT_WAY_OUT = "use `split_strategy = column`, `train` or `test`"
_KEYS = ("id", "file", "path", "start", "end", "database", "digest", PART)


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows to train on, to choose on, and to test on; `name` is `split` where there is no cross-validation.

    There may be a thousand folds of many rows, so a fold holds the places of its own rows within `ids`, which the folds
    share, and makes the rest when it is asked. `kept` are the places to train on; None: all that are in no other part.
    """

    name: str
    ids: tuple[str, ...] = field(repr=False)
    dev_rows: Places = field(repr=False)
    test_rows: Places = field(repr=False)
    kept: Places | None = field(default=None, repr=False)

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


def split(dataset: Dataset, databases: Mapping[str, Database], *, seed: int) -> Dataset:
    """Give every row its part (`train`, `dev` or `test`), one database after the other by its `split_strategy`.

    Raises:
        DataError: the strategy is impossible with this data, or leaves nothing to train on or to test
    """
    frames = []
    for name, database in databases.items():
        rows = Dataset(dataset.frame.filter(pl.col("database") == name), dataset.target)
        frames.append(_parts(name, rows, database, seed))
    frame = pl.concat(frames).sort("id")
    result = dataset.with_frame(frame.filter(pl.col("split").is_not_null()), "the row has a part of the split")
    check_parts(result)
    return without_own_parts(result)


def without_own_parts(dataset: Dataset) -> Dataset:
    """The dataset without what its readers said of the databases' own parts, which is for `split` alone."""
    return replace(dataset, frame=dataset.frame.drop(PART, strict=False))


def folds(dataset: Dataset, model: Model, *, seed: int) -> list[Fold] | None:
    """The folds of a cross-validation over all rows, whatever their part; None where none is asked for.

    Raises:
        DataError: there are not enough speakers, all rows are in one fold, or the target is the speaker
    """
    groups = _fold_groups(dataset, model, seed)
    if groups is None:
        return None
    names = sorted(set(groups), key=_natural)
    if len(names) < 2:
        raise DataError(f"all rows are in one fold, `{names[0]}`, so there is nothing to train on",
                        hint="give the column `fold` two values at least, or remove it")  # fmt: skip
    ids, place = tuple(dataset.ids), {name: number for number, name in enumerate(names)}
    number = np.array([place[group] for group in groups])
    rows = np.split(np.argsort(number, kind="stable"), np.cumsum(np.bincount(number))[:-1])
    return [Fold(name, ids, np.arange(0), mine) for name, mine in zip(names, rows, strict=True)]


def folds_by(dataset: Dataset, model: Model) -> str:
    """What the folds of `folds` are, in words."""
    if model.loso or model.logo is True:
        return "a speaker each"
    if model.logo:
        return "by the column `fold` of the table" if _has_folds(dataset) else "groups of speakers"
    return "rows" if dataset.target.name == "speaker" else "groups of speakers with about equal shares of classes"


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


def by_hash(items: Iterable[str], seed: int) -> list[str]:
    """The items, each once, in an order that depends on the seed and on nothing else."""
    return sorted(set(items), key=lambda item: blake2b(f"{seed}:{item}".encode(), digest_size=8).digest())


def _parts(name: str, rows: Dataset, database: Database, seed: int) -> pl.DataFrame:
    strategy = database.split_strategy
    if not isinstance(strategy, str):
        return _by_speakers(name, rows, {"test": strategy}, rest="train")
    if strategy in PARTS:
        return rows.frame.with_columns(pl.lit(strategy).alias("split"))
    strategies: dict[str, Callable[[str, Dataset, Database, int], pl.DataFrame]] = {
        "speaker_split": _speaker_split,
        "speakers_stated": _speakers_stated,
        "column": _column,
        "database": _own_parts,
        "specified": _own_parts,
    }
    if strategy not in strategies:
        raise NotBuilt(f"`split_strategy = {strategy}` is not built yet", hint=f"built are {', '.join(strategies)}")
    return strategies[strategy](name, rows, database, seed)


def _speaker_split(name: str, rows: Dataset, database: Database, seed: int) -> pl.DataFrame:
    speakers = by_hash(_speakers(f"`{name}`", rows, "`split_strategy = speaker_split`"), seed)
    if len(speakers) < 2:
        raise DataError(f"`{name}` has one speaker, which cannot be split by speaker",
                        hint="add speakers, or use a split of your own with `split_strategy = column`")  # fmt: skip
    count = max(1, int(len(speakers) * database.test_size / 100))
    if count >= len(speakers):
        raise DataError(f"`{name}.test_size = {database.test_size:g}` leaves none of {len(speakers)} speakers to train",
                        hint="make it smaller")  # fmt: skip
    return _by_speakers(name, rows, {"test": speakers[:count]}, rest="train")


def _speakers_stated(name: str, rows: Dataset, database: Database, seed: int) -> pl.DataFrame:
    del seed
    stated = {part: getattr(database, part) for part in PARTS if getattr(database, part)}
    if "test" not in stated:
        raise DataError(f"`{name}` has no `test` speakers", hint=f"name them: `{name}.test = ['s1', 's2']`")
    return _by_speakers(name, rows, stated, rest=None if "train" in stated else "train")


def _by_speakers(name: str, rows: Dataset, parts: Mapping[str, Sequence[str]], rest: str | None) -> pl.DataFrame:
    known = _speakers(f"`{name}`", rows, "a split by speakers")
    unknown = sorted({speaker for speakers in parts.values() for speaker in speakers} - set(known))
    if unknown:
        shown = ", ".join(f"`{speaker}`" for speaker in sorted(known)[:20])
        raise DataError(f"`{name}` has no such speakers", examples=unknown, hint=f"its speakers are {shown}")
    part_of = {speaker: part for part, speakers in parts.items() for speaker in speakers}
    if len(part_of) < sum(map(len, parts.values())):
        raise DataError(f"`{name}` has a speaker in two parts", hint="name each speaker in one list")
    part = pl.col("speaker").replace_strict(part_of, default=rest, return_dtype=pl.String)
    return rows.frame.with_columns(part.alias("split"))


def _column(name: str, rows: Dataset, database: Database, seed: int) -> pl.DataFrame:
    del seed
    column = database.split_column
    if column not in rows:
        raise DataError(f"`{name}` has no column `{column}`", hint=f"name one with `{name}.split_column`")
    values = {"train": database.train_vals, "dev": database.dev_vals, "test": database.test_vals}
    part_of = {value: part for part in PARTS for value in values[part] or (part,)}
    if len(part_of) < sum(len(values[part] or (part,)) for part in PARTS):
        raise DataError(f"`{name}` has a value in two of `train_vals`, `dev_vals` and `test_vals`")
    found = rows.frame[column].cast(pl.String)
    if not set(found.drop_nulls().unique()) & set(part_of):
        raise DataError(f"no value of `{column}` in `{name}` is a part", examples=found.unique().sort().to_list(),
                        hint=f"say which mean what: `{name}.train_vals`, `dev_vals`, `test_vals`")  # fmt: skip
    part = found.replace_strict(part_of, default=None, return_dtype=pl.String)
    return rows.frame.with_columns(part.alias("split"))


def _own_parts(name: str, rows: Dataset, database: Database, seed: int) -> pl.DataFrame:
    """The parts that the database itself has, as its reader found them."""
    del seed
    if PART not in rows or rows.frame[PART].null_count() == len(rows):
        text = (
            f"`split_strategy = {database.split_strategy}` takes the parts that a database in audformat has of its own"
        )
        hint = "where a column says which row is in which part, use `split_strategy = column`"
        raise DataError(f"{text}, and no row of `{name}` has one", hint=hint)
    return rows.frame.with_columns(pl.col(PART).alias("split"))


def _speakers(name: str, rows: Dataset, what: str, way_out: str = _SPLIT_WAY_OUT) -> list[str]:
    if rows.target.name == "speaker":
        raise DataError(f"the target is the speaker, so {what} would test on speakers it never heard",
                        hint="use a split of your own with `split_strategy = column`")  # fmt: skip
    if "speaker" not in rows or rows.frame["speaker"].null_count() == len(rows):
        columns = ", ".join(f"`{column}`" for column in rows.frame.columns if column not in _KEYS)
        raise DataError(f"{name} has no column `speaker`, which {what} needs",
                        hint=f"add the column (there are {columns}), or {way_out}")  # fmt: skip
    unnamed = rows.frame.filter(pl.col("speaker").is_null())
    if unnamed.height:
        raise DataError(f"the speaker is missing in {name}", rows=unnamed.height, examples=unnamed["file"].to_list(),
                        hint="give every row a speaker, or remove these rows")  # fmt: skip
    return rows.frame["speaker"].unique().sort().to_list()


def check_parts(dataset: Dataset) -> None:
    """Make sure that there is something to train on and something to test.

    Raises:
        DataError: there is not
    """
    for part, why in (("train", "to train on"), ("test", "to test")):
        if not len(dataset.part(part)):
            hint = "look at `split_strategy` of each database: one has to give " + part
            raise DataError(f"the part `{part}` is empty, so there is nothing {why}", hint=hint)


def _fold_groups(dataset: Dataset, model: Model, seed: int) -> list[str] | None:
    if model.loso or model.logo is True:
        return _speaker_rows(dataset, "leave one speaker out")
    if model.logo:
        return _group_folds(dataset, int(model.logo), seed)
    if model.k_fold_cross:
        return _stratified(dataset, int(model.k_fold_cross), seed)
    return None


def _natural(name: str) -> tuple[bool, int, str]:
    """Numbers by size, before everything else by the alphabet."""
    return (not name.isdecimal(), int(name) if name.isdecimal() else 0, name)


def _speaker_rows(dataset: Dataset, what: str) -> list[str]:
    if len(_speakers("the data", dataset, what, "remove it and use a split of your own")) < 2:
        raise DataError(f"there is one speaker, and {what} needs two", hint="add speakers")
    return dataset.frame["speaker"].to_list()


def _has_folds(dataset: Dataset) -> bool:
    return "fold" in dataset and not dataset.frame["fold"].null_count()


def _group_folds(dataset: Dataset, count: int, seed: int) -> list[str]:
    if _has_folds(dataset):
        return dataset.frame["fold"].cast(pl.String).to_list()
    speakers = by_hash(_speaker_rows(dataset, f"`logo = {count}`"), seed)
    if count > len(speakers):
        raise DataError(f"`logo = {count}` asks for more groups than there are speakers ({len(speakers)})",
                        hint=f"use at most {len(speakers)}, or `loso = True`")  # fmt: skip
    width = len(str(count))
    group = {speaker: f"{number % count + 1:0{width}}" for number, speaker in enumerate(speakers)}
    return [group[speaker] for speaker in dataset.frame["speaker"].to_list()]


def _stratified(dataset: Dataset, count: int, seed: int) -> list[str]:
    """Folds of about equal class shares, no speaker in two of them (unless the target is the speaker)."""
    from sklearn.model_selection import StratifiedGroupKFold

    # Rows of a speaker stay together; where the speaker is what is to be told, every row is a group of its own.
    own = dataset.target.name == "speaker"
    groups = dataset.ids if own else _speaker_rows(dataset, f"`k_fold_cross = {count}`")
    if len(set(groups)) < count:
        raise DataError(f"`k_fold_cross = {count}` asks for more folds than there are speakers ({len(set(groups))})",
                        hint=f"use at most {len(set(groups))}")  # fmt: skip
    strata = _strata(dataset)
    order = {group: number for number, group in enumerate(by_hash(groups, seed))}
    rows = sorted(range(len(groups)), key=lambda row: (order[groups[row]], row))
    folder = StratifiedGroupKFold(n_splits=count)
    fold = [""] * len(groups)
    parts = folder.split(rows, [strata[row] for row in rows], [order[groups[row]] for row in rows])
    for number, (_, test) in enumerate(parts, start=1):
        for place in test:
            fold[rows[place]] = f"{number:0{len(str(count))}}"
    return fold


def _strata(dataset: Dataset) -> list[int]:
    column = dataset.frame[dataset.target.name]
    if dataset.target.is_number:
        return [int(rank) for rank in (column.rank("ordinal") - 1) * 5 // len(column)]
    number = {label: place for place, label in enumerate(dataset.target.labels)}
    return [number[label] for label in column.to_list()]
