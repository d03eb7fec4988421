"""A config as text, INI or YAML, that loads equal."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from nk.config.field import Spot
from nk.config.ini import value_of
from nk.config.quotes import straightened
from nk.config.spaces import Range
from nk.config.values import Plain, number
from nk.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydantic import BaseModel

    from nk.config.data import Data, Database
    from nk.config.whole import Config

Item = tuple[str, Any]

# What YAML and INI both read as the text that it is.
_SIMPLE = re.compile(r"[A-Za-z_./][A-Za-z0-9_./@+-]*")
_WORDS = frozenset({"true", "false", "yes", "no", "none", "null", "~", ""})


def set_items(section: BaseModel) -> list[Item]:
    """The keys of a section that were set or differ from their default, with their values."""
    items: list[Item] = []
    for name, field in type(section).model_fields.items():
        spot, value = Spot(field.alias or name, name, field), getattr(section, name)
        pattern = spot.note("pattern")
        if pattern == "-":
            items += value.items() if name in {"options", "search", "space"} else ()
        elif pattern:
            items += [(_filled(pattern, inner), item) for inner, item in value.items()]
        elif name in section.model_fields_set or value != spot.default:
            items.append((spot.key, value))
    return items


def _filled(pattern: str, name: str) -> str:
    return f"{pattern[: pattern.index('<')]}{name}{pattern[pattern.rindex('>') + 1 :]}"


def to_ini(config: Config) -> str:
    """The config as INI.

    Raises:
        ConfigError: a key or text cannot be written as INI
    """
    blocks = []
    for name, section in config.given():
        items = _data_items(config.data) if name == "data" else set_items(section)
        if items:
            lines = [f"[{name.upper()}]", *(ini_line(key, value) for key, value in items)]
            blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _data_items(data: Data) -> list[Item]:
    items: list[Item] = [("databases", tuple(data.databases)), *set_items(data)]
    for name, database in {**data.databases, **data.others}.items():
        items += [(name if key == "path" else f"{name}.{key}", value) for key, value in set_items(database)]
    return items


def ini_line(key: str, value: Any) -> str:
    """`key = value` as it is read back.

    Raises:
        ConfigError: it cannot be
    """
    if re.search(r"[=:\n]|^[\[#; \t]|\s$", key):
        raise ConfigError([Problem("config", 0, f"the key `{key}` cannot be written as INI", "use YAML")])
    return f"{key} = {ini_value(value)}"


def ini_value(value: Any) -> str:
    """A value as INI reads it back."""
    if isinstance(value, str):
        return _ini_text(value)
    return _shown(value).replace("%", "%%")


def _ini_text(text: str) -> str:
    plain = (
        text.lower() not in _WORDS and number(text) is None and text[0] not in "([{" and not straightened(Plain(text))
    )
    escaped = text.replace("%", "%%")
    candidates = ([escaped] if plain else []) + [f"'{escaped}'", f'"{escaped}"']
    for written in candidates:
        read = value_of(written.strip(" \t"))
        if read == text and (isinstance(read, Plain) == (written is escaped)):
            return written
    raise ConfigError([Problem("config", 0, f"the text `{text}` cannot be written as INI", "use YAML")])


def _shown(value: Any) -> str:
    """A Python literal, tuples as lists, ranges as tuples."""
    if isinstance(value, Range):
        return f"({', '.join(map(_shown, value))})"
    if isinstance(value, tuple):
        return _shown(list(value))
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_shown(key)}: {_shown(item)}' for key, item in value.items())}}}"
    return _number(value) if isinstance(value, float) else repr(value)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def to_yaml(config: Config) -> str:
    """The config as YAML."""
    blocks = []
    for name, section in config.given():
        lines = _yaml_data(config.data) if name == "data" else _yaml_lines(nested(set_items(section)), 1)
        if lines:
            blocks.append("\n".join([f"{name}:", *lines]) + "\n")
    return "".join(blocks)


def _yaml_data(data: Data) -> list[str]:
    tree = nested(set_items(data))
    lines = ["  databases:" if data.databases else "  databases: []"]
    for name, database in data.databases.items():
        lines += _yaml_lines({name: _tree(database)}, 2)
    lines += _yaml_lines(tree, 1)
    for name, database in data.others.items():
        lines += _yaml_lines({name: _tree(database)}, 1)
    return lines


def _tree(database: Database) -> Nest:
    return Nest(nested(set_items(database)))


class Nest(dict[str, Any]):
    """Keys below a key, unlike a mapping that is a value."""


def nested(items: Iterable[Item]) -> dict[str, Any]:
    """Dotted keys below their first part; a key that has a value too has it as `value`."""
    tree: dict[str, Any] = {}
    for key, value in items:
        head, _, tail = key.partition(".")
        if not tail or "." in tail or tail.lower() == "value":
            tree[key] = value
        elif isinstance(tree.get(head), Nest):
            tree[head][tail] = value
        else:
            own = {"value": tree[head]} if head in tree else {}
            tree[head] = Nest({**own, tail: value})
    return tree


def _yaml_lines(tree: dict[str, Any], depth: int) -> list[str]:
    lines = []
    for key, value in tree.items():
        start = f"{'  ' * depth}{yaml_text(key)}:"
        if isinstance(value, Nest) and value:
            lines += [start, *_yaml_lines(value, depth + 1)]
        else:
            lines.append(f"{start} {_yaml_top(value)}")
    return lines


def _yaml_top(value: Any) -> str:
    """A value of a key; a mapping that could be taken for keys below says that it is the value."""
    if isinstance(value, dict) and value and all(str(key).lower() == "value" for key in value):
        return f"{{value: {yaml_value(value)}}}"
    return yaml_value(value)


def yaml_value(value: Any) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{yaml_text(str(key))}: {yaml_value(item)}' for key, item in value.items())}}}"
    if isinstance(value, Range):
        return _shown(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(yaml_value, value))}]"
    simple: dict[Any, Callable[[Any], str]] = {
        bool: lambda item: str(item).lower(),
        type(None): lambda _: "null",
        float: _number,
        int: str,
    }
    return simple.get(type(value), yaml_text)(value)


def yaml_text(text: str) -> str:
    """A text, in quotes unless it is a simple word."""
    if _SIMPLE.fullmatch(text) and text.lower() not in _WORDS and number(text) is None:
        return text
    return re.sub("[\x7f-\xa0\ufeff]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
