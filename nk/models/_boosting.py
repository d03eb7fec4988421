"""What XGBoost's and LightGBM's learners have in common: options, and the rows to stop on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from nk.errors import DataError
from nk.registry import Options

if TYPE_CHECKING:
    from nk.models._common import About
    from nk.registry import Doubles, Floats, Ints, Training


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


def watched(data: Training, about: About) -> tuple[Floats, Ints | Doubles] | None:
    """Features and targets of the dev rows whose class can be predicted at all; None where there is no dev part.

    Raises:
        DataError: there is a dev part, but none of its classes can be predicted
    """
    import numpy as np

    if data.dev_x is None or data.dev_y is None:
        return None
    known = np.isin(data.dev_y, about.present) if about.classes else np.ones(len(data.dev_y), dtype=bool)
    if not known.any():
        message = "early stopping has nothing to watch: no row of the dev part is of a class of the training part"
        raise DataError(
            message, rows=len(data.dev_y), hint="leave out `early_stopping_rounds`, or choose another split"
        )
    return data.dev_x[known], data.dev_y[known]
