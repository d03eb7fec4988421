"""Decision tree for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nk.models._tree import OneTree, TreeOptions

if TYPE_CHECKING:
    from nk.registry import Task


class TreeReg(OneTree):
    """One regression tree (CART, squared error)."""

    name = "tree_reg"
    task: ClassVar[Task] = "regression"
    options_type = TreeOptions

    @classmethod
    def estimator_type(cls) -> type[Any]:
        """scikit-learn's class."""
        from sklearn.tree import DecisionTreeRegressor

        return DecisionTreeRegressor  # type: ignore[no-any-return]

    def build(self, seed: int) -> Any:
        """A tree that is not yet grown."""
        return self.estimator_type()(max_depth=self.options.max_depth or None, random_state=seed)
