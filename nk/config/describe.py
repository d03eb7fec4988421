"""What a field takes, in words: for messages, `nk config explain` and the reference."""

from __future__ import annotations

import re
import types
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from nk.config.values import Form

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo

_ONE = {str: "text", int: "a whole number", float: "a number", bool: "`True` or `False`", Any: "a value"}
_MANY = {str: "texts", int: "whole numbers", float: "numbers", bool: "truth values", Any: "values"}
_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def takes(field: FieldInfo) -> str:
    """What a field takes, with its bounds: `a whole number of at least 1`."""
    form = next((item for item in field.metadata if isinstance(item, Form)), None)
    text = form.text if form else of_type(field.annotation)
    limits = bounds(field)
    if not limits or form:
        return text
    joined = f"of {limits}" if limits.startswith("at") else limits
    return re.sub("numbers?", lambda found: f"{found[0]} {joined}", text, count=1)


def bounds(field: FieldInfo) -> str:
    """The bounds of a field in words, empty if there are none."""
    found = {word: getattr(item, word) for item in _limits(field) for word in _BOUNDS if hasattr(item, word)}
    return " and ".join(f"{_BOUNDS[word]} {value:.12g}" for word, value in sorted(found.items()))


def _limits(field: FieldInfo) -> list[Any]:
    """Bounds of the field, and of the items or the arms of its type."""
    return [*field.metadata, *_inner(field.annotation)]


def _inner(hint: Any) -> list[Any]:
    arguments = get_args(hint) if get_origin(hint) is not Literal else ()
    notes = arguments[1:] if get_origin(hint) is Annotated else ()
    if any(isinstance(note, Form) for note in notes):
        return []  # its text says what it takes
    own = [item for note in notes for item in getattr(note, "metadata", [note])]
    return own + [item for argument in arguments for item in _inner(argument)]


def of_type(hint: Any) -> str:
    """What an annotation takes."""
    if hint in _ONE:
        return _ONE[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        form = next((item for item in arguments[1:] if isinstance(item, Form)), None)
        return form.text if form else of_type(arguments[0])
    if origin in {Union, types.UnionType}:
        return _either(_union(arguments))
    if origin is Literal:
        return _either([f"`{item}`" for item in arguments])
    if origin in {tuple, list}:
        return f"a list of {_several(arguments[0])}"
    return "a mapping"


def _union(arms: tuple[Any, ...]) -> list[str]:
    words: list[str] = []
    for arm in arms:
        if get_origin(arm) is Literal:
            words += [f"`{item}`" for item in get_args(arm)]
        elif arm is bool:
            words += ["`True`", "`False`"]
        elif arm is not type(None):
            words.append(of_type(arm))
    return ["a number" if word == "a whole number" and "a number" in words else word for word in dict.fromkeys(words)]


def _several(hint: Any) -> str:
    if get_origin(hint) is Annotated:
        return _several(get_args(hint)[0])
    if hint in _MANY:
        return _MANY[hint]
    return of_type(hint).replace("a list of", "lists of") if get_origin(hint) is tuple else of_type(hint)


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def choices(hint: Any) -> list[str]:
    """The words that an annotation allows, where it is a closed list."""
    if get_origin(hint) is Literal:
        return [item for item in get_args(hint) if isinstance(item, str)]
    return [word for argument in get_args(hint) for word in choices(argument)]


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant."""
    from difflib import get_close_matches

    known = {name.lower(): name for name in names}
    swapped = next((known[name] for name in known if sorted(name) == sorted(word.lower())), None)
    if swapped:
        return swapped
    close = get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return known[close[0]] if close else None


def did_you_mean(word: str, names: Iterable[str]) -> str | None:
    """A hint with the nearest name, if one is near, or with the only one that the word is the start or a part of."""
    names, low = list(names), word.lower()
    longer = [name for name in names if len(low) > 2 and name.lower().startswith(low)]
    parts = [name for name in names if low in name.lower().split("_")]
    found = longer[0] if len(longer) == 1 else nearest(word, names) or (parts[0] if len(parts) == 1 else None)
    return f"did you mean `{found}`?" if found else None
