"""Learners that are one estimator of scikit-learn."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from nk.models._common import RECORD, About, describe, read_about, spread
from nk.registry import Fitted, Model
from nk.storage import dump_estimator, load_estimator, unreadable, write_record

if TYPE_CHECKING:
    from pathlib import Path

    from nk.registry import Doubles, Floats, Training

ESTIMATOR = "estimator.skops"


class FittedEstimator(Fitted):
    """A trained estimator, and the record that is stored beside it."""

    def __init__(self, estimator: Any, about: About) -> None:
        self.estimator = estimator
        self.about = about
        self.notes = about.notes

    def predict(self, x: Floats) -> Doubles:
        """Class scores that sum to one, shape (rows, classes), or values, shape (rows,)."""
        import numpy as np

        rows = np.asarray(x, dtype=np.float64)
        if not self.about.classes:
            return np.asarray(self.estimator.predict(rows), dtype=np.float64)
        return spread(self._scores(rows), self.about)

    def importances(self) -> Doubles | None:
        """Those of trees, which sum to one, or the mean size of a feature's coefficients over the classes."""
        import numpy as np

        if hasattr(self.estimator, "feature_importances_"):
            return np.asarray(self.estimator.feature_importances_, dtype=np.float64)
        if hasattr(self.estimator, "coef_"):
            sizes: Doubles = np.abs(np.atleast_2d(self.estimator.coef_)).mean(axis=0)
            return sizes
        return None

    def save(self, folder: Path) -> None:
        """Write `model.json` and `estimator.skops`."""
        write_record(folder / RECORD, self.about)
        dump_estimator(folder / ESTIMATOR, self.estimator)

    def _scores(self, rows: Doubles) -> Doubles:
        """Scores of the classes that training rows had, shape (rows, present)."""
        scores: Doubles = self.estimator.predict_proba(rows)
        return scores


class SklearnModel(Model):
    """A learner that says which estimator it is and how to make it."""

    about_type: ClassVar[type[About]] = About
    fitted_type: ClassVar[type[FittedEstimator]] = FittedEstimator

    @classmethod
    @abstractmethod
    def estimator_type(cls) -> type[Any]:
        """The estimator's class, which a stored file has to hold."""

    @abstractmethod
    def build(self, seed: int) -> Any:
        """An estimator that is not yet trained."""

    def train(self, estimator: Any, x: Doubles, y: Any, jobs: int) -> None:  # noqa: ARG002 - most have no threads of their own
        """Fit the estimator, with at most `jobs` threads."""
        estimator.fit(x, y)

    def fit(self, data: Training, *, seed: int, jobs: int) -> FittedEstimator:
        """Train on `data`; the caller has limited the cores.

        Raises:
            DataError: there is nothing to learn from
        """
        import numpy as np

        about = describe(data, self.name)
        estimator = self.build(seed)
        # Linear algebra in single precision would cost digits that the data has.
        self.train(estimator, np.asarray(data.x, dtype=np.float64), data.y, jobs)
        return self.fitted_type(estimator, about)

    @classmethod
    def load(cls, folder: Path) -> FittedEstimator:
        """Read what `save` has written.

        Raises:
            PluginError: a file is missing, damaged, or of another learner
        """
        about = read_about(folder, cls.about_type, cls.name)
        path = folder / ESTIMATOR
        estimator = load_estimator(path, cls.estimator_type())
        try:
            if about.classes and about.present != tuple(estimator.classes_.tolist()):
                raise ValueError(f"its classes are not those of `{RECORD}`")
            cls.check(estimator)
        except Exception as error:
            raise unreadable(path, error) from error
        return cls.fitted_type(estimator, about)

    @classmethod
    def check(cls, estimator: Any) -> None:
        """Look for contents that scikit-learn's compiled code would follow out of its arrays.

        Raises:
            ValueError: there are some
        """
