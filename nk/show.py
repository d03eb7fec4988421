"""A result on the terminal."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING, Any

from nk.evaluations import summary

if TYPE_CHECKING:
    from nk.pipeline import Result
    from nk.plan import Plan
    from nk.ui import Ui


_MOST_SPEAKERS = 20  # the table of more is in the run folder


def show_plan(plan: Plan, ui: Ui, *, json: bool) -> None:
    """Print a plan as JSON on stdout; as text it has been said already."""
    if json:
        ui.out(json_text.dumps({"schema": 1, "plan": plan.lines()}, indent=1, ensure_ascii=False))


def show(result: Result, ui: Ui, *, json: bool) -> None:
    """Print the tables of a result; with `json`, the metrics as JSON on stdout and the tables on stderr."""
    metrics = result.metrics
    for part, found in metrics["metrics"].items():
        _measures(part, found, metrics["baselines_by_part"][part], result.measure, ui)
    for part, rows in metrics["per_class"].items():
        _classes(part, rows, ui)
    for part, rows in metrics["per_speaker"].items():
        _speakers(part, rows, ui)
    for part, found in metrics["runs"].items():
        _runs(part, found, ui)
    if ui.verbose:
        _folds(metrics["folds"], ui)
    if result.seen:
        ui.note(summary(result.seen, "the test part" if len(metrics["folds"]) < 2 else "this set of test rows"))
    ui.note(f"written to {result.folder}")
    if json:
        ui.out(json_text.dumps(metrics, indent=1, ensure_ascii=False))


def _measures(part: str, found: dict[str, Any], baselines: dict[str, Any], first: str | None, ui: Ui) -> None:
    names = sorted(found, key=lambda name: name != first)  # the sort is stable: the others keep their order
    rows = [(name, *_value(found[name]), *(_number(baselines[base].get(name)) for base in baselines)) for name in names]
    some = next(iter(found.values()))
    speakers = f" of {some['n_speakers']} speakers" if some["n_speakers"] else ""
    ui.table(f"{part}: {some['n']} rows{speakers}", ("", "value", "95 % interval", *baselines), rows)
    ui.note(f"interval of {names[0]}: {found[names[0]]['method']}")


def _classes(part: str, rows: list[dict[str, Any]], ui: Ui) -> None:
    if not rows:
        return
    columns = ("precision", "recall", "f1")
    cells = [(row["class"], *(_number(row[column]) for column in columns), row["support"]) for row in rows]
    ui.table(f"{part}, a class", ("", *columns, "support"), cells)


def _speakers(part: str, rows: list[dict[str, Any]], ui: Ui) -> None:
    if len(rows) > _MOST_SPEAKERS:
        ui.note(f"{part}, a speaker: {len(rows)} are in per_speaker.csv")
        return
    if not rows:
        return
    measures = [name for name in rows[0] if name not in {"speaker", "n"}]
    cells = [(row["speaker"], *(_number(row[name]) for name in measures), row["n"]) for row in rows]
    ui.table(f"{part}, a speaker", ("", *measures, "n"), cells)


def _folds(rows: list[dict[str, Any]], ui: Ui) -> None:
    if rows:
        names = [name for name in rows[0] if name not in {"run", "fold", "n", "n_speakers"}]
        cells = [(row["fold"], row["run"], *(_number(row[name]) for name in names), row["n"]) for row in rows]
        ui.table("test, a fold", ("", "run", *names, "n"), cells)


def _runs(part: str, found: dict[str, Any], ui: Ui) -> None:
    count = len(found["rows"])
    if count < 2:
        return
    cells = [(name, _number(mean), _number(found["std"][name])) for name, mean in found["mean"].items()]
    ui.table(f"{part}, over {count} runs (the tables above count the rows of all)", ("", "mean", "deviation"), cells)
    if not any(found["std"].values()):
        ui.note("the runs are equal: nothing in this model depends on the seed")


def _value(found: dict[str, Any]) -> tuple[str, str]:
    low, high = found["low"], found["high"]
    return _number(found["value"]), "-" if low is None else f"{_number(low)} to {_number(high)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value + 0.0 if round(value, 3) else 0.0:.3f}"
