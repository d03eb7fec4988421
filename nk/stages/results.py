"""Everything that is measured of a run, as one plain dict: the content of `metrics.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from nk.metrics._rows import labelled
from nk.stages.baselines import baselines
from nk.stages.evaluate import across_runs, by_fold, by_run, evaluate, or_null, per_class, per_speaker
from nk.tables import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.tables import Metric, Predictions


def metrics_json(
    predictions: Predictions, known: Mapping[Any, pl.Series], *, speakers_are_target: bool = False
) -> dict[str, Any]:
    """The content of `metrics.json`, with null for values that are not defined.

    Args:
        predictions: of all parts, folds and runs
        known: truth of the rows that each fold was trained on, by the name of the fold
        speakers_are_target: the classes are speakers, so intervals are over utterances

    Returns:
        `schema`, and for each part that there is (`train`, `dev`, `test`): `metrics` {split: {measure: {value, low,
        high, n, n_speakers, method}}}; `per_class` and `per_speaker` {split: [row]}; `runs` {split: {rows, mean, std}};
        `baselines` {chance, majority} of test (else of the last part), `baselines_by_part` {split: the same}, and
        `folds` [row] of test, where there are several

    Raises:
        DataError: as `evaluate`
    """
    present = set(predictions.frame["split"].drop_nulls().to_list())
    parts = [part for part in PARTS if part in present and labelled(predictions, part).frame.height]
    folds = by_fold(predictions) if "test" in parts else pl.DataFrame()
    guesses = {p: baselines(predictions, known, split=p) for p in parts}
    return {
        "schema": 1,
        "metrics": {
            p: _as_dict(evaluate(predictions, split=p, speakers_are_target=speakers_are_target)) for p in parts
        },
        "per_class": {
            p: per_class(predictions, p, speakers_are_target=speakers_are_target).to_dicts()
            for p in parts
            if not predictions.target.is_number
        },
        "per_speaker": {p: per_speaker(predictions, p).to_dicts() for p in parts},
        "baselines": guesses[parts[-1]] if parts else {"chance": {}, "majority": {}},
        "baselines_by_part": guesses,
        "runs": {p: _runs(by_run(predictions, p)) for p in parts},
        "folds": folds.to_dicts() if folds.height > 1 else [],
    }


def _runs(runs: pl.DataFrame) -> dict[str, Any]:
    return {"rows": runs.to_dicts(), **across_runs(runs)}


def _as_dict(found: Sequence[Metric]) -> dict[str, dict[str, Any]]:
    fields = ("low", "high", "n", "n_speakers", "method")
    return {one.name: {"value": or_null(one.value)} | {field: getattr(one, field) for field in fields} for one in found}
