"""Logistic regression."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from nk.models._sklearn import FittedEstimator, SklearnModel
from nk.registry import Options

if TYPE_CHECKING:
    from nk.registry import Task, Training


class LogRegOptions(Options):
    """Options of `log_reg`."""

    C_val: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="Inverse of the L2 penalty (no unit): the smaller, the smoother the model",
    )
    max_iter: int = Field(default=1000, ge=1, le=1_000_000, description="Iterations at most (count)")
    class_weight: bool = Field(default=False, description="Weight classes by inverse frequency")


class LogReg(SklearnModel):
    """Multinomial logistic regression with an L2 penalty (the binomial one for two classes)."""

    name = "log_reg"
    task: ClassVar[Task] = "classification"
    by_size = True
    weighs = "coefficients"
    options_type = LogRegOptions

    @classmethod
    def estimator_type(cls) -> type[Any]:
        """scikit-learn's class."""
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression  # type: ignore[no-any-return]

    def build(self, seed: int) -> Any:
        """A regression that is not yet trained."""
        return self.estimator_type()(
            C=self.options.C_val,
            max_iter=self.options.max_iter,
            class_weight="balanced" if self.options.class_weight else None,
            random_state=seed,
        )

    def fit(self, data: Training, *, seed: int, jobs: int) -> FittedEstimator:
        """Train on `data`; a note says if it had not converged.

        Raises:
            DataError: there is nothing to learn from
        """
        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the note below says it
            fitted = super().fit(data, seed=seed, jobs=jobs)
        if max(fitted.estimator.n_iter_) < self.options.max_iter:
            return fitted
        note = f"`log_reg` had not converged after {self.options.max_iter} iterations: scale the features"
        return FittedEstimator(fitted.estimator, fitted.about.model_copy(update={"notes": (note,)}))
