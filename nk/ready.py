"""Rows and folds of an experiment, with all that can be said of them before there are features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nk import dividing
from nk.paths import resolver
from nk.plan import Plan, history_lines
from nk.stages import cautions, groups, load, locked, sources, train
from nk.stages.columns import need_column
from nk.stages.folds import folds_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.config.output import Plot
    from nk.manifest import Stopwatch
    from nk.setup import Setup
    from nk.stages.cautions import Caution
    from nk.stages.folds import Fold
    from nk.tables import Dataset, Skip
    from nk.ui import Ui


@dataclass(frozen=True)
class Ready:
    """Rows and folds, before the features; `total` counts those that had to be left out too."""

    dataset: Dataset
    folds: list[Fold]
    plan: Plan
    skipped: tuple[Skip, ...]
    total: int


def read(setup: Setup, ui: Ui, watch: Stopwatch) -> load.Loaded:
    """Read all databases.

    Raises:
        DataError: as `load`
    """
    config = setup.config
    with watch("load"):
        return load.load(
            config.data,
            number=config.exp.type == "regression",
            fail_threshold=config.feats.fail_threshold,
            resolve=resolver(setup.file),
            seed=config.exp.random_seed,
            jobs=setup.jobs,
            ui=ui,
        )


def divide(loaded: load.Loaded, setup: Setup, ui: Ui, watch: Stopwatch) -> Ready:
    """Split or fold what was read, and say what is about to be done.

    Raises:
        DataError: it cannot be split or scored as the config asks for
    """
    config = setup.config
    with watch("split"):
        dataset, folds = divided(loaded.dataset, setup)
        changed = locked.verified(loaded.dataset, dataset, config.data, setup.locks)
    total = len(loaded.dataset) + len(loaded.skipped)
    plan = _plan(dataset, folds, setup, multichannel=loaded.multichannel)
    for line in plan.lines():
        ui.note(line)
    cautions.say([*cautions.of_skips(loaded.skipped, total), *changed, *_combining(dataset, config.plot)], ui)
    groups.check(dataset, config.exp.results_by)
    return Ready(dataset, folds, plan, loaded.skipped, total)


def divided(dataset: Dataset, setup: Setup) -> tuple[Dataset, list[Fold]]:
    """Split the dataset, or fold it where a cross-validation is asked for; see `nk.dividing`."""
    return dividing.divide(dataset, setup.config, setup.locks, setup.earlier)


def _combining(dataset: Dataset, plot: Plot) -> list[Caution]:
    if not plot.combine_per_speaker:
        return []
    need_column(dataset, plot.combine_per_speaker_col, "`combine_per_speaker`")
    return cautions.of_combining(dataset, plot.combine_per_speaker_col)


def _plan(dataset: Dataset, folds: Sequence[Fold], setup: Setup, *, multichannel: int) -> Plan:
    runs = f", {setup.config.exp.runs} runs" if setup.config.exp.runs > 1 else ""
    notes = []
    if multichannel:
        rules = ", ".join(f"`{name}.channel = {rule}`" for name, rule in setup.channels.items())
        have = "file has" if multichannel == 1 else "files have"
        notes.append(f"channels: {multichannel} {have} more than one; used is {rules}")
    notes += history_lines(dataset)
    config = setup.config
    notes += train.planned(dataset, folds, setup.recipe, config.exp.runs)
    by = folds_by(dataset, config.model, config.data.groups) if len(folds) > 1 else ""
    by = "those of the lock" if locked.folded(setup.locks) else by
    if config.data.tested:
        notes.append(f"tests: `nk test` is for {', '.join(f'`{name}`' for name in config.data.tested)}")
    features = sources.planned(dataset, setup.sources, setup.ask)
    return Plan(dataset, folds, features, f"{setup.recipe.text}{runs}", notes, by)
