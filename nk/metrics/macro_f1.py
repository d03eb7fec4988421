"""Macro-averaged F1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.registry import Measure

if TYPE_CHECKING:
    from nk.metrics._counts import Counts
    from nk.registry import Doubles


class MacroF1(Measure["Counts"]):
    """Mean over classes of the harmonic mean of precision and recall.

    F1_k = 2 * hits_k / (rows_k + guesses_k); the mean is over classes that occur in truth or prediction, so a class
    that is only predicted counts as 0. This is the mean of F1 values, not the F1 of mean precision and mean recall;
    the two differ (Opitz, Burst: Macro F1 and Macro F1, arXiv:1911.03347).
    """

    name = "macro_f1"
    task = "classification"
    bounds = "unit"
    by_class = True
    chance = "mean of 2 p / (K p + 1) for classes of share p"
    place = 30

    def values(self, tally: Counts) -> Doubles:
        """See `Measure.values`."""
        from nk.metrics._counts import mean_of_defined

        return mean_of_defined(tally.f1)
