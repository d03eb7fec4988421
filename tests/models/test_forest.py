"""Random forests: scikit-learn's own numbers, and stored trees that are all looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from nk.errors import PluginError
from nk.models.forest import Forest
from nk.models.forest_reg import ForestReg
from nk.registry import Training
from nk.storage import dump_estimator, load_estimator

if TYPE_CHECKING:
    from pathlib import Path

    from nk.models._sklearn import FittedEstimator

OPTIONS: dict[str, Any] = {"n_estimators": 12, "max_depth": 4}


def fit(plugin: Any, data: Training, *, jobs: int = 1, **options: Any) -> FittedEstimator:
    found: FittedEstimator = plugin(plugin.options_type(**options), name=plugin.name).fit(data, seed=3, jobs=jobs)
    return found


def noisy(classes: int, rows: int = 150) -> Training:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 6)).astype(np.float32)
    y = np.sort(np.arange(rows) ** 2 % classes) if classes else 30 + 9 * x[:, 0].astype(np.float64)
    x[:, 0] += y
    return Training(x, y, np.arange(rows) % 10, classes)


@pytest.mark.parametrize("class_weight", [False, True])
@pytest.mark.parametrize("classes", [2, 7])
def test_classes_are_as_scikit_learn_says(classes: int, class_weight: bool) -> None:
    data = noisy(classes)
    weight = "balanced" if class_weight else None
    theirs = RandomForestClassifier(**OPTIONS, class_weight=weight, random_state=3).fit(data.x, data.y)
    due = np.zeros((150, classes))
    due[:, theirs.classes_] = theirs.predict_proba(data.x)
    found = fit(Forest, data, class_weight=class_weight, **OPTIONS).predict(data.x)
    np.testing.assert_allclose(found, due, atol=1e-12)


def test_values_are_as_scikit_learn_says() -> None:
    data = noisy(0)
    theirs = RandomForestRegressor(**OPTIONS, random_state=3).fit(data.x, data.y)
    np.testing.assert_allclose(fit(ForestReg, data, **OPTIONS).predict(data.x), theirs.predict(data.x), rtol=1e-12)


@pytest.mark.parametrize(("plugin", "classes"), [(Forest, 3), (ForestReg, 0)])
def test_jobs_change_nothing_at_all(plugin: Any, classes: int) -> None:
    data = noisy(classes)
    one, three = (fit(plugin, data, jobs=jobs) for jobs in (1, 3))
    np.testing.assert_array_equal(one.predict(data.x), three.predict(data.x))
    assert three.estimator.n_jobs is None


def harmed(tree: Any, field: str, value: int) -> None:
    state = tree.tree_.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"][field][0] = value
    tree.tree_.__setstate__(state)


@pytest.mark.parametrize(("plugin", "classes"), [(Forest, 3), (ForestReg, 0)])
@pytest.mark.parametrize(
    "harm",
    [
        lambda it: harmed(it.estimators_[-1], "left_child", 10**6),
        lambda it: harmed(it.estimators_[-1], "right_child", 0),
        lambda it: harmed(it.estimators_[-1], "feature", 99),
        lambda it: setattr(it.estimators_[-1], "n_classes_", np.int64(9)),
        lambda it: setattr(it.estimators_[-1], "n_outputs_", 2),
        lambda it: setattr(it, "n_features_in_", 9),
        lambda it: setattr(it, "n_outputs_", 2),
        lambda it: setattr(it, "n_classes_", np.int64(5)),
        lambda it: setattr(it, "n_jobs", 10**6),
        lambda it: setattr(it, "verbose", 1),
        lambda it: setattr(it, "estimators_", []),
        lambda it: it.estimators_.append(it.__class__()),
    ],
)
def test_a_forest_that_could_crash_the_process_is_refused(tmp_path: Path, plugin: Any, classes: int, harm: Any) -> None:
    fit(plugin, noisy(classes), **OPTIONS).save(tmp_path)
    plugin.load(tmp_path)
    path = tmp_path / "estimator.skops"
    forest = load_estimator(path, plugin.estimator_type())
    harm(forest)
    dump_estimator(path, forest)
    with pytest.raises(PluginError, match=r"estimator\.skops` cannot be read: (it|the|a) [^\n]+$"):
        plugin.load(tmp_path)
