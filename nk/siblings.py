"""Runs beside a run that differ from it in one thing, compared after it: `runs_compare` of [PLOT]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from nk import comparing, members, runfolder
from nk.errors import NkError

if TYPE_CHECKING:
    from pathlib import Path

    from nk.config import Config
    from nk.members import Member
    from nk.ui import Ui

_WAY_OUT = "rename it"
_KEYS = {"features": ("feats", "type"), "model": ("model", "type"), "target": ("data", "target"),
         "databases": ("data", "databases")}  # fmt: skip


def compare(folder: Path, config: Config, ui: Ui) -> None:
    """Compare a run with those beside it, into `compare_<key>` beside them; the run is done, and fails of nothing here.

    They have other features (or another model) and else the same target, databases, features and model; whatever else
    their configs say. Those that were tested on other rows are left out, and named.

    Args:
        folder: of the run
        config: of the run
        ui: where to say what is found
    """
    key = config.plot.runs_compare
    if key is None:
        return
    try:
        own = members.read(folder)
        others = [one for place in _beside(folder, key) if (one := _fitting(own, place, ui))]
        if not others:
            ui.note(f"`runs_compare`: no run beside this one differs in its {key} alone, on the same rows")
            return
        found = comparing.of_members(members.matched([own, *others]))
        place = folder.parent / f"compare_{key}"
        runfolder.check_command(place, "compare", way_out=_WAY_OUT)
        for line in comparing.lines(found):
            ui.note(line)
        comparing.write_folder(place, found, ui, config.plot)
    except NkError as error:
        ui.warn(f"`runs_compare`: {error}", error.hint)


def _beside(folder: Path, key: str) -> list[Path]:
    """The run folders beside one that differ from it in this alone."""
    mine = _about(folder)
    others = [place for place in sorted(folder.parent.iterdir()) if (place / "config.yaml").is_file()]
    found = [(place, _about(place)) for place in others if not place.name.startswith(".")]
    return [place for place, about in found if {name for name in _KEYS if about.get(name) != mine.get(name)} == {key}]


def _about(folder: Path) -> dict[str, Any]:
    """What tells runs apart; nothing where it cannot be read."""
    try:
        config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        found = {name: config[section][key] for name, (section, key) in _KEYS.items()}
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return {}
    return {**found, "databases": sorted(found["databases"])}


def _fitting(own: Member, place: Path, ui: Ui) -> Member | None:
    """A run, if it was tested on the same rows."""
    try:
        other = members.read(place)
        members.matched([own, other])
    except NkError as error:
        ui.note(f"`runs_compare`: `{place.name}` is left out: {error}")
        return None
    return other
