"""Do two columns of words go together? Of rows, and of speakers.

Pearson's chi-square with Cramer's V, less what chance adds. Where cells are small (an expected count below 1, or more
than a fifth below 5: Cochran, Biometrics 10, 1954) p is exact: Fisher's of a table of two by two, of larger ones the
share of 9,999 tables with the same margins, drawn at random, whose chi-square is as large.

Of speakers, where each has one value of both, the same of a table of speakers. Else p is that of rows whose values were
dealt anew in a way that respects speakers (`nk.audit.tells`), and the interval of V leaves out speakers in turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.audit.labels import codes
from nk.audit.tells import by_chance
from nk.explore.statistics import effects
from nk.explore.statistics.result import LEVEL, Result
from nk.intervals import FEWEST_SPEAKERS

if TYPE_CHECKING:
    from nk.explore.statistics.result import Unit
    from nk.registry import Doubles, Ints

_DRAWN = 9999
_AT_ONCE = 2_000_000


def associate(one: pl.Series, other: pl.Series, speaker: pl.Series | None, of: str, *, seed: int = 0) -> list[Result]:
    """Tests of whether two columns go together: of rows, then of speakers, where they are known.

    Args:
        one: a value a row, null where not known
        other: likewise
        speaker: of each row; None where there are none
        of: what they are, for the result
        seed: what tables are drawn with
    """
    columns = {"one": one.cast(pl.String), "other": other.cast(pl.String)}
    frame = pl.DataFrame(columns | ({} if speaker is None else {"speaker": speaker})).drop_nulls(["one", "other"])
    found = _of_table(_counts(codes(frame["one"]), codes(frame["other"])), of, "rows", seed)
    if speaker is None or not found or frame["speaker"].drop_nulls().n_unique() < FEWEST_SPEAKERS:
        return found
    return [*found, *_of_speakers(frame.drop_nulls(), of, seed)]


def _counts(one: Ints, other: Ints) -> Ints:
    shape = int(one.max(initial=-1)) + 1, int(other.max(initial=-1)) + 1
    return np.bincount(one * shape[1] + other, minlength=shape[0] * shape[1]).reshape(shape)


def chi_square(tables: Ints | Doubles) -> Doubles:
    """Pearson's chi-square of tables, shape (..., rows, columns): shape (...)."""
    rows, columns = tables.sum(axis=-1, keepdims=True), tables.sum(axis=-2, keepdims=True)
    expected = rows * columns / np.maximum(tables.sum(axis=(-2, -1), keepdims=True), 1)
    parts = np.divide((tables - expected) ** 2, expected, out=np.zeros_like(expected), where=expected > 0)
    found: Doubles = parts.sum(axis=(-2, -1))
    return found


def _of_table(table: Ints, of: str, unit: Unit, seed: int) -> list[Result]:
    """The test of a table; none where it has one row or column."""
    if min(table.shape) < 2:
        return []
    from scipy.special import chdtrc

    n, chi2 = int(table.sum()), float(chi_square(table))
    statistic: float | None = chi2
    df: int | None = (table.shape[0] - 1) * (table.shape[1] - 1)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    if expected.min() >= 1 and (expected < 5).mean() <= 0.2:
        test, p, why = "chi-square test", float(chdtrc(df, chi2)), "expected counts are large enough"
    else:
        test, p = _exact(table, chi2, seed)
        why = "expected counts are small"
        statistic, df = None if table.shape == (2, 2) else chi2, None
    effect = effects.cramers_v(chi2, (table.shape[0], table.shape[1]), n)
    ends = effect.low, effect.high
    return [Result(of, test, statistic, df, p, p, effect.name, effect.value, *ends, n, unit, why)]


def _exact(table: Ints, chi2: float, seed: int) -> tuple[str, float]:
    from scipy import stats

    if table.shape == (2, 2):
        return "Fisher's exact test", float(stats.fisher_exact(table).pvalue)
    drawn = stats.random_table(table.sum(axis=1), table.sum(axis=0))
    random, most = np.random.default_rng(seed), max(1, _AT_ONCE // table.size)
    larger = sum(
        int((chi_square(drawn.rvs(size=min(most, _DRAWN - start), random_state=random)) >= chi2 * (1 - 1e-9)).sum())
        for start in range(0, _DRAWN, most)
    )
    return f"chi-square test by {_DRAWN:,} drawn tables", (larger + 1) / (_DRAWN + 1)


def _of_speakers(frame: pl.DataFrame, of: str, seed: int) -> list[Result]:
    each = frame.unique(maintain_order=True)
    if each["speaker"].is_unique().all():
        return _of_table(_counts(codes(each["one"]), codes(each["other"])), of, "speakers", seed)
    one, other, speaker = (codes(frame[name]) for name in ("one", "other", "speaker"))
    table = _counts(one, other)
    if min(table.shape) < 2:
        return []
    count = int(speaker.max()) + 1
    effect = effects.v_over_speakers(_without(one, other, speaker, count))
    p = by_chance(one, other, speaker, level=LEVEL)
    why = "values vary within speakers: p by dealing them anew, which respects speakers"
    chi2, test = float(chi_square(table)), "chi-square test, dealt anew"
    return [
        Result(of, test, chi2, None, p, p, effect.name, effect.value, effect.low, effect.high, count, "speakers", why)
    ]


def _without(one: Ints, other: Ints, speaker: Ints, count: int) -> Doubles:
    """The square of V of all rows, then without each speaker, see `effects.v_over_speakers`: shape (1 + count,)."""
    table = _counts(one, other)
    cell = speaker * table.size + one * table.shape[1] + other
    each = np.bincount(cell, minlength=count * table.size).reshape(count, *table.shape)
    tables = np.concatenate([table[None], table - each])
    rows, columns = ((tables.sum(axis=axis) > 0).sum(axis=1) for axis in (2, 1))
    most = tables.sum(axis=(1, 2)) * (np.minimum(rows, columns) - 1)
    found: Doubles = (chi_square(tables) - (rows - 1) * (columns - 1)) / np.maximum(most, 1)
    return found
