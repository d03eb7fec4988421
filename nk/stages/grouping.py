"""What train and test must not share: the groups of rows, and an order of them that the seed alone decides."""

from __future__ import annotations

import warnings
from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING

from nk.errors import DataError
from nk.stages.columns import as_text, describing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nk.tables import Dataset

ROW = "row"  # the name of a grouping in which every row stands for itself


def by_hash(items: Iterable[str], seed: int) -> list[str]:
    """The items, each once, in an order that depends on the seed and on nothing else."""
    return sorted(set(items), key=lambda item: hashed(item, seed))


def hashed(item: str, seed: int) -> bytes:
    """What puts an item in its place."""
    return blake2b(f"{seed}:{item}".encode(), digest_size=8).digest()


def dealt_evenly(strata: Sequence[int], groups: Sequence[int], count: int) -> list[int]:
    """Folds of about equal shares of strata, no group in two of them.

    Args:
        strata: the class of each row, as a number
        groups: the group of each row, numbered in an order that a seed has drawn
        count: how many folds

    Returns:
        the fold of each row, from 0
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if max(Counter(strata).values(), default=0) < count:
        strata = [0] * len(strata)  # no stratum has a row for each fold
    rows = sorted(range(len(groups)), key=lambda row: (groups[row], row))
    fold = [0] * len(groups)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a stratum has fewer rows than there are folds
        parts = StratifiedGroupKFold(n_splits=count).split(
            rows, [strata[row] for row in rows], [groups[row] for row in rows]
        )
        for number, (_, test) in enumerate(parts):
            for place in test:
                fold[rows[place]] = number
    return fold


def group_values(rows: Dataset, column: str, name: str, what: str, way_out: str) -> list[str]:
    """The group of each row: its value in a column, or its id.

    Args:
        rows: the dataset
        column: the column, or `row`
        name: how a message calls the rows
        what: what needs the groups, for messages
        way_out: what else one can do, for messages

    Raises:
        DataError: there is no such column, it is empty for some rows, or the target is this very column
    """
    if column == ROW and column not in rows:
        return rows.ids
    if rows.target.name == column:
        raise DataError(f"the target is the {column}, so {what} would test on a {column} that was never heard",
                        hint="use a split of your own with `split_strategy = column`")  # fmt: skip
    if column in rows and rows.frame[column].null_count() == len(rows):
        raise DataError(f"the column `{column}` of {name} is empty, and {what} needs it",
                        hint=f"fill it in, or {way_out}")  # fmt: skip
    if column not in rows:
        columns = ", ".join(f"`{name}`" for name in describing(rows.frame.columns))
        raise DataError(f"{name} has no column `{column}`, which {what} needs",
                        hint=f"add the column (there are {columns}), or {way_out}")  # fmt: skip
    unnamed = rows.frame[column].is_null()
    if unnamed.any():
        examples = rows.frame["file"].filter(unnamed).to_list()
        raise DataError(f"the {column} is missing in {name}", rows=len(examples), examples=examples,
                        hint=f"give every row a {column}, or drop these rows with `required = {column}`")  # fmt: skip
    return as_text(rows.frame[column]).to_list()
