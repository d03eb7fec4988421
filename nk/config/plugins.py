"""The options that plug-ins bring to a section: those of the built ones, and those of the known but not built."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nk import families
from nk.config.field import Spot, spots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nk.registry import Options, Plugin, Registry

REGISTRIES: dict[str, Registry[Any]] = {
    "models": families.models,
    "features": families.features,
    "readers": families.readers,
    "metrics": families.metrics,
}
SINGULAR = {"models": "model", "features": "feature", "readers": "reader", "metrics": "metric"}


@dataclass(frozen=True)
class Definition:
    """A plug-in as far as the config is concerned; `called` is the name as the user wrote it."""

    family: str
    called: str
    options: type[Options]
    plugin: type[Plugin] | None

    @property
    def built(self) -> bool:
        """Whether there is code for it."""
        return self.plugin is not None

    @cached_property
    def spots(self) -> dict[str, Spot]:
        """Its options by their keys in lower case."""
        own = spots(self.options)
        prefix = third_party_prefix(self.plugin)
        if not prefix:
            return own
        return {
            f"{prefix}{spot.name}".lower(): Spot(f"{prefix}{spot.name}", spot.name, spot.field) for spot in own.values()
        }

    @property
    def meaning(self) -> str:
        """What it is, in a sentence: the first line of its docstring."""
        from nk.config.planned.table import meaning

        own = (self.plugin.__doc__ or "").strip().partition("\n")[0] if self.plugin else ""
        return (own or meaning(self.family, self.called)).rstrip(".")

    @property
    def learns_in_epochs(self) -> bool:
        """Whether it is a model that learns in epochs: it then has batches."""
        return "batch_size" in self.options.model_fields

    @property
    def task(self) -> str | None:
        """What a built model learns."""
        return getattr(self.plugin, "task", None)


def third_party_prefix(plugin: type[Plugin] | None) -> str:
    """What stands before the options of a plug-in that is not nk's own: its name and a dot."""
    if plugin is None or plugin.__module__.partition(".")[0] == "nk":
        return ""
    return f"{plugin.name}."


def define(family: str, name: str) -> Definition | None:
    """The plug-in of a name, imported if it is built; None if there is none.

    Raises:
        PluginError: it cannot be imported
    """
    registry = REGISTRIES[family]
    if registry.knows(name):
        plugin = registry.get(name)
        return Definition(family, name, plugin.options_type, plugin)
    from nk.config.planned.table import planned

    options = planned(family, name)
    return Definition(family, name, options, None) if options else None


def names(family: str) -> list[str]:
    """All names and patterns of a family, built or not."""
    from nk.config.planned.table import PLANNED

    return sorted({*REGISTRIES[family].names(), *PLANNED.get(family, {})})


def everything(family: str) -> list[Definition]:
    """Every plug-in of a family, built ones first.

    Raises:
        PluginError: one cannot be imported
    """
    found = (define(family, name) for name in names(family))
    return sorted((item for item in found if item), key=lambda item: not item.built)


class Family:
    """The options of a section that the plug-ins of a family bring; the others are imported only if asked for."""

    def __init__(
        self, family: str, named: Iterable[Definition], load: Callable[[str], list[Definition]] = everything
    ) -> None:
        self.family = family
        self.named = list(named)
        self._load = load

    @cached_property
    def all(self) -> list[Definition]:
        """Every plug-in of the family."""
        return self._load(self.family)

    def find(self, key: str) -> tuple[Spot, list[Definition]] | None:
        """Where a key goes, and the named plug-ins that have it; None if no plug-in of the family has it."""
        low = key.lower()
        having = [item for item in self.named if low in item.spots]
        if having:
            return having[0].spots[low], having
        other = next((item for item in self.all if low in item.spots), None)
        return (other.spots[low], []) if other else None

    def keys(self) -> list[str]:
        """All keys of all plug-ins of the family."""
        return sorted({spot.key for item in self.all for spot in item.spots.values()})
