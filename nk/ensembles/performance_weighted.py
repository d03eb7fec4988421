"""Scores weighted by how good a model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from nk.registry import Options
from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles
    from nk.votes import Votes


class PerformanceWeightedOptions(Options):
    """Options of `performance_weighted`."""

    weights: tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...] = Field(
        default=(), description="A weight a model, 0 or more (no unit); not given, they are learnt"
    )


class PerformanceWeighted(Ensemble):
    """argmax over c of sum_k w_k p_k(c), with given weights or the models' UAR, divided by their sum.

    The UAR is that of rows that are not tested. Source: Atmaja, Burkhardt and Sasou, Performance-weighted ensemble
    learning for speech classification, ICAIIC 2025.
    """

    name = "performance_weighted"
    options_type = PerformanceWeightedOptions

    @property
    def learns(self) -> bool:
        """Unless weights are given."""
        return not self.options.weights

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        import numpy as np

        from nk.ensembles._common import shares

        weights = self.options.weights
        if learnt is not None:
            weights = [_uar(scores, learnt.truth) for scores in learnt.scores]
        found: Doubles = np.tensordot(shares(weights, len(votes.scores)), votes.scores, axes=1)
        return found


def _uar(scores: Doubles, truth: Any) -> float:
    """The mean over the classes of the share of their rows that are recognised."""
    import numpy as np

    right = scores.argmax(axis=1) == truth
    return float(np.mean([right[truth == number].mean() for number in np.unique(truth)]))
