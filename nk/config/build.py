"""From a source to a config: section after section, then what has to hold between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk.config import cross, databases
from nk.config.check import Group, Outcome, flattened, grouped, is_value, last, modernised, sort_out, unknown, validated
from nk.config.data import Data, Database
from nk.config.describe import nearest
from nk.config.field import spots
from nk.config.findings import Findings
from nk.config.model import DEFAULTS
from nk.config.options import named, take
from nk.config.plugins import Definition, Family
from nk.config.quotes import straight
from nk.config.unbuilt import is_unbuilt, note_unbuilt
from nk.config.values import MisfitError, as_file_name, as_items, as_text
from nk.config.whole import SECTIONS, Config, section_type
from nk.errors import Problem

if TYPE_CHECKING:
    from nk.config.source import Entry, Source

_FAMILIES = {"model": "models", "feats": "features"}
# Keys that name plug-ins or databases outside the sections that these belong to.
_NAMING = {
    "models": (("model", "type"), ("flags", "models"), ("optim", "model"), ("expl", "model")),
    "features": (("feats", "type"), ("flags", "features")),
}
_MENTIONS = (
    ("data", "tests"),
    ("exp", "databases"),
    ("crossdb", "train_extra"),
    ("data", "label_data"),
    ("exp", "lodo_dev"),
)


@dataclass(eq=False, repr=False)
class Build:
    """The config while it is made."""

    file: str
    found: Findings
    entries: dict[str, list[Entry]]
    roots: bool = True
    groups: dict[str, Group] = field(default_factory=dict)
    sections: dict[str, Any] = field(default_factory=dict)
    named: dict[str, list[Definition]] = field(default_factory=dict)
    data: databases.Sorted = field(default_factory=databases.Sorted)

    def entry(self, section: str, key: str) -> Entry | None:
        """The entry of a key, if the file has it."""
        group = self.groups.get(section)
        return group.get(key) if group else None

    def mentions(self) -> list[tuple[Entry, str]]:
        """Databases that other keys than the list name, and where."""
        entries = (last(self.entries.get(section, []), key) for section, key in _MENTIONS)
        return [(entry, word) for entry in entries if entry for word in words(entry)]

    @property
    def task(self) -> str | None:
        """What is learnt, classes or numbers; None where [EXP] `type` is wrong, which is one problem, not three."""
        exp = self.sections.get("exp")
        if self.entry("exp", "type") and exp and "type" not in exp.model_fields_set:
            return None
        return exp.type if exp else "classification"

    @property
    def learner(self) -> Definition | None:
        """The model of [MODEL] `type`."""
        kind = self.sections["model"].type if "model" in self.sections else None
        return next((item for item in self.named.get("models", []) if item.called == kind), None)


def assemble(source: Source, extra: list[Entry], *, roots: bool) -> tuple[Config, Findings]:
    """The config of a source with overrides, as far as it goes, and everything that was found on the way."""
    found = Findings(source.file, list(source.problems))
    build = Build(source.file, found, _by_section(source, extra, found), roots)
    mentioned = {name for _, name in build.mentions()}
    _data(build, mentioned)
    for name in [name for name in build.entries if name not in {"data", "model"}]:
        _section(build, name)
    if "model" in build.entries:
        _section(build, "model")
    _note(build)
    cross.check(build, mentioned)
    return _whole(build), found


def _by_section(source: Source, extra: list[Entry], found: Findings) -> dict[str, list[Entry]]:
    """Entries by section; keys that have moved are in their present one."""
    for name, line in source.sections.items():
        if name not in SECTIONS:
            found.problems.append(_no_section(name, line, source.file))
    for entry in extra:
        if entry.section not in SECTIONS and entry.section not in source.sections:
            found.problems.append(_no_section(entry.section, 0, entry.file))
    sections: dict[str, list[Entry]] = {name: [] for name in source.sections if name in SECTIONS}
    entries = straight([entry for entry in [*source.entries, *extra] if entry.section in SECTIONS], found)
    for entry in [item for item in entries if item.section == "data"]:
        sections.setdefault("data", []).append(entry)
    for entry in modernised([item for item in entries if item.section != "data"], found):
        sections.setdefault(entry.section, []).append(entry)
    return sections


def _no_section(name: str, line: int, file: str) -> Problem:
    near = nearest(name, SECTIONS)
    hint = (
        f"did you mean `[{near.upper()}]`?"
        if near
        else f"there are {', '.join(f'[{item.upper()}]' for item in SECTIONS)}"
    )
    return Problem(file, line, f"[{name.upper()}] is not a section", hint)


def words(entry: Entry | None) -> list[str]:
    """The names in an entry; none if it holds no names."""
    if entry is None:
        return []
    try:
        found = [as_text(item).strip() for item in as_items(entry.value)]
    except MisfitError:
        return []
    return [word for word in found if word and word.lower() not in {"false", "none", "null", "~"}]


def _data(build: Build, mentioned: set[str]) -> None:
    found = build.found
    sets = databases.sort_entries(build.entries.get("data", []), mentioned, found)
    if build.roots:
        entries = databases.root_entries(sets.own, build.file, found)
        build.roots = entries is not None
        databases.with_roots(sets, entries or [], mentioned)
    group = build.groups["data"] = grouped("data", sets.own, found)
    outcome = sort_out(Data, group, found)
    prefixes = [f"{name}.{spot.key}" for name in sets.listed for spot in spots(Database).values()]
    for entry in outcome.rest.values():
        names = [*(spot.key for spot in spots(Data).values()), *prefixes, "databases", *_reader_keys(sets)]
        listed = ", ".join(repr(name) for name in [*sets.listed, entry.key])
        otherwise = None if "." in entry.key else f"if it is a database, name it: `databases = [{listed}]`"
        unknown(entry, "", names, found, _old_keys(sets), otherwise)
    channel = outcome.values.get("channel")
    made = {name: databases.database(name, sets.bases.get(name, []), sets, found, channel) for name in sets.all_names()}
    outcome.values["databases"] = {name: made[name] for name in sets.listed}
    outcome.values["others"] = {name: made[name] for name in made if name not in sets.listed}
    if build.roots:
        outcome.values.pop("root_folders", None)
    build.sections["data"] = validated(Data, outcome, group, found)
    build.data = sets


def _reader_keys(sets: databases.Sorted) -> list[str]:
    keys = Family("readers", []).keys()
    return [f"{name}.{key}" for name in sets.listed for key in keys]


def _old_keys(sets: databases.Sorted) -> dict[str, str]:
    """Old keys and the present ones, so that a slip in an old name leads to the present one."""
    from nk.config.legacy import RENAMED, RENAMED_IN_DATABASE

    own = {old: now for (section, old), now in RENAMED.items() if section == "data" and isinstance(now, str)}
    return own | {f"{name}.{old}": f"{name}.{now}" for name in sets.listed for old, now in RENAMED_IN_DATABASE.items()}


def _section(build: Build, name: str) -> None:
    """One section: its own keys, then those of its plug-ins."""
    model, found = section_type(name), build.found
    entries = flattened(build.entries[name], lambda key, content: is_value(key, content, lambda word: hint(name, word)))
    group = build.groups[name] = grouped(name, entries, found)
    outcome = sort_out(model, group, found)
    if name == "exp":
        outcome.values.setdefault("name", default_name(build.file))
    if name in _FAMILIES:
        build.named |= {_FAMILIES[name]: _named(build, _FAMILIES[name])}
        _options(build, name, outcome)
    elif name == "optim":
        from nk.config import spaces

        outcome.values["space"] = spaces.search_space(outcome.rest, group, found, _searched(build))
    elif name == "flags":
        from nk.config import spaces

        spaces.flags(outcome, group, found)
    else:
        core = [spot.key for spot in spots(model).values()]
        for entry in outcome.rest.values():
            unknown(entry, "", core, found, _renamed_in(name))
    build.sections[name] = validated(model, outcome, group, found)


def _searched(build: Build) -> Family:
    """The model whose options [OPTIM] searches: that of [MODEL], else its own, else what learns where none is named."""
    entry = last(build.entries["optim"], "model")
    own = words(entry) or [DEFAULTS[build.task or "classification"]]
    first = words(last(build.entries.get("model", []), "type"))
    name = now("model", "type", (first or own)[0])
    return Family("models", named("models", [name], None if first else entry, build.found, "optim", build.task))


def _renamed_in(section: str) -> dict[str, str]:
    from nk.config.legacy import RENAMED

    return {old: now for (where, old), now in RENAMED.items() if where == section and isinstance(now, str)}


def hint(section: str, key: str) -> Any:
    """The annotation of a key of a section or of its plug-ins; None if there is no such key."""
    spot = spots(section_type(section)).get(key.lower())
    if spot is None and section in _FAMILIES:
        found = Family(_FAMILIES[section], []).find(key)
        spot = found[0] if found else None
    if spot is None:
        return None
    takes_mapping = any("{" in getattr(item, "text", "") for item in spot.field.metadata) or spot.key == "layers"
    return dict[str, Any] if takes_mapping else spot.field.annotation


def default_name(file: str) -> str:
    """The name of the experiment where the file gives none."""
    try:
        return as_file_name(Path(file).stem.lstrip(". "))
    except MisfitError:
        return "experiment"


def _named(build: Build, family: str) -> list[Definition]:
    """The plug-ins that the file names; the first key in `_NAMING` is the one that says what runs."""
    definitions: list[Definition] = []
    for section, key in _NAMING[family]:
        entry = last(build.entries.get(section, []), key)
        entry = entry if entry is None or not hasattr(entry.value, "lines") else None
        names = [now(section, key, word) for word in words(entry)]
        wanted = [word for word in names if word.lower() != "none"]
        # [OPTIM] and [EXPL] name models that only they need, [OPTIM] only where [MODEL] names none.
        noted = section != "expl" and not (section == "optim" and definitions)
        definitions += named(family, wanted, entry, build.found, section, build.task, noted=noted)
    if family == "features" and not definitions:
        definitions = named(family, ["os"], None, build.found, "feats")
    if family == "models" and not definitions and build.task:
        definitions = named(family, [DEFAULTS[build.task]], None, build.found, "model")
    return definitions


def now(section: str, key: str, word: str) -> str:
    """The present name of a plug-in."""
    from nk.config.legacy import VALUES

    return str(VALUES.get((section, key), {}).get(word.lower(), word))


def _options(build: Build, name: str, outcome: Outcome) -> None:
    family = Family(_FAMILIES[name], build.named[_FAMILIES[name]])
    core = [spot.key for spot in spots(section_type(name)).values()]
    search = outcome.values.get("tuning_params") or () if name == "model" else ()
    taken = take(family, outcome.rest, build.groups[name], core, build.found, search)
    outcome.values["options"] = taken.options
    if taken.search:
        outcome.values["search"] = taken.search


def _note(build: Build) -> None:
    """Say what is not built; of a section that is not built at all, once."""
    for name, group in build.groups.items():
        model = section_type(name)
        if is_unbuilt(model):
            if group.entries and build.sections[name] != model.model_construct():
                build.found.not_built_section(min(group.entries.values(), key=lambda entry: entry.line))
            continue
        note_unbuilt(model, build.sections[name], group, build.found, build.learner)


def _whole(build: Build) -> Config:
    exp = build.sections.get("exp")
    if exp is None or not exp.name:
        build.sections["exp"] = section_type("exp").model_construct(name=default_name(build.file))
    return Config(**build.sections)
