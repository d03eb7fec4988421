"""What the random forests share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from nk.models._sklearn import SklearnModel
from nk.models._tree import check_tree
from nk.registry import Options

if TYPE_CHECKING:
    from nk.registry import Doubles


class ForestOptions(Options):
    """Options of `forest` and `forest_reg`."""

    n_estimators: int = Field(default=100, ge=1, le=100_000, description="Trees (count)")
    max_depth: Annotated[int, Field(ge=1, le=1000, strict=True)] | Literal[False] = Field(
        default=False, description="Questions from root to leaf at most (count); False: no limit"
    )


class Trees(SklearnModel):
    """A learner that is many trees, each grown on rows drawn with replacement, whose mean predicts."""

    weighs = "impurity"

    def train(self, estimator: Any, x: Doubles, y: Any, jobs: int) -> None:
        """Grow the trees in `jobs` threads; each has its own seed, drawn before."""
        estimator.set_params(n_jobs=jobs).fit(x, y)
        # Threads that predict add up in any order, which can change the last digit.
        estimator.set_params(n_jobs=None)

    @classmethod
    def check(cls, estimator: Any) -> None:
        """See `SklearnModel.check`."""
        if not estimator.estimators_ or (estimator.n_jobs, estimator.verbose) != (None, 0):
            raise ValueError("it has no trees, or other settings than nk makes")
        classes = getattr(estimator, "n_classes_", 1)
        if estimator.n_outputs_ != 1 or classes != len(getattr(estimator, "classes_", "1")):
            raise ValueError("it is of other classes, or of more than one target")
        for tree in estimator.estimators_:
            if type(tree) is not type(estimator.estimator_) or getattr(tree, "n_classes_", 1) != classes:
                raise ValueError("a tree is of other classes")
            check_tree(tree, estimator.n_features_in_)
