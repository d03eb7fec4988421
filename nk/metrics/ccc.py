"""Concordance correlation coefficient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.registry import Measure

if TYPE_CHECKING:
    from nk.metrics._moments import Moments
    from nk.registry import Doubles


class CCC(Measure["Moments"]):
    """Agreement of two columns of numbers: correlation, less what they differ in mean and spread.

    CCC = 2 cov / (var_truth + var_predicted + (mean_truth - mean_predicted)^2), dividing by the number of rows (Lin:
    A concordance correlation coefficient to evaluate reproducibility, Biometrics 45, 1989). A constant prediction has
    0.
    """

    name = "ccc"
    task = "regression"
    bounds = "signed"
    chance = "0"
    undefined = "the truth is constant"
    place = 10

    def values(self, tally: Moments) -> Doubles:
        """See `Measure.values`."""
        import numpy as np

        from nk.metrics._counts import ratio

        spread = tally.truth_variance + tally.predicted_variance + tally.bias**2
        return ratio(2 * tally.covariance, np.where(tally.truth_variance > 0, spread, 0.0))
