"""What a cell of a sweep reaches in inner folds of each of its folds, so that a choice among cells can be nested.

In a nested cross-validation (Varma and Simon, BMC Bioinformatics 7, 2006) the choice is part of the training: for each
fold the cells are measured by its training rows alone, dealt to inner folds of speakers, and the best one predicts the
fold. What it predicts there is in its run already; what is left to do are the trainings in the inner folds.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nk import ready
from nk.config import load_config
from nk.manifest import Stopwatch
from nk.recognised import KEY
from nk.setup import prepare
from nk.stages import sources, train
from nk.stages.evaluate import or_null
from nk.stages.folds import with_features
from nk.stages.tune import Grid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nk.cellruns import CellRun
    from nk.config import Loaded
    from nk.execute import Executor
    from nk.ui import Ui
NAME = "nested.json"


@dataclass(frozen=True)
class Inner:
    """The measure of a cell in the inner folds of each fold, by its name, and what that depends on."""

    key: str
    values: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"key": self.key, "values": {name: or_null(value) for name, value in self.values.items()}}


def inner_values(
    runs: Sequence[CellRun],
    loaded: Loaded,
    overrides: Sequence[str],
    measure: str,
    place: Path,
    ui: Ui,
    *,
    jobs: int | None,
    executor: Executor,
) -> dict[str, Inner]:
    """Measure each cell in the inner folds of each of its folds; what was measured before is not measured again.

    Args:
        runs: cells that were run in folds
        loaded: the config with [FLAGS]
        overrides: what was put over its file, as for `load_config`
        measure: its name
        place: the folder of the sweep, where `nested.json` may be from before
        ui: where to say what happens
        jobs: as for `pipeline.run`
        executor: where the trainings run

    Returns:
        by the name of the cell

    Raises:
        NkError: a cell cannot be trained in inner folds
    """
    known, found = _read(place / NAME), {}
    with ui.progress("nested", len(runs), "cells") as progress:
        for run in runs:
            name, key = run.cell.name, f"{measure} {_key(run.folder)}"
            if name not in known or known[name].key != key:
                given = load_config(loaded.file, [*overrides, *run.cell.overrides])
                known[name] = Inner(key, _values(given, measure, ui.alone(), jobs=jobs, executor=executor))
            found[name] = known[name]
            progress.advance()
    return found


def _values(loaded: Loaded, measure: str, ui: Ui, *, jobs: int | None, executor: Executor) -> dict[str, float]:
    """Of one cell. The rows and folds are those of its run, and so are the features, which are in the cache."""
    setup = prepare(loaded, jobs, executor=executor)
    read = ready.read(setup, ui, Stopwatch())
    dataset, folds = ready.divided(read.dataset, setup)
    features, _ = sources.complete(dataset, setup.sources, setup.ask, setup.recipe.nan_strategy, ui)
    dataset, folds = with_features(dataset, folds, features.ids)
    # To choose among one is to measure it. Values of `tuning_params` are chosen in the same inner folds.
    one = Grid(({},), (setup.recipe.model,), measure)
    grid = replace(setup.recipe.grid, measure=measure) if setup.recipe.grid else one
    recipe = replace(setup.recipe, grid=grid, aims=None)
    crossed = train.cross(features, dataset, folds, recipe, 1, ui, executor=executor)
    return {one.fold: one.choice.scores[one.choice.place] for one in crossed.courses if one.choice}


def _key(folder: Path) -> str:
    """What the results of a run depend on, as it says itself."""
    return str(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))[KEY])


def _read(path: Path) -> dict[str, Inner]:
    """What was measured before; nothing where there is no such file, or not of that form."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return {name: Inner(one["key"], {fold: _number(value) for fold, value in one["values"].items()})
                for name, one in told.items()}  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
