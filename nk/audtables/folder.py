"""A folder in audformat: its header, and its tables as they are asked for.

The library's own way to open one (`Database.load`) makes any Python object that the header asks for, and opens a
pickled copy of a table where there is one. Either can run any program, and databases are passed on. So the header is
read as plain data here, and of the tables the library is shown the parquet or CSV file alone.
"""

from __future__ import annotations

import csv
import os
import shutil
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HEADER = "db.yaml"
# The scheme that columns without one get; no scheme of a user has this name.
TEXT = "\ntext"
_DEEPEST = 100


class Folder:
    """A database; `name` is how messages call it, `header` the library's `Database`, whose tables have no rows yet."""

    def __init__(self, root: Path, name: str, header: Any) -> None:
        self.root = root
        self.name = name
        self.header = header
        self._loaded: set[str] = set()

    @property
    def tables(self) -> list[str]:
        """The tables of recordings and segments."""
        return list(self.header.tables)

    def table(self, table: str) -> Any:
        """A table with its rows.

        Raises:
            DataError: its file, or that of a table that its schemes refer to, is missing or damaged
        """
        for needed in [*self._meanings(table), table]:
            if needed not in self._loaded:
                self._load(needed)
                self._loaded.add(needed)
        return self.header[table]

    def _meanings(self, table: str) -> list[str]:
        """The tables that say what the labels of this one mean; without them the library would take none for known."""
        used = {column.scheme_id for column in self.header[table].columns.values()} - {None}
        schemes = [self.header.schemes[scheme] for scheme in sorted(used)]
        return [scheme.labels for scheme in schemes if scheme.uses_table]

    def _load(self, table: str) -> None:
        file = self._file(table)
        if file.suffix == ".csv":
            _check_csv(file, self.name, self._columns(table))
        with TemporaryDirectory() as place, blaming(f"`{file.name}` of `{self.name}` is damaged"):
            alone = Path(place) / f"table{file.suffix}"
            _link(file.resolve(), alone)
            self.header[table].load(str(alone.with_suffix("")))

    def _file(self, table: str) -> Path:
        stem = f"db.{table}"
        for ending in (".parquet", ".csv"):  # the order in which the library looks
            if os.path.isfile(self.root / f"{stem}{ending}"):  # noqa: PTH113 - says no where it may not look
                return self.root / f"{stem}{ending}"
        hint = f"`{HEADER}` names the table; get the database again, with all its tables"
        if os.path.isfile(self.root / f"{stem}.pkl"):  # noqa: PTH113
            hint = f"`{stem}.pkl` is not opened, as a pickle can run any program; get the table as CSV or parquet"
        raise DataError(f"`{self.name}` has no file `{stem}.csv` or `{stem}.parquet`", hint=hint)

    def _columns(self, table: str) -> list[str]:
        """The columns of a table's file, in order."""
        from audformat import MiscTable

        found = self.header[table]
        if isinstance(found, MiscTable):
            return [*found.levels, *found.columns]
        return ["file", *(["start", "end"] if found.is_segmented else []), *found.columns]


def open_folder(root: Path, name: str) -> Folder:
    """Read the header of a database in audformat; tables are read when they are asked for.

    Args:
        root: the folder
        name: how messages call it

    Raises:
        DataError: it is no folder in audformat, or its header is damaged
    """
    file = root / HEADER
    if not os.path.isfile(file):  # noqa: PTH113 - says no where it may not look
        raise _no_header(root, name)
    header = _plain_data(file, f"`{HEADER}` of `{name}`")
    from audformat import Database

    with blaming(f"`{HEADER}` of `{name}` is not a header in audformat"):
        database = Database.load_header_from_yaml(_with_text(header))
    _check_schemes(database, name)
    return Folder(Path(os.path.abspath(root)), name, database)  # noqa: PTH100


@contextmanager
def blaming(what: str) -> Iterator[None]:
    """Say as an error of the data what a library finds wrong with a file."""
    try:
        yield
    except Exception as error:
        plain = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        reason = f"`{plain}` is missing" if type(error) is KeyError else plain.partition("\n")[0][:200]
        raise DataError(f"{what}: {reason or type(error).__name__}", hint="get the database again") from error


def unknown(what: str, word: str, known: Sequence[str]) -> str:
    """A hint where there is no such name: the nearest one, and which there are."""
    near = get_close_matches(word, known, n=1)
    shown = ", ".join(f"`{name}`" for name in known[:20]) + (", ..." if len(known) > 20 else "")
    return (f"did you mean `{near[0]}`? " if near else "") + (f"{what} are {shown}" if known else f"{what} are none")


def _no_header(root: Path, name: str) -> DataError:
    if not os.path.isdir(root):  # noqa: PTH112
        hint = f"name the folder that holds `{HEADER}`; for a CSV file write `type = csv`"
        return DataError(f"`{name}` is a file, and a database in audformat is a folder", hint=hint)
    below = sorted([*root.glob(f"*/{HEADER}"), *root.glob(f"*/*/{HEADER}")])
    hint = "name a folder in audformat, or the CSV file with the recordings"
    if below:
        hint = f"did you mean `{Path(name) / below[0].parent.relative_to(root)}`?"
    return DataError(f"the folder `{name}` has no `{HEADER}`, so it is no database in audformat", hint=hint)


def _plain_data(file: Path, name: str) -> dict[str, Any]:
    with blaming(f"{name} cannot be read"):
        text = file.read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_depth(yaml.parse(text, Loader=loader), name)
        header = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        hint = "get the database again; what is read is plain YAML, without tags that make Python objects"
        raise DataError(f"{name} is damaged{line}: {error.problem}", hint=hint) from error
    except yaml.YAMLError as error:
        raise DataError(f"{name} is damaged: {error}".replace("\n", " "), hint="get the database again") from error
    if not isinstance(header, dict):
        raise DataError(f"{name} is not a header in audformat", hint="get the database again")
    return header


def _check_depth(events: Iterable[yaml.Event], name: str) -> None:
    """The loader written in C takes the whole process down where collections are nested too deep."""
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise DataError(f"{name} is nested more than {_DEEPEST} deep", hint="get the database again")


def _with_text(header: dict[str, Any]) -> dict[str, Any]:
    """Have columns without a scheme read as text: the library guesses their type, and makes 3 of `03` in CSV."""
    if len(header) == 1:  # as written once
        [(name, inner)] = header.items()
        header = {**inner, "name": name}
    for table in [*_named(header, "tables").values(), *_named(header, "misc_tables").values()]:
        for column in _named(table, "columns").values():
            if column.get("scheme_id") is None:
                column["scheme_id"] = TEXT
    return {**header, "schemes": {**_named(header, "schemes"), TEXT: {"dtype": "str"}}}


def _named(header: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = header.get(key) or {}
    for name in found:
        if not isinstance(name, str):  # as a number or `yes` is in YAML
            raise TypeError(f"the name `{name}` in `{key}` has to be in quotes")
    return found


def _check_schemes(database: Any, name: str) -> None:
    """The library looks at this where columns are added, not where they are read."""
    for called, table in [*database.tables.items(), *database.misc_tables.items()]:
        for column, about in table.columns.items():
            if about.scheme_id not in database.schemes:
                text = f"`{HEADER}` of `{name}` has no scheme `{about.scheme_id}`, which `{column}` of `{called}` needs"
                raise DataError(
                    text, hint=unknown("the schemes", about.scheme_id, sorted({*database.schemes} - {TEXT}))
                )


def _check_csv(file: Path, name: str, want: list[str]) -> None:
    """The library goes by the place of a column, not by its name, and drops fields where there are too many."""
    with blaming(f"`{file.name}` of `{name}` is damaged"), file.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        have = next(rows, [])
        ragged = [f"line {rows.line_num} has {len(row)}" for row in rows if row and len(row) != len(want)]
    if have != want:
        text = f"`{file.name}` of `{name}` does not have the columns that `{HEADER}` names, it has"
        hint = "it should have, in this order, " + ", ".join(f"`{column}`" for column in want)
        raise DataError(text, examples=have, hint=hint)
    if ragged:
        text = f"`{file.name}` of `{name}` has lines that do not have {len(want)} fields"
        raise DataError(text, rows=len(ragged), examples=ragged, hint="get the database again")


def _link(file: Path, to: Path) -> None:
    try:
        to.symlink_to(file)
    except OSError:  # not every system lets everybody link
        shutil.copyfile(file, to)
