"""Which part (train, dev, test) a row has in the database itself, by the tables that it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.audtables.folder import unknown
from nk.audtables.values import KEY, find, keys, rows_shown
from nk.errors import DataError
from nk.registry import PART
from nk.tables import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.audtables.folder import Folder
    from nk.readers.audformat import AudformatOptions
    from nk.registry import Request

_WHOLE = "\nwhole"


def with_parts(
    frame: pl.DataFrame, folder: Folder, options: AudformatOptions, request: Request, target: Sequence[str]
) -> pl.DataFrame:
    """Add `PART`, null where a row is in no part, if the strategy is `specified` or `database`.

    Args:
        frame: the rows
        folder: the database
        options: which tables are which part
        request: the strategy
        target: the tables that say the target, which are asked first

    Raises:
        DataError: no table is a part, or a row is in two
    """
    if request.strategy not in {"specified", "database"}:
        return frame
    tables = {part: list(getattr(options, f"{part}_tables")) for part in PARTS}
    if request.strategy == "specified" and not (tables["train"] or tables["test"]):
        name = request.database
        text = f"`{name}.split_strategy = specified` needs `{name}.train_tables` and `{name}.test_tables`"
        raise DataError(text, hint=unknown("the tables", "train", folder.tables))
    if not any(tables.values()):
        tables = _found(folder, request.database, target, options.label or request.target)
    given = [keys(folder, table).with_columns(pl.lit(part).alias(PART)) for part in PARTS for table in tables[part]]
    return _joined(frame, pl.concat(given).unique(maintain_order=True), request.database)


def _found(folder: Folder, name: str, target: Sequence[str], wanted: str | None) -> dict[str, list[str]]:
    """The tables that are parts: among those with the target, else among all of that name, else among all."""
    having = [table for table in folder.tables if wanted and find(folder, table, wanted)]
    for tables in (target, having, folder.tables):
        parts = {part: [table for table in tables if _part(folder, table) == part] for part in PARTS}
        if any(parts.values()):
            return parts
    shown = ", ".join(f"`{table}`" for table in folder.tables)
    text = (
        f"no table of `{folder.name}` says that it is for training or test, as `{name}.split_strategy = database` needs"
    )
    hint = f"there are {shown}; name them as `{name}.train_tables` and `{name}.test_tables`, or split otherwise"
    raise DataError(text, hint=hint)


def _part(folder: Folder, table: str) -> str | None:
    """By the table's split, else by its name: `emotion.test`, `emotion.categories.test.gold_standard`."""
    split = folder.header.splits.get(folder.header[table].split_id)
    if split is not None and split.type in PARTS:
        return str(split.type)
    named = [part for part in PARTS if part in table.lower().split(".")]
    return named[0] if len(named) == 1 else None


def _joined(frame: pl.DataFrame, given: pl.DataFrame, database: str) -> pl.DataFrame:
    """A segment is also in the part that its whole recording is in."""
    _one_part(given, database)
    whole = given.filter(pl.col("start").is_null() & pl.col("end").is_null())
    frame = frame.join(given, on=KEY, how="left", nulls_equal=True, maintain_order="left")
    whole = whole.select("file", pl.col(PART).alias(_WHOLE))
    frame = frame.join(whole, on="file", how="left", maintain_order="left")
    torn = frame.filter(pl.col(PART) != pl.col(_WHOLE)).select(*KEY, pl.concat_list(PART, _WHOLE).alias(PART))
    _one_part(torn.explode(PART), database)
    return frame.with_columns(pl.coalesce(PART, _WHOLE)).drop(_WHOLE)


def _one_part(given: pl.DataFrame, database: str) -> None:
    double = given.filter(given.select(KEY).is_duplicated()).sort(*KEY, PART)
    if double.height:
        examples = [f"{row}: {part}" for row, part in zip(rows_shown(double), double[PART], strict=True)]
        hint = f"say which tables are which part: `{database}.train_tables`, `{database}.test_tables`"
        raise DataError(f"`{database}` has rows in two parts", rows=double.n_unique(KEY), examples=examples, hint=hint)
