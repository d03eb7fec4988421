"""What the nearest-neighbour learners share."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from nk.errors import DataError
from nk.models._sklearn import FittedEstimator, SklearnModel
from nk.registry import Options

if TYPE_CHECKING:
    from nk.registry import Training


class KnnOptions(Options):
    """Options of `knn` and `knn_reg`."""

    K_val: int = Field(default=5, ge=1, description="Neighbours that vote (count)")
    KNN_weights: Literal["uniform", "distance"] = Field(
        default="uniform", description="Weight of a vote: the same for all, or the inverse of the distance"
    )


class Neighbours(SklearnModel):
    """The nearest training rows, by Euclidean distance, vote."""

    options_type = KnnOptions

    def build(self, seed: int) -> Any:  # noqa: ARG002 - nothing in it is random
        """An estimator without rows."""
        # Brute force: with the tens of features of speech sets a search tree is no faster, and it would be stored.
        return self.estimator_type()(
            n_neighbors=self.options.K_val, weights=self.options.KNN_weights, algorithm="brute"
        )

    @classmethod
    def check(cls, estimator: Any) -> None:
        """See `SklearnModel.check`."""
        check_neighbours(estimator, len(estimator.classes_) if cls.task == "classification" else 0)

    def fit(self, data: Training, *, seed: int, jobs: int) -> FittedEstimator:
        """Keep the rows.

        Raises:
            DataError: there is nothing to learn from, or fewer rows than neighbours
        """
        if len(data.y) < self.options.K_val:
            hint = f"set `K_val` to {len(data.y)} or less" if len(data.y) else "choose another split"
            message = f"`{self.name}` needs `K_val` = {self.options.K_val} training rows at least"
            raise DataError(message, rows=len(data.y), hint=hint)
        return super().fit(data, seed=seed, jobs=jobs)


def check_neighbours(estimator: Any, classes: int) -> None:
    """Check that the stored rows have targets that there are, and that the search is the one that nk asks for.

    Args:
        estimator: what scikit-learn has stored
        classes: how many it tells apart, 0 for numbers

    Raises:
        ValueError: it is not so
    """
    import numpy as np

    rows, targets, method = attrgetter("_fit_X", "_y", "_fit_method")(estimator)
    fits = (
        rows.dtype == np.float64
        and rows.shape == (len(targets), estimator.n_features_in_)
        and targets.shape == (estimator.n_samples_fit_,)
        and targets.dtype.kind == ("i" if classes else "f")
        and np.isfinite(rows).all()
        and np.isfinite(targets).all()
        and 1 <= estimator.n_neighbors <= len(targets)
    )
    if not fits or (classes and not ((targets >= 0) & (targets < classes)).all()):
        raise ValueError("its rows and their targets do not fit each other")
    search = (method, estimator.effective_metric_, estimator.effective_metric_params_)
    if search != ("brute", "euclidean", {}) or estimator.weights not in {"uniform", "distance"}:
        raise ValueError("it does not search by brute force and Euclidean distance")
