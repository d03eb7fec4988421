"""Random forest for classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from nk.models._forest import ForestOptions, Trees

if TYPE_CHECKING:
    from nk.registry import Task


class ClassifierOptions(ForestOptions):
    """Options of `forest`."""

    class_weight: bool = Field(default=False, description="Weight classes by inverse frequency")


class Forest(Trees):
    """Random forest (Breiman 2001); a question is chosen among the square root of the features.

    The scores are the mean of the trees', see `tree`.
    """

    name = "forest"
    task: ClassVar[Task] = "classification"
    options_type = ClassifierOptions

    @classmethod
    def estimator_type(cls) -> type[Any]:
        """scikit-learn's class."""
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier  # type: ignore[no-any-return]

    def build(self, seed: int) -> Any:
        """A forest that is not yet grown."""
        return self.estimator_type()(
            n_estimators=self.options.n_estimators,
            max_depth=self.options.max_depth or None,
            class_weight="balanced" if self.options.class_weight else None,
            random_state=seed,
        )
