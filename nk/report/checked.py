"""What `nk check` has found as a report says it: findings and what to do, the data and its split, and no model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nk.plan import hours
from nk.report.data import data, history, skipped
from nk.report.frame import frame, made_with
from nk.report.leads import lost, notes
from nk.report.parts import part, sentences
from nk.report.shapes import Finding, Made
from nk.report.summary import task_of
from nk.stages import audit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.audit import finding
    from nk.ready import Ready


def told(
    name: str,
    ready: Ready,
    findings: Sequence[finding.Finding],
    error: str,
    *,
    config: str,
    manifest: Mapping[str, Any],
) -> dict[str, Any]:
    """The check in a plain dict, as `nk.report.frame.frame` has it.

    Args:
        name: of the experiment
        ready: the rows that can be used with their parts or folds, and those that cannot
        findings: of the audit, worst first
        error: what they come to, empty where that stops nothing
        config: as text
        manifest: when and by what the check was made
    """
    dataset, folds = ready.dataset, ready.folds
    rows = dataset.frame if "split" in dataset else dataset.frame.with_columns(split=None)
    found = notes([Finding.model_validate(vars(one)) for one in findings])
    made, target = Made.model_validate(manifest), dataset.target
    split = replace(ready.plan, dataset=dataset, folds=folds).split()
    return frame(
        f"{name}_check",
        made.made,
        task=task_of(target, len(folds)),
        openings=[_opening(target.name, findings, error)],
        leads=[*(one for one in found if one["level"] != "note"), *lost(len(ready.skipped))],
        parts=[part("Split", sentences([split]))],
        data=data(rows, target, hours(dataset), folded=len(folds) > 1),
        audit=found,
        history=history(dataset.history),
        skipped=skipped([one.reason for one in ready.skipped]),
        config=config,
        made_with=made_with(made),
    )


def _opening(target: str, findings: Sequence[finding.Finding], error: str) -> dict[str, Any]:
    said = "The audit of the data and of the split, before any training; a run looks at its results too."
    stop = [f"A run stops here: {error}."] if error else []
    return {"big": audit.summary(findings).capitalize(), "small": f"{target} · no model", "said": [*stop, said]}
