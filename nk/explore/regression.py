"""One number against another, with the line of least squares, for all or for each value of a third column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy import stats

from nk.explore.colours import Colours, colours_of
from nk.explore.exhibit import Exhibit
from nk.explore.matrix import values_of
from nk.explore.sampling import thinned
from nk.explore.statistics.pairs import concordance, correlate
from nk.report.figures import count_text
from nk.report.figures import regression as picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.registry import Doubles
    from nk.tables import Dataset, Features

MOST_POINTS = 5000
_LEAST = 4  # rows, for a correlation


def exhibit(
    dataset: Dataset,
    features: Features,
    names: Sequence[str],
    *,
    seed: int,
    ccc: bool = False,
    stem: str = "",
    key: str = "regplot",
) -> Exhibit:
    """Two features or columns against each other; a third name is what colours the points.

    Args:
        dataset: the rows
        features: of the rows
        names: horizontal, vertical, and maybe the column of the colours; without it the target, where it has classes
        seed: which points are drawn where there are too many
        ccc: whether the title has the concordance correlation
        stem: of the file, by default made of the names
        key: what names them, for messages

    Raises:
        DataError: there is no such feature or column
    """
    across, up, *more = names
    x, y = values_of(across, dataset, features, key), values_of(up, dataset, features, key)
    target = dataset.target
    by = more[0] if more else target.name if target.name in dataset and not target.is_number else None
    known = ~(np.isnan(x) | np.isnan(y))
    rows, x, y = dataset.frame.filter(pl.Series(known)), x[known], y[known]
    colours = colours_of(by, rows, features, target.labels if by == target.name else (), key)
    speakers = rows["speaker"] if dataset.has_speakers else None
    both = correlate(pl.Series(x), pl.Series(y), speakers, "both")
    tests = [f"{one.sentence().removeprefix('both: ')}." for one in both]
    caption = " ".join([f"{count_text(len(x), 'recording')}.", *tests, *_groups(x, y, colours)])
    drawn = thinned(len(x), MOST_POINTS, seed)
    notes = (f"drawn are {MOST_POINTS:,} of {len(x):,} rows; the numbers are of all",) if len(drawn) < len(x) else ()
    table = pl.DataFrame({"id": rows["id"].gather(drawn), across: x[drawn], f"{up} " if up == across else up: y[drawn]})
    if by and by not in table.columns:
        table = table.with_columns(colours.column.gather(drawn).alias(by))
    lines = [("all", *_line(x, y))] if colours.is_number or not by else _lines(x, y, colours)
    title = f"{up} against {across}" + (f", CCC {concordance(pl.Series(x), pl.Series(y)):.3f}" if ccc else "")
    return Exhibit(
        name=stem or "_".join(["regplot", across, up, *more]),
        title=title,
        table=table,
        caption=caption,
        draw=lambda pen: picture.draw(
            x[drawn], y[drawn], colours.at(drawn), lines, labels=(across, up), title=title, caption=caption, pen=pen
        ),
        notes=(*colours.notes, *notes),
    )


def _groups(x: Doubles, y: Doubles, colours: Colours) -> list[str]:
    """The correlation within each group, in words."""
    if colours.is_number or len(colours.names) < 2:
        return []
    each = []
    for place, name in enumerate(colours.names):
        mine = colours.values == place
        if mine.sum() >= _LEAST and np.ptp(x[mine]) > 0 and np.ptp(y[mine]) > 0:
            each.append(f"{name} {stats.pearsonr(x[mine], y[mine]).statistic:.2f}")
    return [f"Pearson's r within: {', '.join(each)}."] if each else []


def _lines(x: Doubles, y: Doubles, colours: Colours) -> list[tuple[str, Doubles, Doubles]]:
    found = [(name, colours.values == place) for place, name in enumerate(colours.names)]
    return [(name, *_line(x[mine], y[mine])) for name, mine in found]


def _line(x: Doubles, y: Doubles) -> tuple[Doubles, Doubles]:
    """Ends of the line of least squares: horizontal and vertical, empty where there is none."""
    if len(x) < 2 or np.ptp(x) == 0:
        return np.empty(0), np.empty(0)
    slope, intercept = np.polyfit(x, y, 1)
    ends = np.array([x.min(), x.max()])
    return ends, intercept + slope * ends
