"""Coefficient of determination."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.registry import Measure

if TYPE_CHECKING:
    from nk.metrics._moments import Moments
    from nk.registry import Doubles


class R2(Measure["Moments"]):
    """Share of the truth's variance that the prediction accounts for: 1 - MSE / var_truth.

    It is 0 for a prediction that is always the truth's mean, and below 0 for anything worse. It is not the square of
    `pcc`.
    """

    name = "r2"
    task = "regression"
    bounds = "below_one"
    chance = "that of values drawn from the training rows"
    undefined = "the truth is constant"
    place = 60

    def values(self, tally: Moments) -> Doubles:
        """See `Measure.values`."""
        from nk.metrics._counts import ratio

        return 1 - ratio(tally.square, tally.truth_variance)
