"""The rows of a database in audformat, and what is known of each: which tables are asked, and how they are joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from nk.audtables.folder import unknown
from nk.audtables.parts import with_parts
from nk.audtables.values import KEY, find, keys, names, rows_shown, values
from nk.errors import DataError, NoTargetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.audtables.folder import Folder
    from nk.audtables.values import Source
    from nk.readers.audformat import AudformatOptions
    from nk.registry import Request

# What is looked for without being asked for.
_PEOPLE = ("speaker", "gender", "age")
_TABLE_OPTIONS = ("target_tables", "files_tables", "train_tables", "dev_tables", "test_tables")
_RESERVED = (*KEY, "path")
_FOUND, _WHOLE = "\nfound", "\nwhole"
_IS_WHOLE = pl.col("start").is_null() & pl.col("end").is_null()


@dataclass(frozen=True)
class Roles:
    """Which tables say the target, and which hold the rows of the dataset."""

    target: tuple[str, ...]
    rows: tuple[str, ...]


def read_rows(folder: Folder, options: AudformatOptions, request: Request) -> pl.DataFrame:
    """The rows of a database: `KEY`, the target, the columns that are asked for, what is known of speakers, and `PART`.

    Raises:
        DataError: there is no such table or column, a row has two values or two parts, or a table cannot be read
    """
    name = request.target or options.label
    _check_names(folder, options, request)
    roles = _roles(folder, options, request)
    frame = _rows(folder, roles, stacked=()) if name is None else _with_target(folder, options, request, roles, name)
    tiers = _tiers(folder, options, roles)
    for column in dict.fromkeys((*options.columns, *_PEOPLE)):
        if column not in frame.columns:
            frame = _with_column(frame, folder, tiers, column, needed=column in options.columns)
    if "speaker" in frame.columns:
        frame = frame.with_columns(pl.col("speaker").cast(pl.String))
    return with_parts(frame, folder, options, request, roles.target)


def _check_names(folder: Folder, options: AudformatOptions, request: Request) -> None:
    for key in _TABLE_OPTIONS:
        for table in getattr(options, key):
            if table in folder.header.misc_tables:
                hint = unknown("the tables of recordings", table, folder.tables)
                raise DataError(f"`{request.database}.{key}` names `{table}`, which lists no recordings", hint=hint)
            if table not in folder.tables:
                hint = unknown("the tables", table, folder.tables)
                raise DataError(f"`{request.database}.{key}` names `{table}`, which is no table of it", hint=hint)
    for name in (*options.columns, request.target):
        if name in _RESERVED:
            hint = "give the column another name in the database"
            raise DataError(f"`{name}` is asked of `{request.database}`, a name that nk needs itself", hint=hint)


def _roles(folder: Folder, options: AudformatOptions, request: Request) -> Roles:
    """The target is that of the tables which are named, or else of all that have it."""
    wanted = options.label or request.target
    labelled = list(dict.fromkeys([*options.target_tables, *_part_tables(options)]))
    named = [*labelled, *options.files_tables]
    if wanted is None:
        return Roles((), tuple(dict.fromkeys(named or folder.tables)))
    having = [table for table in folder.tables if find(folder, table, wanted)]
    if not having:
        raise _no_target(folder, request, wanted, label=options.label is not None)
    if options.target_tables and not set(options.target_tables) & set(having):
        hint = "it is in " + ", ".join(f"`{table}`" for table in having)
        raise DataError(f"none of `{request.database}.target_tables` has `{wanted}`", hint=hint)
    choices = ([table for table in group if table in having] for group in (labelled, options.files_tables, having))
    target = next(choice for choice in choices if choice)
    return Roles(tuple(target), tuple(dict.fromkeys([*target, *named])))


def _part_tables(options: AudformatOptions) -> list[str]:
    return [*options.train_tables, *options.dev_tables, *options.test_tables]


def _no_target(folder: Folder, request: Request, wanted: str, *, label: bool) -> DataError:
    hint = unknown("the schemes and columns", wanted, names(folder, folder.tables))
    if not label:
        hint += f"; if it is called otherwise here, say how: `{request.database}.label`"
    kind = DataError if label else NoTargetError
    return kind(f"no table of `{folder.name}` has `{wanted}`", hint=hint)


def _with_target(folder: Folder, options: AudformatOptions, request: Request, roles: Roles, name: str) -> pl.DataFrame:
    """The rows with their target; values of whole recordings hold for their segments unless tables are stacked."""
    sources = _sources(folder, roles.target, options.label or name)
    found = values(folder, sources, name)
    key = f"{request.database}.target_tables"
    several = len(sources) > len(roles.target)
    way_out = f"column that is meant: `{request.database}.label`" if several else f"tables that are right: `{key}`"
    _one_value(found, name, sources, f"name the {way_out}")
    stacked = options.target_tables_append
    if not stacked:
        segmented = found.filter(~_IS_WHOLE)["file"]
        both = found.filter(_IS_WHOLE & pl.col("file").is_in(segmented.implode()))
        if both.height:
            text = f"`{folder.name}` has recordings with a `{name}` for the whole and others for its segments"
            hint = f"name the tables that are meant: `{key}`; or take both as rows: `{key}_append = True`"
            raise DataError(text, rows=both.height, examples=both["file"].to_list(), hint=hint)
    frame = _rows(folder, roles, stacked=roles.target if stacked else ())
    return _joined(frame, found, spread=not stacked)


def _rows(folder: Folder, roles: Roles, stacked: Sequence[str]) -> pl.DataFrame:
    """The rows of all tables; a whole recording that has segments is no row, unless its table is to be stacked."""
    tables = {table: keys(folder, table) for table in roles.rows}
    if not tables:
        raise DataError(f"`{folder.name}` has no table of recordings")
    every = pl.concat(tables.values()).unique(maintain_order=True)
    segmented = every.filter(~_IS_WHOLE)["file"].unique()
    kept = [tables[table] for table in stacked]
    rows = every.filter(~_IS_WHOLE | ~pl.col("file").is_in(segmented.implode()))
    return pl.concat([rows, *kept]).unique(maintain_order=True)


def _tiers(folder: Folder, options: AudformatOptions, roles: Roles) -> list[list[str]]:
    """Tables in the order in which they are asked: files tables, those that hold the rows, all others."""
    files = list(options.files_tables)
    rows = [table for table in roles.rows if table not in files]
    return [files, rows, [table for table in folder.tables if table not in {*files, *rows}]]


def _with_column(
    frame: pl.DataFrame, folder: Folder, tiers: Sequence[Sequence[str]], name: str, *, needed: bool
) -> pl.DataFrame:
    """Add a column; what the first tables do not know, the next may. One that is not clear is left out, if unasked."""
    for tables in tiers:
        sources = _sources(folder, tables, name)
        if not sources or (name in frame.columns and not frame[name].null_count()):
            continue
        found = values(folder, sources, name)
        if needed:
            _one_value(found, name, sources, "ask for the column that is meant by its own name, or name the table that"
                       " is right in `files_tables`")  # fmt: skip
        elif _double(found).height:
            return frame
        frame = _joined(frame, found)
    if needed and name not in frame.columns:
        hint = unknown("the schemes and columns", name, names(folder, folder.tables))
        raise DataError(f"`columns` asks for `{name}`, which no table of `{folder.name}` has", hint=hint)
    return frame


def _sources(folder: Folder, tables: Sequence[str], wanted: str) -> list[Source]:
    return [source for table in tables for source in find(folder, table, wanted)]


def _double(found: pl.DataFrame) -> pl.DataFrame:
    return found.filter(found.select(KEY).is_duplicated())


def _one_value(found: pl.DataFrame, name: str, sources: Sequence[Source], hint: str) -> None:
    double = _double(found).sort(KEY)
    if double.height:
        places = ", ".join(f"`{source.column}` of table `{source.table}`" for source in sources)
        examples = [f"{row}: {value}" for row, value in zip(rows_shown(double), double[name], strict=True)]
        text = f"rows have two values of `{name}` ({places})"
        raise DataError(text, rows=double.n_unique(KEY), examples=examples, hint=hint)


def _joined(frame: pl.DataFrame, found: pl.DataFrame, *, spread: bool = True) -> pl.DataFrame:
    """Add the last column of `found`, or fill its gaps; a whole recording's value holds for its segments too."""
    name = found.columns[-1]
    whole = found.filter(_IS_WHOLE if spread else pl.lit(value=False)).select("file", pl.col(name).alias(_WHOLE))
    exact = found.rename({name: _FOUND})
    frame = frame.join(exact, on=KEY, how="left", nulls_equal=True, maintain_order="left")
    frame = frame.join(whole, on="file", how="left", maintain_order="left")
    known = [name] if name in frame.columns else []
    return frame.with_columns(pl.coalesce(*known, _FOUND, _WHOLE).alias(name)).drop(_FOUND, _WHOLE)
