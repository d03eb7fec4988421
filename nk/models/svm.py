"""Support vector machine for classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from nk.models._common import About
from nk.models._sklearn import FittedEstimator, SklearnModel
from nk.models._svm import SvmOptions, check_machine

if TYPE_CHECKING:
    from nk.registry import Doubles, Task, Training


class ClassifierOptions(SvmOptions):
    """Options of `svm`."""

    class_weight: bool = Field(default=False, description="Weight classes by inverse frequency")


class SvmAbout(About):
    """The record of an svm: decisions are divided by the temperature before the softmax."""

    temperature: float = Field(gt=0, allow_inf_nan=False)


class FittedSvm(FittedEstimator):
    """A trained SVM whose scores agree with its own decisions on every row."""

    about: SvmAbout

    def _scores(self, rows: Doubles) -> Doubles:
        from nk.models._calibration import margins, scores

        return scores(margins(self.estimator, rows), self.about.temperature)


class Svm(SklearnModel):
    """Support vector classifier, one against one, ties broken by the decision function.

    Scores are the softmax of the decision function at a temperature that is fitted on rows of speakers held out of
    training, see `nk/models/_calibration.py`.
    """

    name = "svm"
    task: ClassVar[Task] = "classification"
    options_type = ClassifierOptions
    about_type = SvmAbout
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

    def fit(self, data: Training, *, seed: int, jobs: int) -> FittedSvm:
        """Train on all rows, and fit the temperature on held-out ones.

        Raises:
            DataError: there is nothing to learn from
        """
        from nk.models._calibration import calibrate

        fitted = super().fit(data, seed=seed, jobs=jobs)
        temperature, notes = calibrate(lambda: self.build(seed), data, jobs=jobs)
        about = SvmAbout(**{**fitted.about.model_dump(by_alias=True), "temperature": temperature, "notes": notes})
        return FittedSvm(fitted.estimator, about)
