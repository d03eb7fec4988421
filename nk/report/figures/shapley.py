"""How much features move what a model says: a bar a feature, in pieces by class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.report.figures import PEN, Pen, blank, write_caption, write_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

# Neighbours differ in grey, by lightness or by hatch.
_LOOKS = (
    ("#0072B2", ""), ("#E69F00", ""), ("#009E73", "///"), ("#F0E442", ""), ("#D55E00", ".."), ("#56B4E9", "\\\\\\"),
    ("black", ""), ("#CC79A7", "xxx"),
)  # fmt: skip


def draw(
    table: pl.DataFrame, names: Sequence[str], labels: Sequence[str], *, title: str, caption: str, pen: Pen = PEN
) -> Figure:
    """Draw a bar a feature.

    Args:
        table: `feature`, `class` (where there are some) and `mean_size`
        names: the features to draw, in order
        labels: the classes in order
        title: what to put above
        caption: what to put below
        pen: how texts are written
    """
    figure, axes = blank(7, 0.28 * len(names) + max(2.0, 0.2 * len(labels) + 0.4))
    ends = np.zeros(len(names))
    for number, (label, written) in enumerate(zip(labels, pen.labels(labels), strict=True)):
        own = table.filter(pl.col("class") == label) if "class" in table.columns else table
        sizes = dict(own.select("feature", "mean_size").iter_rows())
        pieces = np.array([sizes[name] for name in names])
        colour, hatch = _LOOKS[number % len(_LOOKS)]
        axes.barh(
            range(len(names)), pieces, left=ends, height=0.75, color=colour, hatch=hatch, edgecolor="0.2",
            linewidth=0.5, label=written,
        )  # fmt: skip
        ends += pieces
    axes.set_yticks(range(len(names)), [pen.text(name) for name in names], fontsize=9 if len(names) <= 40 else 6)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("mean size of the SHAP value" + (", classes added up" if len(labels) > 1 else ""), fontsize=9)
    if len(labels) > 1:
        figure.legend(*axes.get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=9)
    write_title(figure, [pen.text(title)])
    write_caption(figure, [pen.text(caption)])
    return figure
