"""What a look at the data has found, on the terminal."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING

from nk.explore.overview import VALUES
from nk.explore.value_counts import TESTS
from nk.runfolder import plain
from nk.show import say_report

if TYPE_CHECKING:
    from nk.explore.exhibit import Exhibit
    from nk.exploring import Explored
    from nk.ui import Ui

_MOST = 20  # values of a column; the table has all


def show_explored(explored: Explored, ui: Ui, *, json: bool) -> None:
    """Print each exhibit in a line, then what should be known first as warnings; with `json`, all of it on stdout."""
    expl = explored.config.expl
    for one in explored.exhibits:
        if one.name.endswith(TESTS):
            _tests(one, ui) if expl.print_stats else None
        elif one.name == VALUES:
            _values(one, ui)
        else:
            ui.note(f"{one.title}: {one.caption}")
        for note in one.notes:
            ui.detail(note)
    for one in explored.exhibits:
        if one.lead:
            ui.warn(one.lead)
    ui.note(f"written to {explored.folder}")
    if explored.report:
        say_report(explored.report, ui)
    if json:
        ui.out(json_text.dumps(plain(explored.told), indent=1, ensure_ascii=False))


def _tests(one: Exhibit, ui: Ui) -> None:
    for sentence, why in one.table.select("sentence", "why").iter_rows():
        ui.note(f"  {sentence} ({why})")


def _values(one: Exhibit, ui: Ui) -> None:
    for (name,), rows in one.table.group_by("column", maintain_order=True):
        values = [
            f"{'missing' if value is None else value} {count:,}" for _, value, count in rows.head(_MOST).iter_rows()
        ]
        more = f" and {rows.height - _MOST:,} more" if rows.height > _MOST else ""
        ui.note(f"{name}: {', '.join(values)}{more}")
