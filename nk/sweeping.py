"""`nk flags`: a run for every combination of values that [FLAGS] lists, and what choosing among them is worth."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import chosen, comparing, members, nesting, reporting, runfolder
from nk.cellruns import WAY_OUT, CellRun, run_all
from nk.cells import cells
from nk.config import to_yaml
from nk.errors import ClusterError, NkError
from nk.execute import HERE
from nk.families import metrics as measures
from nk.manifest import Stopwatch, manifest
from nk.paths import looked_from
from nk.report.files import CONFIG
from nk.swept_words import caution, lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nk.chosen import Choice
    from nk.comparing import Comparison
    from nk.config import Loaded
    from nk.execute import Executor
    from nk.members import Member
    from nk.nesting import Inner
    from nk.reporting import Report
    from nk.ui import Ui

    Nest = Callable[..., Mapping[str, Inner]]

NAME = "sweep.json"
_MOST = 40  # runs whose pairs are compared: with more, hardly a difference outlives the correction


@dataclass(frozen=True)
class Estimate:
    """What choosing among the runs of a target is worth; where that cannot be said, `why` says so.

    `best` is the run that is best by its own test rows; `comparison` has the pairs, None where there are too many.
    `inner` is what cells reach in inner folds, where the choice is by these.
    """

    target: str
    measure: str
    runs: int
    best: CellRun
    choice: Choice | None = None
    comparison: Comparison | None = None
    why: str = ""
    inner: Mapping[str, Inner] = field(default_factory=dict)

    @property
    def alike(self) -> int | None:
        """How many of the others cannot be told apart from the best."""
        if self.comparison is None:
            return None
        pairs = [pair for pair in self.comparison.pairs if self.comparison.runs[0].name in (pair.one, pair.other)]
        return sum(not pair.apart for pair in pairs)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        told: dict[str, Any] = {"target": self.target, "measure": self.measure, "runs": self.runs}
        told |= {"best": {"name": self.best.cell.name, **self.best.metric}, "not_apart_from_best": self.alike}
        if self.choice:
            told["choice"] = {"by": self.choice.how, "cross_validated": self.choice.folded,
                              "metric": vars(self.choice.metric), "chosen": self.choice.chosen}  # fmt: skip
        told |= {"why_not": self.why or None, "words": lines(self)}
        return {**told, "caution": caution(self) if self.runs > 1 else ""}


@dataclass(frozen=True)
class Sweep:
    """All cells, those that ran from the best to the worst, and an estimate a target."""

    place: Path
    runs: tuple[CellRun, ...]
    estimates: tuple[Estimate, ...]
    report: Report | None = None

    @property
    def exit_code(self) -> int:
        """That of the first cell that failed, 0 where all are well."""
        return next((run.exit_code for run in self.runs if run.error), 0)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        estimates = [{**one.as_dict(), "comparison": self._compared(one)} for one in self.estimates]
        return {"schema": 1, "cells": [run.as_dict() for run in self.runs], "estimates": estimates}

    def _compared(self, one: Estimate) -> dict[str, Any] | None:
        """What the figure of a comparison shows."""
        found = one.comparison and _shortly(one.comparison, self.runs)
        if not found:
            return None
        keys, runs = ("value", "low", "high"), [run.as_dict() for run in found.runs]
        shown = [{"name": run["name"], **{key: run["metrics"][found.measure.name][key] for key in keys}}
                 for run in runs]  # fmt: skip
        return {
            "basis": found.basis,
            "runs": shown,
            "apart": [[one.one, one.other] for one in found.pairs if one.apart],
        }


def sweep(
    loaded: Loaded,
    overrides: Sequence[str],
    ui: Ui,
    *,
    jobs: int | None = None,
    force: bool = False,
    nested: bool | None = None,
    executor: Executor = HERE,
) -> Sweep:
    """Run every cell; one that fails is reported, and the others go on.

    A cell whose run is there already is not computed again, so that a sweep that was stopped goes on where it was.

    Args:
        loaded: the config with [FLAGS]
        overrides: what was put over its file, as for `load_config`
        ui: where to say what happens
        jobs: as for `pipeline.run`
        force: compute all in any case
        nested: in place of [FLAGS] `nested`
        executor: where features are computed and folds trained

    Raises:
        ConfigError: [FLAGS] lists nothing to sweep over
        DataError: no cell could be run, or the table cannot be written
    """
    found, place, watch = cells(loaded), place_of(loaded), Stopwatch()
    runfolder.check_command(place, "flags", way_out=WAY_OUT)
    with watch("run"):
        runs = run_all(found, loaded, overrides, ui, jobs=jobs, force=force, executor=executor)
    wanted = loaded.config.flags.nested if nested is None else nested
    about: dict[str, Any] = {"loaded": loaded, "overrides": overrides, "place": place, "ui": ui}
    nest = partial(nesting.inner_values, **about, jobs=jobs, executor=executor) if wanted else None
    with watch("compare"):
        ranked = tuple(sorted(runs, key=_rank))
        targets = dict.fromkeys(run.target for run in ranked if not run.error)
        by_target = [[run for run in ranked if run.target == target and not run.error] for target in targets]
        estimates = tuple(_estimate(some, loaded, nest) for some in by_target)
    done = Sweep(place, ranked, estimates)
    _write(done, loaded, watch, ui)
    return replace(done, report=reporting.at_the_end(place, loaded.config, ui))


def place_of(loaded: Loaded) -> Path:
    """The folder of the table: `<root>/<name>_flags`."""
    return Path(loaded.config.exp.root) / f"{loaded.config.exp.name}_flags"


def _rank(run: CellRun) -> tuple[str, bool, float]:
    """By target, the best first, those that failed last."""
    value = run.metric.get("value")
    if run.error or value is None:
        return run.target, True, 0.0
    return run.target, False, -value if measures.get(run.measure).greater_is_better else value


def _estimate(runs: Sequence[CellRun], loaded: Loaded, nest: Nest | None) -> Estimate:
    """What the choice among the runs of a target is worth."""
    measure = loaded.config.model.measure or runs[0].measure
    about = (runs[0].target, measure, len(runs), runs[0])
    if len(runs) == 1:
        return Estimate(*about, why="there is one run alone, and no choice")
    try:
        read = members.named([members.read(run.folder) for run in runs])
        same = members.matched(read)
        comparison = comparing.of_members(same, measure) if len(same) <= _MOST else None
        inner: Mapping[str, Inner] = {}
        if nest and _folded(read):
            chosen.need_same_folds([one.predictions for one in same])
            inner = nest(runs, measure=measure)
        values = [inner[run.cell.name].values for run in runs] if inner else []
        return Estimate(*about, _choice(read, same, measure, values), comparison, inner=inner)
    except ClusterError:
        raise
    except NkError as error:
        return Estimate(*about, why=str(error))


def _folded(read: Sequence[Member]) -> bool:
    """Whether all are cross-validations, without dev rows that a choice could go by."""
    return all(one.predictions.frame["fold"].n_unique() > 1 for one in read) and not _with_dev(read)


def _with_dev(read: Sequence[Member]) -> bool:
    return all(one.predictions.part("dev").frame["truth"].drop_nulls().len() for one in read)


def _choice(
    read: Sequence[Member], same: Sequence[Member], measure: str, inner: Sequence[Mapping[str, float]]
) -> Choice:
    names, test = [one.name for one in same], [one.predictions for one in same]
    one = comparing.measure_of(measure, test[0].target)
    if inner:
        return chosen.by_inner(test, inner, names, one)
    if _with_dev(read):
        dev = [each.predictions for each in members.matched(read, "dev")]
        return chosen.by_dev(dev, test, names, one)
    return chosen.by_others(test, names, one)


def _write(done: Sweep, loaded: Loaded, watch: Stopwatch, ui: Ui) -> None:
    with runfolder.writing(done.place.parent, done.place.name, way_out=WAY_OUT) as folder:
        folder.json(NAME, done.as_dict())
        folder.csv("sweep.csv", table(done))
        cells = {name: one.as_dict() for each in done.estimates for name, one in each.inner.items()}
        if cells:
            folder.json(nesting.NAME, {"schema": 1, "cells": cells})
        for number, found in enumerate([one.comparison for one in done.estimates if one.comparison], 1):
            name = "comparison" if number == 1 else f"comparison_{number}"
            comparing.draw(folder.path, _shortly(found, done.runs), loaded.config.plot, ui, name)
        folder.text("log.txt", "\n".join(ui.lines) + "\n")
        folder.text(CONFIG, to_yaml(loaded.config))
        about = manifest(seed=loaded.config.exp.random_seed, seconds=watch.seconds, command="flags",
                         config=loaded.file.name, **looked_from(done.place, loaded.file))  # fmt: skip
        folder.json("manifest.json", about)


def _shortly(found: Comparison, runs: Sequence[CellRun]) -> Comparison:
    """The comparison with the values of cells for names, which are short enough to be read beside a figure."""
    names = {run.cell.name: ", ".join(run.cell.values.values()) for run in runs}
    if len({*names.values()}) < len(names):
        return found
    some = tuple(replace(one, name=names.get(one.name, one.name)) for one in found.runs)
    pairs = tuple(
        replace(pair, one=names.get(pair.one, pair.one), other=names.get(pair.other, pair.other))
        for pair in found.pairs
    )
    return replace(found, runs=some, pairs=pairs)


def table(done: Sweep) -> pl.DataFrame:
    """A row a cell: its name, the value of each axis, the main measure with its interval, seconds, the error."""
    rows = [
        {
            "cell": run.cell.name,
            **run.cell.values,
            "measure": run.measure or None,
            **{key: run.metric.get(key) for key in ("value", "low", "high", "n", "n_speakers")},
            "seconds": run.seconds,
            "error": run.error,
        }
        for run in done.runs
    ]
    return pl.DataFrame(rows, infer_schema_length=None)
