"""Whether uncertainty tells right from wrong: its values for the rows that were recognised, and for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.effects import cohens_d
from nk.metrics._rows import labelled
from nk.stages.evaluate import or_null

if TYPE_CHECKING:
    from nk.registry import Doubles
    from nk.tables import Predictions


def outcomes(predictions: Predictions, split: str) -> tuple[Doubles, Doubles]:
    """The uncertainty of correct rows and of wrong ones, shape (rows,) each, with truth and in order of their ids."""
    frame = labelled(predictions, split).frame
    right = pl.col("truth") == pl.col("predicted")
    correct, wrong = (frame.filter(which)["uncertainty"].to_numpy() for which in (right, ~right))
    return correct, wrong


def by_outcome(predictions: Predictions, split: str) -> dict[str, Any]:
    """How uncertain correct and wrong rows are.

    Returns:
        `correct` and `wrong`, each `n`, `mean` and `std` of the uncertainty, and `cohens_d` of wrong against correct
        rows, above 0 where the model is less sure of what is wrong; null where not defined
    """
    correct, wrong = outcomes(predictions, split)
    return {"correct": _about(correct), "wrong": _about(wrong), "cohens_d": or_null(cohens_d(correct, wrong))}


def _about(values: Doubles) -> dict[str, Any]:
    return {
        "n": len(values),
        "mean": float(np.mean(values)) if len(values) else None,
        "std": float(np.std(values, ddof=1)) if len(values) > 1 else None,
    }
