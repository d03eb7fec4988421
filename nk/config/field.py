"""How a key of the config is declared: its default, its meaning, its unit, its bounds, and how far nk is with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


class Section(BaseModel):
    """A section of the config."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        defer_build=True,
        protected_namespaces=(),
        validate_by_name=True,
        validate_by_alias=True,
    )


def key(
    default: Any,
    text: str,
    *,
    unit: str | None = None,
    built: bool = True,
    idle: str | None = None,
    networks: bool = False,
    of: str | None = None,
    pattern: str | None = None,
    **more: Any,
) -> Any:
    """Declare a key.

    Args:
        default: its value when it is not set
        text: what it means
        unit: unit of a number
        built: False if nothing reads it yet
        idle: why it is accepted though nothing depends on it
        networks: whether it matters only to models that learn in epochs
        of: the section (command) that needs it, if not its own
        pattern: for a field that gathers keys of one shape, as `<column>_bins`; the part in angle brackets is the name
        more: what pydantic's `Field` takes: alias and bounds
    """
    notes = {"unit": unit, "built": built, "idle": idle, "networks": networks, "of": of, "pattern": pattern}
    plain = {"unit": None, "built": True, "idle": None, "networks": False, "of": None, "pattern": None}
    extra: Any = {name: value for name, value in notes.items() if value != plain[name]}
    return Field(default, description=text, json_schema_extra=extra or None, **more)


@dataclass(frozen=True)
class Spot:
    """Where a key of a file goes: `key` as it is spelled, `name` and `field` of the model."""

    key: str
    name: str
    field: FieldInfo

    def note(self, what: str) -> Any:
        """A note of `key`, None where there is none."""
        extra = self.field.json_schema_extra
        return extra.get(what) if isinstance(extra, dict) else None

    @property
    def default(self) -> Any:
        """Its value when it is not set."""
        return self.field.get_default(call_default_factory=True)


@cache
def spots(model: type[BaseModel]) -> dict[str, Spot]:
    """The keys of a model by their names in lower case, without those that are filled from elsewhere."""
    found = (Spot(field.alias or name, name, field) for name, field in model.model_fields.items())
    return {spot.key.lower(): spot for spot in found if not spot.note("pattern")}


@cache
def patterns(model: type[BaseModel]) -> tuple[Spot, ...]:
    """The fields of a model that gather keys of one shape."""
    return tuple(
        spot
        for name, field in model.model_fields.items()
        if (spot := Spot(name, name, field)).note("pattern") not in {None, "-"}
    )


def match(pattern: str, word: str) -> str | None:
    """The name in a key of the shape `<name>_bins`."""
    head, _, tail = pattern.partition("<")
    tail = tail.partition(">")[2]
    if len(word) <= len(head + tail) or not word.lower().startswith(head) or not word.lower().endswith(tail):
        return None
    return word[len(head) : len(word) - len(tail)]
