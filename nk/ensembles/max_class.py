"""The model that is surest of a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles
    from nk.votes import Votes


class MaxClass(Ensemble):
    """The class of the largest single score, p_k(c) over all k and c; the scores are those of the model that gave it.

    Of several models the first, and of its classes the first in order: where two models are equally sure of two
    classes, `max` goes by the order of the classes, and so does this.
    """

    name = "max_class"

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        import numpy as np

        del learnt
        top = votes.scores.max(axis=2)
        tied = top == top.max(axis=0)
        first = np.where(tied, votes.scores.argmax(axis=2), votes.scores.shape[2])
        found: Doubles = votes.scores[first.argmin(axis=0), np.arange(votes.scores.shape[1])]
        return found
