"""A config with nothing left open: what was not set has its default, so that later defaults change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk.config.field import Spot
from nk.config.whole import Config

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel

    from nk.registry import Plugin


def resolved(config: Config, sections: Iterable[str], plugins: Mapping[str, Iterable[Plugin]]) -> Config:
    """The sections that a command uses, complete.

    Args:
        config: as it was loaded
        sections: names of the sections that the command reads
        plugins: the plug-ins that it uses, by the section that holds their options; readers by their database's name
    """
    whole = {name: _complete(getattr(config, name), plugins.get(name, ())) for name in sections}
    data = whole["data"]
    named = {
        name: _complete(one, plugins.get(name, ())).model_copy(update={"type": one.reader})
        for name, one in {**data.databases, **data.tested}.items()
    }
    databases = {name: named[name] for name in data.databases}
    others = {name: named[name] for name in named if name not in databases}
    whole["data"] = data.model_copy(update={"databases": databases, "others": others})
    return Config(**whole)


def _complete(section: BaseModel, plugins: Iterable[Plugin]) -> Any:
    model, given = type(section), section.model_fields_set
    # Each cell of a matrix is a run of its own, whichever others there are, and no result depends on where it was made.
    apart = {name for name in model.model_fields if _spot(model, name).note("of") in {"crossdb", "cluster"}}
    values = {name: _spot(model, name).default if name in apart else getattr(section, name)
              for name in model.model_fields}  # fmt: skip
    named = {name for name, value in values.items() if value is not None and _is_read(model, name)}
    if "options" in values:
        options = {key: value for plugin in plugins for key, value in _options(plugin).items()}
        values["options"] = {key: value for key, value in options.items() if key not in values.get("search", ())}
    return model.model_construct(_fields_set=(named | given) - apart, **values)


def _spot(section: type[BaseModel], name: str) -> Spot:
    field = section.model_fields[name]
    return Spot(field.alias or name, name, field)


def _is_read(section: type[BaseModel], name: str) -> bool:
    spot = _spot(section, name)
    return spot.note("built") is not False and not spot.note("idle")


def _options(plugin: Plugin) -> dict[str, Any]:
    """Options as a config writes them; those of a third party behind its name."""
    from nk.config.plugins import third_party_prefix

    prefix = third_party_prefix(type(plugin))
    values = plugin.options.model_dump(by_alias=not prefix)
    return {f"{prefix}{key}": value for key, value in values.items() if value is not None}
