"""What the learners of XGBoost and LightGBM have in common: options, targets, and the rows to stop on."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from nk.errors import DataError
from nk.registry import Model, Options

if TYPE_CHECKING:
    from nk.models._common import About
    from nk.registry import Doubles, Floats, Training


class BoostingOptions(Options):
    """Options that all of them have; the learning rate has a default of its own in each library."""

    n_estimators: int = Field(default=100, ge=1, le=100_000, description="Rounds of boosting (count)")
    max_depth: int = Field(default=6, ge=1, le=1000, description="Questions from root to leaf at most (count)")
    subsample: float = Field(default=1.0, gt=0, le=1, description="Share of the rows that a tree sees (0 to 1)")
    colsample_bytree: float = Field(
        default=1.0, gt=0, le=1, description="Share of the features that a tree sees (0 to 1)"
    )
    early_stopping_rounds: Annotated[int, Field(ge=1, strict=True)] | Literal[False] = Field(
        default=False, description="Stop after so many rounds without gain on held-out speakers (count); False: never"
    )
    validation_split: float = Field(
        default=0.2,
        gt=0,
        lt=1,
        description="Share of the training speakers held out for early stopping where there is no dev part (0 to 1)",
    )


class Boosting(Model):
    """A learner of either."""

    weighs = "gain"

    @abstractmethod
    def metric(self, about: About) -> str:
        """The library's name of what early stopping watches."""

    def targets(self, y: Any, about: About) -> Any:
        """The targets as the libraries want them: without gaps, as a class that training rows lack has no trees."""
        import numpy as np

        return np.searchsorted(about.present, y) if about.classes else y

    def weights(self, y: Any) -> Doubles | None:  # noqa: ARG002 - for classes it matters
        """A weight for each training row, if they are not all the same."""
        return None

    @property
    def stop_share(self) -> float | None:
        """The share of training speakers to cut off as a dev part where none is given."""
        share: float = self.options.validation_split
        return share if self.options.early_stopping_rounds else None


def watched(data: Training, about: About) -> tuple[Floats, Any]:
    """Features and targets of the dev rows, of those whose class can be predicted at all.

    Raises:
        DataError: there are none
    """
    import numpy as np

    if data.dev_x is None or data.dev_y is None:
        raise DataError("early stopping has no dev part to watch", hint="leave out `early_stopping_rounds`")
    known = np.isin(data.dev_y, about.present) if about.classes else np.ones(len(data.dev_y), dtype=bool)
    if not known.any():
        message = "early stopping has nothing to watch: no row of the dev part is of a class of the training part"
        raise DataError(message, rows=len(known), hint="leave out `early_stopping_rounds`, or choose another split")
    return data.dev_x[known], data.dev_y[known]
