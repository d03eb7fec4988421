"""Two numbers of every recording: a point each, with the means of speakers and the line of least squares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nk.report.figures import BLUE, VERMILION, Pen

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nk.registry import Doubles

_MANY = 2000  # points; more are drawn as an image within svg and pdf


def draw(
    axes: Axes, values: Doubles, means: Doubles, line: tuple[float, float] | None, *, names: tuple[str, str], pen: Pen
) -> None:
    """Draw points, speakers and line.

    Args:
        axes: where
        values: both numbers of each recording, shape (rows, 2)
        means: both of each speaker, shape (speakers, 2)
        line: slope and intercept
        names: of the numbers
        pen: how texts are written
    """
    many = len(values) > _MANY
    alpha = float(np.clip(12 / np.sqrt(max(len(values), 1)), 0.08, 0.7))
    axes.scatter(
        values[:, 0],
        values[:, 1],
        s=6 if many else 14,
        alpha=alpha,
        color=BLUE,
        linewidths=0,
        rasterized=many,
    )
    if len(means):
        axes.scatter(
            means[:, 0],
            means[:, 1],
            s=34,
            facecolors="none",
            edgecolors="black",
            linewidths=1.2,
        )
    if line and len(values):
        ends = np.array([values[:, 0].min(), values[:, 0].max()])
        axes.plot(ends, line[0] * ends + line[1], color=VERMILION, linewidth=2)
    axes.set_xlabel(pen.text(names[0]), fontsize=9)
    axes.set_ylabel(pen.text(names[1]), fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
