"""Unweighted average recall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.registry import Measure

if TYPE_CHECKING:
    from nk.metrics._counts import Counts
    from nk.registry import Doubles


class UAR(Measure["Counts"]):
    """Mean over classes of the share of a class's rows that were recognised, also called balanced accuracy.

    UAR = 1/K * sum over k of hits_k / rows_k. The mean is over the K classes that occur in the truth; a class without
    rows has no recall. The measure of the Interspeech challenges since Schuller, Steidl, Batliner: The INTERSPEECH
    2009 Emotion Challenge, Interspeech 2009.
    """

    name = "uar"
    task = "classification"
    bounds = "unit"
    by_class = True
    chance = "1 / number of classes"
    place = 10

    def values(self, tally: Counts) -> Doubles:
        """See `Measure.values`."""
        from nk.metrics._counts import mean_of_defined

        return mean_of_defined(tally.recall)
