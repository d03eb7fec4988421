"""Do two numbers go together? Of rows, and of the means of speakers.

Pearson's correlation where both are near normal, as in `nk.explore.statistics.numbers`, else Spearman's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.explore.statistics import effects, small
from nk.explore.statistics.numbers import DIGITS, is_near_normal
from nk.explore.statistics.result import Result

if TYPE_CHECKING:
    from nk.explore.statistics.result import Unit
    from nk.registry import Doubles

FEWEST = 4
_NOTHING = 1e-12  # what rounding leaves between a correlation and 1


def correlate(one: pl.Series, other: pl.Series, speaker: pl.Series | None, of: str) -> list[Result]:
    """The correlation of two numbers: of rows, then of speakers' means, where speakers are known.

    Args:
        one: a number a row, null where not known
        other: likewise
        speaker: of each row; None where there are none
        of: what they are, for the result
    """
    columns = {name: values.cast(pl.Float64).fill_nan(None) for name, values in (("one", one), ("other", other))}
    frame = pl.DataFrame(columns | ({} if speaker is None else {"speaker": speaker})).drop_nulls(["one", "other"])
    frame = frame.filter(pl.col("one").is_finite(), pl.col("other").is_finite())
    found = _correlation(frame["one"].to_numpy(), frame["other"].to_numpy(), of, "rows")
    if speaker is None or not found or not frame["speaker"].count():
        return found
    both = pl.col("one", "other").mean().round_sig_figs(DIGITS)
    means = frame.drop_nulls().group_by("speaker").agg(both).sort("speaker")
    return [*found, *_correlation(means["one"].to_numpy(), means["other"].to_numpy(), of, "speakers")]


def _correlation(one: Doubles, other: Doubles, of: str, unit: Unit) -> list[Result]:
    from scipy import stats

    n = len(one)
    if n < FEWEST or not np.ptp(one) or not np.ptp(other):
        return []
    normal = is_near_normal(one) and is_near_normal(other)
    done = stats.pearsonr(one, other) if normal else stats.spearmanr(one, other)
    r, p = float(done.statistic), float(done.pvalue)
    r = math.copysign(1.0, r) if abs(r) > 1 - _NOTHING else r
    t: float | None = r * math.sqrt((n - 2) / (1 - r * r)) if abs(r) < 1 else math.copysign(math.inf, r)
    df: int | None = n - 2
    exact = None if normal else small.spearman_p(one, other)
    if exact is not None:
        p, t, df = exact, None, None
    test, name = ("Pearson correlation", "Pearson's r") if normal else ("Spearman correlation", "Spearman's rho")
    effect = effects.correlation(name, r, n)
    why = "both near normal" if normal else "one is not near normal" + (small.EXACT if exact is not None else "")
    return [Result(of, test, t, df, p, p, name, r, effect.low, effect.high, n, unit, why)]


def concordance(one: pl.Series, other: pl.Series) -> float:
    """The concordance correlation coefficient of two numbers: Lin, Biometrics 45, 1989."""
    both = pl.DataFrame({"one": one.cast(pl.Float64), "other": other.cast(pl.Float64)}).drop_nulls().to_numpy()
    x, y = both.T
    if len(x) < 2:
        return math.nan
    apart = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    return float(2 * np.cov(x, y, bias=True)[0, 1] / apart) if apart else math.nan
