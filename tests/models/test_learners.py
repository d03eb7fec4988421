"""Known answers of the smaller learners."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nk import families
from nk.errors import DataError
from nk.registry import Fitted, Training


def fit(name: str, x: Any, y: Any, *, classes: int = 0, **options: Any) -> Fitted:
    plugin = families.models.get(name)
    rows = np.asarray(x, dtype=np.float32).reshape(len(y), -1)
    targets: Any = np.asarray(y, dtype=np.int64 if classes else np.float64)
    data = Training(rows, targets, np.arange(len(y)), classes)
    return plugin(plugin.options_type(**options), name=name).fit(data, seed=0, jobs=1)


def at(*values: float) -> Any:
    return np.array(values, dtype=np.float32)[:, None]


def test_knn_scores_are_the_votes() -> None:
    """At 0.4 the neighbours are 0 and 1, at distances .4 and .6, and 2 after them."""
    x, y = [0, 1, 2, 9], [0, 1, 1, 2]
    np.testing.assert_allclose(fit("knn", x, y, classes=3, K_val=3).predict(at(0.4)), [[1 / 3, 2 / 3, 0]])
    by_distance = fit("knn", x, y, classes=3, K_val=2, KNN_weights="distance").predict(at(0.4))
    np.testing.assert_allclose(by_distance, [[0.6, 0.4, 0]], atol=1e-6)


def test_knn_reg_is_the_mean_of_the_neighbours() -> None:
    x, y = [0, 1, 2, 9], [10, 20, 30, 40]
    np.testing.assert_allclose(fit("knn_reg", x, y, K_val=2).predict(at(0.4)), [15])
    by_distance = fit("knn_reg", x, y, K_val=2, KNN_weights="distance").predict(at(0.4))
    np.testing.assert_allclose(by_distance, [14], atol=1e-5)


@pytest.mark.parametrize(("name", "classes"), [("knn", 2), ("knn_reg", 0)])
def test_fewer_rows_than_neighbours_are_refused(name: str, classes: int) -> None:
    with pytest.raises(DataError, match=rf"^`{name}` needs `K_val` = 5 training rows at least \(4 rows\)$") as error:
        fit(name, [1, 2, 3, 4], [0, 1, 0, 1], classes=classes)
    assert error.value.hint == "set `K_val` to 4 or less"


def test_lin_reg_finds_the_line() -> None:
    np.testing.assert_allclose(fit("lin_reg", [0, 1, 5], [1, 3, 11]).predict(at(2, 10)), [5, 21])


def test_lin_reg_has_the_least_norm_where_features_outnumber_rows() -> None:
    """Two equal columns share the slope of 2."""
    model = fit("lin_reg", [[0, 0], [1, 1]], [0, 2])
    np.testing.assert_allclose(model.predict(np.array([[1, 0], [0, 1]], dtype=np.float32)), [1, 1], atol=1e-12)


@pytest.mark.parametrize(("name", "classes"), [("tree", 4), ("tree_reg", 0)])
def test_a_tree_is_as_deep_as_allowed(name: str, classes: int) -> None:
    x, y = np.arange(4), np.arange(4)
    full, stump = (fit(name, x, y, classes=classes, **options) for options in ({}, {"max_depth": 1}))
    if classes:
        np.testing.assert_array_equal(full.predict(at(*x)), np.eye(4))
    else:
        np.testing.assert_array_equal(full.predict(at(*x)), y)
    assert len(np.unique(stump.predict(at(*x)), axis=0)) == 2


def test_svr_is_the_same_in_any_unit() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 2))
    years = 40 + 15 * x[:, 0]
    model = fit("svr", x, years)
    assert np.corrcoef(model.predict(x.astype(np.float32)), years)[0, 1] > 0.9
    months = fit("svr", x, 12 * years).predict(x.astype(np.float32))
    # libsvm stops at a tolerance of 1e-3.
    np.testing.assert_allclose(months, 12 * model.predict(x.astype(np.float32)), rtol=1e-3)


@pytest.mark.parametrize("name", ["svr", "knn_reg", "lin_reg", "tree_reg", "forest_reg", "xgr", "lgbr"])
def test_a_constant_target_is_predicted(name: str) -> None:
    np.testing.assert_allclose(fit(name, np.arange(9), np.full(9, 3.5)).predict(at(0, 20)), 3.5, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "options"), [("svm", {"kernel": "linear"}), ("svm", {"gamma": 3.0}), ("svr", {"gamma": 3.0})]
)
def test_options_reach_the_svm(name: str, options: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 2)), np.arange(40) % 2
    classes = 2 if name == "svm" else 0
    plain, other = (fit(name, x, y, classes=classes, **some).predict(x) for some in ({}, options))  # type: ignore[arg-type]
    assert np.abs(plain - other).max() > 0.01


def test_log_reg_says_when_it_has_not_converged() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 5)) * 1000, np.arange(40) % 2
    model = fit("log_reg", x, y, classes=2, max_iter=2)
    assert model.notes == ("`log_reg` had not converged after 2 iterations: scale the features",)
    assert fit("log_reg", x / 1000, y, classes=2).notes == ()
