"""A measure over the runs: how much of it is the luck of the seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.report.figures import BLUE, PEN, VERMILION, Pen, blank, count_text, decimals, write_caption, write_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The axis reaches over this share of the mean at least, so that tiny differences do not look large.
_LEAST = 0.1


def data(runs: dict[str, Any]) -> pl.DataFrame:
    """The numbers of the figure: `run` and every measure, a row a run, of an entry of `runs` in `metrics.json`."""
    return pl.DataFrame(runs["rows"], infer_schema_length=None)


def draw(runs: dict[str, Any], measure: str, *, title: str = "", pen: Pen = PEN) -> Figure:
    """Draw a point a run, their mean, and the standard deviation on both sides of it.

    Args:
        runs: an entry of `runs` in `metrics.json`
        measure: which
        title: what to put above
        pen: how texts are written
    """
    from matplotlib.ticker import MaxNLocator

    table = data(runs).drop_nulls(measure)
    values, numbers = table[measure].to_numpy(), table["run"].to_numpy()
    mean, deviation = runs["mean"][measure], runs["std"][measure]
    figure, axes = blank(min(10, 3.6 + 0.3 * len(values)), 4)
    axes.plot(numbers, values, "o", color=BLUE, markersize=7)
    if mean is not None:
        axes.axhline(mean, color=VERMILION, linewidth=1.5)
        for side in (-1, 1) if deviation else ():
            axes.axhline(mean + side * deviation, color=VERMILION, linewidth=1, linestyle=(0, (4, 3)))
        reach = max(_LEAST * abs(mean) / 2, 1.25 * float(np.abs(values - mean).max()), 1.25 * deviation, 1e-3)
        axes.set_ylim(mean - reach, mean + reach)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="run", ylabel=measure.upper(), xlim=(numbers.min() - 0.5, numbers.max() + 0.5))
    axes.spines[["top", "right"]].set_visible(False)
    write_title(figure, [pen.text(title), _summary(measure.upper(), mean, deviation, len(values))])
    lines = ["", "line: mean; dashed: mean ± standard deviation" if deviation else "line: mean"][mean is not None]
    write_caption(figure, [f"{count_text(len(values), 'run')}, each with a seed of its own", lines])
    return figure


def _summary(name: str, mean: float | None, deviation: float | None, count: int) -> str:
    if mean is None:
        return f"{name} is not defined in every run"
    places = decimals(mean)
    if not deviation:
        return f"{name} {mean:.{places}f}: equal in all {count} runs"
    return f"{name} over {count} runs: mean {mean:.{places}f}, deviation {deviation:.{max(places, 3)}f}"
