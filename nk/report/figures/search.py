"""A search over options: what each trial reached, and what that has to do with each option."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.report.figures import (
    BLUE,
    FAINT,
    PEN,
    VERMILION,
    Pen,
    blank,
    count_text,
    shorten_labels,
    write_caption,
    write_title,
)
from nk.report.figures.grids import Panel, draw_grid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEW = 12  # values of an option that stand side by side; more are a scale
_WIDE = 20  # between the largest and the smallest: then ratios are what counts
_JITTER = 0.22
_ROOM = 24  # letters below a panel
_STATES: dict[str, dict[str, Any]] = {
    "complete": {"color": BLUE, "markersize": 5},
    "stopped": {"markerfacecolor": "none", "markeredgecolor": BLUE, "markersize": 5, "alpha": 0.6},
}


def data(table: pl.DataFrame, *, greater: bool) -> pl.DataFrame:
    """The trials of `trials.csv` with `best_so_far`, the best value of those that were tried on all speakers.

    Args:
        table: with `trial`, `state` and `value`
        greater: whether a greater value is a better one
    """
    known = pl.when(pl.col("state") == "complete").then(pl.col("value").cast(pl.Float64))
    best = known.cum_max() if greater else known.cum_min()
    return table.with_columns(best.forward_fill().alias("best_so_far"))


def draw(table: pl.DataFrame, *, measure: str, title: Sequence[str], pen: Pen = PEN) -> Figure:
    """Draw the value of each trial in their order, with the best so far.

    Args:
        table: as `data` gives it
        measure: what the values are of
        title: lines above
        pen: how texts are written
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = blank(7, 4)
    for state, style in _STATES.items():
        some = table.filter(pl.col("state") == state)
        axes.plot(some["trial"].to_numpy(), some["value"].to_numpy(), "o", linestyle="none", **style)
    best = table.drop_nulls("best_so_far")
    axes.step(best["trial"].to_numpy(), best["best_so_far"].to_numpy(), where="post", color=VERMILION, linewidth=1.8)
    failed = table.filter(pl.col("state") == "failed")["trial"].to_numpy()
    if len(failed):
        axes.plot(failed, np.zeros(len(failed)), "x", color="black", markersize=6, clip_on=False,
                  transform=axes.get_xaxis_transform())  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="trial", ylabel=measure.upper())
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    write_title(figure, map(pen.text, title))
    write_caption(figure, ["line: the best so far of those tried on all speakers", _caption(table)])
    return figure


def draw_options(
    table: pl.DataFrame,
    options: Mapping[str, Sequence[Any]],
    *,
    measure: str,
    best: int,
    title: Sequence[str],
    pen: Pen = PEN,
) -> Figure:
    """Draw the value of each trial against each option, a panel an option.

    Args:
        table: with `trial`, `state`, `value` and a column an option
        options: the options, each with its values in order
        measure: what the values are of
        best: the number of the best trial
        title: lines above
        pen: how texts are written
    """
    known = table.filter(pl.col("value").is_not_null())
    panels = [Panel(partial(_panel, known, key, order, measure, best), 3.2, 2.8) for key, order in options.items()]
    return draw_grid(
        panels,
        title,
        ["diamond: the best trial; short lines: medians", _caption(table, failed="failed, without a value")],
        pen,
    )


def _caption(table: pl.DataFrame, failed: str = "crosses: failed") -> str:
    counts = {state: table.filter(pl.col("state") == state).height for state in ("complete", "stopped", "failed")}
    words = {"stopped": "hollow: stopped, on fewer speakers", "failed": failed}
    more = [f"{words[state]} ({counts[state]})" for state in words if counts[state]]
    return "; ".join([count_text(table.height, "trial"), *more])


def _panel(table: pl.DataFrame, key: str, order: Sequence[Any], measure: str, best: int, axes: Axes, pen: Pen) -> None:
    found, values = table[key].to_list(), table["value"].to_numpy()
    several = [one for one in order if one in {*found}]
    if len(several) < len({*found}) or len(several) > _FEW:
        places = np.array(found, dtype=np.float64)
        if places.min() > 0 and places.max() / places.min() >= _WIDE:
            axes.set_xscale("log")
    else:
        places = _side_by_side(table, found, several)
        _medians(axes, values, found, several, (table["state"] == "complete").to_numpy())
        _name(axes, several, pen)
    for state, style in _STATES.items():
        some = (table["state"] == state).to_numpy()
        axes.plot(places[some], values[some], "o", linestyle="none", **style)
    own = (table["trial"] == best).to_numpy()
    axes.plot(places[own], values[own], "D", color=VERMILION, markersize=7)
    axes.set_xlabel(pen.text(key), fontsize=9)
    axes.set_ylabel(measure.upper(), fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _name(axes: Axes, several: Sequence[Any], pen: Pen) -> None:
    """Write values that stand side by side, aslant where they are long."""
    names = shorten_labels([f"{one:.4g}" if isinstance(one, float) else str(one) for one in several])
    long = sum(map(len, names)) > _ROOM
    axes.set_xticks(range(len(several)), [pen.text(name) for name in names], fontsize=8, rotation=35 if long else 0,
                    ha="right" if long else "center")  # fmt: skip
    axes.set_xlim(-0.6, len(several) - 0.4)


def _side_by_side(table: pl.DataFrame, found: Sequence[Any], several: Sequence[Any]) -> Any:
    """A place a value, with trials beside each other, the same way every time."""
    numbers = table["trial"].to_numpy()
    apart = np.random.default_rng(0).uniform(-_JITTER, _JITTER, 1 + int(numbers.max()))
    return np.array([several.index(one) for one in found]) + apart[numbers]


def _medians(axes: Axes, values: Any, found: Sequence[Any], several: Sequence[Any], complete: Any) -> None:
    for place, one in enumerate(several):
        some = values[np.array([other == one for other in found]) & complete]
        if len(some) > 1:
            axes.plot([place - 0.3, place + 0.3], [np.median(some)] * 2, color=FAINT, linewidth=1.5)
