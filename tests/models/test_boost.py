"""Boosted trees: XGBoost's own numbers, and early stopping on a dev part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nk.errors import DataError
from nk.models.xgb import Xgb
from nk.models.xgr import Xgr
from nk.registry import Training

if TYPE_CHECKING:
    from nk.models._boost import FittedBooster


def fit(plugin: Any, data: Training, *, seed: int = 1, **options: Any) -> FittedBooster:
    found: FittedBooster = plugin(plugin.options_type(**options), name=plugin.name).fit(data, seed=seed, jobs=1)
    return found


def noisy(classes: int, rows: int = 200, speakers: int = 10) -> Training:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 5)).astype(np.float32)
    groups = np.arange(rows) % speakers
    y = np.arange(rows) // speakers % classes if classes else 3 * x[:, 0].astype(np.float64) + rng.normal(size=rows)
    x[:, 0] += y
    return Training(x, y, groups, classes)


def watched(classes: int) -> Training:
    """The first two speakers are the dev part."""
    data = noisy(classes)
    dev = data.groups < 2
    return Training(data.x[~dev], data.y[~dev], data.groups[~dev], classes, data.x[dev], data.y[dev])


OPTIONS: dict[str, Any] = {
    "n_estimators": 20,
    "max_depth": 3,
    "learning_rate": 0.2,
    "subsample": 0.7,
    "colsample_bytree": 0.6,
}


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("tree_method", ["auto", "exact"])
def test_classes_are_as_xgboost_says(classes: int, tree_method: str) -> None:
    import xgboost

    data = noisy(classes)
    theirs = xgboost.XGBClassifier(**OPTIONS, tree_method=tree_method, random_state=5, n_jobs=1).fit(data.x, data.y)
    ours = fit(Xgb, data, seed=5, **OPTIONS, tree_method=tree_method)
    np.testing.assert_allclose(ours.predict(data.x), theirs.predict_proba(data.x), atol=1e-6)


def test_values_are_as_xgboost_says() -> None:
    import xgboost

    data = noisy(0)
    theirs = xgboost.XGBRegressor(**OPTIONS, random_state=5, n_jobs=1).fit(data.x, data.y)
    np.testing.assert_allclose(fit(Xgr, data, seed=5, **OPTIONS).predict(data.x), theirs.predict(data.x), rtol=1e-6)


def test_class_weights_are_balanced() -> None:
    import xgboost
    from sklearn.utils.class_weight import compute_sample_weight

    data = noisy(3)
    rows = ~((data.y == 1) & (np.arange(200) % 4 > 0))
    part = Training(data.x[rows], data.y[rows], data.groups[rows], 3)
    weights = compute_sample_weight("balanced", part.y)
    theirs = xgboost.XGBClassifier(**OPTIONS, random_state=1, n_jobs=1).fit(part.x, part.y, sample_weight=weights)
    ours = fit(Xgb, part, class_weight=True, **OPTIONS)
    np.testing.assert_allclose(ours.predict(data.x), theirs.predict_proba(data.x), atol=1e-6)


@pytest.mark.parametrize(("plugin", "classes"), [(Xgb, 2), (Xgb, 3), (Xgr, 0)])
def test_stops_on_the_dev_part_where_there_is_one(plugin: Any, classes: int) -> None:
    """The rounds that are kept are those at which the loss on dev is least among all of a full training."""
    data, dev = noisy(classes), noisy(classes, rows=90)
    rng = np.random.default_rng(1)
    dev_x = dev.x + rng.normal(size=dev.x.shape).astype(np.float32)
    with_dev = Training(data.x, data.y, data.groups, classes, dev_x, dev.y)
    stopped = fit(plugin, with_dev, early_stopping_rounds=100, n_estimators=100)
    rounds = stopped.booster.num_boosted_rounds()
    assert 1 <= rounds < 100

    def loss(n_estimators: int) -> float:
        found = fit(plugin, data, n_estimators=n_estimators).predict(dev_x)
        return float(-np.log(found[np.arange(90), dev.y]).mean() if classes else np.mean((found - dev.y) ** 2))

    losses = [loss(count) for count in range(1, 101, 3)]
    assert loss(rounds) <= min(losses) + 1e-7
    np.testing.assert_allclose(fit(plugin, data, n_estimators=rounds).predict(dev_x), stopped.predict(dev_x), atol=1e-6)


@pytest.mark.parametrize("tree_method", ["hist", "approx", "exact"])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_stopped_model_is_stored_as_it_is(tmp_path: Any, tree_method: str, classes: int) -> None:
    data = watched(classes)
    model = fit(Xgb, data, early_stopping_rounds=3, tree_method=tree_method, subsample=0.5)
    model.save(tmp_path)
    np.testing.assert_array_equal(Xgb.load(tmp_path).predict(data.x), model.predict(data.x))


def test_the_metric_is_the_one_asked_for() -> None:
    """Errors stop changing long before the log loss does."""
    data = watched(3)
    by_loss = fit(Xgb, data, early_stopping_rounds=5, eval_metric="logloss")
    by_errors = fit(Xgb, data, early_stopping_rounds=5, eval_metric="merror")
    assert by_loss.booster.num_boosted_rounds() != by_errors.booster.num_boosted_rounds()
    alias = fit(Xgb, data, early_stopping_rounds=5, eval_metric="mlogloss")
    assert alias.booster.num_boosted_rounds() == by_loss.booster.num_boosted_rounds()


def test_is_refused_without_anything_to_stop_on() -> None:
    with pytest.raises(DataError, match="no dev part to watch") as error:
        fit(Xgb, noisy(2), early_stopping_rounds=3)
    assert "early_stopping_rounds" in str(error.value.hint)


def test_is_refused_where_dev_has_only_unknown_classes() -> None:
    data = noisy(2)
    dev = Training(data.x, data.y, data.groups, 3, data.x, np.full(200, 2))
    with pytest.raises(DataError, match="nothing to watch"):
        fit(Xgb, dev, early_stopping_rounds=3)


def test_dev_rows_of_unknown_classes_are_passed_over() -> None:
    data = noisy(2)
    more = Training(data.x, data.y, data.groups, 3, np.concatenate([data.x, data.x]), np.r_[data.y, np.full(200, 2)])
    less = Training(data.x, data.y, data.groups, 3, data.x, data.y)
    one, two = (fit(Xgb, part, early_stopping_rounds=3).predict(data.x) for part in (more, less))
    np.testing.assert_array_equal(one, two)
