"""How the values of a feature are spread, a row a class, genders beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.report.figures import PEN, Pen, blank, write_caption, write_title

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nk.registry import Doubles

# Light colours of Okabe and Ito, in grey told apart by their hatches.
_LOOKS = (("#56B4E9", ""), ("#E69F00", "///"), ("#F0E442", "..."), ("#CC79A7", "xxx"))
_MARKS = {"": "o", "///": "D", "...": "^", "xxx": "v"}
MOST_POINTS = 400  # a group, of those that are drawn one by one


@dataclass(frozen=True)
class _Row:
    """Where the values of a group are drawn: the middle and the width of the row; `rng` draws what is random."""

    axes: Axes
    values: Doubles
    middle: float
    width: float
    look: dict[str, Any]
    rng: np.random.Generator

    def points(self, values: Doubles, places: Doubles) -> None:
        """Draw values one by one."""
        look = {"facecolor": self.look["facecolor"], "edgecolor": "0.2", "linewidth": 0.5}
        self.axes.scatter(values, places, s=12, marker=_MARKS[self.look["hatch"]], **look)

    def across(self, value: float, share: float) -> None:
        """A line across the row, over this share of its width on both sides."""
        ends = [self.middle - share * self.width, self.middle + share * self.width]
        self.axes.plot([value, value], ends, color="0.1", linewidth=2.2, zorder=3)

    def few(self, values: Doubles) -> Doubles:
        """So many of the values as are drawn one by one."""
        return values if len(values) <= MOST_POINTS else self.rng.choice(values, MOST_POINTS, replace=False)


def draw(frame: pl.DataFrame, kind: str, *, label: str, title: str, caption: str, seed: int, pen: Pen = PEN) -> Figure:
    """Draw a distribution a class and gender.

    Args:
        frame: `value`, `class` (in order) and `gender` of every row; "" where rows are not parted by it
        kind: violin, box, bar, strip or swarm
        label: of the values
        title: what to put above
        caption: what to put below
        seed: which points are drawn where there are too many
        pen: how texts are written
    """
    classes = frame["class"].unique(maintain_order=True).to_list()
    genders = frame["gender"].unique().sort().to_list()
    width = 0.8 / len(genders)
    figure, axes = blank(7, max(2.6, (0.24 + 0.19 * len(genders)) * len(classes) + 1.9))
    for place, group in enumerate(classes):
        for number, gender in enumerate(genders):
            values = frame.filter((pl.col("class") == group) & (pl.col("gender") == gender))["value"].to_numpy()
            if len(values):
                middle = place + (number - (len(genders) - 1) / 2) * width
                rng = np.random.default_rng([seed, place, number])
                _KINDS[kind](_Row(axes, values, middle, 0.9 * width, _look(number), rng))
    counts = dict(frame.group_by("class").len().iter_rows())
    names = [f"{name} ({counts[group]:,})" for name, group in zip(pen.labels(classes), classes, strict=True)]
    axes.set_yticks(range(len(classes)), names if classes != [""] else [f"all ({frame.height:,})"], fontsize=9)
    axes.set_ylim(len(classes) - 0.4, -0.6)
    axes.set_xlabel(pen.text(label))
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    if len(genders) > 1:
        _explain(figure, genders, pen, points=kind in {"strip", "swarm"})
    write_title(figure, [pen.text(title)])
    write_caption(figure, [pen.text(caption)])
    return figure


def _look(number: int) -> dict[str, Any]:
    colour, hatch = _LOOKS[number % len(_LOOKS)]
    return {"facecolor": colour, "hatch": hatch, "edgecolor": "0.2", "linewidth": 0.8}


def _explain(figure: Figure, genders: list[str], pen: Pen, *, points: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = []
    for place, label in enumerate(pen.labels(genders, "gender")):
        look = _look(place)
        point = {"marker": _MARKS[look["hatch"]], "color": look["facecolor"], "markeredgecolor": "0.2"}
        handles.append(Line2D([], [], linestyle="none", label=label, **point) if points else Patch(label=label, **look))
    figure.legend(handles=handles, loc="outside right center", frameon=False, fontsize=9)


def _violin(row: _Row) -> None:
    """The density on both sides of a line, the middle half thick, the median white."""
    from scipy.stats import gaussian_kde

    axes, values, middle = row.axes, row.values, row.middle
    if len(values) < 3 or np.ptp(values) <= 1e-9 * np.abs(values).max():
        row.points(values, np.full(len(values), row.middle))
        return
    low, high = np.quantile(values, [0.25, 0.75])
    grid = np.linspace(values.min(), values.max(), 64)
    density = gaussian_kde(values)(grid)
    half = density / density.max() * row.width / 2
    axes.fill_between(grid, middle - half, middle + half, **row.look)
    axes.plot([low, high], [middle, middle], color="0.1", linewidth=3.5, solid_capstyle="butt")
    axes.plot([np.median(values)], [middle], "o", color="white", markeredgecolor="0.1", markersize=4.5)


def _box(row: _Row) -> None:
    """Tukey's box plot."""
    axes, values, middle = row.axes, row.values, row.middle
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    reach = 1.5 * (high - low)
    inner = values[(values >= low - reach) & (values <= high + reach)]
    beyond = values[(values < low - reach) | (values > high + reach)]
    axes.plot([inner.min(), inner.max()], [middle, middle], color="0.2", linewidth=1)
    axes.barh(middle, high - low, left=low, height=0.8 * row.width, zorder=2, **row.look)
    row.across(median, 0.4)
    few = row.few(beyond)
    axes.plot(few, np.full(len(few), middle), "o", color="0.3", markersize=2, markerfacecolor="none")


def _bar(row: _Row) -> None:
    """The mean, with the standard deviation on both sides."""
    axes, values, middle = row.axes, row.values, row.middle
    axes.barh(middle, values.mean(), height=0.9 * row.width, **row.look)
    deviation = values.std(ddof=1) if len(values) > 1 else 0.0
    axes.errorbar(values.mean(), middle, xerr=deviation, color="0.1", linewidth=1.2, capsize=3)
    axes.axvline(0, color="0.2", linewidth=0.8)


def _strip(row: _Row) -> None:
    """The values, spread at random across the row."""
    few = row.few(row.values)
    row.points(few, row.middle + row.rng.uniform(-0.42, 0.42, len(few)) * row.width)
    row.across(float(np.median(row.values)), 0.45)


def _swarm(row: _Row) -> None:
    """The values, those of a narrow range stacked from the middle to both sides."""
    few = np.sort(row.few(row.values))
    bins = np.floor((few - few[0]) / (np.ptp(few) / 50 or 1.0)).astype(int)
    first = np.searchsorted(bins, bins)
    rank = np.arange(len(few)) - first
    side = np.where(rank % 2, 1, -1) * ((rank + 1) // 2)
    step = min(0.09, 0.84 * row.width / max(1, int(np.bincount(bins).max())))
    row.points(few, row.middle + side * step)
    row.across(float(np.median(row.values)), 0.45)


_KINDS: dict[str, Callable[[_Row], None]] = {
    "violin": _violin,
    "box": _box,
    "bar": _bar,
    "strip": _strip,
    "swarm": _swarm,
}
