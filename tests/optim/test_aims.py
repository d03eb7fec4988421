"""What [OPTIM] `metric` may name, against scikit-learn."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from nk.config.output import Optim
from nk.optim import aims


def drawn(seed: int, classes: int, rows: int = 60) -> tuple[Any, Any, Any]:
    generator = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(classes), generator.integers(0, classes, rows - classes)])
    scores = generator.dirichlet(np.ones(classes), rows) + 0.5 * np.eye(classes)[truth]
    return truth, scores / scores.sum(axis=1, keepdims=True), generator.integers(1, 5, rows)


def specificity(truth: Any, predicted: Any) -> float:
    tables = reference.multilabel_confusion_matrix(truth, predicted)
    each = [table[0, 0] / table[0].sum() for table in tables]
    return float(each[1] if len(each) == 2 else np.mean(each))


def sensitivity(truth: Any, predicted: Any) -> float:
    each = reference.recall_score(truth, predicted, average=None)
    return float(each[1] if len(each) == 2 else np.mean(each))


SAME: dict[str, Any] = {
    "accuracy": reference.accuracy_score,
    "uar": reference.balanced_accuracy_score,
    "recall": reference.balanced_accuracy_score,
    "f1": lambda t, p: reference.f1_score(t, p, average="macro"),
    "macro_f1": lambda t, p: reference.f1_score(t, p, average="macro"),
    "precision": lambda t, p: reference.precision_score(t, p, average="macro", zero_division=0.0),
    "sensitivity": sensitivity,
    "specificity": specificity,
}


@pytest.mark.parametrize("name", SAME)
@given(seed=st.integers(0, 10_000), classes=st.integers(2, 4))
def test_it_is_what_scikit_learn_says_over_all_rows_and_without_each_speaker(
    name: str, seed: int, classes: int
) -> None:
    truth, scores, groups = drawn(seed, classes)
    found = aims.values(aims.aim_of(name), truth, scores, groups, 4)
    for group, value in enumerate(found):
        kept = groups != group
        if len({*truth[kept]}) == classes:
            assert value == pytest.approx(SAME[name](truth[kept], scores[kept].argmax(axis=1)))


def test_every_metric_of_the_config_has_a_measure() -> None:
    names = [one for arm in get_args(Optim.model_fields["metric"].annotation) for one in get_args(arm)]
    assert len(names) == 16
    for name in names:
        aim = aims.aim_of(name)
        if aim.task == "classification":
            truth, scores, groups = drawn(1, 3)
        else:
            truth = np.random.default_rng(1).normal(size=60)
            scores, groups = truth + np.random.default_rng(2).normal(size=60), drawn(1, 3)[2]
        assert np.isfinite(aims.values(aim, truth, scores, groups, 4)).all(), name


def test_smaller_is_better_where_errors_are_counted() -> None:
    small = {name for name in ("eer", "mse", "rmse", "mae") if not aims.aim_of(name).greater_is_better}
    assert small == {"eer", "mse", "rmse", "mae"}
    assert all(aims.aim_of(name).greater_is_better for name in (*SAME, "ccc", "pcc", "r2", "auc"))
