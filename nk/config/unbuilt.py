"""What a config asks for that nk knows but cannot do yet, and what it sets to no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.config.field import Spot, match, patterns, spots

if TYPE_CHECKING:
    from pydantic import BaseModel

    from nk.config.check import Group
    from nk.config.findings import Findings
    from nk.config.plugins import Definition
    from nk.config.source import Entry


def note_unbuilt(
    model: type[BaseModel], result: BaseModel, group: Group, found: Findings, learner: Definition | None
) -> None:
    """Note the keys that are set, differ from their default, and do nothing yet, or nothing with `learner`."""
    for spot in spots(model).values():
        entry = group.get(spot.key)
        value = getattr(result, spot.name)
        if entry is not None and value != spot.default:
            _note(spot, entry, group.section, found, learner)
    for spot in patterns(model):
        if spot.note("built") is not False:
            continue
        for entry in group.entries.values():
            if getattr(result, spot.name) and match(str(spot.note("pattern")), entry.key):
                found.not_built(entry, group.section)


def _note(spot: Spot, entry: Entry, section: str, found: Findings, learner: Definition | None) -> None:
    if spot.note("idle"):
        found.odd(entry, f"has no effect: {spot.note('idle')}")
    elif spot.note("networks") and learner is not None and not learner.learns_in_epochs:
        found.odd(entry, f"has no effect with `{learner.called}`")
    elif spot.note("built") is False:
        found.not_built(entry, str(spot.note("of") or section))


def is_unbuilt(model: type[BaseModel]) -> bool:
    """Whether no key of a section does anything yet."""
    return all(spot.note("built") is False for spot in spots(model).values())
