"""What a stored model is tested on: databases that a config names, or files with the conventions of one that it has.

A convention is how a table says things: options of the reader, names of columns and labels, the channel, how numbers
are meant. Which rows are used is none, nor how they are split: of a file all rows are tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from nk.config.data import Data, Database
from nk.errors import ConfigError, DataError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.config import Config

_CONVENTIONS = ("colnames", "mapping", "channel", "reverse", "reverse_max", "scale")
_OF_TARGET = ("target", "type", "target_divide_by")


@dataclass(frozen=True)
class Testset:
    """A name, a section DATA with the one database of that name, and the training database that it is `like`, if any.

    `prefix` is what stood before the names of its speakers in training, where they are the same.
    """

    __test__ = False  # it is not one of pytest's

    name: str
    data: Data
    like: str | None
    prefix: str = ""

    @property
    def database(self) -> Database:
        """The database."""
        return self.data.databases[self.name]


def wanted(given: Config, ran: Config, files: Sequence[str], like: str | None) -> list[Testset]:
    """The files, or if there are none the databases in `tests`.

    Args:
        given: the config that names them
        ran: the config of the run, whose target is meant
        files: CSV files and folders in audformat
        like: the training database whose conventions files have, and whose scale numbers have

    Raises:
        ConfigError: there is nothing to test on, or no such training database
        DataError: files could be like several training databases, which differ
    """
    trained = ran.data.databases
    if like is not None and like not in trained:
        names = ", ".join(f"`{name}`" for name in trained)
        raise ConfigError([Problem("nk", 0, f"`--like {like}` names no database of the run", f"it has {names}")])
    if not files and not given.data.tested:
        hint = "name them: `tests = ['<database>']` in [DATA], or `--data <file>`"
        raise ConfigError([Problem("nk", 0, "there are no databases to test on", hint)])
    if not files:
        return [_named(name, database, given, ran, like) for name, database in given.data.tested.items()]
    whose = like or _common(trained)
    return [_of_file(name, file, whose, ran) for name, file in _names(files).items()]


def _named(name: str, database: Database, given: Config, ran: Config, like: str | None) -> Testset:
    data = _with_target(given.data, ran.data).model_copy(update={"databases": {name: database}, "others": {}})
    trained = ran.data.databases
    whose = like or (name if name in trained else next(iter(trained)) if len(trained) == 1 else None)
    return Testset(name, data, whose)


def _of_file(name: str, file: str, like: str, ran: Config) -> Testset:
    whose = ran.data.databases[like]
    kind = _kind(file, whose)
    own = {key: getattr(whose, key) for key in _CONVENTIONS if key != "colnames"}
    options = whose.options if kind == whose.reader else {}
    database = Database(path=file, type=kind, options=options, **own)
    # Names for all databases need not be there in each of them.
    names = {old: (whose.colnames or {}).get(new, new) for old, new in (ran.data.colnames or {}).items()}
    renamed = {**names, **(whose.colnames or {})}
    data = _with_target(Data(databases={name: database}, channel=ran.data.channel), ran.data)
    prefix = f"{like}_" if whose.rename_speakers else ""
    return Testset(name, data.model_copy(update={"colnames": renamed}), like, prefix)


def _with_target(data: Data, ran: Data) -> Data:
    """The section with the target of the run; its classes are the model's."""
    return data.model_copy(update={"labels": None, "bins": None, **{key: getattr(ran, key) for key in _OF_TARGET}})


def _kind(file: str, whose: Database) -> str:
    """The reader of a file: by what it is, or a third party's where the training database has one."""
    if whose.reader not in {"csv", "audformat", "synthetic"}:
        return whose.reader
    return "audformat" if Path(file).is_dir() else "csv"


def _common(trained: Mapping[str, Database]) -> str:
    """A training database that stands for all.

    Raises:
        DataError: they differ in a convention
    """
    first, *others = trained
    keys = (*_CONVENTIONS, "reader", "options", "rename_speakers")
    differing = [
        key for key in keys if any(getattr(trained[name], key) != getattr(trained[first], key) for name in others)
    ]
    # Of several databases each has been measured by itself.
    differing += [key for key in ("reverse", "scale") if others and getattr(trained[first], key)]
    if differing:
        named = ", ".join(f"`{key}`" for key in dict.fromkeys(differing))
        hint = f"say which of them the file is like: `--like {first}`"
        raise DataError(f"the databases of the run differ in {named}", examples=list(trained), hint=hint)
    return first


def _names(files: Sequence[str]) -> dict[str, str]:
    """A name for each file: its own without the ending, and a number where two are alike."""
    names: dict[str, str] = {}
    for file in files:
        path = Path(file)
        own = (path.resolve().name if path.is_dir() else path.stem) or "data"
        numbered = (f"{own}-{number}" for number in count(2))
        names[own if own not in names else next(name for name in numbered if name not in names)] = file
    return names
