"""Mean squared error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.registry import Measure

if TYPE_CHECKING:
    from nk.metrics._moments import Moments
    from nk.registry import Doubles


class MSE(Measure["Moments"]):
    """Mean squared difference of prediction and truth, in the square of the target's unit."""

    name = "mse"
    task = "regression"
    bounds = "positive"
    greater_is_better = False
    chance = "that of values drawn from the training rows"
    place = 30

    def values(self, tally: Moments) -> Doubles:
        """See `Measure.values`."""
        return tally.square
