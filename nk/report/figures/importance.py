"""How much features weigh, the first ones at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nk.report.figures import BLUE, FAINT, PEN, Pen, blank, write_caption, write_title

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKS = "os^DvPX*<>"


def draw(table: pl.DataFrame, *, title: str, caption: str, pen: Pen = PEN) -> Figure:
    """Draw a bar a feature.

    Args:
        table: `feature` and `importance`, in order
        title: what to put above
        caption: what to put below
        pen: how texts are written
    """
    figure, axes = _rows(table, title, caption, pen)
    values = table["importance"].to_numpy()
    axes.barh(range(len(values)), values, height=0.7, color=BLUE)
    axes.axvline(0, color="0.2", linewidth=0.8)
    axes.set_xlabel("importance", fontsize=9)
    for place, value in enumerate(values):
        axes.text(max(value, 0), place, f" {value:.3g}", va="center", fontsize=8)
    low, high = min(0.0, float(np.min(values))), max(0.0, float(np.max(values)))
    axes.set_xlim(low - 0.02 * (high - low or 1), high + 0.18 * (high - low or 1))
    return figure


def draw_ranks(table: pl.DataFrame, *, title: str, caption: str, pen: Pen = PEN) -> Figure:
    """Draw the mean rank of each feature, and a mark for each model.

    Args:
        table: `feature`, `mean_rank`, and a column of ranks a model, in order
        title: what to put above
        caption: what to put below
        pen: how texts are written
    """
    figure, axes = _rows(table, title, caption, pen)
    places = np.arange(table.height)
    axes.barh(places, table["mean_rank"].to_numpy(), height=0.7, color="0.85", label="mean")
    # Models that agree would cover each other.
    models = table.columns[2:]
    offsets = np.linspace(-0.22, 0.22, len(models))
    for number, (model, offset) in enumerate(zip(models, offsets, strict=True)):
        axes.plot(
            table[model].to_numpy(), places + offset, _MARKS[number % len(_MARKS)], linestyle="none", markersize=4.5,
            color=("black", "white")[number % 2], markeredgecolor="black", markeredgewidth=0.8, label=pen.text(model),
        )  # fmt: skip
    axes.set_xlabel("rank, 1 is the first", fontsize=9)
    axes.set_xlim(left=0)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=9)
    return figure


def _rows(table: pl.DataFrame, title: str, caption: str, pen: Pen) -> tuple[Figure, Axes]:
    """A figure with a row a feature."""
    from matplotlib.ticker import MaxNLocator

    names = [pen.text(name) for name in table["feature"]]
    figure, axes = blank(7, 0.26 * len(names) + 2.0)
    axes.set_yticks(range(len(names)), names, fontsize=9 if len(names) <= 40 else 6)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", colors=FAINT, labelsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    write_title(figure, [pen.text(title)])
    write_caption(figure, [pen.text(caption)])
    return figure, axes
