"""`nk multidb`: train on each of several databases and test on each, or leave one out and train on all others."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import reporting, runfolder
from nk.cellruns import WAY_OUT, CellRun, run_all
from nk.cells import Cell
from nk.config import check_built, to_yaml
from nk.config.write import ini_value
from nk.execute import HERE
from nk.intervals import FEWEST_SPEAKERS
from nk.manifest import Stopwatch, manifest
from nk.paths import looked_from
from nk.report.files import CONFIG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.config import Loaded
    from nk.execute import Executor
    from nk.reporting import Report
    from nk.runfolder import RunFolder
    from nk.ui import Ui

NAME = "matrix.json"
OTHERS = "all others"


@dataclass(frozen=True)
class Matrix:
    """The cells by the databases that were trained on (rows) and tested on (columns)."""

    place: Path
    runs: tuple[CellRun, ...]
    measure: str
    report: Report | None = None

    @property
    def trains(self) -> list[str]:
        """What was trained on, in the order of the config."""
        return list(dict.fromkeys(run.cell.values["train"] for run in self.runs))

    @property
    def tests(self) -> list[str]:
        """What was tested on."""
        return list(dict.fromkeys(run.cell.values["test"] for run in self.runs))

    @property
    def exit_code(self) -> int:
        """That of the first cell that failed, 0 where all are well."""
        return next((run.exit_code for run in self.runs if run.error), 0)

    def metric(self, run: CellRun) -> dict[str, Any]:
        """The measure of the matrix with its interval; empty where the cell failed."""
        return run.metrics.get(self.measure, {})

    def means(self) -> dict[str, float | None]:
        """Means of cells: all, those tested on the database they were trained on, those that were not."""
        within = [run for run in self.runs if run.cell.values["train"] == run.cell.values["test"]]
        across = [run for run in self.runs if run not in within]
        return {"all": self._mean(self.runs), "self": self._mean(within), "cross": self._mean(across)}

    @property
    def narrow(self) -> list[str]:
        """The cells whose intervals are over utterances, as too few speakers are tested, or none is known."""
        tested = [run for run in self.runs if self.metric(run).get("low") is not None]
        return [run.cell.name for run in tested if (self.metric(run).get("n_speakers") or 0) < FEWEST_SPEAKERS]

    @property
    def words(self) -> list[str]:
        """What there is to say of all cells together."""
        said = [f"{name} {value:.3f}" for name, value in self.means().items() if value is not None]
        return [f"means of cells: {', '.join(said)}"] if said else []

    @property
    def cautions(self) -> list[str]:
        """What is to be borne in mind of the intervals."""
        names = ", ".join(f"`{name}`" for name in self.narrow)
        text = "too few speakers are tested, so that intervals are over utterances, and too narrow"
        return [f"{text}: {names}"] if names else []

    def _mean(self, some: Sequence[CellRun]) -> float | None:
        """None where a cell has no value: a mean of the others would be of something else."""
        values = [self.metric(run).get("value") for run in some]
        known = [value for value in values if value is not None]
        return math.fsum(known) / len(known) if known and len(known) == len(values) else None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        by_train = {name: self._mean([run for run in self.runs if run.cell.values["train"] == name])
                    for name in self.trains}  # fmt: skip
        by_test = {name: self._mean([run for run in self.runs if run.cell.values["test"] == name])
                   for name in self.tests}  # fmt: skip
        told: dict[str, Any] = {
            "means": {**self.means(), "by_train": by_train, "by_test": by_test},
            "words": self.words,
        }
        told |= {"cautions": self.cautions, "cells": [run.as_dict() for run in self.runs]}
        return {"schema": 1, "measure": self.measure, **told}

    @property
    def table(self) -> pl.DataFrame:
        """A row a cell: `train`, `test`, the measure with its interval, the run folder, the error."""
        rows = [
            {
                **run.cell.values,
                **{key: self.metric(run).get(key) for key in ("value", "low", "high", "n", "n_speakers")},
                "cell": run.cell.name,
                "error": run.error,
            }
            for run in self.runs
        ]
        return pl.DataFrame(rows, infer_schema_length=None)


def multidb(
    loaded: Loaded,
    overrides: Sequence[str],
    ui: Ui,
    *,
    jobs: int | None = None,
    force: bool = False,
    executor: Executor = HERE,
) -> Matrix:
    """Run the cross-database matrix; a cell that fails is reported, and the others go on.

    Args:
        loaded: the config, whose [EXP] `databases` names the databases
        overrides: what was put over its file, as for `load_config`
        ui: where to say what happens
        jobs: as for `pipeline.run`
        force: compute all in any case
        executor: where features are computed and folds trained

    Raises:
        ConfigError: there are fewer than two databases, or folds are asked for
        NotBuilt: the config asks for what nk cannot do yet
        DataError: no cell could be run, or the matrix cannot be written
    """
    found, watch = matrix_cells(loaded), Stopwatch()
    place = Path(loaded.config.exp.root) / f"{loaded.config.exp.name}_multidb"
    runfolder.check_command(place, "multidb", way_out=WAY_OUT)
    with watch("run"):
        runs = run_all(found, loaded, overrides, ui, jobs=jobs, force=force, executor=executor)
    first = next(run.measure for run in runs if not run.error)
    done = Matrix(place, tuple(runs), first)
    with runfolder.writing(place.parent, place.name, way_out=WAY_OUT) as folder:
        _write(folder, done, loaded, watch, ui)
    return replace(done, report=reporting.at_the_end(place, loaded.config, ui))


def matrix_cells(loaded: Loaded) -> tuple[Cell, ...]:
    """What each cell sets: which databases there are, and which of them train and test.

    A database is trained and tested on whole, unless it is tested by its own training part (`train` and `test` the
    same), or `use_splits` keeps the splits. One of `train_extra` is left out where it is tested itself. With `lodo`,
    `lodo_dev` is the dev part of every cell, whole, and is neither trained on nor tested.

    Raises:
        ConfigError: there are fewer than two databases, or folds are asked for
        NotBuilt: the config asks for what nk cannot do yet
    """
    check_built(loaded, ("CROSSDB",))
    exp = loaded.config.exp
    names = _names(loaded)
    if exp.lodo:
        names = _without_dev(names, loaded)
        return tuple(_cell(loaded, OTHERS, test, [name for name in names if name != test]) for test in names)
    return tuple(_cell(loaded, train, test, [train]) for train in names for test in names)


def _names(loaded: Loaded) -> list[str]:
    names = list(dict.fromkeys(loaded.config.exp.databases or ()))
    if len(names) < 2:
        hint = "name them: `databases = ['<one>', '<other>']` in [EXP]"
        raise loaded.error("exp.databases", "[EXP] `databases` names fewer than two, so nothing is crossed", hint)
    model = loaded.config.model
    folds = next((key for key in ("loso", "logo", "k_fold_cross") if getattr(model, key) not in {None, False}), None)
    if folds:
        text = f"[MODEL] `{folds}` folds all rows of all databases, and crosses none"
        raise loaded.error(f"model.{folds}", text, "leave it out")
    return names


def _without_dev(names: Sequence[str], loaded: Loaded) -> list[str]:
    """The databases that are tested in turn, which `lodo_dev` is not."""
    dev = loaded.config.exp.lodo_dev
    others = [name for name in names if name != dev]
    if len(others) < 2:
        text = f"[EXP] `lodo_dev = {dev}` leaves fewer than two databases to train on and to test"
        raise loaded.error("exp.lodo_dev", text, "add databases to `databases`")
    return others


def _cell(loaded: Loaded, train: str, test: str, trained: Sequence[str]) -> Cell:
    exp = loaded.config.exp
    dev = exp.lodo_dev if exp.lodo else None
    extra = [name for name in loaded.config.crossdb.train_extra or () if name not in (*trained, test, dev)]
    name = f"{exp.name}_{test}" if train == test else f"{exp.name}_{train.replace(' ', '-')}_vs_{test}"
    used = [*trained, test, *extra, *([dev] if dev else [])]
    sets = [("data.databases", ini_value(tuple(dict.fromkeys(used))))]
    if dev:
        sets += [(f"data.{dev}.split_strategy", "dev"), ("exp.traindevtest", "True")]
    if exp.lodo and exp.lodo_runs:
        sets += [("exp.runs", str(exp.lodo_runs))]
    sets += [(f"data.{one}.split_strategy", "train") for one in extra]
    if train != test and exp.use_splits:
        sets += [(f"data.{one}.as_train", "True") for one in trained] + [(f"data.{test}.as_test", "True")]
    elif train != test:
        sets += [(f"data.{one}.split_strategy", "train") for one in trained]
        sets += [(f"data.{test}.split_strategy", "test")]
    overrides = tuple(f"{key}={value}" for key, value in [*sets, ("exp.name", ini_value(name))])
    return Cell(name, {"train": train, "test": test}, overrides)


def _write(folder: RunFolder, done: Matrix, loaded: Loaded, watch: Stopwatch, ui: Ui) -> None:
    from nk.report import fonts
    from nk.report.figures import heatmap
    from nk.report.pictures import Album

    folder.json(NAME, done.as_dict())
    table, config = done.table, loaded.config
    with fonts.writing([config.data.target or "", *done.trains, *done.tests]) as pen:
        figure = heatmap.draw(table, measure=done.measure, title=f"{config.data.target}: {done.measure}", pen=pen)
        Album(folder.path, config.plot, pen).add(figure, table, "heatmap")
    if pen.lacking:
        ui.warn("no font of this machine can write all names in the figure", "install one; the tables have all names")
    folder.text("log.txt", "\n".join(ui.lines) + "\n")
    folder.text(CONFIG, to_yaml(config))
    about = manifest(seed=config.exp.random_seed, seconds=watch.seconds, command="multidb", config=loaded.file.name)
    folder.json("manifest.json", {**about, **looked_from(done.place, loaded.file)})
