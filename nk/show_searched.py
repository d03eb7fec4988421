"""A search on the terminal."""

from __future__ import annotations

import json as json_text
from collections import Counter
from typing import TYPE_CHECKING

from nk.optim.result import ranked, shown, spread
from nk.runfolder import plain

if TYPE_CHECKING:
    from nk.optim.nested import Nested
    from nk.optim.result import Searched
    from nk.optim.store import Trial
    from nk.optimising import Planned
    from nk.ui import Ui

_MOST = 10  # trials that are shown
_NAMED = 3  # combinations that are named of those that outer folds have chosen


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
    for line in lines(done):
        ui.note(line)
    ui.warn(caution(done))
    if done.failed:
        first = done.failed[0]
        ui.warn(f"{len(done.failed)} of {len(order)} trials failed, first {shown(first.values)}: {first.error}")
    ui.note(f"written to {done.place}; run the best: nk run {done.place / done.file}")
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


def lines(done: Searched) -> list[str]:
    """What there is to say of the best, and of the search."""
    last, others = done.where.rungs[-1], len(done.compared)
    kind, aim = done.where.way.kind, done.setting.aim.called
    told = ["nothing was computed: these trials were there"] if done.again else []
    told.append(f"best: {shown(done.best.values)}, {aim} {done.value:.3f} in {len(last.folds)} inner folds of {kind}")
    if others:
        which = "others" if others == len(done.complete) - 1 else "next best"
        told.append(f"{done.alike} of the {others} {which} tried on all {kind} cannot be told apart from the best")
    if done.nested:
        told += _nested(done.nested, aim)
    elif done.why:
        told.append(f"what the search is worth cannot be said: {done.why}")
    return told


def _nested(found: Nested, aim: str) -> list[str]:
    value = "not defined" if found.value is None else f"{found.value:.3f}"
    ends = "" if found.low is None or found.high is None else f" ({found.low:.3f} to {found.high:.3f})"
    often = Counter(shown(one["values"]) for one in found.chosen).most_common()
    times = "; ".join(f"{text}" + (f" ({count} times)" if count > 1 else "") for text, count in often[:_NAMED])
    more = len(often) - _NAMED
    times += f"; and {more} other{'s' if more > 1 else ''}" if more > 0 else ""
    whom = "speakers that neither search nor training has heard" if found.n_speakers else "rows that it has not seen"
    return [
        f"nested: such a search reaches {aim} {value}{ends} on {whom}",
        f"nested: chosen in {len(found.chosen)} outer folds: {times}",
    ]


def caution(done: Searched) -> str:
    """Why the best value is not to be reported, and what is."""
    best = f"{done.value:.3f} is the best of {len(done.trials)} by the rows that it was chosen on, partly by luck"
    if done.nested:
        other = "" if done.folded else f", or what `nk run` finds on the test part with `{done.file}`"
        return f"{best}: report the nested value instead{other}"
    if done.folded:
        return f"{best}, and so will be what `nk run` finds in folds of the same rows: `--nested` says what to expect"
    return f"{best}: report what `nk run` finds on the test part with `{done.file}`, or `--nested`"
