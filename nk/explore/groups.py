"""After a run: what its model has in each group of rows, from the files of the run folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.audit.shortcuts import Reached, reached
from nk.config import load_config
from nk.errors import NkError
from nk.explore.exhibit import Exhibit, Lead
from nk.explore.pictures import draw_groups

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nk.explore.material import Material
    from nk.ui import Ui

_ABOUT = ("schema", "fewest", "gaps")


@dataclass(frozen=True)
class Earlier:
    """What a run on the same target has left: the content of `groups.json`, and what its model has in all."""

    groups: dict[str, Any]
    reached: Reached | None


def earlier(folder: Path, material: Material, ui: Ui) -> Earlier | None:
    """The run of this folder, if there is one of the same target."""
    paths = [folder / name for name in ("groups.json", "metrics.json", "config.yaml")]
    if not material.target or not all(path.is_file() for path in paths):
        return None
    try:
        groups, metrics = (json.loads(path.read_text(encoding="utf-8")) for path in paths[:2])
        target = load_config(paths[2], roots=False).config.data.target
        found = Earlier(groups, reached(metrics, material.dataset.target))
    except (OSError, ValueError, KeyError, NkError) as error:
        ui.warn(f"the run in `{folder}` cannot be read, so that nothing is said of its model: {error}", "run it anew")
        return None
    if target != material.target:
        ui.note(f"the run in `{folder}` has learnt `{target}`, so that nothing is said of its model")
        return None
    return found


def show(groups: dict[str, Any], target: str) -> Iterator[Exhibit]:
    """The measures of every group with their intervals, and the gaps; nothing where there are no groups."""
    columns = [name for name in groups if name not in _ABOUT]
    rows = [
        {"column": column, "group": group, "measure": measure, **told}
        for column in columns
        for group, measures in groups[column].items()
        for measure, told in measures.items()
    ]
    if not rows:
        return
    table = pl.DataFrame(rows, infer_schema_length=None)
    shown = [name for name in columns if name not in {"speaker", target}]
    main = next((groups[name][group] for name in shown for group in groups[name]), None)
    measure = next(iter(main)) if main else ""
    caption = (
        f"Results of the run on its test rows, a group, with 95 % intervals; a group needs {groups['fewest']} rows."
    )
    gaps = [_gap(name, gap) for name, gap in groups["gaps"].items()]
    leads = tuple(
        Lead("groups", name, _gap(name, gap))
        for name, gap in groups["gaps"].items()
        if name in shown and (gap["low"] or 0) > 0
    )
    title = "Results by group"
    panels = {name: _bars(groups[name], measure) for name in shown}
    panels = {name: bars for name, bars in panels.items() if bars}
    draw = draw_groups(panels, measure, title, caption) if panels else None
    yield Exhibit("groups", title, table, caption, draw, tuple(gaps), leads)


def _bars(groups: dict[str, Any], measure: str) -> list[tuple[str, float, float, float, bool]]:
    """Name, value and interval of each group that has a value."""
    found = []
    for name, measures in groups.items():
        told = measures.get(measure, {})
        if told.get("value") is not None:
            value = told["value"]
            ends = [value if told[end] is None else told[end] for end in ("low", "high")]
            found.append((f"{name} (n {told['n']:,})", value, ends[0], ends[1], told["low"] is not None))
    return found


def _gap(column: str, gap: dict[str, Any]) -> str:
    ends = "no interval" if gap["low"] is None else f"95 % interval {gap['low']:.3f} to {gap['high']:.3f}"
    best, worst = gap["best"], gap["worst"]
    return f"`{gap['measure']}` by `{column}`: `{best}` is ahead of `{worst}` by {gap['value']:.3f} ({ends})."
