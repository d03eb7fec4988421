"""The commands as recipes: each public function is one command, its stages from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import lock, record, runfolder
from nk.exports import write_test
from nk.manifest import Stopwatch
from nk.paths import resolver
from nk.plan import Plan, history_lines
from nk.record import Done, final_rows
from nk.setup import prepare
from nk.stages import cautions, course, gaps, locked, select, sources, split, target, train
from nk.stages.folds import folds_by, holdout, make_folds, without
from nk.stages.load import load
from nk.stages.pooling import Pooling
from nk.stages.recordings import check_skips
from nk.stages.results import metrics_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.config import Loaded
    from nk.config.data import Data
    from nk.evaluations import Evaluation
    from nk.setup import Setup
    from nk.stages.cautions import Caution
    from nk.stages.folds import Fold
    from nk.tables import Dataset, Features, Skip
    from nk.ui import Ui


@dataclass(frozen=True)
class Result:
    """What a run has found: the content of `metrics.json`, and the folder that holds everything.

    `seen` are the evaluations of its test rows, its own the last.
    """

    folder: Path
    metrics: dict[str, Any]
    measure: str | None
    seen: Sequence[Evaluation] = ()


def run(
    loaded: Loaded, ui: Ui, *, jobs: int | None = None, dry_run: bool = False, again: Path | None = None
) -> Result | Plan:
    """Run an experiment and write its run folder; or make the plan alone.

    Args:
        loaded: the config
        ui: where to say what happens
        jobs: how many cores to use; `n_jobs` of [MODEL], at most all, where not given
        dry_run: stop at the plan
        again: the run folder of which this is a replay, which is not counted as another evaluation

    Raises:
        NkError: the config, the data or the installation does not allow it
    """
    setup, watch = prepare(loaded, jobs), Stopwatch()
    config = setup.config
    _warn(ui, cautions.of_config(loaded))
    with watch("load"):
        read = load(
            config.data,
            number=config.exp.type == "regression",
            fail_threshold=config.feats.fail_threshold,
            resolve=resolver(setup.file),
            seed=config.exp.random_seed,
            jobs=setup.jobs,
            ui=ui,
        )
    with watch("split"):
        dataset, folds = _divide(read.dataset, setup, again or setup.folder)
        changed = locked.verified(read.dataset, dataset, config.data, setup.locks)
    total = len(read.dataset) + len(read.skipped)
    plan = _plan(dataset, folds, setup, multichannel=read.multichannel)
    for line in plan.lines():
        ui.note(line)
    _warn(ui, [*_skips(read.skipped, total), *changed, *cautions.of_data(dataset), *cautions.of_folds(dataset, folds)])
    train.check(dataset, folds, setup.recipe, config.exp.runs)
    _warn(ui, cautions.of_scale(dataset, folds) if setup.recipe.scale == "speaker" else [])
    if dry_run:
        return plan
    made = lock.made(dataset, folds, seed=config.exp.random_seed)
    with watch("extract"):
        features, failed = _features(dataset, setup, ui)
        skipped = (*read.skipped, *failed)
        check_skips(skipped, total, config.feats.fail_threshold)
        dataset, folds = _without(failed, dataset, folds, features, setup)
    _warn(ui, _skips(failed, len(features.ids) + len(failed)))
    with watch("train"):
        crossed = train.cross(features, dataset, folds, setup.recipe, config.exp.runs, ui)
        trained = train.train(features, dataset, *final_rows(dataset, folds), setup.recipe)
    predictions, courses = crossed.predictions, crossed.courses
    for line in course.lines(courses, dataset.target.labels, setup.recipe.balancing):
        ui.note(line)
    for warning in course.warnings(courses):
        ui.warn(warning)
    with watch("evaluate"):
        truth = dataset.frame[dataset.target.name]
        known = {fold.name: truth[fold.train_rows] for fold in folds}
        metrics = metrics_json(predictions, known, speakers_are_target=dataset.target.name == "speaker")
    _warn(ui, cautions.of_truth(predictions))
    seen = () if again else record.counted(setup, made, features, predictions, metrics, ui)
    done = Done(setup, dataset, folds, features, predictions, metrics, trained, skipped, courses, made, seen)
    with runfolder.writing(setup.root, config.exp.name) as folder:
        record.write(folder, done, watch, ui)
    if config.exp.save_test:
        ui.note(f"test rows with predictions: {write_test(config.exp.save_test, predictions, dataset)}")
    ui.detail("seconds: " + ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in watch.seconds.items()))
    return Result(setup.folder, metrics, config.model.measure, seen)


def _divide(dataset: Dataset, setup: Setup, last: Path) -> tuple[Dataset, list[Fold]]:
    """Split the dataset, or fold it where a cross-validation is asked for; the target is then in its final form.

    `last` is the folder of the run whose parts may be reused.
    """
    config, seed = setup.config, setup.config.exp.random_seed
    data, model = config.data, config.model
    folds_of_lock = locked.folded(setup.locks)
    if folds_of_lock:
        dataset = locked.of_lock(split.without_own_parts(dataset), folds_of_lock)
        dataset = _targeted(select.trimmed(dataset, data, seed, divided=False), data, learnt=pl.lit(value=True))
        return dataset, locked.folds(dataset, folds_of_lock)
    if model.loso or model.logo or model.k_fold_cross:
        dataset = select.trimmed(split.without_own_parts(dataset), data, seed, divided=False)
        dataset = _targeted(dataset, data, learnt=pl.lit(value=True))
        return dataset, make_folds(dataset, model, data.groups, seed=seed) or []
    earlier, three = runfolder.earlier_split(last), config.exp.traindevtest
    dataset = split.split(dataset, data, seed=seed, three=three, earlier=earlier, locks=setup.locks)
    dataset = select.trimmed(dataset, data, seed, divided=True)
    split.check_parts(dataset)
    dataset = _targeted(dataset, data, learnt=pl.col("split") == "train")
    return dataset, [holdout(dataset)]


def _targeted(dataset: Dataset, data: Data, learnt: pl.Expr) -> Dataset:
    """What is done to a numeric target once it is known which rows are `learnt` from."""
    if not dataset.target.is_number:
        return dataset
    dataset = target.standardised(dataset, data.databases, learnt)
    return target.cut(dataset, data, learnt) if data.type == "continuous" else dataset


def _plan(dataset: Dataset, folds: Sequence[Fold], setup: Setup, *, multichannel: int) -> Plan:
    runs = f", {setup.config.exp.runs} runs" if setup.config.exp.runs > 1 else ""
    notes = []
    if multichannel:
        rules = ", ".join(f"`{name}.channel = {rule}`" for name, rule in setup.channels.items())
        have = "file has" if multichannel == 1 else "files have"
        notes.append(f"channels: {multichannel} {have} more than one; used is {rules}")
    notes += history_lines(dataset)
    config = setup.config
    by = folds_by(dataset, config.model, config.data.groups) if len(folds) > 1 else ""
    by = "those of the lock" if locked.folded(setup.locks) else by
    features = sources.planned(dataset, setup.sources, _asked(setup))
    return Plan(dataset, folds, features, f"{setup.recipe.text}{runs}", notes, by)


def _features(dataset: Dataset, setup: Setup, ui: Ui) -> tuple[Features, list[Skip]]:
    features, failed = sources.gather(dataset, setup.sources, _asked(setup), ui)
    if setup.config.feats.print_feats:
        ui.note(f"columns: {', '.join(features.names)}")
    _warn(ui, gaps.caution(features, setup.recipe.nan_strategy))
    if setup.recipe.nan_strategy != "drop":
        return features, failed
    features, dropped = gaps.drop(features, dataset)
    return features, [*failed, *dropped]


def _asked(setup: Setup) -> sources.Ask:
    feats = setup.config.feats
    pooling, resolve = Pooling(feats.pooling), resolver(setup.file)
    return sources.Ask(setup.channels, pooling, resolve, setup.jobs, feats.features, feats.no_reuse)


def _without(
    failed: Sequence[Skip], dataset: Dataset, folds: list[Fold], features: Features, setup: Setup
) -> tuple[Dataset, list[Fold]]:
    """The rows that have features, with the split or the folds that they had."""
    if not failed:
        return dataset, folds
    what = "has every feature" if setup.recipe.nan_strategy == "drop" else "has features"
    kept = dataset.with_frame(dataset.frame.filter(pl.col("id").is_in(list(features.ids))), what)
    if len(folds) > 1:
        return kept, without(folds, features.ids)
    split.check_parts(kept)
    return kept, [holdout(kept)]


def _skips(skipped: Sequence[Skip], total: int) -> list[Caution]:
    return [cautions.of_skips(skipped, total)] if skipped else []


def _warn(ui: Ui, found: Sequence[Caution]) -> None:
    for caution in found:
        ui.warn(caution.text, caution.hint)
