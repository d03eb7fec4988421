"""Nearest neighbours for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nk.models._knn import Neighbours

if TYPE_CHECKING:
    from nk.registry import Task


class KnnReg(Neighbours):
    """The prediction is the mean of the neighbours."""

    name = "knn_reg"
    task: ClassVar[Task] = "regression"
    by_size = True

    @classmethod
    def estimator_type(cls) -> type[Any]:
        """scikit-learn's class."""
        from sklearn.neighbors import KNeighborsRegressor

        return KNeighborsRegressor  # type: ignore[no-any-return]
