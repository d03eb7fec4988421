"""A run folder as a plain dict, from which every report is written: HTML, model card, LaTeX, Typst.

It holds numbers, texts and lists alone, and none that the run folder does not have; how they look is for the templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk import evaluations
from nk.config.model import DEFAULTS
from nk.report import joined
from nk.report.data import data, history, skipped
from nk.report.exhibits import exhibits
from nk.report.frame import frame, made_with
from nk.report.leads import leads, notes
from nk.report.methods import methods
from nk.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nk.report.files import Run, Test
    from nk.report.shapes import Explored, Made, Measure, View
    from nk.tables import Target

MOST_SPEAKERS = 50
_BESIDE = ("decided", "certain", "combined", "bins")


def summary(run: Run) -> dict[str, Any]:
    """Everything that a report says of a run, as `nk.report.frame.frame` has it."""
    return frame(
        run.name,
        run.manifest.made,
        task=_task(run),
        headline=_headline(run),
        leads=leads(run, run.explored),
        methods=methods(run),
        data=data(run.rows, run.target, run.manifest.audio_hours, folded=len(run.manifest.folds) > 1),
        audit=notes(run.findings),
        results=[_result(run, part) for part in run.metrics.metrics],
        tests=[_tested(one, run.measure) for one in run.tests],
        members=joined.members(run.joined, run.measure) if run.joined else None,
        groups=_groups(run),
        history=history(run.manifest.history),
        skipped=skipped(run.skipped["reason"].fill_null("").to_list()),
        looks=evaluations.summary(run.seen) if run.seen else "",
        confusion=_confusion(run),
        explored=exhibits(run.folder, run.explored),
        config=run.config_text,
        made_with=_made_with(run),
    )


def looked_at(folder: Path, explored: Explored, made: Made, config: str) -> dict[str, Any]:
    """What a report says where there is no run, but a look at the data."""
    return frame(
        explored.name,
        made.made,
        leads=leads(None, explored),
        explored=exhibits(folder, explored),
        config=config,
        made_with=made_with(made),
    )


def task_of(target: Target, folds: int) -> dict[str, Any]:
    """What is predicted, and in how many folds, 0 where there is a split."""
    kind = "a number" if target.is_number else counted(len(target.labels), "class", "classes")
    return {
        "target": target.name,
        "is_number": target.is_number,
        "labels": list(target.labels),
        "kind": kind,
        "folds": folds if folds > 1 else 0,
    }


def _task(run: Run) -> dict[str, Any]:
    return {
        **task_of(run.target, len(run.manifest.folds)),
        **(joined.task(run.joined) if run.joined else _trained(run)),
        "runs": run.predictions.frame["run"].n_unique(),
    }


def _trained(run: Run) -> dict[str, Any]:
    model = run.config.model.type or DEFAULTS[run.config.exp.type]
    return {"model": model, "features": list(run.config.feats.type)}


def _headline(run: Run) -> dict[str, Any] | None:
    part, name = run.part, run.measure
    if not part or not name:
        return None
    return {"part": part, **_measured(name, run.metrics.metrics[part][name], _guesses(run, part))}


def _guesses(run: Run, part: str) -> Mapping[str, Mapping[str, float | None]]:
    return run.metrics.baselines_by_part.get(part, {})


def _measured(name: str, found: Measure, guesses: Mapping[str, Mapping[str, float | None]]) -> dict[str, Any]:
    """A measure beside what guessing gives."""
    return {"measure": name, **found.model_dump(), "guesses": {base: each.get(name) for base, each in guesses.items()}}


def _result(run: Run, part: str) -> dict[str, Any]:
    found, guesses = run.metrics.metrics[part], _guesses(run, part)
    names = sorted(found, key=lambda name: name != run.measure)  # the sort is stable: the others keep their order
    first = found[names[0]]
    speakers = run.metrics.per_speaker.get(part, [])
    runs = run.metrics.runs.get(part)
    return {
        "part": part,
        "n": first.n,
        "n_speakers": first.n_speakers,
        "method": first.method,
        "measures": [_measured(name, found[name], guesses) for name in names],
        "guesses": list(guesses),
        "classes": [row.model_dump(by_alias=True) for row in run.metrics.per_class.get(part, [])],
        "speakers": speakers[:MOST_SPEAKERS],
        "speakers_left_out": max(0, len(speakers) - MOST_SPEAKERS),
        "databases": _databases(run, part),
        "folds": run.metrics.folds if part == "test" else [],
        "runs": runs.model_dump() if runs and len(runs.rows) > 1 else None,
        "beside": [
            {"what": key, **_view(view, run.measure)}
            for key in _BESIDE
            if (view := getattr(run.metrics, key).get(part)) is not None
        ],
        "calibration": _plain(run.metrics.calibration.get(part)),
        "risk": _plain(run.metrics.risk_coverage.get(part)),
        "sets": _plain(run.metrics.sets.get(part)),
    }


def _tested(one: Test, first: str | None) -> dict[str, Any]:
    """A test of the stored model: its measures where the truth is known, and what its audit has found."""
    found = one.metrics.metrics.get("test", {})
    guesses = one.metrics.baselines_by_part.get("test", {})
    names = sorted(found, key=lambda name: name != first)
    some = found[names[0]] if names else None
    return {
        "name": one.name,
        "n": some.n if some else 0,
        "n_speakers": some.n_speakers if some else None,
        "method": some.method if some else "",
        "measures": [_measured(name, found[name], guesses) for name in names],
        "guesses": list(guesses),
        "audit": notes(one.findings),
    }


def _plain(found: Any) -> dict[str, Any] | None:
    return found.model_dump() if found is not None else None


def _databases(run: Run, part: str) -> list[dict[str, Any]]:
    found = run.metrics.per_database.get(part, {})
    return [{"database": name, **_view(view, run.measure)} for name, view in found.items()]


def _view(view: View, measure: str | None) -> dict[str, Any]:
    """What there is to know of a view, and its main measure where anything is left to be scored."""
    name = measure if measure in view.metrics else next(iter(view.metrics), None)
    about = view.model_dump(exclude={"metrics", "baselines"})
    return {**about, "measured": _measured(name, view.metrics[name], view.baselines) if name else None}


def _groups(run: Run) -> list[dict[str, Any]]:
    """Each column with its groups in one measure, that of the gap."""
    found = []
    for column, groups in run.groups.columns.items():
        gap = run.groups.gaps.get(column)
        name = gap.measure if gap else next((key for each in groups.values() for key in each), "")
        rows = [{"group": group, **each[name].model_dump()} for group, each in groups.items() if name in each]
        if all(row["value"] is None for row in rows):
            continue
        found.append({
            "column": column,
            "measure": name,
            "fewest": run.groups.fewest,
            "groups": rows[:MOST_SPEAKERS],
            "left_out": max(0, len(rows) - MOST_SPEAKERS),
            "gap": _plain(gap),
        })  # fmt: skip
    return found


def _confusion(run: Run) -> dict[str, Any] | None:
    """How often each class was taken for which, in the part that counts: a row a truth."""
    if run.target.is_number or not run.part:
        return None
    labels = run.target.labels
    rows = run.predictions.part(run.part).frame.drop_nulls("truth")
    pairs = rows.group_by("truth", "predicted").len().iter_rows()
    counts = {(truth, predicted): number for truth, predicted, number in pairs}
    table = [[counts.get((truth, predicted), 0) for predicted in labels] for truth in labels]
    return {"part": run.part, "labels": list(labels), "counts": table}


def _made_with(run: Run) -> dict[str, Any]:
    told = run.manifest
    return {
        "nk": told.nk,
        "python": told.python,
        "platform": told.platform,
        "packages": told.packages,
        "seed": told.seed,
        "seconds": told.seconds,
    }
