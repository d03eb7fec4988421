"""Everything that is measured of a run, as one plain dict: the content of `metrics.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nk.stages.baselines import baselines
from nk.stages.evaluate import across_runs, by_fold, by_run, evaluate, or_null, per_class, per_speaker
from nk.stages.outcome import by_outcome
from nk.stages.views import View, parts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.tables import Metric, Predictions

# The keys of the views, each of which is there though nobody has asked for it.
VIEWS = ("certain", "combined", "bins", "per_database")


def metrics_json(
    predictions: Predictions,
    known: Mapping[Any, pl.Series],
    views: Sequence[View] = (),
    *,
    speakers_are_target: bool = False,
) -> dict[str, Any]:
    """The content of `metrics.json`, with null for values that are not defined.

    Args:
        predictions: of all parts, folds and runs
        known: truth of the rows that each fold was trained on, by the name of the fold
        views: other looks at the same predictions
        speakers_are_target: the classes are speakers, so intervals are over utterances

    Returns:
        `schema`, and for each part that there is (`train`, `dev`, `test`): `metrics` {split: {measure: {value, low,
        high, n, n_speakers, method}}}; `per_class` and `per_speaker` {split: [row]}; `runs` {split: {rows, mean, std}};
        `baselines` {chance, majority} of test (else of the last part), `baselines_by_part` {split: the same}, and
        `folds` [row] of test, where there are several; of classes `uncertainty` {split: as `by_outcome`}; of each view
        `certain`, `combined` and `bins` {split: {metrics, baselines, and what there is to know of it}} and
        `per_database` {split: {database: the same}}

    Raises:
        DataError: as `evaluate`
    """
    parts = parts_of(predictions)
    folds = by_fold(predictions) if "test" in parts else pl.DataFrame()
    whole = View("", "", predictions, dict(known), {})
    measured = {p: _measured(whole, p, speakers_are_target=speakers_are_target) for p in parts}
    guesses = {p: found["baselines"] for p, found in measured.items()}
    classes = [] if predictions.target.is_number else parts
    return {
        "schema": 1,
        "metrics": {p: found["metrics"] for p, found in measured.items()},
        "per_class": {
            p: per_class(predictions, p, speakers_are_target=speakers_are_target).to_dicts() for p in classes
        },
        "per_speaker": {p: per_speaker(predictions, p).to_dicts() for p in parts},
        "baselines": guesses[parts[-1]] if parts else {"chance": {}, "majority": {}},
        "baselines_by_part": guesses,
        "runs": {p: _runs(by_run(predictions, p)) for p in parts},
        "folds": folds.to_dicts() if folds.height > 1 else [],
        "uncertainty": {p: by_outcome(predictions, p) for p in classes},
        **_beside(views, speakers_are_target=speakers_are_target),
    }


def _beside(views: Sequence[View], *, speakers_are_target: bool) -> dict[str, Any]:
    found: dict[str, Any] = {key: {} for key in VIEWS}
    for view in views:
        for part in view.about:
            measured = _measured(view, part, speakers_are_target=speakers_are_target)
            if view.name:
                found[view.key].setdefault(part, {})[view.name] = measured
            else:
                found[view.key][part] = measured
    return found


def _measured(view: View, part: str, *, speakers_are_target: bool) -> dict[str, Any]:
    metrics = evaluate(view.predictions, split=part, speakers_are_target=speakers_are_target, unit=view.unit)
    guesses = baselines(view.predictions, view.known, split=part)
    return {**view.about.get(part, {}), "metrics": _as_dict(metrics), "baselines": guesses}


def _runs(runs: pl.DataFrame) -> dict[str, Any]:
    return {"rows": runs.to_dicts(), **across_runs(runs)}


def _as_dict(found: Sequence[Metric]) -> dict[str, dict[str, Any]]:
    fields = ("low", "high", "n", "n_speakers", "method")
    return {one.name: {"value": or_null(one.value)} | {field: getattr(one, field) for field in fields} for one in found}
