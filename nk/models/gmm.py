"""Gaussian mixtures, one a class."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, model_validator

from nk.errors import DataError
from nk.models._common import About, describe, read_about
from nk.models._gmm import check_mixtures
from nk.models._sklearn import ESTIMATOR, FittedEstimator
from nk.registry import Model, Options
from nk.storage import load_estimator, unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.registry import Doubles, Task, Training


class GmmOptions(Options):
    """Options of `gmm`."""

    GMM_components: int = Field(default=4, ge=1, le=10_000, description="Normal distributions a class (count)")
    GMM_covariance_type: Literal["full", "tied", "diag", "spherical"] = Field(
        default="full",
        description="Shape of a distribution: any, any but the same for all of a class, along the axes, or round",
    )
    GMM_reg_covar: float = Field(
        default=1e-6,
        gt=0,
        allow_inf_nan=False,
        description="Added to each variance (squared feature unit): more for features that outnumber the rows",
    )
    class_weight: bool = Field(default=False, description="Weight classes by inverse frequency")


class GmmAbout(About):
    """The record of a gmm: the probability of each class before a row is seen."""

    priors: tuple[float, ...]

    @model_validator(mode="after")
    def _priors_are_probabilities(self) -> GmmAbout:
        if len(self.priors) != len(self.present) or min(self.priors) <= 0 or abs(sum(self.priors) - 1) > 1e-6:
            raise ValueError("`priors` are not a probability a class")
        return self


class FittedGmm(FittedEstimator):
    """A trained mixture a class; `estimator` is the list of them."""

    about: GmmAbout

    def _scores(self, rows: Doubles) -> Doubles:
        """Posteriors by Bayes' rule, shape (rows, present)."""
        import numpy as np
        from scipy.special import softmax

        likelihoods = np.column_stack([mixture.score_samples(rows) for mixture in self.estimator])
        scores: Doubles = softmax(likelihoods + np.log(self.about.priors), axis=1)
        return scores


class Gmm(Model):
    """A mixture of normal distributions a class; scores are the posteriors of the classes.

    The priors are the shares of the classes among training rows, or all the same with `class_weight`.
    """

    name = "gmm"
    task: ClassVar[Task] = "classification"
    by_size = True
    options_type = GmmOptions

    def fit(self, data: Training, *, seed: int, jobs: int) -> FittedGmm:  # noqa: ARG002 - it has no threads of its own
        """Fit a mixture to the rows of each class; a class of few different rows gets fewer distributions.

        Raises:
            DataError: there is nothing to learn from, or a covariance is singular
        """
        import numpy as np

        about = describe(data, self.name)
        x = np.asarray(data.x, dtype=np.float64)
        parts = [x[data.y == number] for number in about.present]
        different = [len(np.unique(rows, axis=0)) for rows in parts]
        mixtures = [self._mixture(rows, count, seed) for rows, count in zip(parts, different, strict=True)]
        sizes = np.ones(len(parts)) if self.options.class_weight else np.array([len(rows) for rows in parts])
        notes = tuple(self._notes(different, x.shape[1], mixtures))
        record = {**about.model_dump(by_alias=True), "priors": tuple((sizes / sizes.sum()).tolist()), "notes": notes}
        return FittedGmm(mixtures, GmmAbout(**record))

    @classmethod
    def load(cls, folder: Path) -> FittedGmm:
        """Read what `save` has written.

        Raises:
            PluginError: a file is missing, damaged, or of another learner
        """
        about = read_about(folder, GmmAbout, cls.name)
        path = folder / ESTIMATOR
        mixtures: list[Any] = load_estimator(path, list)
        try:
            check_mixtures(mixtures, len(about.present))
        except Exception as error:
            raise unreadable(path, error) from error
        return FittedGmm(mixtures, about)

    def _mixture(self, rows: Doubles, different: int, seed: int) -> Any:
        import numpy as np
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        mixture = GaussianMixture(
            min(self.options.GMM_components, different),
            covariance_type=self.options.GMM_covariance_type,
            reg_covar=self.options.GMM_reg_covar,
            random_state=seed,
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # a note says it
                # scikit-learn wants two rows at least, and a row twice is the same distribution.
                return mixture.fit(rows if len(rows) > 1 else np.repeat(rows, 2, axis=0))
        except ValueError as error:
            message = f"`gmm` finds a singular covariance in a class with `GMM_reg_covar` = {mixture.reg_covar:g}"
            hint = "scale the features (`scale = standard`), set `GMM_reg_covar` higher, or use fewer features"
            raise DataError(message, rows=len(rows), hint=hint) from error

    def _notes(self, different: Sequence[int], features: int, mixtures: Sequence[Any]) -> list[str]:
        components, shape = self.options.GMM_components, self.options.GMM_covariance_type
        due = {"full": components * (features + 1), "tied": components + features}.get(shape, 0)
        notes = []
        if min(different) < components:
            notes.append(
                f"`gmm` has no `GMM_components` = {components} different rows in a class, and takes fewer for it"
            )
        elif min(different) < due:
            what = f"{components} `{shape}` distributions of {features} features need"
            notes.append(f"`gmm` has fewer rows in a class than {what}: take `diag`, or set `GMM_reg_covar` higher")
        if not all(mixture.converged_ for mixture in mixtures):
            notes.append(
                "`gmm` had not converged after 100 iterations: scale the features, or use fewer `GMM_components`"
            )
        return notes
