"""`nk ensemble`: late fusion of runs, measured like any run and held against its members."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import comparing, evaluations, exports, members, reporting, runfolder
from nk.audit.finding import LEVELS, Finding
from nk.config.model import DEFAULTS
from nk.config.options import options_for
from nk.config.output import Plot
from nk.errors import ConfigError, DataError, Problem
from nk.families import ensembles
from nk.manifest import Stopwatch, manifest
from nk.paths import way_to
from nk.plan import hours
from nk.record import write_results
from nk.report.pictures import draw_results
from nk.show import log_results
from nk.stages import ensemble as stage
from nk.stages.groups import groups_json
from nk.stages.results import metrics_json
from nk.stages.views import views
from nk.tables import Dataset
from nk.told import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.comparing import Comparison
    from nk.evaluations import Evaluation
    from nk.members import Member
    from nk.stages.ensemble import Joined
    from nk.stages.views import View
    from nk.tables import Predictions
    from nk.ui import Ui
    from nk.votes import Ensemble

NAME = "ensemble.json"
OUTFILE = "ensemble_result.csv"
_ALIASES = {"uncertainty": "uncertainty_threshold"}
_ELSEWHERE = "name another folder with `--output`"
_ROWS = "dataset.parquet"


@dataclass(frozen=True)
class Asked:
    """What a call asks for: the method with its options, and where the results go."""

    method: str = "mean"
    options: dict[str, Any] | None = None
    measure: str | None = None
    labelled: bool = True
    output: Path | None = None
    outfile: str | None = None


@dataclass(frozen=True)
class Ensembled:
    """What an ensemble has found; `told` and `against` are None where there are no labels.

    `each` are the members' own results from the best to the worst, `against` compares the ensemble with the best.
    """

    place: Path
    joined: Joined
    members: Sequence[Member]
    told: Told | None = None
    against: Comparison | None = None
    each: Sequence[comparing.Compared] = ()
    report: reporting.Report | None = None

    @property
    def words(self) -> str:
        """Whether the ensemble is better than its best member."""
        return self.against.words(self.against.pairs[0]) if self.against else ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON, beside the metrics: the members' own results and the test."""
        if self.against is None:
            return {"schema": 1, "members": [one.name for one in self.members]}
        told = self.against.as_dict()
        keys = ("measure", "greater_is_better", "over", "pairs", "cautions")
        return {
            "schema": 1,
            "members": [{**one.as_dict(), **self._about(one)} for one in self.each],
            **{key: told[key] for key in keys},
            "words": self.words,
        }

    def _about(self, one: comparing.Compared) -> dict[str, Any]:
        """Where a member is, seen from here, and what it is made of; of a table alone that is not known."""
        config = next(member.config for member in self.members if member.name == one.name)
        if config is None:
            return {"place": "", "model": None, "features": []}
        model = config.model.type or DEFAULTS[config.exp.type]
        return {"place": way_to(one.place, self.place), "model": model, "features": list(config.feats.type)}


def method_of(name: str, options: dict[str, Any]) -> Ensemble:
    """The method of a name with its options.

    Raises:
        ConfigError: there is none, or it has no such option
    """
    name = _ALIASES.get(name, name)
    plugin = ensembles.get(name)
    strange = [key for key in options if key not in plugin.options_type.model_fields]
    if strange:
        own = ", ".join(f"`--{key}`" for key in plugin.options_type.model_fields) or "none"
        text = f"`--{strange[0]}` has no effect with `{name}`"
        raise ConfigError([Problem("nk", 0, text, f"leave it out; options of `{name}`: {own}")])
    return plugin(options_for(plugin, options), name=name)


def ensemble(places: Sequence[Path], asked: Asked, ui: Ui) -> Ensembled:
    """Join the predictions of runs, measure them, and write a run folder; without labels, a table alone.

    Args:
        places: run folders, config files of runs, or tables of predictions
        asked: how
        ui: where to say what happens

    Raises:
        ConfigError: fewer than two are named, or method and options do not fit
        DataError: they cannot be read or written, or their rows, truths or classes differ
    """
    method, watch = method_of(asked.method, asked.options or {}), Stopwatch()
    if len(places) < 2:
        raise ConfigError([Problem("nk", 0, "two runs or more are needed", "write `nk ensemble results/a results/b`")])
    with watch("load"):
        read = members.named([members.read(place) for place in places])
    target = read[0].predictions.target
    task = "regression" if target.is_number else "classification"
    if task not in method.tasks:
        fitting = ", ".join(f"`{one.name}`" for one in ensembles.all() if task in one.tasks)
        raise ConfigError([Problem("nk", 0, f"`{method.called}` is not for a {task}", f"methods for it: {fitting}")])
    outfile = asked.outfile or (None if asked.labelled else OUTFILE)
    if outfile:
        exports.check_place(outfile, "--outfile")
    place = asked.output or read[0].place.parent / f"ensemble_{method.called}"
    if asked.labelled:
        _check_place(place, read)
    with watch("join"):
        some = members.matched(read, truths="checked" if asked.labelled else "ignored")
        joined = stage.combine(method, [one.predictions for one in some], _dev(method, read))
    if outfile:
        ui.note(f"rows with predictions: {exports.write_csv(outfile, joined.predictions.frame, '--outfile')}")
    if not asked.labelled:
        return Ensembled(Path(str(outfile)), joined, some)
    return _measured(_Work(place, method, asked, some, joined, watch), ui)


def _check_place(place: Path, read: Sequence[Member]) -> None:
    if place.resolve() in [one.place.resolve() for one in read]:
        raise DataError(f"`{place}` is one of the members, and would be written over", hint=_ELSEWHERE)
    runfolder.check_command(place, "ensemble", way_out=_ELSEWHERE)


def _dev(method: Ensemble, read: Sequence[Member]) -> Sequence[Predictions]:
    """The rows of dev to learn from, where every member has some."""
    if not method.learns or any(not one.predictions.part("dev").frame.height for one in read):
        return ()
    return [one.predictions for one in members.matched(read, "dev")]


@dataclass(frozen=True)
class _Work:
    """What there is to be measured and written."""

    place: Path
    method: Ensemble
    asked: Asked
    members: Sequence[Member]
    joined: Joined
    watch: Stopwatch

    @property
    def plot(self) -> Plot:
        """How figures are drawn: as those of the first member."""
        config = self.members[0].config
        return config.plot if config else Plot()


def _measured(work: _Work, ui: Ui) -> Ensembled:
    first, predictions = work.members[0], work.joined.predictions
    measure = work.asked.measure or first.measure
    own = predictions.target.name == "speaker"
    dataset, known = _dataset(first), _known(first)
    with work.watch("evaluate"):
        looks = views(predictions, known, dataset, work.plot, None)
        metrics = metrics_json(predictions, known, looks, speakers_are_target=own)
        by = [column for column in (first.config.exp.results_by if first.config else ()) if column in dataset]
        groups = groups_json(predictions, dataset, by, speakers_are_target=own)
    with work.watch("compare"):
        each = comparing.ranked(work.members, measure)
        best = next(one for one in work.members if one.name == each[0].name)
        name = work.place.name if work.place.name != best.name else str(work.place)
        against = comparing.of_members([replace(best, name=name, predictions=predictions, config=None), best], measure)
    seen = _counted(work, metrics, against.measure.name, ui)
    told = Told(metrics, groups, measure, _findings(work.members), seen)
    found = Ensembled(work.place, work.joined, work.members, told, against, each)
    with runfolder.writing(work.place.parent, work.place.name, way_out=_ELSEWHERE) as folder:
        _write(folder, found, work, dataset, looks, ui)
    if first.config:
        return replace(found, report=reporting.at_the_end(work.place, first.config, ui))
    return found


def _write(
    folder: runfolder.RunFolder, found: Ensembled, work: _Work, dataset: Dataset, looks: Sequence[View], ui: Ui
) -> None:
    told, predictions = found.told, found.joined.predictions
    if told is None:
        return
    folder.csv("predictions.csv", predictions.frame)
    folder.csv("skipped.csv", pl.DataFrame(schema=dict.fromkeys(("file", "reason"), pl.String)))
    if "digest" in dataset:
        folder.parquet(_ROWS, dataset.frame)
    write_results(folder, told)
    folder.json(NAME, {**_about(work), **found.as_dict()})
    with work.watch("figures"):
        unwritten = draw_results(
            folder.folder("figures"), predictions, told.metrics, work.plot, views=looks, measure=told.measure
        )
    for text in unwritten:
        ui.warn(text, "install a font for them; the tables of the run folder have all names")
    log_results(told, ui)
    ui.log(found.words)
    folder.text("log.txt", "\n".join(ui.lines) + "\n")
    about = manifest(
        seed=0,
        seconds=work.watch.seconds,
        command="ensemble",
        target=predictions.target.name,
        measure=told.measure,
        rows=dataset.frame.height,
        audio_hours=round(hours(dataset), 3),
        columns=0,
        features=[],
        history=[],
        folds=predictions.frame["fold"].unique().sort().to_list(),
        **_about(work),
    )
    folder.json("manifest.json", about)


def _about(work: _Work) -> dict[str, Any]:
    options = work.method.options.model_dump(mode="json")
    return {"method": work.method.called, "options": options, "learnt_from": work.joined.learnt_from or None,
            "joined": [one.name for one in work.members]}  # fmt: skip


def _dataset(first: Member) -> Dataset:
    """The rows with all that their table says, if it is at hand."""
    predictions, path = first.predictions, first.place / _ROWS
    rows = predictions.frame.unique("id", maintain_order=True)
    if path.is_file():
        rows = rows.select("id").join(_read(path), on="id", how="inner", maintain_order="left")
    return Dataset(rows, predictions.target)


def _known(first: Member) -> dict[str, pl.Series]:
    """The truth of the rows that the first member was trained on, by the name of the fold; empty where not at hand."""
    frame, target = first.predictions.frame, first.predictions.target
    folds = frame["fold"].unique().sort().to_list()
    if len(folds) > 1:
        return {fold: frame.filter(pl.col("fold") != fold)["truth"] for fold in folds}
    path = first.place / _ROWS
    if not path.is_file() or {"split", target.name} - {*(rows := _read(path)).columns}:
        return dict.fromkeys(folds, pl.Series("truth", [], dtype=frame["truth"].dtype))
    return dict.fromkeys(folds, rows.filter(pl.col("split") == "train")[target.name])


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"`{path}` cannot be read: {error}", hint="run it anew") from error


def _findings(some: Sequence[Member]) -> list[Finding]:
    """What the audits of the members have found of these rows: of each check, what the gravest audit says."""
    found: dict[str, list[Finding]] = {}
    for path in [one.place / "audit.json" for one in some]:
        own = _audit(path) if path.is_file() else []
        for check in dict.fromkeys(one.check for one in own):
            mine = [one for one in own if one.check == check]
            if check not in found or _gravest(mine) > _gravest(found[check]):
                found[check] = mine
    return [one for each in found.values() for one in each]


def _gravest(found: Sequence[Finding]) -> int:
    return max(LEVELS.index(one.level) for one in found)


def _audit(path: Path) -> list[Finding]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["findings"]
        return [Finding(**{**one, "examples": tuple(one["examples"])}) for one in told]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"`{path}` cannot be read: {error}", hint="run it anew") from error


def _counted(work: _Work, metrics: dict[str, Any], measure: str, ui: Ui) -> Sequence[Evaluation]:
    """Count this look at test rows, if those of the members are counted."""
    folders = [member.place for member in work.members if member.place.is_dir()]
    seen = [one for folder in folders for one in evaluations.again(folder / evaluations.NAME, ui)[-1:]]
    if not seen:
        return ()
    names = json.dumps(
        [work.method.called, work.method.options.model_dump(mode="json"), sorted(e.config for e in seen)]
    )
    new = evaluations.evaluation(
        [test for one in seen for test in one.tests],
        by="nk ensemble",
        name=work.place.name,
        config=blake2b(names.encode(), digest_size=16).hexdigest(),
        target=seen[0].target,
        measure=measure,
        value=metrics["metrics"]["test"][measure]["value"],
    )
    return evaluations.count(new, (), ui, carried=work.place / evaluations.NAME)
