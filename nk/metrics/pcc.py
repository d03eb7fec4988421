"""Pearson's correlation coefficient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.registry import Measure

if TYPE_CHECKING:
    from nk.metrics._moments import Moments
    from nk.registry import Doubles


class PCC(Measure["Moments"]):
    """How well a straight line with any slope and offset would describe prediction by truth.

    PCC = cov / sqrt(var_truth * var_predicted).
    """

    name = "pcc"
    task = "regression"
    bounds = "signed"
    chance = "0"
    undefined = "truth or prediction is constant"
    place = 20

    def values(self, tally: Moments) -> Doubles:
        """See `Measure.values`."""
        import numpy as np

        from nk.metrics._counts import ratio

        return np.clip(ratio(tally.covariance, np.sqrt(tally.truth_variance * tally.predicted_variance)), -1, 1)
