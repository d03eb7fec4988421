"""Nearest neighbours for classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nk.models._knn import Neighbours

if TYPE_CHECKING:
    from nk.registry import Task


class Knn(Neighbours):
    """The scores are the neighbours' votes."""

    name = "knn"
    task: ClassVar[Task] = "classification"
    by_size = True

    @classmethod
    def estimator_type(cls) -> type[Any]:
        """scikit-learn's class."""
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier  # type: ignore[no-any-return]
