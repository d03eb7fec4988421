"""What decides between values of options: a measure of nk, or a scorer of scikit-learn that means one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from nk.config.model import Model

_SCORERS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "uar",
    "recall_macro": "uar",
    "f1_macro": "macro_f1",
    "roc_auc": "auc",
    "roc_auc_ovr": "auc",
    "neg_mean_squared_error": "mse",
    "neg_root_mean_squared_error": "rmse",
    "neg_mean_absolute_error": "mae",
    "r2": "r2",
}
_USUAL = {"classification": "uar", "regression": "mse"}


def measure_of(scoring: str) -> str | None:
    """The measure that a scorer means, None if there is none."""
    from nk.families import metrics

    word = scoring.strip().lower()
    return word if word in metrics.names() else _SCORERS.get(word)


def scorers(measures: Collection[str]) -> list[str]:
    """The scorers of scikit-learn that mean one of these measures."""
    return sorted(name for name, measure in _SCORERS.items() if measure in measures)


def chooses(model: Model, task: str) -> str:
    """The measure by which options are chosen: `scoring`, else `measure`, else the usual one of the task."""
    wanted = measure_of(model.scoring) if model.scoring else model.measure
    return wanted or _USUAL[task]
