"""Area under the ROC curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.registry import Measure

if TYPE_CHECKING:
    from nk.metrics._counts import Counts
    from nk.registry import Doubles


class AUC(Measure["Counts"]):
    """Probability that a row of a class has a higher score for it than a row of the rest; equal scores count half.

    Computed from ranks (Mann-Whitney U by the number of pairs; Hanley and McNeil: The meaning and use of the area
    under a receiver operating characteristic (ROC) curve, Radiology 143, 1982). Of two classes the last is the
    positive one. More are taken one against the rest, and the mean is over classes that have rows on both sides.
    """

    name = "auc"
    task = "classification"
    bounds = "unit"
    by_class = True
    by_score = True
    chance = "0.5"
    undefined = "the truth has a single class"
    place = 40

    def values(self, tally: Counts) -> Doubles:
        """See `Measure.values`."""
        from nk.metrics._counts import mean_of_defined

        return mean_of_defined(tally.areas)
