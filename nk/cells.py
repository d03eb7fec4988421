"""The cells of a sweep: every combination of the values that [FLAGS] lists, as what each sets in the config."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from itertools import product
from typing import TYPE_CHECKING, Any

from nk.config.write import ini_value
from nk.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nk.config import Loaded
    from nk.config.output import Flags

# Key of [FLAGS] -> what it sets, and whether that is a list.
_GOALS = {
    "models": ("model.type", False),
    "features": ("feats.type", True),
    "balancing": ("feats.balancing", False),
    "scale": ("feats.scale", False),
    "targets": ("data.target", False),
}
_LONGEST = 120  # letters of a cell's name, which is the name of a folder
_STRANGE = re.compile(r"[^\w.+-]+")
_HINT = "list values to try, as `models = ['svm', 'xgb']`"


@dataclass(frozen=True)
class Axis:
    """One key of [FLAGS]: its values as they are shown, and what each sets, as `section.key` and value in INI."""

    key: str
    values: tuple[str, ...]
    sets: tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True)
class Cell:
    """A combination: its name, which is that of its run, the value of each axis, and what to set."""

    name: str
    values: dict[str, str]
    overrides: tuple[str, ...]


def cells(loaded: Loaded) -> tuple[Cell, ...]:
    """All combinations, the values of the last key changing first; equal ones once.

    Raises:
        ConfigError: [FLAGS] lists nothing, an empty list, or sets a key twice
    """
    axes = _axes(loaded.config.flags)
    _check(axes, loaded)
    found: dict[str, Cell] = {}
    for places in product(*(range(len(axis.values)) for axis in axes)):
        values = {axis.key: axis.values[place] for axis, place in zip(axes, places, strict=True)}
        sets = dict(pair for axis, place in zip(axes, places, strict=True) for pair in axis.sets[place])
        name = _name(sets.pop("exp.name", loaded.config.exp.name), values, found)
        overrides = tuple(f"{key}={value}" for key, value in {**sets, "exp.name": ini_value(name)}.items())
        found[name] = Cell(name, values, overrides)
    return tuple(found.values())


def _axes(flags: Flags) -> list[Axis]:
    lists = {key: getattr(flags, key) for key in _GOALS}
    found = [_plain(key, values) for key, values in lists.items() if values is not None]
    if flags.name_target is not None:
        pairs = tuple(dict.fromkeys(flags.name_target))
        sets = tuple((("exp.name", name), ("data.target", ini_value(target))) for name, target in pairs)
        found.append(Axis("target", tuple(target for _, target in pairs), sets))
    for section in ("model", "feats", "exp"):
        found += [_axis(f"{section}.{key}", values) for key, values in getattr(flags, section).items()]
    return found + [_axis(key, values) for key, values in flags.others.items()]


def _plain(key: str, values: Iterable[str]) -> Axis:
    goal, is_list = _GOALS[key]
    unique = tuple(dict.fromkeys(values))
    return Axis(key, unique, tuple(((goal, _written((value,) if is_list else value)),) for value in unique))


def _axis(key: str, values: Iterable[Any]) -> Axis:
    unique = {_written(value): _shown(value) for value in values}
    return Axis(key, tuple(unique.values()), tuple(((key, text),) for text in unique))


def _written(value: Any) -> str:
    """A value as INI has it; the word `none` means none, which it does not in quotes."""
    return value if isinstance(value, str) and value.lower() == "none" else ini_value(value)


def _shown(value: Any) -> str:
    return "+".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _check(axes: Sequence[Axis], loaded: Loaded) -> None:
    file, line = loaded.place("flags")
    if not axes:
        raise ConfigError([Problem(file, line, "[FLAGS] lists no values, so there is nothing to sweep over", _HINT)])
    empty = [axis.key for axis in axes if not axis.values]
    if empty:
        raise ConfigError([Problem(file, line, f"[FLAGS] `{key}` lists no values", _HINT) for key in empty])
    keys = [key for axis in axes for key, _ in axis.sets[0]]
    double = sorted({key for key in keys if keys.count(key) > 1})
    if double:
        text = f"[FLAGS] sets `{double[0]}` by two of its keys"
        raise ConfigError([Problem(file, line, text, "leave one of them")])


def _name(start: str, values: dict[str, str], taken: Iterable[str]) -> str:
    """`<name>_<key>_<value>...`, fit for a folder; what is too long ends in a hash of it."""
    words = [_STRANGE.sub("-", f"{key}_{value}") for key, value in values.items()]
    name = "_".join([start, *words])
    if len(name) > _LONGEST:
        name = f"{name[:_LONGEST]}-{blake2b(name.encode(), digest_size=4).hexdigest()}"
    number, free = 1, name
    while free in taken:
        number, free = number + 1, f"{name}_{number + 1}"
    return free
