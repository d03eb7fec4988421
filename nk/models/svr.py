"""Support vector machine for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nk.models._sklearn import SklearnModel
from nk.models._svm import SvmOptions, check_machine

if TYPE_CHECKING:
    from nk.registry import Task


class Svr(SklearnModel):
    """Support vector regression of the standardised target.

    C and the tube of 0.1 are thus in standard deviations of the target, and a model is the same whether the target is
    in years or months.
    """

    name = "svr"
    task: ClassVar[Task] = "regression"
    by_size = True
    options_type = SvmOptions

    @classmethod
    def estimator_type(cls) -> type[Any]:
        """scikit-learn's class."""
        from sklearn.compose import TransformedTargetRegressor

        return TransformedTargetRegressor  # type: ignore[no-any-return]

    @classmethod
    def check(cls, estimator: Any) -> None:
        """See `SklearnModel.check`."""
        check_machine(estimator.regressor_, 2)

    def build(self, seed: int) -> Any:  # noqa: ARG002 - nothing in it is random
        """An SVR that is not yet trained, within a scaler of the target."""
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVR

        svr = SVR(C=self.options.C_val, kernel=self.options.kernel, gamma=self.options.gamma)
        return self.estimator_type()(regressor=svr, transformer=StandardScaler())
