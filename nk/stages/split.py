"""Which rows train, choose and test: every row gets its part by its database's `split_strategy`.

Every choice is a function of the seed and of what it is about: speakers are put in the order of a hash of (seed,
speaker) and the first ones are taken, so that row order, other databases or library versions change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.errors import DataError
from nk.registry import PART
from nk.stages import select
from nk.stages.columns import as_text, need_column
from nk.stages.grouping import ROW, by_hash, group_values
from nk.stages.stratify import Variable, best_split
from nk.tables import PARTS, Dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from nk.config.data import Data, Database
    from nk.lock import Lock

    Ints = npt.NDArray[np.int64]

_WAY_OUT = "use `split_strategy = column`, `train` or `test`"
_BINS = 4  # of a numeric column that is to be balanced


@dataclass(frozen=True)
class Ask:
    """What strategies go by beside their database's keys.

    `three` asks for a dev part, `earlier` has the `id` and `split` of the rows of the last run, where there was one,
    `locks` are those of the databases that have one.
    """

    data: Data
    seed: int
    three: bool = False
    earlier: pl.DataFrame | None = None
    locks: Mapping[str, Lock] = field(default_factory=dict)

    def shares(self, database: Database) -> dict[str, float]:
        """Per cent of the groups for each part but train."""
        return {"test": database.test_size, **({"dev": database.dev_size} if self.three else {})}


def split(
    dataset: Dataset,
    data: Data,
    *,
    seed: int,
    three: bool = False,
    earlier: pl.DataFrame | None = None,
    locks: Mapping[str, Lock] | None = None,
) -> Dataset:
    """Give every row its part (`train`, `dev` or `test`), one database after the other by its `split_strategy`.

    Args:
        dataset: the rows
        data: the section DATA
        seed: what speakers or rows are drawn with
        three: whether a dev part is wanted; it is cut from the training speakers where no strategy gives one
        earlier: `id` and `split` of the rows of the last run, for the strategy `reuse`
        locks: by the name of their database, for the strategy `lock`

    Raises:
        DataError: a strategy is impossible with this data, or leaves nothing to train on or to test
    """
    ask = Ask(data, seed, three, earlier, locks or {})
    result = select.each(dataset, data.databases, lambda rows, database: _parts(rows, database, ask))
    if three and not (result.frame["split"] == "dev").any():
        result = select.each(result, data.databases, lambda rows, database: _dev_cut(rows, database, ask))
    known = pl.col(dataset.target.name).is_not_null() | (pl.col("split") != "train").fill_null(value=True)
    result = result.with_frame(result.frame.filter(known), f"a row of train has a value of `{dataset.target.name}`")
    result = select.each(result, data.databases, _one_part)
    result = result.with_frame(
        result.frame.filter(pl.col("split").is_not_null()).sort("id"), "the row has a part of the split"
    )
    check_parts(result)
    return without_own_parts(result)


def without_own_parts(dataset: Dataset) -> Dataset:
    """The dataset without what its readers said of the databases' own parts, which is for `split` alone."""
    return replace(dataset, frame=dataset.frame.drop(PART, strict=False))


def check_parts(dataset: Dataset) -> None:
    """Make sure that there is something to train on and something to test.

    Raises:
        DataError: there is not
    """
    for part, why in (("train", "to train on"), ("test", "to test")):
        if not len(dataset.part(part)):
            gone = [step.what for step in dataset.history if step.rows_in and not step.rows_out]
            hint = "look at `split_strategy` of each database: one has to give " + part
            lost = f"; no row was left where {'; '.join(gone)}" if gone else ""
            raise DataError(f"the part `{part}` is empty, so there is nothing {why}{lost}", hint=hint)


def _parts(rows: Dataset, database: Database, ask: Ask) -> Dataset:
    """The rows of one database with their part; null for rows of none."""
    strategy = database.split_strategy
    if not len(rows):
        return replace(rows, frame=rows.frame.with_columns(pl.lit(None, pl.String).alias("split")))
    if not isinstance(strategy, str):
        return _with_dev(_by_speakers(rows, {"test": strategy}, rest="train"), database, ask)
    if strategy in PARTS:
        return _with(rows, pl.lit(strategy))
    strategies: dict[str, Callable[[Dataset, Database, Ask], Dataset]] = {
        "speaker_split": _by_groups,
        "speakers_stated": _speakers_stated,
        "column": _column,
        "random": _random,
        "balanced": _balanced,
        "reuse": _reuse,
        "lock": _locked,
        "database": _own_parts,
        "specified": _own_parts,
    }
    return strategies[strategy](rows, database, ask)


def _with(rows: Dataset, part: pl.Expr | pl.Series) -> Dataset:
    return replace(rows, frame=rows.frame.with_columns(part.alias("split")))


def _name(rows: Dataset) -> str:
    return str(rows.frame["database"][0])


def _one_part(rows: Dataset, database: Database) -> Dataset:
    for part, wanted in (("train", database.as_train), ("test", database.as_test)):
        if wanted:
            rows = rows.with_frame(
                rows.frame.filter(pl.col("split") == part), f"it is of the part {part} (`as_{part}`)"
            )
    return rows


def _by_groups(rows: Dataset, database: Database, ask: Ask) -> Dataset:
    """Draw the values of each grouping column; a row has a part if all its values have the same."""
    columns = [_drawn(rows, column, database, ask) for column in ask.data.groups]
    agreed = pl.all_horizontal(pl.lit(column) == pl.lit(columns[0]) for column in columns)
    part = pl.select(pl.when(agreed).then(pl.lit(columns[0]))).to_series() if len(columns) > 1 else columns[0]
    return _with(rows, part)


def _drawn(rows: Dataset, column: str, database: Database, ask: Ask) -> pl.Series:
    """The part of each row as its value in one column has been drawn."""
    name = _name(rows)
    values = group_values(rows, column, f"`{name}`", "`split_strategy = speaker_split`", _WAY_OUT)
    part_of = _draw(values, ask.shares(database), ask.seed, name, column)
    return pl.Series("split", values).replace_strict(part_of, default="train", return_dtype=pl.String)


def _draw(values: Sequence[str], shares: Mapping[str, float], seed: int, name: str, column: str) -> dict[str, str]:
    """The part of each value that is not for training: the first ones by hash, one at least for every part."""
    order = by_hash(values, seed)
    if len(order) < 2:
        raise DataError(f"`{name}` has one {column}, which cannot be split by {column}",
                        hint=f"add {column}s, or use a split of your own with `split_strategy = column`")  # fmt: skip
    part_of: dict[str, str] = {}
    for part, share in shares.items():
        free = [value for value in order if value not in part_of]
        count = max(1, int(len(order) * share / 100)) if share else 0
        part_of |= dict.fromkeys(free[:count], part)
    if len(part_of) >= len(order):
        given = " and ".join(f"`{name}.{part}_size = {share:g}`" for part, share in shares.items())
        leave = "leaves" if len(shares) == 1 else "leave"
        raise DataError(f"{given} {leave} none of {len(order)} {column}s to train", hint="make it smaller")
    return part_of


def _random(rows: Dataset, database: Database, ask: Ask) -> Dataset:
    part_of = _draw(rows.ids, ask.shares(database), ask.seed, _name(rows), ROW)
    return _with(rows, pl.col("id").replace_strict(part_of, default="train", return_dtype=pl.String))


def _speakers_stated(rows: Dataset, database: Database, ask: Ask) -> Dataset:
    stated = {part: getattr(database, part) for part in PARTS if getattr(database, part)}
    name = _name(rows)
    if "test" not in stated:
        raise DataError(f"`{name}` has no `test` speakers", hint=f"name them: `{name}.test = ['s1', 's2']`")
    return _with_dev(_by_speakers(rows, stated, rest=None if "train" in stated else "train"), database, ask)


def _by_speakers(rows: Dataset, parts: Mapping[str, Sequence[str]], rest: str | None) -> Dataset:
    name = _name(rows)
    known = set(group_values(rows, "speaker", f"`{name}`", "a split by speakers", _WAY_OUT))
    stated = {part: [_renamed(speaker, name, known) for speaker in speakers] for part, speakers in parts.items()}
    unknown = sorted({speaker for speakers in stated.values() for speaker in speakers} - known)
    if unknown:
        shown = ", ".join(f"`{speaker}`" for speaker in sorted(known)[:20])
        raise DataError(f"`{name}` has no such speakers", examples=unknown, hint=f"its speakers are {shown}")
    part_of = {speaker: part for part, speakers in stated.items() for speaker in speakers}
    if len(part_of) < sum(map(len, stated.values())):
        raise DataError(f"`{name}` has a speaker in two parts", hint="name each speaker in one list")
    return _with(rows, pl.col("speaker").replace_strict(part_of, default=rest, return_dtype=pl.String))


def _renamed(speaker: str, database: str, known: set[str]) -> str:
    """Lists name speakers as the table does, also where `rename_speakers` has put the database before them."""
    own = f"{database}_{speaker}"
    return own if speaker not in known and own in known else speaker


def _with_dev(rows: Dataset, database: Database, ask: Ask) -> Dataset:
    """Rows with a dev part, cut from the training speakers, where three parts are wanted and there are two."""
    if not ask.three or (rows.frame["split"] == "dev").any():
        return rows
    return _dev_cut(rows, database, ask)


def _dev_cut(rows: Dataset, database: Database, ask: Ask) -> Dataset:
    """Turn a share of the training groups into a dev part; what shares some of a dev row's groups belongs to none."""
    training = rows.part("train")
    if not len(training):
        return rows
    parts = [
        pl.Series(values).replace_strict(
            _draw(values, {"dev": database.dev_size}, ask.seed, _name(rows), column), default="train"
        )
        for column in ask.data.groups
        for values in [group_values(training, column, f"`{_name(rows)}`", "the dev part", "give a dev part")]
    ]
    agreed = pl.all_horizontal(pl.lit(part) == pl.lit(parts[0]) for part in parts)
    cut = pl.select(pl.when(agreed).then(pl.lit(parts[0])).alias("split")).to_series()
    new = dict(zip(training.ids, cut.to_list(), strict=True))
    part = [new.get(row, old) for row, old in rows.frame.select("id", "split").iter_rows()]
    frame = rows.frame.with_columns(pl.Series("split", part, dtype=pl.String))
    share = f"{database.dev_size:g} % of the training {' and '.join(ask.data.groups)}s are dev"
    return rows.with_frame(frame, share, told=True)


def _column(rows: Dataset, database: Database, ask: Ask) -> Dataset:
    name, column = _name(rows), database.split_column
    if column not in rows:
        raise DataError(f"`{name}` has no column `{column}`", hint=f"name one with `{name}.split_column`")
    values = {"train": database.train_vals, "dev": database.dev_vals, "test": database.test_vals}
    part_of = {value: part for part in PARTS for value in values[part] or (part,)}
    if len(part_of) < sum(len(values[part] or (part,)) for part in PARTS):
        raise DataError(f"`{name}` has a value in two of `train_vals`, `dev_vals` and `test_vals`")
    found = as_text(rows.frame[column])
    if not set(found.drop_nulls().unique()) & set(part_of):
        raise DataError(f"no value of `{column}` in `{name}` is a part", examples=found.unique().sort().to_list(),
                        hint=f"say which mean what: `{name}.train_vals`, `dev_vals`, `test_vals`")  # fmt: skip
    _check_values(name, column, found, values)
    return _with_dev(_with(rows, found.replace_strict(part_of, default=None, return_dtype=pl.String)), database, ask)


def _check_values(name: str, column: str, found: pl.Series, values: Mapping[str, Sequence[str] | None]) -> None:
    """Make sure that each part whose values are others than its name has one of them in the table."""
    there = {*found.drop_nulls()}
    for part, wanted in values.items():
        if wanted and (part,) != (*wanted,) and not there & {*wanted}:
            text = f"no row of `{name}` has `{', '.join(wanted)}` in `{column}`, which `{part}_vals` names"
            raise DataError(text, examples=sorted(there), hint="write one of the values that are there")


def _own_parts(rows: Dataset, database: Database, ask: Ask) -> Dataset:
    """The parts that the database itself has, as its reader found them."""
    if PART not in rows or rows.frame[PART].null_count() == len(rows):
        text = f"`split_strategy = {database.split_strategy}` takes the parts that a database in audformat has"
        hint = "where a column says which row is in which part, use `split_strategy = column`"
        raise DataError(f"{text}, and no row of `{_name(rows)}` has one", hint=hint)
    return _with_dev(_with(rows, pl.col(PART)), database, ask)


def _balanced(rows: Dataset, database: Database, ask: Ask) -> Dataset:
    """The drawn split whose parts are most alike in the columns of `balance`."""
    name, data = _name(rows), ask.data
    if len(data.groups) > 1:
        raise DataError("`split_strategy = balanced` keeps one column's values together", examples=data.groups,
                        hint="name one in `groups`, or use `split_strategy = speaker_split`")  # fmt: skip
    groups = group_values(rows, data.groups[0], f"`{name}`", "`split_strategy = balanced`", _WAY_OUT)
    variables = [
        Variable(column, _codes(rows, column, data.variable_bins.get(column, _BINS)), weight)
        for column, weight in (data.balance or {rows.target.name: 1.0}).items()
    ]
    labels = {label: place for place, label in enumerate(rows.target.labels)}
    classes = [labels.get(label, -1) for label in rows.frame[rows.target.name].to_list()] if labels else None
    known = np.array(classes) if classes is not None else None
    best = best_split(groups, variables, known, ask.shares(database), data.size_diff_weight, ask.seed)
    part = pl.Series("split", groups).replace_strict(best.parts, return_dtype=pl.String)
    found = ", ".join(f"{column} {distance:.3f}" for column, distance in best.distances.items())
    text = f"parts are balanced; they differ from the whole by (bits): {found}"
    return rows.with_frame(rows.frame.with_columns(part), text, told=True)


def _codes(rows: Dataset, column: str, bins: int) -> Ints:
    """A number a value; the values of a numeric column are first put into quantile bins, missing ones into another."""
    need_column(rows, column, "`balance`")
    values = rows.frame[column]
    if values.dtype.is_numeric() and values.n_unique() > bins:
        known = values.drop_nulls().to_numpy()
        edges = np.unique(np.quantile(known, np.arange(1, bins) / bins))
        places = np.searchsorted(edges, values.fill_null(0).to_numpy(), side="right") + 1
        return np.where(values.is_null().to_numpy(), 0, places).astype(np.int64)
    return (as_text(values).fill_null("").rank("dense") - 1).to_numpy().astype(np.int64)


def _reuse(rows: Dataset, database: Database, ask: Ask) -> Dataset:
    """The parts of the last run; rows that it did not have are of none."""
    del database
    if ask.earlier is None:
        raise DataError("`split_strategy = reuse` needs an earlier run of this name, and there is none",
                        hint="run it with another strategy first, or set `name` and `root` in [EXP]")  # fmt: skip
    return _as_before(rows, ask.earlier.select("id", "split"), "the earlier run")


def _locked(rows: Dataset, database: Database, ask: Ask) -> Dataset:
    """The parts of a lock; `nk/stages/locked.py` verifies what has become of its rows."""
    lock = ask.locks[_name(rows)]
    return _with_dev(_as_before(rows, lock.rows.select("id", "part"), f"the lock in `{database.lock}`"), database, ask)


def _as_before(rows: Dataset, parts: pl.DataFrame, whose: str) -> Dataset:
    """Parts by id; rows that have none there are of none."""
    part_of = dict(parts.iter_rows())
    result = _with(rows, pl.col("id").replace_strict(part_of, default=None, return_dtype=pl.String))
    if result.frame["split"].null_count() == len(rows):
        raise DataError(f"{whose} has no row of `{_name(rows)}`",
                        hint="give it the name that it had there, or choose another `split_strategy`")  # fmt: skip
    return result
