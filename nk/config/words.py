"""The names that there are to choose from, in words: which are built, which were probably meant."""

from __future__ import annotations

from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from nk.config.check import several
from nk.config.describe import choices
from nk.config.plugins import REGISTRIES, define, names

if TYPE_CHECKING:
    from collections.abc import Iterable

# How near a name has to be, from 0 to 1, to be taken for the one that was meant.
_NEAR = 0.6


def listed(found: Iterable[str]) -> str:
    """Names between backticks."""
    return ", ".join(f"`{name}`" for name in found)


def built(family: str) -> list[str]:
    """The names of a family that are built, sorted."""
    return REGISTRIES[family].names()


def built_for(family: str, task: str | None) -> list[str]:
    """The built names, of models only those that learn this.

    Raises:
        PluginError: a plug-in cannot be imported
    """
    fitting = task is None or family not in {"models", "metrics"}
    return [name for name in built(family) if fitting or REGISTRIES[family].get(name).task == task]


def known_only(family: str) -> list[str]:
    """The names of a family that are known but not built, sorted."""
    have = set(built(family))
    return [name for name in names(family) if name not in have]


def name_hint(family: str, word: str, task: str | None) -> str:
    """The way out for a name that there is not: the nearest, of equally near ones a built one of the right task.

    Raises:
        PluginError: a plug-in cannot be imported
    """
    if "," in word:
        return str(several(word))
    near = sorted((-_nearness(word, name), not _is_built(family, name), _task(family, name) != task, name)
                  for name in names(family) if _nearness(word, name) >= _NEAR)  # fmt: skip
    if near:
        best = near[0][3]
        return f"did you mean `{best}`?" + ("" if _is_built(family, best) else " It is known, but not built yet")
    found = built_for(family, task)
    other = _value_of(family, word, found)
    if other:
        return other
    return f"there {'are' if len(found) > 1 else 'is'} {listed(found)}"


def _value_of(family: str, word: str, found: Iterable[str]) -> str | None:
    """What to write where the word is the package of a plug-in, or a value of one of its options."""
    for name in found:
        definition = define(family, name)
        if definition and getattr(definition.plugin, "package", "").lower() == word.lower():
            return f"did you mean `{name}`?"
        for spot in definition.spots.values() if definition else ():
            value = next((item for item in choices(spot.field.annotation) if item.lower() == word.lower()), None)
            if value:
                return f"that is a value of `{spot.key}`: write `type = {name}` and `{spot.key} = {value}`"
    return None


def known(family: str, word: str) -> bool:
    """Whether there is a plug-in of this name, built or not."""
    return define(family, word) is not None


def _is_built(family: str, name: str) -> bool:
    return name in built(family)


def _task(family: str, name: str) -> str | None:
    definition = define(family, name)
    return definition.task if definition else None


def _nearness(word: str, name: str) -> float:
    if sorted(word.lower()) == sorted(name.lower()):
        return 1.0  # two letters have changed places
    return SequenceMatcher(None, word.lower(), name.lower()).ratio()


def matching(family: str, word: str) -> str | None:
    """The name or pattern of a family that a word is, in any case."""
    low = word.lower()
    exact = next((name for name in names(family) if name.lower() == low), None)
    return exact or next((name for name in names(family) if "*" in name and fnmatchcase(low, name.lower())), None)
