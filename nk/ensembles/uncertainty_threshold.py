"""The surest model, if it is sure enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from nk.registry import Options
from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles
    from nk.votes import Votes


class UncertaintyThresholdOptions(Options):
    """Options of `uncertainty_threshold`."""

    threshold: float = Field(
        default=1.0, ge=0, le=1, description="Highest uncertainty of a model that decides alone (no unit); 1: always"
    )


class UncertaintyThreshold(Ensemble):
    """The class of the model with the lowest uncertainty, if that is at most a threshold; else that of the mean scores.

    k* = argmin_k u_k. If u_k* <= threshold, the class of k*, else argmin over c of mean_k (1 - p_k(c)). Source:
    Atmaja et al., Uncertainty-based ensemble learning for speech classification, O-COCOSDA 2024.
    """

    name = "uncertainty_threshold"
    options_type = UncertaintyThresholdOptions

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        import numpy as np

        del learnt
        surest = votes.uncertainty.argmin(axis=0)
        rows = np.arange(len(surest))
        enough = votes.uncertainty[surest, rows] <= self.options.threshold
        found: Doubles = np.where(enough[:, None], votes.scores[surest, rows], votes.scores.mean(axis=0))
        return found
