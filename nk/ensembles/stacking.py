"""A logistic regression of the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from nk.registry import Options
from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles
    from nk.votes import Votes

_LEAST = 1e-4  # a score of 0 has no logarithm


class StackingOptions(Options):
    """Options of `stacking`."""

    C_val: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="Inverse of the L2 penalty (no unit): the smaller, the smoother the model",
    )


class Stacking(Ensemble):
    """A logistic regression that learns the class from the scores of all models.

    Its features are the logarithms of the scores (at least 1e-4), it has an L2 penalty, and it learns from rows that
    are not tested. A class that these do not have gets the score 0. Source: Wolpert, Stacked generalization, Neural
    Networks 5, 1992.
    """

    name = "stacking"
    options_type = StackingOptions

    @property
    def learns(self) -> bool:
        """Always."""
        return True

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        import numpy as np
        from sklearn.linear_model import LogisticRegression

        if learnt is None or learnt.truth is None:
            raise ValueError("`stacking` needs rows to learn from")
        found = np.zeros(votes.scores.shape[1:])
        present = np.unique(learnt.truth)
        if len(present) == 1:
            found[:, int(present[0])] = 1.0
            return found
        model = LogisticRegression(C=self.options.C_val, max_iter=1000).fit(_logs(learnt), learnt.truth)
        found[:, model.classes_.astype(np.int64)] = model.predict_proba(_logs(votes))
        return found


def _logs(votes: Votes) -> Doubles:
    """Features of each row, shape (rows, models * classes)."""
    import numpy as np

    return np.concatenate(list(np.log(np.maximum(votes.scores, _LEAST))), axis=1)
