"""Whether scores say how often they are right: bins of rows by their largest score, and the expected calibration error.

The error is the mean over rows of how far the largest score and the share of right rows are apart in the row's bin
(Naeini, Cooper and Hauskrecht, AAAI 2015), in bins of equally many rows. It is above 0 for perfect scores too, by
chance, and the more so the fewer rows there are: so what perfect scores would show is stated beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.intervals import group, interval
from nk.metrics._counts import ratio, share, without_each
from nk.metrics._rows import labelled

if TYPE_CHECKING:
    import numpy.typing as npt

    from nk.intervals import Groups
    from nk.metrics._rows import Rows
    from nk.registry import Doubles, Ints
    from nk.tables import Predictions

BINS = 10
_FEWEST = 5  # rows of a bin
_ROUNDS = 2000


@dataclass(frozen=True)
class _Binned:
    """The largest score of each row, whether it is right, and the bin that it is in, from 0."""

    top: Doubles
    right: npt.NDArray[np.bool_]
    place: Ints
    bins: int


def bins(predictions: Predictions, split: str) -> pl.DataFrame:
    """The bins of a part.

    Returns:
        `score` (the mean of the largest), `right` (the share), `low`, `high` (its interval over speakers, null where
        there is none), `lowest`, `highest` (score) and `rows`, a row a bin
    """
    rows = labelled(predictions, split)
    some, own = _binned(rows), predictions.target.name == "speaker"
    found = []
    for one in range(some.bins):
        mine = some.place == one
        frame = rows.frame.filter(mine)
        speakers = None if rows.speakers is None else rows.speakers.filter(mine)
        groups = group(frame["id"], speakers, speakers_are_target=own)
        values = share(some.right[mine], groups.numbers, len(groups))
        ends = interval(values, "unit", groups, trials=int(mine.sum()))
        score = some.top[mine]
        found.append((score.mean(), values[0], ends.low, ends.high, score.min(), score.max(), int(mine.sum())))
    names = ("score", "right", "low", "high", "lowest", "highest", "rows")
    return pl.DataFrame(
        found, schema={name: pl.Int64 if name == "rows" else pl.Float64 for name in names}, orient="row"
    )


def error(predictions: Predictions, split: str, *, speakers_are_target: bool = False) -> dict[str, Any]:
    """The expected calibration error of a part.

    Returns:
        `ece` with `low` and `high` (null where there is no interval) and `method`; `perfect` and `perfect_high`, the
        mean and the 95th percentile of it if every row were right with the probability that its largest score says;
        `score` and `right`, the mean of the largest score and the share of right rows; `bins` and `n`
    """
    rows = labelled(predictions, split)
    some = _binned(rows)
    groups = group(rows.frame["id"], rows.speakers, speakers_are_target=speakers_are_target)
    values = _errors(some, groups)
    ends = interval(values, "unit", groups, trials=rows.n)
    perfect = _perfect(some)
    return {
        "ece": float(values[0]),
        "low": ends.low,
        "high": ends.high,
        "method": ends.method,
        "perfect": float(perfect.mean()),
        "perfect_high": float(np.quantile(perfect, 0.95)),
        "score": float(some.top.mean()),
        "right": float(some.right.mean()),
        "bins": some.bins,
        "n": rows.n,
    }


def _binned(rows: Rows) -> _Binned:
    top = rows.frame.select(pl.max_horizontal(f"p_{label}" for label in rows.target.labels)).to_series().to_numpy()
    right = (rows.frame["truth"] == rows.frame["predicted"]).to_numpy()
    count = max(1, min(BINS, len(top) // _FEWEST))
    place = np.empty(len(top), dtype=np.int64)
    for number, some in enumerate(np.array_split(np.argsort(top, kind="stable"), count)):
        place[some] = number
    return _Binned(top, right, place, count)


def _errors(some: _Binned, groups: Groups) -> Doubles:
    """The error over all rows, then with each group left out, in the same bins: shape (1 + groups,)."""
    cells = groups.numbers * some.bins + some.place
    size = (len(groups) + 1) * some.bins

    def sums(weights: Doubles) -> Doubles:
        return without_each(np.bincount(cells, weights, minlength=size).astype(np.float64).reshape(-1, some.bins))

    rows: Doubles = sums(np.ones(len(cells))).sum(axis=1)
    return ratio(np.abs(sums(some.top - some.right)).sum(axis=1), rows)


def _perfect(some: _Binned) -> Doubles:
    """Errors of rows that are right as often as their largest score says, drawn again and again; independent rows."""
    rows = np.bincount(some.place, minlength=some.bins)
    score = np.bincount(some.place, some.top, minlength=some.bins) / rows
    drawn = np.random.default_rng(0).binomial(rows, np.clip(score, 0, 1), size=(_ROUNDS, some.bins))
    found: Doubles = np.abs(drawn - rows * score).sum(axis=1) / rows.sum()
    return found
