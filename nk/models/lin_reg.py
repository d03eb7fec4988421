"""Linear regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nk.models._sklearn import SklearnModel

if TYPE_CHECKING:
    from nk.registry import Task


class LinReg(SklearnModel):
    """Least squares; the solution of least norm where there are more features than rows."""

    name = "lin_reg"
    task: ClassVar[Task] = "regression"
    weighs = "coefficients"

    @classmethod
    def estimator_type(cls) -> type[Any]:
        """scikit-learn's class."""
        from sklearn.linear_model import LinearRegression

        return LinearRegression  # type: ignore[no-any-return]

    def build(self, seed: int) -> Any:  # noqa: ARG002 - nothing in it is random
        """A regression that is not yet trained."""
        return self.estimator_type()()
