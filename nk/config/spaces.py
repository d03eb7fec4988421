"""Keys that hold several values of other keys: the search spaces of [OPTIM] and the lists of [FLAGS]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk.config.check import Group, Outcome, fitted, refuse, shown, unknown
from nk.config.describe import did_you_mean, takes
from nk.config.field import Spot, match, spots
from nk.config.options import bounded
from nk.config.plugins import Family
from nk.config.values import MisfitError, as_number, as_whole, opened
from nk.config.whole import section_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nk.config.findings import Findings
    from nk.config.plugins import Definition
    from nk.config.source import Entry

SHORT = {"lr": "learning_rate", "bs": "batch_size", "do": "drop"}


class Range(tuple[float, ...]):
    """(low, high) or (low, high, step), unlike a list of values."""


COUNTS = ("nlayers", "nnodes")  # of hidden layers, and of nodes in each: together they make `layers`
_MOST = 100_000  # values of an option
_FAMILIES = {"model": "models", "feats": "features"}
_SHORT_FLAGS = ("model", "feats", "exp")  # `model_kernel` is `model.kernel`
_FLAGGED = (*_SHORT_FLAGS, "data", "plot", "report")
_FLAGS_HINT = "write `section.key = [values]`, as `data.balance = [...]`; sections are [MODEL], [FEATS], [EXP], [DATA]"


def search_space(rest: Mapping[str, Entry], group: Group, found: Findings, family: Family) -> dict[str, Any]:
    """The search spaces: values to try, or a `Range`."""
    space: dict[str, Any] = {}
    for low, entry in rest.items():
        name = "layers" if low in COUNTS else SHORT.get(low, low)
        hit = family.find(name)
        if hit is None:
            core = [spot.key for spot in spots(section_type("optim")).values()]
            unknown(entry, group.prefix, [*core, *SHORT, *COUNTS, *family.keys()], found, {})
            continue
        spot, having = hit
        if family.named and not having:
            found.odd(entry, f"has no effect with {' and '.join(f'`{item.called}`' for item in family.named)}")
        try:
            counted = None if low in COUNTS else spot
            space[low if low in {*SHORT, *COUNTS} else spot.key] = _space(entry.value, counted, having or family.all)
        except MisfitError as misfit:
            hint = misfit.hint or "give a list of values, (low, high) or (low, high, step)"
            found.wrong(entry, "cannot be searched over these values", hint)
    return space


def _space(value: Any, spot: Spot | None, having: list[Definition]) -> tuple[Any, ...]:
    value = opened(value)
    if isinstance(value, tuple):
        return _range(value, spot, having)
    items = value if isinstance(value, list) else [value]
    if not items:
        raise MisfitError
    return tuple(_checked(item, spot, having) for item in items)


def _checked(item: Any, spot: Spot | None, having: list[Definition]) -> Any:
    """A value of an option within its bounds; without a `spot`, a count."""
    if spot:
        try:
            return bounded(having, spot, fitted(item, spot))
        except MisfitError as misfit:
            raise MisfitError(misfit.hint or f"each must be {takes(spot.field)}, not {shown(item)}") from None
    if as_whole(item) < 1:
        raise MisfitError("each must be a whole number of at least 1")
    return as_whole(item)


def _range(value: tuple[Any, ...], spot: Spot | None, having: list[Definition]) -> Range:
    """Its ends are values of the option."""
    if len(value) not in {2, 3}:
        raise MisfitError
    low, high, *step = (as_number(item) for item in value)
    for end in (low, high):
        _checked(end, spot, having)
    if low > high or (step and step[0] <= 0):
        raise MisfitError("in (low, high, step) low is the smaller one, and the step above 0")
    if step and is_whole(spot) and step[0] != int(step[0]):
        raise MisfitError("the option takes whole numbers, so the step must be one")
    if step and (high - low) / step[0] > _MOST:
        raise MisfitError(f"these are more than {_MOST:,} values: take a larger step, or none")
    return Range((low, high, *step))


def is_whole(spot: Spot | None) -> bool:
    """Whether an option takes whole numbers alone; without a `spot` it is a count, and does."""
    if spot is None:
        return True
    try:
        fitted(0.5, spot)
    except MisfitError:
        return True
    return False


def flags(outcome: Outcome, group: Group, found: Findings) -> None:
    """The lists of [FLAGS] for keys of other sections, each value brought to the type of its key."""
    for field in (*_SHORT_FLAGS, "others"):
        outcome.values.pop(field, None)
    core = spots(section_type("flags"))
    for entry in group.entries.values():
        if entry.key.lower() in core:
            continue
        section, name = _goal(entry.key)
        if section in _FLAGGED:
            _flag(section, name, entry, outcome, found)
        else:
            unknown(entry, group.prefix, [spot.key for spot in core.values()], found, {}, _FLAGS_HINT)


def _goal(key: str) -> tuple[str, str]:
    """Section and key that an entry of [FLAGS] is for: `model_kernel`, `model.kernel`, `data.emodb.test_size`."""
    section, dot, name = key.partition(".")
    if dot:
        return section.lower(), name
    found = ((section, match(f"{section}_<key>", key)) for section in _SHORT_FLAGS)
    return next(((section, name) for section, name in found if name is not None), ("", key))


def _flag(section: str, name: str, entry: Entry, outcome: Outcome, found: Findings) -> None:
    spot = spot_of(section, name) or (_of_database(name) if section == "data" else None)
    if spot is None:
        known = [item.key for item in spots(section_type(section)).values()]
        known += Family(_FAMILIES[section], []).keys() if section in _FAMILIES else []
        start = f"{section}." if "." in entry.key else f"{section}_"
        near = did_you_mean(entry.key, [f"{start}{key}" for key in known])
        found.wrong(entry, f"sets `{name}`, which is not an option of [{section.upper()}]", near)
        return
    try:
        items = opened(entry.value)
        values = tuple(fitted(item, spot) for item in (items if isinstance(items, list | tuple) else [items]))
    except MisfitError as misfit:
        refuse(entry, spot, found, misfit.hint)
        return
    if section in _SHORT_FLAGS:
        outcome.values.setdefault(section, {})[spot.key] = values
    else:
        outcome.values.setdefault("others", {})[f"{section}.{name if section == 'data' else spot.key}"] = values


def _of_database(name: str) -> Spot | None:
    """Where the key of a database goes, as `emodb.test_size`."""
    from nk.config.data import Database

    words = name.split(".")  # names of databases have dots, and so do keys
    for start in range(1, len(words)):
        key = ".".join(words[start:])
        hit = Family("readers", []).find(key)
        if spot := spots(Database).get(key.lower()) or (hit[0] if hit else None):
            return spot
    return None


def spot_of(section: str, key: str) -> Spot | None:
    """Where a key of a section or of its plug-ins goes."""
    own = spots(section_type(section)).get(key.lower())
    if own or section not in _FAMILIES:
        return own
    hit = Family(_FAMILIES[section], []).find(key)
    return hit[0] if hit else None
