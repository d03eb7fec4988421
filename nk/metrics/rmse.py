"""Root mean squared error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.registry import Measure

if TYPE_CHECKING:
    from nk.metrics._moments import Moments
    from nk.registry import Doubles


class RMSE(Measure["Moments"]):
    """Root of the mean squared difference of prediction and truth, in the target's unit."""

    name = "rmse"
    task = "regression"
    bounds = "positive"
    greater_is_better = False
    chance = "that of values drawn from the training rows"
    place = 40

    def values(self, tally: Moments) -> Doubles:
        """See `Measure.values`."""
        import numpy as np

        return np.sqrt(tally.square)
