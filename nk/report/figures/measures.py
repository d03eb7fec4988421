"""Measures with their intervals, beside what guessing gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.report.figures import BLUE, FAINT, PEN, VERMILION, Pen, blank, sample_text, write_caption, write_title
from nk.report.words import LOWER, measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

    from nk.tables import Metric

# Those that are shares or correlations fit on one axis.
SHARES = ("uar", "accuracy", "macro_f1", "auc", "eer")
CORRELATIONS = ("ccc", "pcc")
GUESSES = {"chance": ("|", FAINT), "majority": ("x", VERMILION)}


def data(metrics: Sequence[Metric], guesses: Mapping[str, Mapping[str, float | None]]) -> pl.DataFrame:
    """The numbers of the figure: `measure`, `value`, `low`, `high`, and a column for each way to guess."""
    found = [one for one in metrics if one.name in (*SHARES, *CORRELATIONS)]
    rows = [
        {"measure": one.name, "value": one.value, "low": one.low, "high": one.high}
        | {base: each.get(one.name) for base, each in guesses.items()}
        for one in found
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def draw(
    metrics: Sequence[Metric], guesses: Mapping[str, Mapping[str, float | None]], *, title: str = "", pen: Pen = PEN
) -> Figure:
    """Draw a point a measure with its interval as a line, the first on top, and a mark for each way to guess.

    Args:
        metrics: of one part, at least one of which is a share or a correlation
        guesses: the measures of each way to guess, by its name
        title: what to put above
        pen: how texts are written
    """
    table = data(metrics, guesses)
    figure, axes = blank(6, 1.6 + 0.4 * table.height)
    places = range(table.height)
    for place, row in zip(places, table.iter_rows(named=True), strict=True):
        if row["low"] is not None:
            axes.plot([row["low"], row["high"]], [place, place], color=BLUE, linewidth=2.5, solid_capstyle="butt")
    axes.plot(table["value"], places, "o", color=BLUE, markersize=8, label="result, 95 % interval")
    for base, (marker, colour) in GUESSES.items():
        if base in table.columns:
            axes.plot(table[base], places, marker, color=colour, markersize=11, markeredgewidth=2, label=base)
    axes.set_yticks(places, [_called(name) for name in table["measure"]])
    axes.set(xlim=(-1 if {*table["measure"]} & {*CORRELATIONS} else 0, 1), ylim=(table.height - 0.5, -0.5))
    axes.legend(frameon=False, fontsize=9, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
    axes.spines[["top", "right"]].set_visible(False)
    write_title(figure, [pen.text(title)])
    write_caption(figure, [sample_text(metrics[0].n, metrics[0].n_speakers, metrics[0].n)])
    return figure


def _called(name: str) -> str:
    return f"{measure(name)}, less is better" if name in LOWER else measure(name)
