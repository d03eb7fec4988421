"""Random forest for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nk.models._forest import ForestOptions, Trees

if TYPE_CHECKING:
    from nk.registry import Task


class ForestReg(Trees):
    """Random forest (Breiman 2001) of regression trees; a question is chosen among all features."""

    name = "forest_reg"
    task: ClassVar[Task] = "regression"
    options_type = ForestOptions

    @classmethod
    def estimator_type(cls) -> type[Any]:
        """scikit-learn's class."""
        from sklearn.ensemble import RandomForestRegressor

        return RandomForestRegressor  # type: ignore[no-any-return]

    def build(self, seed: int) -> Any:
        """A forest that is not yet grown."""
        return self.estimator_type()(
            n_estimators=self.options.n_estimators, max_depth=self.options.max_depth or None, random_state=seed
        )
