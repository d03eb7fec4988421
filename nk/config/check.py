"""From entries to a config: every key to its place, every value to its type, every problem at once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import BeforeValidator, ValidationError

from nk.config import legacy
from nk.config.describe import choices, did_you_mean, of_type, takes
from nk.config.field import Spot, match, patterns, spots
from nk.config.values import MisfitError, Plain, fit, number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import BaseModel

    from nk.config.findings import Findings
    from nk.config.source import Entry

# The "file" of what comes by `--set`, which goes over the rest.
OVERRIDE = "--set"
# A key that is a value and a prefix at once has this key in YAML.
SELF = "value"


@dataclass(eq=False, repr=False)
class Group:
    """The entries of one section or database by their keys in lower case; `prefix` stands before the keys."""

    section: str
    entries: dict[str, Entry]
    prefix: str = ""

    def get(self, key: str) -> Entry | None:
        """The entry of a key."""
        return self.entries.get(key.lower())


@dataclass(eq=False, repr=False)
class Outcome:
    """Values that fitted, by alias, and the entries that belong to no field."""

    values: dict[str, Any] = field(default_factory=dict)
    rest: dict[str, Entry] = field(default_factory=dict)


def grouped(section: str, entries: list[Entry], found: Findings, prefix: str = "") -> Group:
    """The entries by their keys; a key that is there twice is a problem."""
    group = Group(section, {}, prefix)
    for entry in entries:
        low = entry.key.lower().removeprefix(prefix.lower())
        first = group.entries.setdefault(low, entry)
        if entry.file == OVERRIDE:
            group.entries[low] = entry
        elif first is not entry:
            found.wrong(entry, _twice(entry, first), "delete one of the two")
    return group


def last(entries: list[Entry], key: str) -> Entry | None:
    """The entry of a key that holds: what comes by `--set` stands at the end."""
    return next((entry for entry in reversed(entries) if entry.key.lower() == key), None)


def _twice(entry: Entry, first: Entry) -> str:
    other = "" if first.key.lower() == entry.key.lower() else f", as `{first.key}`"
    return f"is there twice, first in line {first.line}{other}"


def flattened(entries: list[Entry], takes_mapping: Callable[[str, Mapping[str, Any]], bool]) -> list[Entry]:
    """Mappings of YAML as dotted keys, save those that are values."""
    flat: list[Entry] = []
    for entry in entries:
        lines = getattr(entry.value, "lines", None)
        if lines is None or takes_mapping(entry.key, entry.value):
            flat.append(entry)
            continue
        for name, value in entry.value.items():
            if name.lower() == SELF:
                flat.append(replace(entry, value=value, line=lines[name]))
            else:
                inner = replace(entry, key=f"{entry.key}.{name}", value=value, line=lines[name])
                flat += flattened([inner], takes_mapping)
    return flat


def is_value(name: str, content: Mapping[str, Any], known: Callable[[str], Any]) -> bool:
    """Whether a mapping under a key of YAML is its value, not its sub-keys; `known` gives the annotation of a key."""
    annotation = known(name)
    if annotation is None or ("mapping" not in of_type(annotation) and "{" not in of_type(annotation)):
        return False
    return not content or not all(inner.lower() == SELF or known(f"{name}.{inner}") is not None for inner in content)


def modernised(entries: list[Entry], found: Findings) -> list[Entry]:
    """Entries under their present names; dead ones are dropped with a warning, as is an old name beside the present."""
    kept = []
    present = {(entry.section, entry.key.lower()) for entry in entries}
    for entry in entries:
        why = legacy.DEAD.get((entry.section, entry.key.lower()))
        now = legacy.renamed(entry)
        if why:
            found.odd(entry, f"has no effect: {why}")
        elif now:
            other = f"[{now.section.upper()}] `{now.key}`" if now.section != entry.section else f"`{now.key}`"
            if (now.section, now.key.lower()) in present and entry.file != OVERRIDE:
                found.odd(entry, f"has no effect: it is now {other}, which is there too")
            else:
                found.odd(entry, f"is now {other}")
                kept.append(now)
        else:
            kept.append(entry)
    return kept


def sort_out(model: type[BaseModel], group: Group, found: Findings) -> Outcome:
    """Bring the entries of a section to the types of its fields."""
    outcome = Outcome()
    known = spots(model)
    for low, entry in group.entries.items():
        spot = known.get(low)
        if spot:
            place(spot, entry, group, found, outcome)
        elif not _gather(model, entry, found, outcome):
            outcome.rest[low] = entry
    return outcome


def place(spot: Spot, entry: Entry, group: Group, found: Findings, outcome: Outcome) -> None:
    """One entry to its field."""
    value = current(spot, entry, group, found)
    try:
        outcome.values[spot.key] = fitted(value, spot)
    except MisfitError as misfit:
        refuse(entry, spot, found, misfit.hint)


def fitted(value: Any, spot: Spot) -> Any:
    """A value brought to the type of its field.

    Raises:
        MisfitError: it does not fit
    """
    form = next((item for item in spot.field.metadata if hasattr(item, "convert")), None)
    try:
        return form.convert(value) if form else fit(value, spot.field.annotation)
    except MisfitError:
        if isinstance(value, str) and any(isinstance(item, BeforeValidator) for item in spot.field.metadata):
            return str(value)  # the plug-in has spellings of its own
        raise


def current(spot: Spot, entry: Entry, group: Group, found: Findings) -> Any:
    """The value of an entry, with old words replaced."""
    name = f"<database>.{spot.key}" if group.prefix else spot.key
    now = legacy.revalued(group.section, name, entry.value)
    if now is not None:
        found.odd(entry, f"is now `{now}`, not `{entry.value}`")
        return now
    if (group.section, spot.key) in legacy.ESTIMATED and isinstance(entry.value, str):
        newer = legacy.estimated(entry.value)
        if newer is not None:
            found.odd(entry, f"names columns that are now called otherwise: {newer}")
            return Plain(newer) if isinstance(entry.value, Plain) else newer
    return entry.value


def _gather(model: type[BaseModel], entry: Entry, found: Findings, outcome: Outcome) -> bool:
    """Put a key such as `age_bins` into the field that gathers its kind."""
    for spot in patterns(model):
        name = match(str(spot.note("pattern")), entry.key)
        if name is None:
            continue
        inner = spot.field.annotation.__args__[1]  # type: ignore[union-attr]
        if inner == tuple[Any, ...]:  # of what type depends on the name: its section sees to that
            return True
        try:
            outcome.values.setdefault(spot.key, {})[name] = fit(entry.value, inner)
        except MisfitError as misfit:
            found.wrong(entry, f"must be {of_type(inner)}, not {shown(entry.value)}", misfit.hint)
        return True
    return False


def refuse(entry: Entry, spot: Spot, found: Findings, hint: str | None = None) -> None:
    """Say that a value does not fit, with the nearest that would."""
    if hint is None and isinstance(entry.value, str):
        hint = did_you_mean(entry.value, choices(spot.field.annotation)) or _as_number(entry.value, takes(spot.field))
    found.wrong(entry, f"must be {takes(spot.field)}, not {shown(entry.value)}", hint)


def _as_number(text: str, wanted: str) -> str | None:
    """How to write a number, where a text nearly is one."""
    if "number" not in wanted:
        return None
    bare = text.replace(" ", "").removesuffix("%").replace(",", ".")
    return f"write `{bare}`" if bare != text and number(bare) is not None else None


def several(text: str) -> str | None:
    """A hint for names with commas between where a list is due; None if there are no commas."""
    if "," not in text:
        return None
    return f"write several as a list, [{', '.join(repr(part.strip()) for part in text.split(','))}]"


def shown(value: Any) -> str:
    """A value as it stands in a message."""
    text = f"[{', '.join(map(str, value))}]" if isinstance(value, list | tuple) else str(value)
    text = " ".join(text.split())
    if not text:
        return "empty"
    return f"`{text}`" if len(text) <= 80 else f"`{text[:77]}...`"


def validated(model: type[BaseModel], outcome: Outcome, group: Group, found: Findings) -> Any:
    """The section, its bounds checked by pydantic; where a bound is broken, the section without that value."""
    try:
        return model.model_validate(outcome.values, strict=True)
    except ValidationError as error:
        wrong = {str(item["loc"][0]) for item in error.errors(include_url=False, include_context=False)}
    for alias in wrong:
        _out_of_bounds(model, alias, group, found)
    kept = {alias: value for alias, value in outcome.values.items() if alias not in wrong}
    return model.model_validate(kept, strict=True)


def _out_of_bounds(model: type[BaseModel], alias: str, group: Group, found: Findings) -> None:
    spot = spots(model).get(alias.lower())
    entry = group.get(alias)
    if spot and entry:
        refuse(entry, spot, found)
        return
    gathered = next(item for item in patterns(model) if item.key == alias)
    for low, candidate in group.entries.items():
        if match(str(gathered.note("pattern")), low):
            found.wrong(candidate, f"must be {takes(gathered.field)}, not {shown(candidate.value)}")


def unknown(
    entry: Entry,
    prefix: str,
    names: list[str],
    found: Findings,
    renamings: Mapping[str, str],
    otherwise: str | None = None,
) -> None:
    """Say that there is no such key, with the nearest that there is; `otherwise` is the hint if none is near."""
    from nk.config.describe import nearest

    word = entry.key[len(prefix) :]
    near = nearest(word, [*names, *renamings])
    near = renamings.get(near, near) if near else None
    found.wrong(entry, "is not an option", f"did you mean `{entry.key[: len(prefix)]}{near}`?" if near else otherwise)
