"""Runs on other rows, or for other targets, side by side: their values with intervals, and what guessing gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.report.figures import BLUE, PEN, Pen, blank, write_caption, write_title
from nk.report.figures.measures import GUESSES
from nk.report.words import measure as called

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure


def draw(runs: pl.DataFrame, *, measure: str, caption: str, pen: Pen = PEN) -> Figure:
    """Draw a point a run with its interval, and a mark for each way to guess.

    Args:
        runs: `run`, `about`, `value`, `low`, `high`, `n`, `n_speakers` and a column for each way to guess, as
            `nk.unlike.Side.as_dict` has them
        measure: what the values are of
        caption: what is to be borne in mind
        pen: how texts are written
    """
    places = range(runs.height)
    figure, axes = blank(7, 1.8 + 0.5 * runs.height)
    for place, row in zip(places, runs.iter_rows(named=True), strict=True):
        if row["low"] is not None:
            axes.plot([row["low"], row["high"]], [place, place], color=BLUE, linewidth=2.5, solid_capstyle="butt")
    axes.plot(runs["value"], places, "o", color=BLUE, markersize=8, label="result, 95 % interval")
    for base, (marker, colour) in GUESSES.items():
        if base in runs.columns:
            axes.plot(runs[base], places, marker, color=colour, markersize=11, markeredgewidth=2, label=base)
    names, about = pen.labels(runs["run"].to_list(), "run"), pen.labels(runs["about"].to_list(), "")
    axes.set_yticks(places, [f"{one}\n{other}" for one, other in zip(names, about, strict=True)], fontsize=9)
    axes.set(xlabel=called(measure), ylim=(runs.height - 0.5, -0.5))
    axes.legend(frameon=False, fontsize=9, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
    axes.grid(axis="x", color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    write_title(figure, [f"{called(measure)}: {runs.height} runs"])
    tested = ", ".join(_tested(row["n"], row["n_speakers"]) for row in runs.iter_rows(named=True))
    write_caption(figure, [caption, f"tested, from the top: {tested}"])
    return figure


def _tested(rows: int, speakers: int | None) -> str:
    return f"{rows} recordings" + (f" of {speakers} speakers" if speakers else "")
