"""Gaussian naive Bayes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from nk.models._common import balanced
from nk.models._sklearn import SklearnModel
from nk.registry import Options

if TYPE_CHECKING:
    from nk.registry import Doubles, Task


class BayesOptions(Options):
    """Options of `bayes`."""

    var_smoothing: float = Field(
        default=1e-9,
        gt=0,
        allow_inf_nan=False,
        description="Share of the largest variance of a feature that is added to all variances (no unit)",
    )
    class_weight: bool = Field(default=False, description="Weight classes by inverse frequency")


class Bayes(SklearnModel):
    """Gaussian naive Bayes: features are independent and normal within a class; scores are the posteriors."""

    name = "bayes"
    task: ClassVar[Task] = "classification"
    options_type = BayesOptions

    @classmethod
    def estimator_type(cls) -> type[Any]:
        """scikit-learn's class."""
        from sklearn.naive_bayes import GaussianNB

        return GaussianNB  # type: ignore[no-any-return]

    def build(self, seed: int) -> Any:  # noqa: ARG002 - nothing in it is random
        """A classifier that is not yet trained."""
        return self.estimator_type()(var_smoothing=self.options.var_smoothing)

    def train(self, estimator: Any, x: Doubles, y: Any, jobs: int) -> None:  # noqa: ARG002 - it has no threads
        """Measure means and variances; weights change the priors alone."""
        estimator.fit(x, y, sample_weight=balanced(y) if self.options.class_weight else None)
        if not estimator.var_.any():  # every feature is constant: any variance leaves the priors
            estimator.var_[:] = 1.0

    @classmethod
    def check(cls, estimator: Any) -> None:
        """See `SklearnModel.check`."""
        import numpy as np

        shape = (len(estimator.classes_), estimator.n_features_in_)
        priors, means, variances = estimator.class_prior_, estimator.theta_, estimator.var_
        if priors.shape != shape[:1] or means.shape != shape or variances.shape != shape:
            raise ValueError("its means and variances do not fit its classes")
        if not all(np.isfinite(values).all() for values in (priors, means, variances)) or (variances <= 0).any():
            raise ValueError("its means and variances are not finite numbers, or a variance is not above 0")
