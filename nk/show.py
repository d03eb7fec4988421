"""A result on the terminal."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nk.pipeline import Result
    from nk.ui import Ui


def show(result: Result, ui: Ui, *, json: bool) -> None:
    """Print the tables of a result; with `json`, the metrics as JSON on stdout and the tables on stderr."""
    metrics = result.metrics
    for part, found in metrics["metrics"].items():
        _measures(part, found, metrics["baselines"], result.measure, ui)
    for part, rows in metrics["per_class"].items():
        _classes(part, rows, ui)
    ui.note(f"written to {result.folder}")
    if json:
        ui.out(json_text.dumps(metrics, indent=1, ensure_ascii=False))


def _measures(part: str, found: dict[str, Any], baselines: dict[str, Any], first: str | None, ui: Ui) -> None:
    names = sorted(found, key=lambda name: name != first)  # the sort is stable: the others keep their order
    rows = [(name, *_value(found[name]), *(_number(baselines[base].get(name)) for base in baselines)) for name in names]
    some = next(iter(found.values()))
    speakers = f" of {some['n_speakers']} speakers" if some["n_speakers"] else ""
    ui.table(f"{part}: {some['n']} rows{speakers}", ("", "value", "95 % interval", *baselines), rows)
    ui.note(f"intervals: {found[names[0]]['method']}")


def _classes(part: str, rows: list[dict[str, Any]], ui: Ui) -> None:
    if not rows:
        return
    columns = ("precision", "recall", "f1")
    cells = [(row["class"], *(_number(row[column]) for column in columns), row["support"]) for row in rows]
    ui.table(f"{part}, a class", ("", *columns, "support"), cells)


def _value(found: dict[str, Any]) -> tuple[str, str]:
    low, high = found["low"], found["high"]
    return _number(found["value"]), "-" if low is None else f"{_number(low)} to {_number(high)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
