"""Accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.registry import Measure

if TYPE_CHECKING:
    from nk.metrics._counts import Counts
    from nk.registry import Doubles


class Accuracy(Measure["Counts"]):
    """Share of rows that were recognised. Frequent classes weigh more than rare ones."""

    name = "accuracy"
    task = "classification"
    bounds = "unit"
    chance = "1 / number of classes"
    place = 20

    def values(self, tally: Counts) -> Doubles:
        """See `Measure.values`."""
        from nk.metrics._counts import ratio

        return ratio(tally.hits.sum(axis=1), tally.truths.sum(axis=1))
