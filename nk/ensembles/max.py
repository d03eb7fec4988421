"""The largest score of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles
    from nk.votes import Votes


class Max(Ensemble):
    """The class with the highest score by any model: argmax over c of max_k p_k(c).

    The scores are these largest ones, divided by their sum. The max rule of Kittler et al. 1998.
    """

    name = "max"

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        from nk.ensembles._common import to_one

        del learnt
        return to_one(votes.scores.max(axis=0))
