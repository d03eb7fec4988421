"""Equal error rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.registry import Measure

if TYPE_CHECKING:
    from nk.metrics._counts import Counts
    from nk.registry import Doubles


class EER(Measure["Counts"]):
    """Rate of errors at the threshold where as many of the rest are accepted as rows of the class are rejected.

    Where the ROC curve, straight between the points of neighbouring thresholds (Fawcett: An introduction to ROC
    analysis, Pattern Recognition Letters 27, 2006), meets the line false positive rate = miss rate (ISO/IEC 19795-1).
    A rule that takes the threshold with the smallest difference instead depends on how coarse the scores are. Of two
    classes the last is the positive one (as scores sum to one, the other gives the same value). More are taken one
    against the rest, as in `auc`.
    """

    name = "eer"
    task = "classification"
    bounds = "unit"
    greater_is_better = False
    by_class = True
    by_score = True
    chance = "0.5"
    undefined = "the truth has a single class"
    place = 50

    def values(self, tally: Counts) -> Doubles:
        """See `Measure.values`."""
        from nk.metrics._counts import mean_of_defined

        return mean_of_defined(tally.equal_errors)
