"""How the classes (or numbers) of a database are spread over the parts of the split, and over genders."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.report.figures import PEN, Pen, count_text, panels, shorten_label, write_caption, write_title
from nk.report.figures.bars import PIECES
from nk.stages.columns import as_text
from nk.tables import PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nk.tables import Dataset

_ALL = "all"
_MOST_RANGES = 12
_COLOURS = PIECES[:4]
_UNKNOWN = ("white", "....")


def data(dataset: Dataset, database: str) -> pl.DataFrame:
    """The numbers of the figure.

    Returns:
        `split` (`all` where there are no parts), `class` (or a range of numbers; null where the target is not known),
        `gender` (null where it is not known) and `count` in rows, all in their order, those without a row left out
    """
    frame = dataset.frame.filter(pl.col("database") == database)
    truth, labels = frame[dataset.target.name], dataset.target.labels
    unknown = pl.Series([None] * frame.height, dtype=pl.String)
    part, gender = (as_text(frame[name]) if name in frame.columns else unknown for name in ("split", "gender"))
    columns = {
        "split": part.fill_null(_ALL).cast(pl.Enum((*PARTS, _ALL))),
        "class": truth.cast(pl.String).cast(pl.Enum(labels)) if labels else _ranges(truth),
        "gender": gender,
    }
    counts = pl.DataFrame(columns).group_by(list(columns)).agg(pl.len().alias("count"))
    return counts.sort(list(columns), nulls_last=True)


def draw(dataset: Dataset, database: str, *, title: str = "", pen: Pen = PEN) -> Figure:
    """Draw a panel a part with a bar a class, stacked by gender.

    Args:
        dataset: the rows
        database: of which database
        title: what to put above
        pen: how texts are written
    """
    table, name = data(dataset, database), dataset.target.name
    parts = table["split"].unique(maintain_order=True).to_list()
    classes: list[str | None] = [*table.schema["class"].categories]  # type: ignore[attr-defined]
    classes += [None] * bool(table["class"].null_count())
    names = pen.labels([f"no {shorten_label(name)}" if one is None else one for one in classes])
    step = float(np.clip(12 / len(classes), 0.14, 0.3))
    width = 2.3 * len(parts) + 0.09 * max(map(len, names)) + 0.8
    by_gender = bool(table["gender"].count()) and name != "gender"
    figure, axes = panels(max(5, width + 1.2 * by_gender), step * len(classes) + 2.1, len(parts))
    for panel, part in zip(axes, parts, strict=True):
        _draw_part(panel, table.filter(pl.col("split") == part), classes, _genders(table) if by_gender else [], pen)
    axes[0].set_yticks(range(len(classes)), names, fontsize=min(10, 52 * step))
    axes[0].set_ylim(len(classes) - 0.4, -0.6)
    if by_gender:
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right upper", frameon=False, fontsize=9)
    write_title(figure, [pen.text(title)])
    write_caption(figure, [count_text(int(table["count"].sum()), "recording"), _missing(table, dataset)])
    return figure


def _ranges(values: pl.Series) -> pl.Series:
    """Numbers as the range that they are in, from its lower end to below the upper one; the last has both ends."""
    from matplotlib.ticker import MaxNLocator

    known = values.drop_nulls()
    if not len(known):
        return pl.Series([None] * len(values), dtype=pl.Enum(()))
    edges = MaxNLocator(_MOST_RANGES, steps=[1, 2, 5, 10]).tick_values(float(known.min()), float(known.max()))  # type: ignore[arg-type]
    names = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges)]
    place = np.clip(np.digitize(values.fill_null(0.0).to_numpy(), edges) - 1, 0, len(names) - 1)
    return pl.Series(names).gather(place).set(values.is_null(), None).cast(pl.Enum(names))


def _genders(table: pl.DataFrame) -> list[str | None]:
    return table["gender"].unique().sort(nulls_last=True).to_list()


def _draw_part(
    axes: Axes, rows: pl.DataFrame, classes: Sequence[str | None], genders: Sequence[str | None], pen: Pen
) -> None:
    """Draw the bars of a part; without genders they are of one piece."""
    from matplotlib.ticker import MaxNLocator

    ends = np.zeros(len(classes))
    for place, gender in enumerate(genders or [None]):
        own = rows.filter(pl.col("gender").eq_missing(pl.lit(gender, pl.String))) if genders else rows
        counts = dict(own.group_by("class").agg(pl.col("count").sum()).iter_rows())
        lengths = np.array([counts.get(one, 0) for one in classes], dtype=np.float64)
        colour, hatch = _UNKNOWN if genders and gender is None else _COLOURS[place % len(_COLOURS)]
        axes.barh(
            range(len(classes)), lengths, left=ends, height=0.75, color=colour, hatch=hatch, edgecolor="0.2",
            linewidth=0.5, label="not known" if gender is None else pen.text(shorten_label(gender)),
        )  # fmt: skip
        ends += lengths
    for place, end in enumerate(ends):
        axes.text(end, place, f" {end:,.0f}", va="center", fontsize=8)
    axes.set_title(f"{rows['split'][0]}: {rows['count'].sum():,}", fontsize=10)
    axes.set_xlim(0, max(1.0, 1.2 * float(ends.max())))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_xlabel("recordings", fontsize=9)


def _missing(table: pl.DataFrame, dataset: Dataset) -> str:
    """What is not known of the genders."""
    unknown = int(table.filter(pl.col("gender").is_null())["count"].sum())
    if "gender" not in dataset:
        return "genders are not shown: the tables have no column `gender`"
    if unknown == table["count"].sum():
        return "genders are not shown: the column `gender` is empty"
    return f"{count_text(unknown, 'recording')} without a gender" if unknown else ""
