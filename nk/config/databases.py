"""The keys of [DATA]: which belong to a database, which to the section, and which to nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk.config import legacy
from nk.config.check import (
    OVERRIDE,
    Group,
    Outcome,
    flattened,
    grouped,
    is_value,
    last,
    modernised,
    shown,
    sort_out,
    validated,
)
from nk.config.data import Data, Database
from nk.config.describe import nearest
from nk.config.field import match, patterns, spots
from nk.config.options import named, take
from nk.config.plugins import Family
from nk.config.quotes import straight
from nk.config.unbuilt import note_unbuilt
from nk.config.values import MisfitError, Plain, as_items, as_text, is_nothing
from nk.errors import Problem

if TYPE_CHECKING:
    from nk.config.findings import Findings
    from nk.config.source import Entry


@dataclass(eq=False, repr=False)
class Sorted:
    """The entries of [DATA]: the section's own, and those of each database by its name."""

    listed: list[str] = field(default_factory=list)
    own: list[Entry] = field(default_factory=list)
    bases: dict[str, list[Entry]] = field(default_factory=dict)
    list_entry: Entry | None = None

    def all_names(self) -> list[str]:
        """Names of the databases, listed ones first."""
        return [*self.listed, *(name for name in self.bases if name not in self.listed)]


def sort_entries(entries: list[Entry], mentioned: set[str], found: Findings) -> Sorted:
    """Part the entries of [DATA]; `mentioned` are names that other keys give to databases."""
    result = Sorted()
    entries = _list(entries, result, found)
    entries = flattened(entries, lambda key, content: _is_value(key, content, result.listed))
    names = sorted({*result.listed, *mentioned, *_bare(entries, result)}, key=len, reverse=True)
    for entry in entries:
        name = _owner(entry.key, names)
        if name is not None:
            result.bases.setdefault(name, []).append(entry)
        elif _is_own(entry.key) or not _looks_like_database(entry, result, found):
            result.own.append(entry)
        else:
            result.bases.setdefault(entry.key.rpartition(".")[0], []).append(entry)
    result.own = modernised(result.own, found)
    return result


def _list(entries: list[Entry], result: Sorted, found: Findings) -> list[Entry]:
    """Read `databases`, which in YAML may hold the databases themselves; give back the other entries."""
    rest: list[Entry] = []
    for entry in entries:
        if entry.key.lower() != "databases":
            rest.append(entry)
            continue
        if result.list_entry is not None and entry.file == result.list_entry.file:
            found.wrong(entry, f"is there twice, first in line {result.list_entry.line}", "delete one of the two")
        result.list_entry = entry
        result.listed = _names(entry, found)
        rest += _nested(entry)
    return rest


def _names(entry: Entry, found: Findings) -> list[str]:
    try:
        words = [as_text(item) for item in (entry.value if hasattr(entry.value, "lines") else as_items(entry.value))]
    except MisfitError as misfit:
        found.wrong(entry, "must be a list of names", misfit.hint or "as in ['emodb', 'polish']")
        return []
    names = [word.strip() for word in words if word.strip()]
    for place, name in enumerate(names):
        if name.lower() in {other.lower() for other in names[:place]}:
            found.wrong(entry, f"names `{name}` twice", "delete one of the two")
        if re.search(r"[=:\[\]#;%]", name):
            found.wrong(entry, f"names `{name}`, but a name has none of `= : [ ] # ; %`")
        if name.lower() in spots(Data) or name.lower() == "databases":
            found.wrong(entry, f"names `{name}`, which is a key of this section", "give the database another name")
            names[place] = ""
    return list({name.lower(): name for name in reversed(names) if name}.values())[::-1]


def _nested(entry: Entry) -> list[Entry]:
    if not hasattr(entry.value, "lines"):
        return []
    return [
        replace(entry, key=name, value=content, line=entry.value.lines[name])
        for name, content in entry.value.items()
        if not (isinstance(content, Plain) and content in {"", "~", "null"})
    ]


def _is_value(key: str, content: Any, listed: list[str]) -> bool:
    name = _owner(key, listed)
    if name is None and ("." not in key or _data_hint(key) is not None):
        return is_value(key, content, _data_hint)
    if name is None:  # of a database that is not in the list
        name = key.rpartition(".")[0]
    return is_value(key[len(name) + 1 :], content, _database_hint)


def _data_hint(key: str) -> Any:
    spot = spots(Data).get(key.lower())
    return spot.field.annotation if spot and not spot.field.metadata else _formed(spot)


def _database_hint(key: str) -> Any:
    spot = spots(Database).get(key.lower())
    return spot.field.annotation if spot and not spot.field.metadata else _formed(spot)


def _formed(spot: Any) -> Any:
    return dict[str, Any] if spot is not None else None


def _bare(entries: list[Entry], result: Sorted) -> set[str]:
    """Keys without a dot that look like the path of a database that is not in the list."""
    known = [*spots(Data), "databases", *(key for section, key in legacy.RENAMED if section == "data")]
    strange = [
        entry
        for entry in entries
        if "." not in entry.key
        and not _is_own(entry.key)
        and entry.key.lower() not in known
        and _owner(entry.key, result.listed) is None
    ]
    if not strange:  # to find what has dots, all readers would be imported
        return set()
    dotted = {entry.key.lower().rpartition(".")[0] for entry in entries if _is_database_key(entry.key)}
    return {
        entry.key
        for entry in strange
        if entry.key.lower() in dotted or (_is_path(entry.value) and nearest(entry.key, known) is None)
    }


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and ("/" in value or "\\" in value or value.lower().endswith((".csv", ".tsv")))


def _is_database_key(key: str) -> bool:
    name, dot, rest = key.rpartition(".")
    return bool(dot and name) and (
        rest.lower() in spots(Database)
        or rest.lower() in {**legacy.RENAMED_IN_DATABASE, **legacy.DEAD_IN_DATABASE}
        or Family("readers", []).find(rest) is not None
    )


def _owner(key: str, names: list[str]) -> str | None:
    low = key.lower()
    return next((name for name in names if low == name.lower() or low.startswith(f"{name.lower()}.")), None)


def _is_own(key: str) -> bool:
    if key.lower() in spots(Data) or ("data", key.lower()) in {**legacy.RENAMED, **legacy.DEAD}:
        return True
    return any(match(str(spot.note("pattern")), key) for spot in patterns(Data))


def _looks_like_database(entry: Entry, result: Sorted, found: Findings) -> bool:
    """Whether a dotted key belongs to a database that is nowhere named; a near name is taken for a slip."""
    if not _is_database_key(entry.key):
        return False
    name, _, rest = entry.key.rpartition(".")
    near = nearest(name, result.listed)
    if near:
        found.wrong(entry, f"belongs to `{name}`, which is not in `databases`", f"did you mean `{near}.{rest}`?")
        result.bases.setdefault(name, [])
        return True
    return True


def database(name: str, entries: list[Entry], sets: Sorted, found: Findings, channel: Any) -> Database:
    """One database from its entries."""
    group = grouped("data", _modern_keys(name, entries, found), found, prefix=f"{name}.")
    outcome = sort_out(Database, group, found)
    reader = _reader(outcome, group, sets, found)
    core = [spot.key for spot in spots(Database).values()]
    rest = take(Family("readers", reader), outcome.rest, group, core, found)
    outcome.values["options"] = rest.options
    if channel is not None:
        outcome.values.setdefault("channel", channel)
    result: Database = validated(Database, outcome, group, found)
    note_unbuilt(Database, result, group, found, None)
    return result


def _reader(outcome: Outcome, group: Group, sets: Sorted, found: Findings) -> list[Any]:
    path, kind = outcome.values.get("path"), outcome.values.get("type")
    entry = group.get("type") or group.get("path") or sets.list_entry
    if kind is None and (path is None or _is_strange(path)):
        if path is not None and entry is not None:
            _not_a_table(path, group, entry, found)
        return []
    return named("readers", [Database(path=path, type=kind).reader], entry, found, "data")


def _is_strange(path: str) -> bool:
    """Whether a path is that of a file that is no CSV; `emodb/1.4.1` is a folder."""
    return Database(path=path).reader != "csv" and re.search(r"\.[A-Za-z][A-Za-z0-9]*$", path) is not None


def _not_a_table(path: str, group: Group, entry: Entry, found: Findings) -> None:
    name = group.prefix.removesuffix(".")
    hint = f"in a spreadsheet program save it as CSV (UTF-8), or say what it is with `{name}.type = csv`"
    if re.search(r"\.(csv|tsv)\.[A-Za-z0-9]+$", path, re.IGNORECASE):
        hint = "unpack it first"
    text = f"[DATA] `{name}` is no table that nk reads: {shown(path)}"
    found.problems.append(Problem(entry.file, entry.line, text, hint))


def _modern_keys(name: str, entries: list[Entry], found: Findings) -> list[Entry]:
    """Keys of a database under their present names; the bare key is its path."""
    kept = []
    present = {entry.key[len(name) + 1 :].lower() for entry in entries}
    for entry in entries:
        rest = entry.key[len(name) + 1 :]
        now = legacy.RENAMED_IN_DATABASE.get(rest.lower())
        why = legacy.DEAD_IN_DATABASE.get(rest.lower())
        if why:
            found.odd(entry, f"has no effect: {why}")
        elif now in present and entry.file != OVERRIDE:
            found.odd(entry, f"has no effect: it is now `{name}.{now}`, which is there too")
        elif now:
            found.odd(entry, f"is now `{name}.{now}`")
            kept.append(replace(entry, key=f"{name}.{now}"))
        else:
            kept.append(entry if rest else replace(entry, key=f"{name}.path"))
    return kept


def root_entries(own: list[Entry], config: str, found: Findings) -> list[Entry] | None:
    """The entries of [DATA] in the file that `root_folders` names: looked for from here, then beside the config.

    None if it is not there.
    """
    entry = last(own, "root_folders")
    if entry is None or not isinstance(entry.value, str) or is_nothing(entry.value):
        return []
    from nk.config.source import read

    places = [Path(entry.value), Path(config).parent / entry.value]
    place = next((item for item in places if item.is_file()), None)
    if place is None:
        tried = " and ".join(dict.fromkeys(f"`{item}`" for item in places))
        found.wrong(entry, f"names a file that is not there: tried {tried}")
        return None
    source = read(place)
    found.problems += source.problems
    entries = straight([item for item in source.entries if item.section == "data"], found)
    return [inner for item in entries for inner in (_nested(item) if item.key.lower() == "databases" else [item])]


def with_roots(sets: Sorted, roots: list[Entry], mentioned: set[str]) -> None:
    """Add what the roots file says of the databases and the config does not."""
    flat = flattened(roots, lambda key, content: _is_value(key, content, sets.all_names()))
    names = sorted({*sets.all_names(), *mentioned}, key=len, reverse=True)
    have = {_canonical(entry.key, name) for name, entries in sets.bases.items() for entry in entries}
    for entry in flat:
        name = _owner(entry.key, names)
        if name is not None and _canonical(entry.key, name) not in have:
            sets.bases.setdefault(name, []).append(entry)


def _canonical(key: str, name: str) -> tuple[str, str]:
    rest = key[len(name) + 1 :].lower()
    return name.lower(), legacy.RENAMED_IN_DATABASE.get(rest, rest) or "path"
