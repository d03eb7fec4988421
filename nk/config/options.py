"""The options that a section's plug-ins bring: found by name, brought to type, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import TypeAdapter, ValidationError

from nk.config.check import Group, current, fitted, refuse, shown, unknown
from nk.config.field import spots
from nk.config.plugins import SINGULAR, Definition, Family, define, third_party_prefix
from nk.config.values import MisfitError, as_items, opened
from nk.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nk.config.field import Spot
    from nk.config.findings import Findings
    from nk.config.source import Entry
    from nk.registry import Options, Plugin


@dataclass(eq=False, repr=False)
class Taken:
    """Options by their canonical keys; `search` holds those that have several values to try."""

    options: dict[str, Any] = field(default_factory=dict)
    search: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def named(
    family: str,
    words: Iterable[str],
    entry: Entry | None,
    found: Findings,
    section: str,
    task: str | None = None,
    *,
    noted: bool = True,
) -> list[Definition]:
    """The plug-ins of these names; a wrong name is a problem, one that is not built is `noted`."""
    definitions = []
    for word in words:
        definition = define(family, word)
        if definition:
            definitions.append(definition)
        if entry and (definition is None or (noted and not definition.built)):
            _note(family, word, entry, found, section, task)
    return definitions


def _note(family: str, word: str, entry: Entry, found: Findings, section: str, task: str | None) -> None:
    """Say of a name that there is nothing of that name, or not yet."""
    from nk.config.words import built_for, known, listed, name_hint

    if known(family, word):
        found.not_built(entry, section, word, f"built {family} are {listed(built_for(family, task))}")
    else:
        found.wrong(entry, f"names `{word}`, which is not a {SINGULAR[family]}", name_hint(family, word, task))


def take(
    family: Family,
    rest: Mapping[str, Entry],
    group: Group,
    core: list[str],
    found: Findings,
    search: Iterable[str] = (),
) -> Taken:
    """Options from the entries that are no keys of the section itself.

    Args:
        family: the plug-ins that may have them
        rest: the entries, by their keys in lower case
        group: the section or database that they come from
        core: the section's own keys, for the nearest name
        found: where problems go
        search: options that may have several values, to be tried one after the other
    """
    taken = Taken()
    several = {name.lower() for name in search}
    for low, entry in rest.items():
        hit = family.find(low)
        if hit is None:
            unknown(entry, group.prefix, [*core, *family.keys()], found, {})
            continue
        spot, having = hit
        _warn(entry, family, having, found)
        if low in several and _is_list(entry.value):
            _search(spot, entry, having or family.all, found, taken)
        else:
            _one(spot, entry, group, having or family.all, found, taken)
    return taken


def _warn(entry: Entry, family: Family, having: list[Definition], found: Findings) -> None:
    if family.named and not having:
        found.odd(entry, f"has no effect with {' and '.join(f'`{item.called}`' for item in family.named)}")


def _is_list(value: Any) -> bool:
    try:
        return isinstance(opened(value), list | tuple)
    except MisfitError:
        return False


def _one(spot: Spot, entry: Entry, group: Group, having: list[Definition], found: Findings, taken: Taken) -> None:
    value = current(spot, entry, group, found)
    try:
        taken.options[spot.key] = bounded(having, spot, fitted(value, spot))
    except MisfitError as misfit:
        hint = misfit.hint
        if hint is None and _is_list(value):
            hint = f"to try several values, put `{spot.key}` into `tuning_params`"
        refuse(entry, spot, found, hint)


def _search(spot: Spot, entry: Entry, having: list[Definition], found: Findings, taken: Taken) -> None:
    try:
        taken.search[spot.key] = tuple(bounded(having, spot, fitted(item, spot)) for item in as_items(entry.value))
    except MisfitError as misfit:
        refuse(entry, spot, found, misfit.hint)


def bounded(definitions: Iterable[Definition], spot: Spot, value: Any) -> Any:
    """The value as its plug-in has it, its bounds checked.

    Raises:
        MisfitError: it is out of bounds
    """
    owner = next(item for item in definitions if item.spots.get(spot.key.lower()) is not None)
    alias = spot.field.alias or spot.name
    try:
        return getattr(owner.options.model_validate({alias: value}, strict=True), spot.name)
    except ValidationError as error:
        wrong = [item for item in error.errors(include_url=False) if item["loc"]]
        if wrong:
            own = next((item["msg"] for item in wrong if item["type"] == "value_error"), None)
            raise MisfitError(own and own.removeprefix("Value error, ")) from None
    # The plug-in objects to this value beside its defaults; beside what else is set, `cross` will see.
    hint: Any = Annotated[(spot.field.annotation, *spot.field.metadata)]
    return TypeAdapter(hint).validate_python(value, strict=True)


def options_for(plugin: type[Plugin], options: Mapping[str, Any]) -> Options:
    """The plug-in's own options from those of a section; options of other plug-ins are left out.

    Raises:
        ConfigError: the plug-in refuses them
    """
    prefix = third_party_prefix(plugin)
    own = {}
    for spot in spots(plugin.options_type).values():
        key = f"{prefix}{spot.name}" if prefix else spot.key
        if key in options:
            own[spot.field.alias or spot.name] = options[key]
    try:
        return plugin.options_type.model_validate(own, strict=True)
    except ValidationError as error:
        problems = [Problem("config", 0, refused(plugin.name, item)) for item in error.errors(include_url=False)]
        raise ConfigError(problems) from None


def refused(name: str, error: Any) -> str:
    """A plug-in's own objection to its options, as one sentence."""
    place = ".".join(str(part) for part in error["loc"])
    reason = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    what = f"`{place}` of `{name}`" if place else f"the options of `{name}`"
    return f"{what} cannot be {shown(error['input'])}: {reason}" if place else f"{what} do not fit together: {reason}"
