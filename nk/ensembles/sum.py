"""The sum of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles
    from nk.votes import Votes


class Sum(Ensemble):
    """The class with the highest sum of scores: argmax over c of sum_k p_k(c).

    The same class as that of `mean`; scores are divided by their sum, so they are the same too.
    """

    name = "sum"

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        from nk.ensembles._common import to_one

        del learnt
        return to_one(votes.scores.sum(axis=0))
