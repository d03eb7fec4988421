"""The median of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles, Task
    from nk.votes import Votes


class Median(Ensemble):
    """The median of the models' values, so that one that is far off does not matter."""

    name = "median"
    tasks: ClassVar[tuple[Task, ...]] = ("regression",)

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        import numpy as np

        del learnt
        found: Doubles = np.median(votes.scores, axis=0)
        return found
