"""A look at stored Gaussian mixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def check_mixtures(mixtures: Sequence[Any], classes: int) -> None:
    """Check that there is a mixture a class, and that the arrays of each fit each other.

    Raises:
        ValueError: it is not so
    """
    from sklearn.mixture import GaussianMixture

    if len(mixtures) != classes or any(type(mixture) is not GaussianMixture for mixture in mixtures):
        raise ValueError("it does not hold a Gaussian mixture a class")
    if len({mixture.n_features_in_ for mixture in mixtures}) > 1:
        raise ValueError("its mixtures are of different features")
    for mixture in mixtures:
        _check_mixture(mixture, mixture.n_features_in_)


def _check_mixture(mixture: Any, features: int) -> None:
    import numpy as np

    weights, means, precisions = mixture.weights_, mixture.means_, mixture.precisions_cholesky_
    count = len(weights)
    due = {
        "full": (count, features, features),
        "tied": (features, features),
        "diag": (count, features),
        "spherical": (count,),
    }
    shapes = (weights.shape, means.shape, precisions.shape)
    if shapes != ((count,), (count, features), due.get(mixture.covariance_type)):
        raise ValueError("the arrays of a mixture do not fit each other")
    if not all(np.isfinite(values).all() for values in (weights, means, precisions)) or (weights < 0).any():
        raise ValueError("a mixture is not of finite numbers")
    if abs(weights.sum() - 1) > 1e-6:
        raise ValueError("the weights of a mixture do not sum to one")
