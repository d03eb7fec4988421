"""What methods share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.registry import Doubles


def to_one(scores: Doubles) -> Doubles:
    """Scores of each row divided by their sum; equal ones where all are 0."""
    total = scores.sum(axis=-1, keepdims=True)
    found: Doubles = np.divide(scores, total, out=np.full_like(scores, 1 / scores.shape[-1]), where=total > 0)
    return found


def weighted(scores: Doubles, weights: Doubles, over: Literal["row", "model"]) -> Doubles:
    """sum_k w_k p_k(c), the scores of each row then divided by their sum.

    Args:
        scores: shape (models, rows, classes)
        weights: not negative, shape (models, rows)
        over: what weights are divided by: their sum over the models of a row, or over the rows of a model
    """
    shares = to_one(weights.T).T if over == "row" else to_one(weights)
    return to_one(np.einsum("kr,krc->rc", shares, scores))


def shares(weights: Sequence[float], models: int) -> Doubles:
    """Weights divided by their sum, shape (models,).

    Raises:
        DataError: there are not as many as models, or all are 0
    """
    if len(weights) != models:
        text = f"{len(weights)} weight{'' if len(weights) == 1 else 's'} for {models} models"
        raise DataError(text, hint="give one weight a model, in the order of the models")
    if not sum(weights) > 0:
        raise DataError("all weights are 0", hint="give at least one model a weight")
    found: Doubles = np.asarray(weights, dtype=np.float64) / sum(weights)
    return found
