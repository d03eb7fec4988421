"""The most frequent decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles
    from nk.votes import Votes


class MajorityVoting(Ensemble):
    """The class that most models predict; of several, the one of them with the higher mean score.

    The score of a class is (v + m / 2) / (K + 1 / 2) with v votes of K models and the mean score m, so that the
    highest score is the class.
    """

    name = "majority_voting"

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        import numpy as np

        del learnt
        models, _, classes = votes.scores.shape
        counts = np.eye(classes)[votes.scores.argmax(axis=2)].sum(axis=0)
        found: Doubles = (counts + votes.scores.mean(axis=0) / 2) / (models + 0.5)
        return found
