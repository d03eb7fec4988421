"""Scores weighted by how sure a model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from nk.registry import Options
from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles
    from nk.votes import Votes


class ConfidenceWeightedOptions(Options):
    """Options of `confidence_weighted`."""

    normalize: Literal["row", "model"] = Field(
        default="row", description="Divide weights by their sum over the models of a row, or over the rows of a model"
    )


class ConfidenceWeighted(Ensemble):
    """argmax over c of sum_k w_k p_k(c), w_k = (1 - u_k) / sum_j (1 - u_j).

    Where every model is at a loss, all weights are equal. Source: Atmaja et al., Uncertainty-based ensemble learning
    for speech classification, O-COCOSDA 2024.
    """

    name = "confidence_weighted"
    options_type = ConfidenceWeightedOptions

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        from nk.ensembles._common import weighted

        del learnt
        return weighted(votes.scores, 1 - votes.uncertainty, self.options.normalize)
