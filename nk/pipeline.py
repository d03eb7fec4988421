"""The commands as recipes: each public function is one command, its stages from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import counting, exports, lock, ready, recognised, record, reporting, runfolder, siblings, testing, testsets
from nk.audit.cues import unheard
from nk.audit.shortcuts import reached
from nk.errors import DataError
from nk.execute import HERE, cores
from nk.manifest import Stopwatch
from nk.record import Done, final_rows
from nk.setup import prepare
from nk.stages import audit, cautions, course, groups, sources, split, target, train
from nk.stages.certainty import decided
from nk.stages.folds import holdout, without
from nk.stages.recordings import check_skips
from nk.stages.results import metrics_json
from nk.stages.views import views
from nk.stored import changed_versions, differing, open_run
from nk.told import Told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.audit.finding import Finding
    from nk.config import Config, Loaded
    from nk.config.data import Data
    from nk.evaluations import Evaluation
    from nk.execute import Executor
    from nk.exploring import Explored
    from nk.plan import Plan
    from nk.replay import Outcome, Replay
    from nk.setup import Setup
    from nk.stages import load
    from nk.stages.course import Course
    from nk.stages.folds import Fold
    from nk.stages.trained import Trained
    from nk.stages.views import View
    from nk.tables import Dataset, Features, Predictions, Skip
    from nk.ui import Ui


@dataclass(frozen=True, kw_only=True)
class Result(Told):
    """What a run has found, and the folder that holds everything.

    `outcome` is how a replay compares; `made` says when an earlier run has found it, whose results these are.
    """

    folder: Path
    report: reporting.Report | None = None
    outcome: Outcome | None = None
    made: str | None = None


@dataclass(frozen=True)
class Checked:
    """What the audit has found without a model, and the error that it comes to."""

    findings: Sequence[Finding]
    error: DataError | None
    report: reporting.Report | None = None


def check(loaded: Loaded, ui: Ui, *, jobs: int | None = None) -> Checked:
    """Audit the data and the split of an experiment, and train nothing.

    Args:
        loaded: the config
        ui: where to say what happens
        jobs: as for `run`

    Raises:
        NkError: as `run`
    """
    setup = prepare(loaded, jobs)
    watch = Stopwatch()
    start = ready.divide(ready.read(setup, ui, watch), setup, ui, watch)
    dataset, folds = start.dataset, start.folds
    failed = unheard(dataset, channels=setup.channels, jobs=setup.jobs, ui=ui, fresh=setup.config.feats.no_reuse)
    cautions.say(cautions.of_skips(failed, len(dataset)), ui)
    check_skips([*start.skipped, *failed], start.total, setup.config.feats.fail_threshold)
    dataset, folds = _without(failed, dataset, folds, setup)
    with watch("audit"):
        heard = _heard(dataset, folds, setup, ui)
        findings = audit.together(audit.of_tables(dataset, folds), audit.of_recordings(heard, dataset.target))
    error = audit.verdict(findings, strict=setup.config.exp.strict)
    rest = replace(start, dataset=dataset, folds=folds, skipped=(*start.skipped, *failed))
    tell = partial(record.told_of_check, setup, rest, findings, str(error or ""), watch)
    return Checked(findings, error, reporting.of_check(setup.config, tell, ui))


def run(
    loaded: Loaded,
    ui: Ui,
    *,
    jobs: int | None = None,
    dry_run: bool = False,
    replay: Replay | None = None,
    force: bool = False,
    executor: Executor = HERE,
    report: bool = True,
) -> Result | Plan:
    """Run an experiment and write its run folder; or make the plan alone.

    Where the folder has the results of a run that depends on the same, they are given again and nothing is computed.

    Args:
        loaded: the config
        ui: where to say what happens
        jobs: how many cores to use; `n_jobs` of [MODEL], at most all, where not given
        dry_run: stop at the plan
        replay: the run that is repeated, if one is, and where that goes
        force: compute in any case
        executor: where features are computed and folds trained
        report: whether a report is made where the config asks for one

    Raises:
        NkError: the config, the data or the installation does not allow it
    """
    setup, watch = prepare(loaded, jobs, replay, executor), Stopwatch()
    config, strict = setup.config, setup.config.exp.strict
    read = ready.read(setup, ui, watch)
    key = recognised.depends_on(setup, read)
    if not (force or dry_run or replay) and (known := _known(setup, read, key, ui, report=report)):
        siblings.compare(setup.folder, config, ui)
        return known
    start = ready.divide(read, setup, ui, watch)
    dataset, folds = start.dataset, start.folds
    train.check(dataset, folds, setup.recipe, config.exp.runs)
    cautions.say(cautions.of_scale(dataset, folds) if setup.recipe.scale == "speaker" else [], ui)
    with watch("audit"):
        findings = audit.of_tables(dataset, folds)
    audit.need_sound(findings, ui, strict=strict)
    if dry_run:
        audit.show(findings, ui)
        return start.plan
    ui.note(f"audit so far: {audit.summary(findings, named=True)}")
    made = lock.made(dataset, folds, seed=config.exp.random_seed)
    with watch("extract"):
        sources.check_columns(dataset, setup.sources, setup.ask)
        features, failed = _features(dataset, setup, ui)
        skipped = (*start.skipped, *failed)
        check_skips(skipped, start.total, config.feats.fail_threshold)
        dataset, folds = _without(failed, dataset, folds, setup)
    cautions.say(
        [*cautions.of_skips(failed, len(features.ids) + len(failed)), *cautions.of_sizes(features, setup.recipe)], ui
    )
    with watch("audit"):
        heard = _heard(dataset, folds, setup, ui, fresh=config.feats.no_reuse)
        tables = audit.of_tables(dataset, folds) if failed else findings
        audit.need_sound(audit.together(tables, audit.of_recordings(heard, dataset.target)), ui, strict=strict)
    trained, predictions, courses = _trained(features, dataset, folds, setup, watch, ui)
    with watch("evaluate"):
        looks, metrics, by_group = _measured(predictions, courses, dataset, folds, config, ui)
    cues = audit.of_recordings(heard, dataset.target, reached(metrics, dataset.target))
    findings = audit.together(tables, cues)
    seen = counting.of_run(setup, made, metrics, ui)  # also of what stops here: the audit says how good the model is
    audit.need_sound(findings, ui, strict=strict)
    told = Told(metrics, by_group, config.model.measure, findings, seen)
    done = Done(setup, dataset, folds, features, predictions, looks, told, trained, skipped, courses, made, key)
    with runfolder.writing(setup.folder.parent, setup.folder.name) as folder:
        record.write(folder, done, watch, ui)
        outcome = record.write_replay(folder, replay) if replay else None
    if not replay:
        siblings.compare(setup.folder, config, ui)
    if config.exp.save_test and not replay:
        path = exports.write_csv(config.exp.save_test, exports.test_rows(predictions, dataset), "save_test")
        ui.note(f"test rows with predictions: {path}")
    reported = reporting.at_the_end(setup.folder, config, ui) if report else None
    ui.detail("seconds: " + ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in watch.seconds.items()))
    return Result(**vars(told), folder=setup.folder, outcome=outcome, report=reported)


def _known(setup: Setup, read: load.Loaded, key: str, ui: Ui, *, report: bool) -> Result | None:
    """The results of the run in the folder, if they would come out the same; what was warned of is said again."""
    config = setup.config
    if config.feats.no_reuse or config.exp.save_test:
        return None
    found = recognised.known(setup.folder, key, len(read.skipped), config.model.measure, ui)
    if not found:
        return None
    for warning in found.warnings:
        if not ui.has_warned(warning):
            ui.warn(warning)
    reported = reporting.at_the_end(setup.folder, config, ui) if report else None
    told = {field.name: getattr(found, field.name) for field in fields(Told)}
    return Result(**told, folder=setup.folder, made=found.made, report=reported)


def _trained(
    features: Features, dataset: Dataset, folds: Sequence[Fold], setup: Setup, watch: Stopwatch, ui: Ui
) -> tuple[Trained, Predictions, Sequence[Course]]:
    """The model to be stored, what those of the folds predict, and how their trainings went."""
    with watch("train"):
        recipe, runs, where = setup.recipe, setup.config.exp.runs, setup.executor
        crossed = train.cross(features, dataset, folds, recipe, runs, ui, where)
        choice = crossed.courses[0].choice if len(folds) == 1 else None
        every = final_rows(dataset, folds)
        trained = train.train(features, dataset, *every, recipe, choice, crossed.calibration, where)
    for line in course.lines(crossed.courses, dataset.target.labels, setup.recipe.balancing):
        ui.note(line)
    if trained.course.choice and len(folds) > 1:
        ui.note(f"stored model, tuned on all rows: {trained.course.choice.text}")
    for warning in course.warnings(crossed.courses):
        ui.warn(warning)
    return trained, crossed.predictions, crossed.courses


def _heard(dataset: Dataset, folds: Sequence[Fold], setup: Setup, ui: Ui, *, fresh: bool = False) -> audit.Heard:
    return audit.listen(dataset, folds, channels=setup.channels, jobs=setup.jobs, ui=ui, fresh=fresh)


def explore(loaded: Loaded, ui: Ui, *, jobs: int | None = None) -> Explored:
    """Look at the data of an experiment before any model is trained, and write `explore/` into its folder.

    Args:
        loaded: the config; there need be no target, features or model
        ui: where to say what happens
        jobs: as for `run`

    Raises:
        NkError: the config, the data or the installation does not allow it
    """
    from nk import exploring  # what other commands need not wait for

    watch = Stopwatch()
    place = exploring.place_of(loaded)
    material = exploring.gather(loaded, ui, jobs, watch)
    found = exploring.exhibits(material, loaded, ui, watch)
    explored = exploring.write(place, found, material, watch, ui)
    report = reporting.at_the_end(place[0], loaded.config, ui)
    return replace(explored, report=report, rows=exploring.for_spotlight(material, loaded, ui))


@dataclass(frozen=True)
class Tests:
    """What tests of a stored model have found, and the folder that holds theirs; `measure` is the main one.

    `seen` are the evaluations of the rows of each test set, by its name, the last one its own.
    """

    folder: Path
    tested: Sequence[testing.Tested]
    measure: str | None
    seen: dict[str, Sequence[Evaluation]]
    report: reporting.Report | None = None


def test(
    folder: Path,
    loaded: Loaded,
    ui: Ui,
    *,
    files: Sequence[str] = (),
    like: str | None = None,
    output: str | None = None,
    jobs: int | None = None,
) -> Tests:
    """Test the stored model of a run, and write a folder a test set into the run folder.

    Args:
        folder: the run folder
        loaded: the config that names databases to test on; what the model needs is that of the run
        ui: where to say what happens
        files: CSV files and folders in audformat to test on instead
        like: the training database whose conventions the files have; needed where there are several that differ
        output: CSV file for the rows of all test sets with the predictions
        jobs: how many cores to use

    Raises:
        NkError: the config, the data or the installation does not allow it
    """
    run = open_run(folder, loaded.config)
    sets = testsets.wanted(loaded.config, run.config, files, like)
    places = folder / runfolder.TESTS
    for one in sets:
        runfolder.check_place(places, one.name, way_out=runfolder.ELSEWHERE)
    if output:
        exports.check_place(output, "--output")
    cautions.say(cautions.of_differing(differing(loaded.config, run.config), folder), ui)
    trials = [testing.read(one, run, loaded, jobs or cores(), ui) for one in sets]
    for trial in trials:
        audit.need_sound(trial.findings, ui, strict=loaded.config.exp.strict, of=trial.testset.name)
    tested = []
    for trial in trials:
        ui.note(f"test set `{trial.testset.name}`:")
        for line in testing.plan(trial, run):
            ui.note(line)
        cautions.say(testing.warnings(trial, run), ui)
        ui.note(f"audit: {audit.summary(trial.findings, named=True)}")
        tested.append(testing.evaluate(trial, run, ui))
    cautions.say(cautions.of_versions(changed_versions(run, tested[0].features)), ui)
    seen = {}
    for trial, done in zip(trials, tested, strict=True):
        name = trial.testset.name
        seen[name] = counting.of_test(done, trial.dataset.frame, places / name, ui)
        with runfolder.writing(places, name, way_out=runfolder.ELSEWHERE) as place:
            record.write_test(place, done, seen[name], ui)
    if output:
        ui.note(f"rows with predictions: {exports.write_csv(output, testing.all_rows(tested), '--output')}")
    reported = reporting.at_the_end(folder, run.config.replaced(report=loaded.config.report), ui)
    return Tests(places, tested, run.config.model.measure, seen, reported)


def _measured(
    predictions: Predictions, courses: Sequence[Course], dataset: Dataset, folds: Sequence[Fold], config: Config, ui: Ui
) -> tuple[Sequence[View], dict[str, Any], dict[str, Any]]:
    """Other looks at the predictions, and the content of `metrics.json` and `groups.json`."""
    truth = dataset.frame[dataset.target.name]
    known, tempers = {fold.name: truth[fold.train_rows] for fold in folds}, course.calibrations(courses)
    looks = views(predictions, known, dataset, config.plot, _bins(dataset, folds, config.data, ui))
    looks += decided(predictions, known, tempers)
    own = dataset.target.name == "speaker"
    metrics = metrics_json(predictions, known, looks, tempers, speakers_are_target=own)
    metrics |= {"tuning": course.tuning(courses)} if config.model.spaces else {}
    return looks, metrics, groups.groups_json(predictions, dataset, config.exp.results_by, speakers_are_target=own)


def _bins(dataset: Dataset, folds: Sequence[Fold], data: Data, ui: Ui) -> tuple[Sequence[float], Sequence[str]] | None:
    """Edges and names of the classes that numbers are looked at in, beside their main result."""
    if not dataset.target.is_number:
        return None
    try:
        learnt = pl.lit(value=True) if len(folds) > 1 else pl.col("split") == "train"
        return target.edges_of(dataset, data.bins, data.labels, learnt)
    except DataError as error:
        ui.note(f"not looked at in bins: {error}")
        return None


def _features(dataset: Dataset, setup: Setup, ui: Ui) -> tuple[Features, list[Skip]]:
    features, failed = sources.complete(dataset, setup.sources, setup.ask, setup.recipe.nan_strategy, ui)
    if setup.config.feats.print_feats:
        ui.note(f"columns: {', '.join(features.names)}")
    return features, failed


def _without(failed: Sequence[Skip], dataset: Dataset, folds: list[Fold], setup: Setup) -> tuple[Dataset, list[Fold]]:
    """The rows that have features, with the split or the folds that they had."""
    if not failed:
        return dataset, folds
    what = "has every feature" if setup.recipe.nan_strategy == "drop" else "has features"
    keys = ("database", "file", "start", "end")
    gone = pl.DataFrame([{key: getattr(skip, key) for key in keys} for skip in failed])
    kept = dataset.with_frame(dataset.frame.join(gone, on=keys, how="anti", maintain_order="left"), what)
    if len(folds) > 1:
        return kept, without(folds, kept.ids)
    split.check_parts(kept)
    return kept, [holdout(kept)]
