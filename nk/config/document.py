"""What there is to set, in words: `nk config defaults` and the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nk.config.data import Database
from nk.config.describe import nearest, takes
from nk.config.field import Spot, patterns, spots
from nk.config.plugins import everything
from nk.config.whole import SECTIONS, section_type
from nk.config.write import ini_value, yaml_text, yaml_value
from nk.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from nk.config.plugins import Definition

FAMILIES = {"data": "readers", "feats": "features", "model": "models"}
# Family -> section and key that names its plug-ins.
PLACES = {
    "models": ("model", "type = <name>"),
    "features": ("feats", "type = ['<name>']"),
    "readers": ("data", "<database>.type = <name>"),
    "metrics": ("model", "measure = <name>"),
}


@dataclass(frozen=True)
class Known:
    """A key that can be set: `key` as written in its section, `plugins` have it as option, `unbuilt` among them."""

    section: str
    key: str
    spot: Spot
    plugins: tuple[str, ...] = ()
    unbuilt: tuple[str, ...] = ()

    @property
    def built(self) -> bool:
        """Whether it is a key of its section, or an option of a plug-in that is built."""
        return not self.plugins or set(self.unbuilt) != set(self.plugins)

    @property
    def owners(self) -> list[str]:
        """The plug-ins whose option it is; those that are not built are marked, unless all are."""
        return [f"{name} (not built)" if self.built and name in self.unbuilt else name for name in self.plugins]

    @property
    def default(self) -> Any:
        """Its value when it is not set."""
        return None if "<" in self.key and self.spot.note("pattern") else self.spot.default

    @property
    def meaning(self) -> str:
        """What it means, with its unit and how far nk is with it."""
        text, unit = self.spot.field.description or "", self.spot.note("unit")
        return f"{text} ({unit}){self.state}" if unit and unit not in text.split() else f"{text}{self.state}"

    @property
    def state(self) -> str:
        """How far nk is with it, to follow its description."""
        if self.spot.note("idle"):
            return f"; has no effect: {self.spot.note('idle')}"
        return "; not built yet" if self.spot.note("built") is False or not self.built else ""


def section_keys(section: str) -> list[Known]:
    """The keys of a section itself, those of a database last."""
    found = _keys(section, section_type(section))
    if section == "data":
        found += _keys("data", Database, "<database>.")
    return found


def _keys(section: str, model: type[BaseModel], prefix: str = "") -> list[Known]:
    own = [Known(section, f"{prefix}{spot.key}", spot) for spot in spots(model).values()]
    return own + [Known(section, f"{prefix}{spot.note('pattern')}", spot) for spot in patterns(model)]


def option_keys(section: str) -> list[Known]:
    """The options that plug-ins bring to a section; equal ones of several plug-ins once."""
    prefix = "<database>." if section == "data" else ""
    groups: dict[tuple[str, str], list[tuple[Spot, Definition]]] = {}
    for definition in everything(FAMILIES[section]) if section in FAMILIES else ():
        for spot in definition.spots.values():
            same = (spot.key, f"{takes(spot.field)} {spot.default!r} {spot.field.description}")
            groups.setdefault(same, []).append((spot, definition))
    return [
        Known(
            section,
            f"{prefix}{key}",
            found[0][0],
            tuple(item.called for _, item in found),
            tuple(item.called for _, item in found if not item.built),
        )
        for (key, _), found in sorted(groups.items(), key=lambda item: item[0])
    ]


def known_keys() -> list[Known]:
    """Every key of every section."""
    return [known for section in SECTIONS for known in (*section_keys(section), *option_keys(section))]


def default_text(known: Known) -> str:
    """The default of a key as INI writes it, or in words."""
    value = known.default
    if known.section == "exp" and known.key == "name":
        return "the name of the file"
    return "none" if value is None else ini_value(value) if value != "" else "empty"


def defaults(section: str | None, spelling: str) -> str:
    """Every key with its default, and its meaning as a comment; as a config it changes nothing.

    Raises:
        ConfigError: there is no such section
    """
    if section is not None and section.lower() not in SECTIONS:
        near = nearest(section, SECTIONS)
        hint = f"did you mean `{near.upper()}`?" if near else f"there are {', '.join(map(str.upper, SECTIONS))}"
        raise ConfigError([Problem("nk", 0, f"[{section.upper()}] is not a section", hint)])
    names = [section.lower()] if section else list(SECTIONS)
    return "\n".join("\n".join(_default_lines(name, spelling)) + "\n" for name in names)


def _default_lines(section: str, spelling: str) -> list[str]:
    yaml = spelling == "yaml"
    lines = [f"{section}:" if yaml else f"[{section.upper()}]"]
    indent = "  " if yaml else ""
    if section == "data":
        lines += [
            f"{indent}# names of the databases; each needs its own keys",
            f"{indent}databases{':' if yaml else ' ='} []",
        ]
    for known in (*section_keys(section), *option_keys(section)):
        whose = f" ({', '.join(known.plugins)})" if known.plugins else ""
        lines.append(f"{indent}# {known.meaning}{whose}")
        active = not known.plugins and "<" not in known.key and known.default != ""
        lines.append(f"{indent}{'' if active else '# '}{_assigned(known, yaml=yaml)}")
    return lines


def _assigned(known: Known, *, yaml: bool) -> str:
    value = known.default
    if yaml:
        key = known.key if "<" in known.key else yaml_text(known.key)
        return f"{key}: {yaml_value(value)}" if value != "" else f"{key}:"
    return f"{known.key} = {ini_value(value)}" if value != "" else f"{known.key} ="


def reference() -> str:
    """The page docs/reference/config.md."""
    parts = [_HEAD]
    for section in SECTIONS:
        parts.append(f"## [{section.upper()}]\n\n{_table(section_keys(section))}")
        options = option_keys(section)
        if options:
            parts.append(f"### Options of {FAMILIES[section]}\n\n{_table(options)}")
    parts += [f"## {family.capitalize()}\n\n{_names_table(family)}" for family in PLACES]
    return "\n".join(parts)


def _names_table(family: str) -> str:
    """The plug-ins of a family, built ones first."""
    rows = [f"Write `{PLACES[family][1]}` in [{PLACES[family][0].upper()}].", ""]
    rows += ["| name | what it is | for | built |", "| --- | --- | --- | --- |"]
    for item in everything(family):
        cells = (f"`{item.called}`", item.meaning.replace("|", "\\|"), item.task or "", "yes" if item.built else "no")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


_HEAD = """# Config keys

Made by `nk config schema --docs` from the same models that check a config; `nk config explain KEY` says the same of
one key. Names of sections and keys are case-insensitive. INI writes `key = value` below `[SECTION]`; YAML writes
`key: value` below `section:`, and a dot in a key is nesting or stays a dot.
"""


def _table(keys: Iterable[Known]) -> str:
    rows = ["| key | takes | default | unit | meaning |", "| --- | --- | --- | --- | --- |"]
    for known in keys:
        note = known.spot.note
        of = f" *Option of {', '.join(map(_marked, known.owners))}.*" if known.plugins else ""
        meaning = f"{known.spot.field.description}{known.state}.{of}"
        cells = [f"`{known.key}`", takes(known.spot.field), _cell(known), note("unit") or "", meaning]
        rows.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _marked(owner: str) -> str:
    name, blank, rest = owner.partition(" ")
    return f"`{name}`{blank}{rest}"


def _cell(known: Known) -> str:
    return "" if known.default is None or known.default == "" else f"`{default_text(known)}`"
