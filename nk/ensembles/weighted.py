"""Values weighted by how good a model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from nk.registry import Options
from nk.votes import Ensemble

if TYPE_CHECKING:
    from nk.registry import Doubles, Task
    from nk.votes import Votes


class WeightedOptions(Options):
    """Options of `weighted`."""

    weights: tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...] = Field(
        default=(), description="A weight a model, 0 or more (no unit); not given, they are learnt"
    )


class Weighted(Ensemble):
    """The weighted mean of the models' values, with given weights or the inverse of their mean squared errors.

    The errors are those of rows that are not tested. Source: Bates and Granger, The combination of forecasts,
    Operational Research Quarterly 20, 1969.
    """

    name = "weighted"
    tasks: ClassVar[tuple[Task, ...]] = ("regression",)
    options_type = WeightedOptions

    @property
    def learns(self) -> bool:
        """Unless weights are given."""
        return not self.options.weights

    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """See `Ensemble.combine`."""
        import numpy as np

        from nk.ensembles._common import shares

        weights = self.options.weights
        if learnt is not None and learnt.truth is not None:
            errors = ((learnt.scores[:, :, 0] - learnt.truth) ** 2).mean(axis=1)
            weights = (1 / np.maximum(errors, 1e-12 * max(errors.max(), 1e-300))).tolist()
        found: Doubles = np.tensordot(shares(weights, len(votes.scores)), votes.scores, axes=1)
        return found
