"""`nk config explain`: what a key, a section or a plug-in is, and what there is to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.config.describe import nearest, takes
from nk.config.document import FAMILIES, PLACES, Known, default_text, known_keys, option_keys, section_keys
from nk.config.field import match
from nk.config.plugins import SINGULAR, Definition, define, names
from nk.config.whole import SECTIONS, section_type
from nk.config.words import built, built_for, known_only, matching
from nk.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Keys that hold names of plug-ins.
_NAMING = {
    ("model", "type"): "models",
    ("optim", "model"): "models",
    ("expl", "model"): "models",
    ("flags", "models"): "models",
    ("feats", "type"): "features",
    ("flags", "features"): "features",
    ("data", "<database>.type"): "readers",
    ("model", "measure"): "metrics",
}
_ALL = f"`nk config explain FEATS` lists a section; there are {', '.join(map(str.upper, SECTIONS))}"


def explained(word: str) -> list[str]:
    """Lines about a section, a plug-in, or a key, given as `section.key` or `key`.

    Raises:
        ConfigError: there is nothing of that name; with the nearest
    """
    keys = known_keys()
    low = word.lower().strip("[]")
    blocks = [_section(low)] if low in SECTIONS else []
    blocks += [_plugin(item) for item in _definitions(low)]
    if low not in SECTIONS:
        blocks += [_about(item) for item in _keys(keys, low, exact=bool(blocks))]
    if not blocks:
        near = _near(keys, low)
        text = f"`{word}` is not a key, a section or a plug-in"
        raise ConfigError([Problem("nk", 0, text, f"did you mean `{near}`?" if near else _ALL)])
    return [line for block in blocks for line in (*block, "")][:-1]


def _keys(keys: list[Known], low: str, *, exact: bool) -> list[Known]:
    """The keys that a word may mean: of this name, of this shape, or with this last part."""
    section, _, rest = low.partition(".")
    last = low.rpartition(".")[2]
    ways: list[Callable[[Known], bool]] = [
        lambda item: low == item.key.lower() or (section, rest) == (item.section, item.key.lower()),
        lambda item: section == "data" and "." in rest and item.key.lower() == f"<database>.{last}",
        lambda item: _fills(item.key, low) or _fills(item.key, rest),
        lambda item: item.section == section and item.key.lower().rpartition(".")[2] == last != section,
        lambda item: item.key.lower().startswith("<database>.") and item.key.lower().rpartition(".")[2] == rest,
        lambda item: section not in SECTIONS and item.key.lower().rpartition(".")[2] in {low, rest, last},
    ]
    found = ([item for item in keys if way(item)] for way in (ways[:1] if exact else ways))
    return next((items for items in found if items), [])


def _fills(pattern: str, word: str) -> bool:
    """Whether a word is a key of a shape such as `<column>_bins`."""
    return "<" in pattern and not pattern.startswith("<database>") and match(pattern, word) is not None


def _near(keys: list[Known], low: str) -> str | None:
    """The nearest name: of a key behind a section's name within this section."""
    section, dot, rest = low.partition(".")
    if dot:
        place = section if section in SECTIONS else nearest(section, SECTIONS)
        own = {item.key.rpartition(".")[2]: item.key for item in keys if item.section == place}
        own |= {item.key: item.key for item in keys if item.section == place}
        near = nearest(rest, own)
        if place and near:
            return f"{place}.{own[near]}"
    everywhere = [item.key for item in keys] + [name for family in PLACES for name in names(family)] + list(SECTIONS)
    return nearest(low, everywhere) or nearest(low.rpartition(".")[2], [item.key.rpartition(".")[2] for item in keys])


def _definitions(low: str) -> list[Definition]:
    """The plug-ins of this name, in any family."""
    found = ((family, matching(family, low)) for family in PLACES)
    return [item for family, name in found if name and (item := define(family, low if "*" in name else name))]


def _section(name: str) -> list[str]:
    doc = str(section_type(name).__doc__ or "").strip().partition("\n")[0]
    own = doc.removeprefix(f"The section [{name.upper()}]").rstrip(".")
    keys = section_keys(name)
    width = max(len(item.key) for item in keys)
    head = f"[{name.upper()}]{own}" if own != doc.rstrip(".") else f"[{name.upper()}]: {own}"
    lines = [head, *(f"  {item.key:{width}}  {item.meaning}" for item in keys)]
    return lines + (_section_options(name) if name in FAMILIES else [])


def _section_options(name: str) -> list[str]:
    """Whose options stand in a section, too."""
    family = FAMILIES[name]
    options = option_keys(name)
    whose = [(one, [item.key for item in options if one in item.plugins]) for one in built(family)]
    return [f"  options of {one}: {', '.join(own)}" for one, own in whose if own] + _choice(family)


def _choice(family: str) -> list[str]:
    """The names of a family: built ones, by task where that matters, then the others."""
    if family in {"models", "metrics"}:
        lines = [
            f"  built, for {task}: {', '.join(built_for(family, task))}" for task in ("classification", "regression")
        ]
    else:
        lines = [f"  built: {', '.join(built(family))}"]
    others = known_only(family)
    lines += [f"  known but not built: {', '.join(others)}"] if others else []
    return [*lines, f"  more: `nk config explain {built(family)[0]}`, likewise of the others"]


def _plugin(item: Definition) -> list[str]:
    section, way = PLACES[item.family]
    task = f" for {item.task}" if item.task else ""
    head = f"{item.called}: {SINGULAR[item.family]}{task}"
    lines = [head if item.built else f"{head}, known but not built yet", f"  {item.meaning}"]
    if item.built:
        lines.append(f"  write: {way.replace('<name>', item.called)} in [{section.upper()}]")
    else:
        lines.append(f"  built {item.family}: {', '.join(built(item.family))}")
    prefix = "<database>." if section == "data" else ""
    options = [Known(section, f"{prefix}{spot.key}", spot) for spot in item.spots.values()]
    if item.family != "metrics":
        lines.append("  options:" if options else "  options: none")
    return lines + [line for known in options for line in _option(known)]


def _option(known: Known) -> Iterable[str]:
    yield f"    {known.key}: {known.meaning}"
    yield f"      takes {takes(known.spot.field)}; default {default_text(known)}"


def _about(known: Known) -> list[str]:
    lines = [f"[{known.section.upper()}] {known.key}", f"  {known.meaning}", f"  takes: {takes(known.spot.field)}"]
    if "<" not in known.key or known.default is not None:
        lines.append(f"  default: {default_text(known)}")
    if known.plugins:
        lines.append(f"  option of: {', '.join(known.owners)}")
    lines += _values(known)
    near = [item.key for item in section_keys(known.section) if _related(item.key, known.key)]
    return [*lines, f"  see also: {', '.join(near)}"] if near else lines


def _values(known: Known) -> list[str]:
    """What there is to choose from, and how far nk is with it."""
    family = _NAMING.get((known.section, known.key))
    return _choice(family) if family else []


def _related(one: str, other: str) -> bool:
    return one != other and nearest(one.rpartition(".")[2], [other.rpartition(".")[2]]) is not None
