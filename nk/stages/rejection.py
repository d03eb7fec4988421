"""Deciding on the rows that the model is sure of, and leaving the others to a person: risk and coverage.

Coverage is the share of rows that are decided on, from the surest on, and risk the share of wrong ones among them
(El-Yaniv and Wiener, On the foundations of noise-free selective classification, JMLR 11, 2010). A good uncertainty has
a curve that falls to the left. A threshold that is chosen on the test rows themselves makes them look better than new
ones will be, so that it is learnt where the model is calibrated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    import numpy.typing as npt

    from nk.registry import Doubles

_POINTS = 1000  # of a curve, at most


def threshold(uncertainty: Doubles, decided: float) -> float:
    """The uncertainty up to which a share `decided` of some rows is decided on."""
    return float(np.quantile(uncertainty, decided, method="higher"))


def curve(uncertainty: Doubles, wrong: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """Risk at each coverage.

    Returns:
        `coverage`, `threshold` (the uncertainty of the least sure row) and `risk`, a row a different uncertainty, of
        many every so many; rows that are equally sure are decided on together
    """
    order = np.argsort(uncertainty, kind="stable")
    sure, errors = uncertainty[order], np.cumsum(wrong[order])
    last = np.flatnonzero(np.diff(sure, append=np.inf))
    last = last[np.unique(np.linspace(0, len(last) - 1, min(_POINTS, len(last))).round().astype(int))]
    rows = last + 1
    return pl.DataFrame({"coverage": rows / len(sure), "threshold": sure[last], "risk": errors[last] / rows})


def area(uncertainty: Doubles, wrong: npt.NDArray[np.bool_]) -> float:
    """Mean risk over all coverages (AURC), as if rows that are equally sure came in any order.

    Source: Geifman, Uziel and El-Yaniv, Bias-reduced uncertainty estimation for deep neural classifiers, ICLR 2019.
    """
    _, place, counts = np.unique(uncertainty, return_inverse=True, return_counts=True)
    shares = np.bincount(place, wrong) / counts
    order = np.argsort(uncertainty, kind="stable")
    errors = np.cumsum(shares[place[order]])
    return float(np.mean(errors / np.arange(1, len(errors) + 1)))
