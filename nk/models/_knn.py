"""What the nearest-neighbour learners share."""

from __future__ import annotations

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
