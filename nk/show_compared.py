"""A comparison of runs, and a table of all there are, on the terminal and as a folder."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING, Any

from nk import comparing
from nk.runfolder import plain
from nk.show import say_report, show_told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.comparing import Comparison
    from nk.ensembling import Ensembled
    from nk.listing import Listed
    from nk.ui import Ui


def show_compared(found: Comparison, ui: Ui, *, json: bool) -> None:
    """Print the tables of a comparison and its words; with `json`, as JSON on stdout."""
    name = found.measure.name
    for caution in found.cautions:
        ui.warn(caution)
    rows = [(run.name, *_value(run.metrics[name].value, run.metrics[name].low, run.metrics[name].high))
            for run in found.runs]  # fmt: skip
    ui.table(f"test: {found.rows} rows, {found.basis}", ("", name, "95 % interval"), rows)
    cells = [
        (pair.one, pair.other, *_value(pair.difference.value, pair.difference.low, pair.difference.high),
         _p(pair.p), _p(pair.p_holm), _p(pair.difference.p_flips))
        for pair in found.pairs
    ]  # fmt: skip
    ui.table("differences", ("", "minus", name, "95 % interval", "p", "p (Holm)", "p (flips)"), cells)
    corrected = f"corrected for {len(cells)} pair{'' if len(cells) == 1 else 's'}, which intervals are not"
    ui.note(f"p: {found.pairs[0].test}; Holm: {corrected}")
    for line in comparing.lines(found):
        ui.note(line)
    if json:
        ui.out(json_text.dumps(plain(found.as_dict()), indent=1, ensure_ascii=False))


def show_ensembled(found: Ensembled, ui: Ui, *, json: bool) -> None:
    """Print what an ensemble reaches, what its members do, and whether it is better than the best of them."""
    if found.told is None or found.against is None:
        ui.note(f"{len(found.members)} members joined; without labels nothing is measured")
    else:
        show_told(found.told, ui)
        name = found.against.measure.name
        rows = [(run.name, *_value(run.metrics[name].value, run.metrics[name].low, run.metrics[name].high))
                for run in found.each]  # fmt: skip
        ui.table("members", ("", name, "95 % interval"), rows)
        if found.joined.learnt_from:
            ui.note(f"learnt from {found.joined.learnt_from}")
        for caution in found.against.cautions:
            ui.warn(caution)
        ui.note(f"against the best member: {found.words}")
        ui.note(f"written to {found.place}")
        if found.report:
            say_report(found.report, ui)
    if json:
        metrics = found.told.metrics if found.told else {}
        ui.out(json_text.dumps(plain({**metrics, "ensemble": found.as_dict()}), indent=1, ensure_ascii=False))


def show_listed(found: Sequence[Listed], measure: str | None, ui: Ui, *, json: bool) -> None:
    """Print a table of results; with `json`, all their measures on stdout."""
    columns = ("", "target", "features", "model", "rows", "speakers", measure or "measure", "95 % interval")
    rows = [_row(one, measure) for one in found]
    ui.table(f"{len(found)} results", columns, rows)
    if measure and len(found) > 1:
        ui.note(
            "the best of several by their test rows looks better than it is: `nk compare` says what can be told apart"
        )
    if json:
        ui.out(
            json_text.dumps({"schema": 1, "results": [one.as_dict() for one in found]}, indent=1, ensure_ascii=False)
        )


def _row(one: Listed, measure: str | None) -> tuple[Any, ...]:
    name = measure or one.main
    metric = one.metrics.get(name, {})
    value, ends = _value(metric.get("value"), metric.get("low"), metric.get("high"))
    shown = value if measure else f"{name} {value}"
    return (
        one.name,
        one.target,
        one.features,
        one.model,
        metric.get("n", "-"),
        metric.get("n_speakers") or "-",
        shown,
        ends,
    )


def _value(value: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    ends = f"{low:.3f} to {high:.3f}" if low is not None and high is not None else "-"
    return ("-" if value is None else f"{value:.3f}"), ends


def _p(value: float | None) -> str:
    return "-" if value is None else "< .001" if value < 0.001 else f"{value:.3f}"
