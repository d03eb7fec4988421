"""A search on the terminal."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING

from nk.optim.result import ranked, spread
from nk.optim.words import caution, lines, shown
from nk.runfolder import plain
from nk.show import say_report

if TYPE_CHECKING:
    from nk.optim.result import Searched
    from nk.optim.store import Trial
    from nk.optimising import Planned
    from nk.ui import Ui

_MOST = 10  # trials that are shown


def show_planned(done: Planned, ui: Ui, *, json: bool) -> None:
    """Print the plan as JSON; in words it has been said."""
    if json:
        ui.out(json_text.dumps({"schema": 1, "plan": list(done.lines)}, indent=1, ensure_ascii=False))


def show_searched(done: Searched, ui: Ui, *, json: bool) -> None:
    """Print the best trials, and what choosing the best is worth."""
    aim, order = done.setting.aim.called, ranked(done)
    keys = [one.key for one in done.setting.how.dims]
    more = f", the first {_MOST}" if len(order) > _MOST else ""
    columns = (*keys, aim, "95 % interval", "spread", done.where.way.kind, "")
    ui.table(f"{len(order)} trials{more}", columns, [_row(done, one, keys) for one in order[:_MOST]])
    if done.again:
        ui.note("nothing was computed: these trials were there")
    for line in lines(done):
        ui.note(line)
    ui.warn(caution(done))
    if done.failed:
        first = done.failed[0]
        ui.warn(f"{len(done.failed)} of {len(order)} trials failed, first {shown(first.values)}: {first.error}")
    ui.note(f"written to {done.place}; run the best: nk run {done.place / done.file}")
    if done.report:
        say_report(done.report, ui)
    if json:
        ui.out(json_text.dumps(plain(done.as_dict()), indent=1, ensure_ascii=False))


def _row(done: Searched, trial: Trial, keys: list[str]) -> tuple[str, ...]:
    record = trial.records.get(trial.rung)
    values = [shown({"": trial.values[key]}).removeprefix(" = ") for key in keys]
    if record is None:
        return (*values, "-", "-", "-", "-", "failed")
    ends, deviation = done.interval(trial), spread(record)
    width = "-" if ends.low is None or ends.high is None else f"{ends.low:.3f} to {ends.high:.3f}"
    state = "" if trial.state == "complete" else trial.state
    return (*values, f"{record.values[0]:.3f}", width, "-" if deviation is None else f"{deviation:.3f}",
            str(done.where.rungs[trial.rung].speakers), state)  # fmt: skip
