"""The mean of scores or values."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles, Task
    from nk.votes import Votes


class Mean(Ensemble):
    """The class with the highest mean score: argmax over c of mean_k p_k(c); of numbers, their mean.

    The sum rule of Kittler et al., On combining classifiers, IEEE PAMI 20, 1998.
    """

    name = "mean"
    tasks: ClassVar[tuple[Task, ...]] = ("classification", "regression")

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        del learnt
        found: Doubles = votes.scores.mean(axis=0)
        return found
