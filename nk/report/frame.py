"""The frame of what a report says of one thing, whatever it is: all keys, those without content empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nk.report.shapes import Made


def frame(name: str, made: str, **found: Any) -> dict[str, Any]:
    """Everything that a report says of a run, of a look at the data, or of what another command has found.

    Args:
        name: of the experiment
        made: when
        found: what there is to say; keys that are left out are empty

    Returns:
        `schema`, `name`, `made`, `task`, `headline` (None where nothing was scored), `openings` (what stands first
        where that is not a run's headline: `big`, `small`, and `said`, sentences), `leads` (what has to be read first,
        see `nk.report.leads`), `methods` (a paragraph), `parts` (see `nk.report.parts`), `data`, `audit`, `results` (a
        part each), `tests` (of the stored model), `members` (of an ensemble), `groups`, `history`, `skipped`, `looks`,
        `confusion`, `explored`, `config` (text) and `made_with`
    """
    empty: dict[str, Any] = {
        "task": None,
        "headline": None,
        "openings": [],
        "leads": [],
        "methods": "",
        "parts": [],
        "data": None,
        "audit": None,
        "results": [],
        "tests": [],
        "members": None,
        "groups": [],
        "history": [],
        "skipped": {"rows": 0, "reasons": []},
        "looks": "",
        "confusion": None,
        "explored": [],
        "config": "",
        "made_with": None,
    }
    strange = found.keys() - empty.keys()
    if strange:
        raise TypeError(f"a report has no key {sorted(strange)}")
    return {"schema": 1, "name": name, "made": made, **empty, **found}


def made_with(made: Made) -> dict[str, Any] | None:
    """Versions, machine and seconds, None where the manifest has none."""
    return made.model_dump(exclude={"made", "command"}) if made.nk else None
