"""Naive Bayes and Gaussian mixtures: posteriors by Bayes' rule."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB

from nk.errors import DataError, PluginError
from nk.models.bayes import Bayes
from nk.models.gmm import Gmm
from nk.registry import Training
from nk.storage import dump_estimator, load_estimator

if TYPE_CHECKING:
    from pathlib import Path

    from nk.models._sklearn import FittedEstimator

SHAPES = ["full", "tied", "diag", "spherical"]


def fit(plugin: Any, data: Training, *, jobs: int = 1, **options: Any) -> FittedEstimator:
    found: FittedEstimator = plugin(plugin.options_type(**options), name=plugin.name).fit(data, seed=3, jobs=jobs)
    return found


def clouds(*sizes: int, features: int = 3) -> Training:
    """A cloud of so many rows a class, each wider than the one before."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(len(sizes)), sizes)
    x = (rng.normal(size=(len(y), features)) * (1 + y[:, None]) + 2 * y[:, None]).astype(np.float32)
    return Training(x, y, np.arange(len(y)) % 5, len(sizes))


def by_rule(densities: Any, priors: Any) -> Any:
    """Posteriors of densities, shape (rows, classes)."""
    joint = np.asarray(densities) * np.asarray(priors)
    return joint / joint.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("sizes", [(40, 60), (10, 20, 30, 40, 50, 60, 70)])
def test_bayes_is_as_scikit_learn_says_and_as_the_rule_says(sizes: tuple[int, ...]) -> None:
    data = clouds(*sizes)
    x = data.x.astype(np.float64)
    found = fit(Bayes, data).predict(data.x)
    np.testing.assert_allclose(found, GaussianNB().fit(x, data.y).predict_proba(x), atol=1e-12)
    densities = [norm(part.mean(axis=0), part.std(axis=0)).pdf(x).prod(axis=1) for part in parts(data)]
    np.testing.assert_allclose(found, by_rule(np.transpose(densities), np.array(sizes) / sum(sizes)), atol=1e-5)


def parts(data: Training) -> list[Any]:
    return [data.x[data.y == number].astype(np.float64) for number in range(data.classes)]


def test_weights_of_bayes_make_the_priors_equal() -> None:
    data = clouds(10, 90)
    theirs = GaussianNB(priors=[0.5, 0.5]).fit(data.x.astype(np.float64), data.y)
    found = fit(Bayes, data, class_weight=True).predict(data.x)
    np.testing.assert_allclose(found, theirs.predict_proba(data.x.astype(np.float64)), atol=1e-9)


def test_bayes_of_constant_features_gives_the_priors() -> None:
    data = clouds(30, 90)
    data.x[:] = 7
    np.testing.assert_allclose(fit(Bayes, data).predict(data.x - 100), [[0.25, 0.75]] * 120)


def test_var_smoothing_reaches_bayes() -> None:
    data = clouds(30, 30)
    wide, narrow = (fit(Bayes, data, var_smoothing=value).predict(data.x).max() for value in (100, 1e-9))
    assert wide < 0.6 < narrow


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("class_weight", [False, True])
def test_gmm_of_one_distribution_is_the_rule_with_its_covariance(shape: str, class_weight: bool) -> None:
    """By hand: mean and covariance of each class, and the shares of the classes."""
    data = clouds(40, 60, 100)
    options: dict[str, Any] = {"GMM_components": 1, "GMM_reg_covar": 1e-3, "GMM_covariance_type": shape}
    densities = []
    for part in parts(data):
        covariance = np.cov(part.T, bias=True) + 1e-3 * np.eye(3)
        if shape in {"diag", "spherical"}:
            covariance = np.diag(np.diag(covariance))
        if shape == "spherical":
            covariance = np.eye(3) * np.trace(covariance) / 3
        densities.append(multivariate_normal(part.mean(axis=0), covariance).pdf(data.x))
    due = by_rule(np.transpose(densities), [1 / 3] * 3 if class_weight else [0.2, 0.3, 0.5])
    found = fit(Gmm, data, class_weight=class_weight, **options)
    np.testing.assert_allclose(found.predict(data.x), due, atol=1e-9)
    assert found.notes == ()


def test_gmm_of_several_distributions_is_the_rule_with_their_sum() -> None:
    data = clouds(80, 120)
    densities = []
    for part in parts(data):
        theirs = GaussianMixture(2, random_state=3).fit(part)
        each = zip(theirs.weights_, theirs.means_, theirs.covariances_, strict=True)
        densities.append(sum(weight * multivariate_normal(mean, wide).pdf(data.x) for weight, mean, wide in each))
    found = fit(Gmm, data, GMM_components=2).predict(data.x)
    np.testing.assert_allclose(found, by_rule(np.transpose(densities), [0.4, 0.6]), atol=1e-9)


def test_components_are_not_classes() -> None:
    """One class around the other: the original gave 2 components the numbers of 2 classes, in any order."""
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    around = rng.normal(size=(400, 2))
    x = np.where(y[:, None], 0.3 * around, 3 * around / np.linalg.norm(around, axis=1, keepdims=True) + 0.2 * around)
    found = fit(Gmm, Training(x.astype(np.float32), y, y, 2)).predict(x.astype(np.float32))
    assert (found.argmax(axis=1) == y).mean() > 0.98


def test_a_class_of_few_different_rows_gets_fewer_distributions_and_it_is_told(tmp_path: Path) -> None:
    data = clouds(50, 2, 1)
    model = fit(Gmm, data, GMM_covariance_type="diag")
    assert [mixture.n_components for mixture in model.estimator] == [4, 2, 1]
    assert model.notes == ("`gmm` has no `GMM_components` = 4 different rows in a class, and takes fewer for it",)
    np.testing.assert_array_equal(model.predict(data.x)[50:].argmax(axis=1), [1, 1, 2])
    model.save(tmp_path)
    assert Gmm.load(tmp_path).notes == model.notes
    twins = clouds(50, 50)
    twins.x[:50] = twins.x[0]
    assert [mixture.n_components for mixture in fit(Gmm, twins).estimator] == [1, 4]


@pytest.mark.parametrize(("shape", "rows"), [("full", 44), ("tied", 14), ("diag", 4), ("spherical", 4)])
def test_too_few_rows_for_a_covariance_are_told(shape: str, rows: int) -> None:
    """4 components and 10 features: a full covariance of each needs 11 rows, a tied one 10 beside the 4 means."""
    enough, few = (fit(Gmm, clouds(99, count, features=10), GMM_covariance_type=shape) for count in (rows, rows - 1))
    assert enough.notes == ()
    assert len(few.notes) == 1
    assert "`gmm` has" in few.notes[0]


def test_a_covariance_that_stays_singular_is_an_error() -> None:
    data = clouds(30, 30)
    data.x[:, 1] = data.x[:, 0]
    data.x[:] *= 1e8
    with pytest.raises(DataError, match=r"^`gmm` finds a singular covariance in a class .* \(30 rows\)$") as error:
        fit(Gmm, data)
    assert "scale the features" in str(error.value.hint)
    assert fit(Gmm, data, GMM_covariance_type="diag").predict(data.x).shape == (60, 2)


def test_gmm_says_when_it_has_not_converged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sklearn.mixture.GaussianMixture", partial(GaussianMixture, max_iter=1))
    assert "had not converged" in fit(Gmm, clouds(60, 60)).notes[0]


def test_jobs_change_nothing_for_large_classes() -> None:
    from threadpoolctl import threadpool_limits

    data = clouds(700, 900, features=8)
    found = []
    for jobs in (1, 2):
        with threadpool_limits(jobs):
            found.append(fit(Gmm, data, jobs=jobs).predict(data.x))
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)


@pytest.mark.parametrize(
    "harm",
    [
        lambda it: it.pop(),
        lambda it: it.append("more"),
        lambda it: setattr(it[0], "means_", it[0].means_[:, :2]),
        lambda it: setattr(it[0], "weights_", it[0].weights_[:1]),
        lambda it: setattr(it[0], "weights_", -it[0].weights_),
        lambda it: setattr(it[0], "weights_", 2 * it[0].weights_),
        lambda it: setattr(it[0], "precisions_cholesky_", it[0].precisions_cholesky_ * np.nan),
        lambda it: setattr(it[0], "precisions_cholesky_", it[0].precisions_cholesky_[0]),
        lambda it: setattr(it[0], "covariance_type", "diag"),
        lambda it: setattr(it[0], "covariance_type", "wide"),
        lambda it: setattr(it[0], "n_features_in_", 2),
        lambda it: delattr(it[0], "means_"),
    ],
)
def test_mixtures_that_do_not_fit_are_refused(tmp_path: Path, harm: Any) -> None:
    fit(Gmm, clouds(40, 40)).save(tmp_path)
    Gmm.load(tmp_path)
    path = tmp_path / "estimator.skops"
    mixtures: Any = load_estimator(path, list)
    harm(mixtures)
    dump_estimator(path, mixtures)
    with pytest.raises(PluginError, match=r"estimator\.skops` cannot be read: [^\n]+$"):
        Gmm.load(tmp_path)


@pytest.mark.parametrize(
    "harm",
    [
        lambda it: setattr(it, "theta_", it.theta_[:1]),
        lambda it: setattr(it, "var_", -it.var_),
        lambda it: setattr(it, "var_", it.var_ * np.nan),
        lambda it: setattr(it, "class_prior_", it.class_prior_[:1]),
    ],
)
def test_a_bayes_that_does_not_fit_is_refused(tmp_path: Path, harm: Any) -> None:
    fit(Bayes, clouds(40, 40)).save(tmp_path)
    path = tmp_path / "estimator.skops"
    estimator = load_estimator(path, GaussianNB)
    harm(estimator)
    dump_estimator(path, estimator)
    with pytest.raises(PluginError, match=r"estimator\.skops` cannot be read: its means and variances"):
        Bayes.load(tmp_path)
