"""What a look at the data has found, on the terminal."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING

from nk.runfolder import plain

if TYPE_CHECKING:
    from nk.exploring import Explored
    from nk.ui import Ui


def show_explored(explored: Explored, ui: Ui, *, json: bool) -> None:
    """Print what should be known first as warnings, then each exhibit in a line; with `json`, all of it on stdout."""
    for one in explored.exhibits:
        ui.note(f"{one.title}: {one.caption}")
        for note in one.notes:
            ui.detail(note)
    for one in explored.exhibits:
        if one.lead:
            ui.warn(one.lead)
    ui.note(f"written to {explored.folder}")
    if json:
        ui.out(json_text.dumps(plain(explored.told), indent=1, ensure_ascii=False))
