"""Support vector machine for classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from nk.models._sklearn import FittedEstimator, SklearnModel
from nk.models._svm import SvmOptions, check_machine

if TYPE_CHECKING:
    from nk.registry import Doubles, Task


class ClassifierOptions(SvmOptions):
    """Options of `svm`."""

    class_weight: bool = Field(default=False, description="Weight classes by inverse frequency")


class FittedSvm(FittedEstimator):
    """A trained SVM whose scores agree with its own decisions on every row."""

    def _scores(self, rows: Doubles) -> Doubles:
        from nk.models._margins import margins, scores

        return scores(margins(self.estimator, rows))


class Svm(SklearnModel):
    """Support vector classifier, one against one, ties broken by the decision function.

    Scores are the softmax of its margins, see `nk/models/_margins.py`.
    """

    name = "svm"
    task: ClassVar[Task] = "classification"
    by_size = True
    options_type = ClassifierOptions
    fitted_type = FittedSvm

    @classmethod
    def estimator_type(cls) -> type[Any]:
        """scikit-learn's class."""
        from sklearn.svm import SVC

        return SVC  # type: ignore[no-any-return]

    @classmethod
    def check(cls, estimator: Any) -> None:
        """See `SklearnModel.check`."""
        check_machine(estimator, len(estimator.classes_))

    def build(self, seed: int) -> Any:
        """An SVC that is not yet trained."""
        return self.estimator_type()(
            C=self.options.C_val,
            kernel=self.options.kernel,
            gamma=self.options.gamma,
            class_weight="balanced" if self.options.class_weight else None,
            break_ties=True,
            decision_function_shape="ovr",
            random_state=seed,
        )
