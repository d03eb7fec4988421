"""Runs by what they reach, with lines that join those which cannot be told apart.

After the critical-difference diagram (Demsar: Statistical comparisons of classifiers over multiple data sets, Journal
of Machine Learning Research 7, 2006), with the measure itself where that has ranks, and tests of pairs for its one
difference.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import polars as pl

from nk.report.figures import BLUE, PEN, VERMILION, Pen, blank, write_caption, write_title

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from matplotlib.figure import Figure

    from nk.tables import Metric


def data(runs: Sequence[tuple[str, Metric]], apart: Collection[tuple[str, str]]) -> pl.DataFrame:
    """The numbers of the figure: `run`, `value`, `low`, `high`, and the `lines` it is joined by, as `1 2`."""
    lines = joined([name for name, _ in runs], apart)
    rows = [
        (
            name,
            one.value,
            one.low,
            one.high,
            " ".join(str(n) for n, (top, end) in enumerate(lines, 1) if top <= k <= end),
        )
        for k, (name, one) in enumerate(runs)
    ]
    types = {"run": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "lines": pl.String}
    return pl.DataFrame(rows, schema=types, orient="row")


def joined(names: Sequence[str], apart: Collection[tuple[str, str]]) -> list[tuple[int, int]]:
    """First and last place of the longest stretches of runs of which no pair can be told apart.

    Args:
        names: of the runs, from the best to the worst
        apart: the pairs that can be told apart, the better one first
    """
    found: list[tuple[int, int]] = []
    for start in range(len(names)):
        end = start
        while end + 1 < len(names) and not any((name, names[end + 1]) in apart for name in names[start : end + 1]):
            end += 1
        if end > start and (not found or end > found[-1][1]):
            found.append((start, end))
    return found


def across(names: Sequence[str], apart: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs that no line joins and that cannot be told apart all the same, as others between them can."""
    lines = joined(names, apart)
    return [
        (names[i], names[j])
        for i, j in combinations(range(len(names)), 2)
        if (names[i], names[j]) not in apart and not any(start <= i and j <= end for start, end in lines)
    ]


def draw(
    runs: Sequence[tuple[str, Metric]],
    apart: Collection[tuple[str, str]],
    *,
    measure: str,
    basis: str,
    title: str = "",
    pen: Pen = PEN,
) -> Figure:
    """Draw a point a run with its interval, and the lines on the right.

    Args:
        runs: names and values, from the best to the worst
        apart: the pairs that can be told apart, the better one first
        measure: what the values are of
        basis: what the tests go by, as `10 test speakers`
        title: what to put above
        pen: how texts are written
    """
    names = [name for name, _ in runs]
    figure, axes = blank(7, 1.6 + 0.4 * len(runs))
    for place, (_, one) in enumerate(runs):
        if one.low is not None and one.high is not None:
            axes.plot([one.low, one.high], [place, place], color=BLUE, linewidth=1.5)
        axes.plot(one.value, place, "o", color=BLUE, markersize=7)
    lines = joined(names, apart)
    for number, (start, end) in enumerate(lines):
        side = 1.03 + 0.035 * number
        axes.plot([side, side], [start - 0.2, end + 0.2], color=VERMILION, linewidth=4, solid_capstyle="butt",
                  transform=axes.get_yaxis_transform(), clip_on=False)  # fmt: skip
    axes.set_yticks(range(len(runs)), pen.labels(names, "run"), fontsize=9)
    axes.set(xlabel=measure.upper(), ylim=(len(runs) - 0.5, -0.5))
    axes.grid(axis="x", color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    write_title(figure, [pen.text(title)])
    write_caption(figure, _caption(lines, across(names, apart), basis, pen))
    return figure


def _caption(lines: Sequence[object], odd: Sequence[tuple[str, str]], basis: str, pen: Pen) -> list[str]:
    joins = f"thick lines join runs that cannot be told apart with {basis}" if lines else ""
    more = "; ".join(f"{pen.text(one)} and {pen.text(other)}" for one, other in odd)
    return [
        f"thin: 95 % interval of each; {joins}"
        if joins
        else f"95 % intervals; all pairs can be told apart with {basis}",
        f"nor can {more}" if more else "",
        "pairs are tested on the same rows (Holm): intervals may overlap all the same",
    ]
