"""The uncertainty of correct and of wrong rows: whether a model is less sure where it is wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.effects import cohens_d, size_word
from nk.metrics._rows import labelled
from nk.report.figures import BLUE, PEN, VERMILION, Pen, blank, sample_text, write_caption, write_title
from nk.stages.outcome import outcomes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nk.registry import Doubles
    from nk.tables import Predictions

# A density of fewer rows would be drawn from thin air.
_FEWEST = 30
_POINTS, _BINS = 201, 10
_LEAST_WIDTH = 0.005  # of a kernel: the distance of two points that are drawn
_FILL = 0.25


def data(predictions: Predictions, split: str = "test") -> pl.DataFrame:
    """The numbers of the figure.

    Returns:
        densities where there are rows enough: `uncertainty`, `correct` and `wrong`; else a histogram: `low`, `high`,
        and `correct` and `wrong` in rows

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    groups = dict(zip(("correct", "wrong"), outcomes(predictions, split), strict=True))
    if all(_is_dense(values) for values in groups.values() if len(values)):
        grid = np.linspace(0, 1, _POINTS)
        return pl.DataFrame({"uncertainty": grid} | {name: density(one, grid) for name, one in groups.items()})
    edges = np.linspace(0, 1, _BINS + 1)
    ends = {"low": edges[:-1], "high": edges[1:]}
    return pl.DataFrame(ends | {name: np.histogram(values, edges)[0] for name, values in groups.items()})


def density(values: Doubles, grid: Doubles) -> Doubles:
    """The density of values in [0, 1] at the points of a grid, zeros where there are no values.

    With Gaussian kernels of Scott's width; what would lie beyond 0 or 1 is reflected (Silverman, Density Estimation for
    Statistics and Data Analysis, 1986, section 2.10), so that the whole is 1 within.
    """
    if not len(values):
        return np.zeros(len(grid))
    width = max(float(values.std(ddof=1)) * len(values) ** -0.2, _LEAST_WIDTH)
    points, counts = np.unique(values.round(3), return_counts=True)
    reflected = np.stack([points, -points, 2 - points])
    kernels = np.exp(-0.5 * ((grid[:, None, None] - reflected) / width) ** 2).sum(axis=1)
    found: Doubles = kernels @ counts / (len(values) * width * math.sqrt(2 * math.pi))
    return found


def draw(
    predictions: Predictions, *, split: str = "test", title: str = "", fill: bool = False, pen: Pen = PEN
) -> Figure:
    """Draw both distributions, each as if it had the same number of rows.

    Args:
        predictions: of any parts
        split: the part
        title: what to put above
        fill: fill the areas under the densities
        pen: how texts are written

    Raises:
        DataError: as `nk.stages.evaluate.evaluate`
    """
    table, (correct, wrong) = data(predictions, split), outcomes(predictions, split)
    figure, axes = blank(6, 4.2)
    names = [f"correct ({len(correct):,})", f"wrong ({len(wrong):,})"]
    if "low" in table.columns:
        _draw_bars(axes, table, names)
    else:
        _draw_lines(axes, table, names, fill=fill)
    axes.set(xlim=(0, 1), xlabel="uncertainty (0 sure, 1 no idea)", ylim=(0, None))
    axes.legend(frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    write_title(figure, [pen.text(title), "uncertainty of correct and wrong predictions"])
    rows = labelled(predictions, split)
    write_caption(figure, [sample_text(rows.n, rows.n_speakers, rows.frame.height), _effect(correct, wrong)])
    return figure


def _is_dense(values: Doubles) -> bool:
    return len(values) >= _FEWEST and bool(np.ptp(values) > 0)


def _draw_bars(axes: Axes, table: pl.DataFrame, names: list[str]) -> None:
    width = 0.45 / _BINS
    middle = ((table["low"] + table["high"]) / 2).to_numpy()
    for side, column, name, colour, hatch in (
        (-1, "correct", names[0], BLUE, ""),
        (1, "wrong", names[1], "white", "///"),
    ):
        counts = table[column].to_numpy()
        heights = 100 * counts / max(1, counts.sum())
        axes.bar(
            middle + side * width / 2, heights, width, label=name, color=colour, hatch=hatch,
            edgecolor=BLUE if side < 0 else VERMILION,
        )  # fmt: skip
    axes.set_ylabel("per cent of the rows of each")


def _draw_lines(axes: Axes, table: pl.DataFrame, names: list[str], *, fill: bool) -> None:
    grid = table["uncertainty"].to_numpy()
    for column, name, colour, dashes in (("correct", names[0], BLUE, "-"), ("wrong", names[1], VERMILION, (0, (5, 2)))):
        values = table[column].to_numpy()
        axes.plot(grid, values, label=name, color=colour, linestyle=dashes, linewidth=2, clip_on=False)
        if fill:
            axes.fill_between(grid, values, color=colour, alpha=_FILL, linewidth=0)
    axes.set_ylabel("density")


def _effect(correct: Doubles, wrong: Doubles) -> str:
    """What Cohen's d is, in words."""
    effect = cohens_d(correct, wrong)
    if math.isnan(effect):
        return "Cohen's d undefined: there are not enough different values on both sides"
    return f"Cohen's d of wrong against correct: {effect:.2f} ({size_word(effect)})"
