"""Decision tree for classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from nk.models._tree import OneTree, TreeOptions

if TYPE_CHECKING:
    from nk.registry import Task


class ClassifierOptions(TreeOptions):
    """Options of `tree`."""

    class_weight: bool = Field(default=False, description="Weight classes by inverse frequency")


class Tree(OneTree):
    """One decision tree (CART, Gini impurity); the scores are the shares of the classes in a leaf."""

    name = "tree"
    task: ClassVar[Task] = "classification"
    options_type = ClassifierOptions

    @classmethod
    def estimator_type(cls) -> type[Any]:
        """scikit-learn's class."""
        from sklearn.tree import DecisionTreeClassifier

        return DecisionTreeClassifier  # type: ignore[no-any-return]

    def build(self, seed: int) -> Any:
        """A tree that is not yet grown."""
        return self.estimator_type()(
            max_depth=self.options.max_depth or None,
            class_weight="balanced" if self.options.class_weight else None,
            random_state=seed,
        )
