"""Curly quotes, as word processors and web pages put them, where straight ones were meant."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nk.config.values import MisfitError, Plain, literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nk.config.findings import Findings
    from nk.config.source import Entry

_SINGLE, _DOUBLE = "\u2018\u2019\u201a", "\u201c\u201d\u201e"
_CURLY = re.compile(f"[{_SINGLE}{_DOUBLE}]")
_QUOTED = re.compile(f"[{_SINGLE}{_DOUBLE}'\"]([^{_DOUBLE}]*)[{_SINGLE}{_DOUBLE}'\"]")


def straight(entries: Iterable[Entry], found: Findings) -> list[Entry]:
    """The entries as they were meant; a value in curly quotes is a problem. In straight quotes these are characters."""
    return [_straight(entry, found) for entry in entries]


def _straight(entry: Entry, found: Findings) -> Entry:
    value = straightened(entry.value)
    if value is None:
        return entry
    found.wrong(entry, "has curly quotes", _hint(entry, value))
    return replace(entry, value=value)


def straightened(value: Any) -> Any | None:
    """The value without its curly quotes; None if it has none round it, or round an item."""
    if isinstance(value, Plain):
        return _plain(value) if _CURLY.search(value) else None
    if isinstance(value, dict):
        items = {name: straightened(item) for name, item in value.items()}
        return _like(value, items) if any(item is not None for item in items.values()) else None
    if isinstance(value, list):
        several = [straightened(item) for item in value]
        changed = any(item is not None for item in several)
        return [old if new is None else new for old, new in zip(value, several, strict=True)] if changed else None
    return None


def _like(value: dict[str, Any], items: dict[str, Any]) -> dict[str, Any]:
    """A copy of a mapping that may know the lines of its keys."""
    made = type(value)({name: value[name] if item is None else item for name, item in items.items()})
    if hasattr(value, "lines"):
        made.lines = value.lines  # type: ignore[attr-defined]
    return made


def _plain(value: Plain) -> str | None:
    quoted = _QUOTED.fullmatch(value)
    if quoted:
        return quoted[1]
    if value[0] not in "[({":
        return None
    try:
        literal(value)
    except MisfitError:
        return Plain(_as_straight(value))
    return None  # the curly ones stand within straight ones


def _as_straight(text: str) -> str:
    return re.sub(f"[{_SINGLE}]", "'", re.sub(f"[{_DOUBLE}]", '"', text))


def _hint(entry: Entry, value: Any) -> str:
    if isinstance(value, Plain):
        return f"write straight ones: `{entry.key} = {value}`"
    if isinstance(value, str):
        return f"write straight ones: `{entry.key} = '{value}'`"
    return "write straight ones, ' or \""
