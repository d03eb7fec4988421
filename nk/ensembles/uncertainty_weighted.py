"""Scores weighted by how sure a model is, inversely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from nk.registry import Options
from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles
    from nk.votes import Votes


class UncertaintyWeightedOptions(Options):
    """Options of `uncertainty_weighted`."""

    normalize: Literal["row", "model"] = Field(
        default="row", description="Divide weights by their sum over the models of a row, or over the rows of a model"
    )


class UncertaintyWeighted(Ensemble):
    """argmax over c of sum_k w_k p_k(c), w_k = (1 / max(u_k, 1e-10)) / sum_j of the same.

    Source: Atmaja et al., Uncertainty-based ensemble learning for speech classification, O-COCOSDA 2024.
    """

    name = "uncertainty_weighted"
    options_type = UncertaintyWeightedOptions

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        import numpy as np

        from nk.ensembles._common import weighted

        del learnt
        return weighted(votes.scores, 1 / np.maximum(votes.uncertainty, 1e-10), self.options.normalize)
