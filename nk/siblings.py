"""Runs beside a run that differ from it in one thing, compared after it: `runs_compare` of [PLOT]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from nk import comparing, members, runfolder, unlike
from nk.errors import NkError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.config import Config
    from nk.config.output import Plot
    from nk.members import Member
    from nk.ui import Ui

_WAY_OUT = "rename it"
_UNLIKE = ("target", "databases")  # what differs in these may be tested on other rows
_KEYS = {"features": ("feats", "type"), "model": ("model", "type"), "target": ("data", "target"),
         "databases": ("data", "databases")}  # fmt: skip


def compare(folder: Path, config: Config, ui: Ui) -> None:
    """Compare a run with those beside it, into `compare_<key>` beside them; the run is done, and fails of nothing here.

    They have other features (or another model, target or databases), and of these four the same else; whatever else
    their configs say. Of those with other features or models, what was tested on other rows is left out, and named.

    Args:
        folder: of the run
        config: of the run
        ui: where to say what is found
    """
    key = config.plot.runs_compare
    if key is None:
        return
    try:
        own, place = members.read(folder), folder.parent / f"compare_{key}"
        runfolder.check_command(place, "compare", way_out=_WAY_OUT)
        read = [one for other in _beside(folder, key) if (one := _read(other, ui))]
        alike = [one for one in read if not _unfit(own, one)]
        if key in _UNLIKE and len(alike) < len(read):
            _say(unlike.compare([own, *_scored(read, ui)], key), place, config.plot, ui)
            return
        for one in read:
            if why := _unfit(own, one):
                ui.note(f"`runs_compare`: `{one.name}` is left out: {why}")
        if not alike:
            same = "" if key in _UNLIKE else ", on the same rows"
            ui.note(f"`runs_compare`: no run beside this one differs in its {key} alone{same}")
            return
        found = comparing.of_members(members.matched([own, *alike]))
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


def _read(place: Path, ui: Ui) -> Member | None:
    try:
        return members.read(place)
    except NkError as error:
        ui.note(f"`runs_compare`: `{place.name}` is left out: {error}")
        return None


def _unfit(own: Member, other: Member) -> str:
    """Why a run cannot be paired with this one, row by row; empty where it can."""
    try:
        members.matched([own, other])
    except NkError as error:
        return str(error)
    return ""


def _scored(some: Sequence[Member], ui: Ui) -> list[Member]:
    """Those that have test rows with a truth."""
    blank = [one for one in some if not one.predictions.part("test").frame["truth"].drop_nulls().len()]
    for one in blank:
        ui.note(f"`runs_compare`: `{one.name}` is left out: no test row has a truth")
    return [one for one in some if one not in blank]


def _say(found: unlike.Unlike, place: Path, plot: Plot, ui: Ui) -> None:
    for line in found.lines:
        ui.note(line)
    ui.note(f"`runs_compare`: {found.caution}")
    unlike.write_folder(place, found, plot, ui, way_out=_WAY_OUT)
