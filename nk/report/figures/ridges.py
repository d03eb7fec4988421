"""How a number is spread in each group: a curve a group, one above the other, so that they can be told in grey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from nk.report.figures import BLUE, FAINT, VERMILION, Pen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from nk.explore.densities import Spread
    from nk.registry import Doubles

_TALL = 0.85  # of the distance between two groups


def draw(
    axes: Axes,
    groups: Sequence[str],
    curves: Spread,
    dots: Mapping[str, Doubles],
    *,
    name: str,
    fill: bool,
    pen: Pen,
) -> None:
    """Draw the curves, a line at each median and a dot a speaker.

    Args:
        axes: where
        groups: the groups from above, also those without a curve
        curves: what
        dots: the mean of each speaker, a group
        name: of the number
        fill: whether the areas under the curves are filled
        pen: how texts are written
    """
    for place, group in enumerate(groups):
        if group not in curves.heights:
            continue
        base = -float(place)
        height = curves.heights[group] / (float(curves.heights[group].max()) or 1.0) * _TALL
        axes.plot(curves.x, base + height, color=BLUE, linewidth=1.4, drawstyle="steps-mid" if curves.steps else None)
        if fill:
            step: Literal["mid"] | None = "mid" if curves.steps else None
            axes.fill_between(curves.x, base, base + height, step=step, color=BLUE, alpha=0.3, linewidth=0)
        axes.axhline(base, color="0.7", linewidth=0.6, zorder=0)
        median = curves.medians[group]
        axes.plot([median] * 2, [base, base + float(np.interp(median, curves.x, height))], color=VERMILION, linewidth=2)
        own = dots.get(group, np.empty(0))
        axes.plot(own, np.full(len(own), base - 0.07), "o", color="0.25", markersize=2.5)
        axes.annotate(f"n {curves.counts[group]:,}", (1.01, base + 0.1), xycoords=("axes fraction", "data"), fontsize=7,
                      color=FAINT, annotation_clip=False)  # fmt: skip
    axes.set_yticks([-float(place) for place in range(len(groups))], pen.labels(groups) if any(groups) else [""])
    axes.set_ylim(0.7 - len(groups), 1)
    axes.set_xlim(curves.x[0], curves.x[-1])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(pen.text(name), fontsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
