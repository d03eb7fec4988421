"""The one rule by which text in a config file becomes a value, whatever the file's spelling.

A plain scalar is kept as text until its field is known: `03` in a text field is the text `03`, `1e-4` in a number field
a number, `yes` a truth value in a yes-or-no field only. Quoted text is text. Nothing is evaluated but Python literals.
"""

from __future__ import annotations

import ast
import math
import re
import types
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "yes": True, "false": False, "no": False}
_NOTHING = frozenset({"", "none", "null", "~", "false"})
_LARGEST = 2**63
# Line breaks and other control characters, halves of surrogate pairs, and what Unicode calls no character.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff\u2028\u2029]")

Scalar = str | int | float


class Plain(str):
    """A scalar as written, without quotes: what it is, its field decides."""

    __slots__ = ()


class MisfitError(Exception):
    """A value does not fit its field; `hint` is the way out, where there is one beyond the field's description."""

    def __init__(self, hint: str | None = None) -> None:
        super().__init__(hint)
        self.hint = hint


@dataclass(frozen=True)
class Form:
    """How to bring a value with several spellings into one, as metadata of an annotation.

    `text` says what it takes, `like` is a type whose JSON Schema holds for it, where there is one.
    """

    convert: Callable[[Any], Any]
    text: str
    like: type | None = None


def number(text: str) -> int | float | None:
    """The number that a text spells, if it spells one; `03`, `nan` and `1_000` do not."""
    if not _NUMBER.fullmatch(text):
        return None
    digits = text.lstrip("+-")
    if digits.isdigit():
        return int(text) if len(digits) < 20 else None
    value = float(text)
    return value if math.isfinite(value) else None


def literal(text: str) -> Any:
    """The Python literal in brackets that a text spells.

    Raises:
        MisfitError: it is none; the hint says what is wrong
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise MisfitError(_literal_hint(text)) from error


def _literal_hint(text: str) -> str:
    if any(text.count(one) != text.count(other) for one, other in ("[]", "()", "{}")):
        return "the brackets do not match"
    if re.search(r"[\[(,:{]\s*0[0-9]", text):
        return "put numbers with leading zeros in quotes, as in ['03', '08']"
    return "put text in quotes, as in ['a', 'b'] or {'a': 'b'}"


def opened(value: Any) -> Any:
    """The value with a plain text in brackets read as a literal."""
    if isinstance(value, Plain) and value[:1] in {"[", "(", "{"}:
        return literal(value)
    return value


def as_text(value: Any) -> str:
    """A scalar as text, on one line."""
    if isinstance(value, Mapping | list | tuple | set) or value is None:
        raise MisfitError
    text = str(value)
    if _UNPRINTABLE.search(text):
        raise MisfitError("a text is one line without control characters")
    return text


def as_file_name(value: Any) -> str:
    """A text that is the name of one file or folder, on every system."""
    name = as_text(value).strip()
    if not name:
        raise MisfitError
    if re.search(r"[/\\]", name) or re.match("[A-Za-z]:", name):
        raise MisfitError("a name is no path; what is written goes below [EXP] `root`")
    if name.startswith("."):
        raise MisfitError("begin it with a letter or a digit: names that begin with a dot are hidden or mean a folder")
    return name


FileName = Annotated[str, Form(as_file_name, "a name without `/`, `\\` and a dot at its start", like=str)]


def as_number(value: Any) -> int | float:
    """A finite number."""
    if isinstance(value, Plain):
        found = number(value)
    else:
        found = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if found is None or not math.isfinite(found) or abs(found) >= _LARGEST:
        raise MisfitError
    return found


def as_whole(value: Any) -> int:
    """A whole number."""
    found = as_number(value)
    if found != int(found):
        raise MisfitError
    return int(found)


def as_truth(value: Any) -> bool:
    """True or False."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Plain) and value.lower() in {**_WORDS, "1": 1, "0": 0}:
        return value == "1" or _WORDS.get(value.lower(), False)
    raise MisfitError


def as_scalar(value: Any) -> Scalar:
    """What an untyped value is: a number if it is one, else text."""
    if isinstance(value, Plain) or (isinstance(value, int | float) and not isinstance(value, bool)):
        try:
            return as_number(value)
        except MisfitError:
            if not isinstance(value, Plain):
                raise
    return as_text(value)


def as_items(value: Any) -> list[Any]:
    """A list; a scalar is a list of one."""
    found = opened(value)
    if isinstance(found, Mapping) or found is None:
        raise MisfitError
    if isinstance(found, set):
        return sorted(found, key=str)
    return list(found) if isinstance(found, list | tuple) else [found]


def as_mapping(value: Any) -> dict[Any, Any]:
    """A mapping."""
    found = opened(value)
    if not isinstance(found, Mapping):
        raise MisfitError
    return dict(found)


def is_nothing(value: Any) -> bool:
    """Whether a value says that something is not set."""
    return value is None or value is False or (isinstance(value, Plain) and value.lower() in _NOTHING)


_SIMPLE: dict[Any, Callable[[Any], Any]] = {
    str: as_text,
    int: as_whole,
    float: as_number,
    bool: as_truth,
    Any: as_scalar,
}


def fit(value: Any, hint: Any) -> Any:
    """Bring a value from a file to the type of its field; bounds are left to pydantic.

    Raises:
        MisfitError: it does not fit
    """
    if hint in _SIMPLE:
        return _SIMPLE[hint](value)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        form = next((item for item in arguments[1:] if isinstance(item, Form)), None)
        return form.convert(value) if form else fit(value, arguments[0])
    if origin in {Union, types.UnionType}:
        return _fit_union(value, arguments)
    if origin is Literal:
        return _fit_literal(value, arguments)
    if origin in {tuple, list}:
        return _fit_items(value, arguments)
    if origin is dict:
        return {fit(name, arguments[0]): fit(item, arguments[1]) for name, item in as_mapping(value).items()}
    raise MisfitError


def _fit_items(value: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    items = as_items(value)
    if arguments[-1] is Ellipsis or len(arguments) == 1:
        return tuple(fit(item, arguments[0]) for item in items)
    if len(items) != len(arguments):
        raise MisfitError
    return tuple(fit(item, argument) for item, argument in zip(items, arguments, strict=True))


def _fit_literal(value: Any, allowed: tuple[Any, ...]) -> Any:
    for option in allowed:
        if isinstance(option, str):
            same = isinstance(value, str) and value.lower() == option.lower()
        else:
            same = _fits(value, type(option)) and fit(value, type(option)) == option
        if same:
            return option
    raise MisfitError


def _fit_union(value: Any, arms: tuple[Any, ...]) -> Any:
    empty = value is None or (isinstance(value, Plain) and value.lower() in _NOTHING - {"false"})
    if type(None) in arms and (empty or (bool not in arms and is_nothing(value))):
        return None
    hint = None
    for arm in sorted((arm for arm in arms if arm is not type(None)), key=_rank):
        if arm is bool and isinstance(value, Plain) and value in {"0", "1"} and set(arms) - {bool, type(None)}:
            continue  # where something else is possible too, these are numbers
        try:
            return fit(value, arm)
        except MisfitError as misfit:
            hint = hint or misfit.hint
    raise MisfitError(hint)


def _rank(arm: Any) -> int:
    """The order in which the arms of a union are tried: closed before open, text last."""
    order = [bool, Literal, int, float, tuple, list, dict]
    bare = get_args(arm)[0] if get_origin(arm) is Annotated else arm
    origin = get_origin(bare) or bare
    if arm is str:
        return 99
    return order.index(origin) if origin in order else 50


def _fits(value: Any, hint: Any) -> bool:
    try:
        fit(value, hint)
    except MisfitError:
        return False
    return True
