"""JSON Schema of the config in YAML, generated from the models; editors use it to complete and to check."""

from __future__ import annotations

import json
import re
import types
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from nk.config.document import FAMILIES, Known, option_keys, section_keys
from nk.config.plugins import names
from nk.config.values import Form
from nk.config.whole import SECTIONS, section_type

if TYPE_CHECKING:
    from collections.abc import Iterable

_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_SIMPLE: dict[Any, dict[str, Any]] = {
    str: {"type": ["string", "number", "boolean"]},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"enum": [True, False, "yes", "no"]},
    Any: {},
    type(None): {"type": "null"},
}


def schema() -> str:
    """The schema as text, equal for equal models."""
    sections = {name: {"anyOf": [_section(name), {"type": "null"}]} for name in SECTIONS}
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Config of nk",
        "type": "object",
        "additionalProperties": False,
        "properties": sections,
        "$defs": {"database": _object([*_database(), *_reader_options()])},
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _section(name: str) -> dict[str, Any]:
    own = [known for known in section_keys(name) if not known.key.startswith("<database>.")]
    found = _object([*own, *(option_keys(name) if name != "data" else [])])
    found["description"] = (section_type(name).__doc__ or "").strip()
    if name == "data":
        base = {"$ref": "#/$defs/database"}
        listed = {"type": "object", "additionalProperties": {"anyOf": [base, {"type": ["string", "null"]}]}}
        found["properties"]["databases"] = {"anyOf": [_list(_SIMPLE[str]), listed, {"type": "string"}]}
        found["additionalProperties"] = True  # keys of databases, `emodb.test_size`
    if name in {"model", "feats"}:
        examples = {"examples": [item for item in names(FAMILIES[name]) if "*" not in item]}
        found["properties"]["type"] = {**found["properties"]["type"], **examples}
    if name == "optim":
        found["additionalProperties"] = True  # options of models
    return found


def _database() -> list[Known]:
    return [_bare(known) for known in section_keys("data") if known.key.startswith("<database>.")]


def _reader_options() -> list[Known]:
    return [_bare(known) for known in option_keys("data")]


def _bare(known: Known) -> Known:
    return replace(known, key=known.key.removeprefix("<database>."))


def _object(keys: Iterable[Known]) -> dict[str, Any]:
    """An object with these keys: dotted ones also nested, several plug-ins' options of one name as alternatives."""
    properties: dict[str, Any] = {}
    shapes: dict[str, Any] = {}
    for known in keys:
        found = _property(known)
        pattern = known.spot.note("pattern")
        if pattern:
            shapes[f"^{re.sub('<.*>', '.+', re.escape(pattern))}$"] = found
        elif known.key in properties and properties[known.key] != found:
            properties[known.key] = _either(properties[known.key], found)
        else:
            properties[known.key] = found
    result = {"type": "object", "additionalProperties": False, "properties": _with_nested(properties)}
    return {**result, "patternProperties": shapes} if shapes else result


def _either(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*one.get("anyOf", [one]), other]}


def _with_nested(properties: dict[str, Any]) -> dict[str, Any]:
    inner: dict[str, dict[str, Any]] = {}
    for key, found in properties.items():
        head, dot, tail = key.partition(".")
        if dot:
            inner.setdefault(head, {})[tail] = found
    for head, keys in inner.items():
        own = {"value": properties[head]} if head in properties else {}
        nest = {"type": "object", "additionalProperties": False, "properties": {**own, **keys}}
        properties[head] = {"anyOf": [properties[head], nest]} if head in properties else nest
    return properties


def _property(known: Known) -> dict[str, Any]:
    field = known.spot.field
    limits = _limits(field.metadata)
    hint = field.annotation if not known.spot.note("pattern") else get_args(field.annotation)[1]
    form = next((item for item in field.metadata if isinstance(item, Form)), None)
    found = _formed(form) if form else _of(hint, limits)
    default = known.default
    return {**found, "description": known.meaning, **({} if default is None else {"default": default})}


def _of(hint: Any, limits: dict[str, Any]) -> dict[str, Any]:
    """What an annotation takes; a scalar is good where a list is due."""
    if hint in _SIMPLE:
        return {**_SIMPLE[hint], **(limits if hint in {int, float} else {})}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        form = next((item for item in arguments[1:] if isinstance(item, Form)), None)
        if form:
            return _formed(form)
        inner = [item for argument in arguments[1:] for item in getattr(argument, "metadata", [argument])]
        return _of(arguments[0], {**limits, **_limits(inner)})
    if origin in {Union, types.UnionType}:
        return {"anyOf": [_of(argument, limits) for argument in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in {tuple, list}:
        return _list(_of(arguments[0], {}))
    return {"type": "object"}


def _formed(form: Form) -> dict[str, Any]:
    """A form has spellings that JSON Schema has no words for, unless it says which type it is like."""
    return _of(form.like, {}) if form.like else {}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, {"type": "array", "items": item}]} if item else {}


def _limits(metadata: Iterable[Any]) -> dict[str, Any]:
    return {word: getattr(item, name) for item in metadata for name, word in _BOUNDS.items() if hasattr(item, name)}
