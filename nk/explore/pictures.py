"""From columns to what is drawn: counts, curves and points, computed here so that figures are layout alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.explore.columns import MOST, Column
from nk.explore.densities import limits_of, spread
from nk.explore.statistics.pairs import concordance
from nk.report.figures import bars, points, ridges, scores
from nk.report.figures.grids import Panel, draw_grid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nk.explore.material import Material
    from nk.report.figures import Pen

    Draw = Callable[[Pen], Figure]

_RIDGES = "curves are of the same height; line: median; dots: means of speakers"
_MOST_PANELS = 9
_MOST_POINTS = 5000


def draw_one(column: Column, material: Material, caption: str) -> Draw:
    """A column alone: of recordings and of speakers."""
    frame = _frame(material, one=column)
    if column.is_number:
        marks = "line: median; dots: means of speakers" if material.dataset.has_speakers else "line: median"
        return _grid([_numbers(frame.rename({"one": "number"}), column, None, material)], column.text, caption, marks)
    return _grid(_both(frame, column, None), column.text, caption)


def draw_numbers(columns: Sequence[Column], material: Material, title: str, caption: str) -> Draw | None:
    """Numbers in a panel each, by database where there are several; None where there are none."""
    names = material.frame["database"].cast(pl.String)
    labels = tuple(names.unique().sort().to_list())
    by = Column("database", names, labels) if len(labels) > 1 else None
    panels = []
    for column in columns:
        frame = _frame(material, number=column, **({"group": by} if by else {}))
        panels.append(_numbers(frame, column, by, material))
    return _grid(panels, title, caption, _RIDGES) if panels else None


def draw_counts(table: pl.DataFrame, name: str, of: str, title: str, caption: str) -> Draw:
    """The column `rows` of a table, a bar each, coloured by the column `of`; of many rows how they are spread."""
    pieces = tuple(table[of].drop_nulls().cast(pl.String).unique().sort().to_list()) if of in table.columns else ()
    if table.height > MOST:
        return _spread_of(table, of if pieces else None, pieces, title, caption)
    marks = table[of].cast(pl.String).to_list() if pieces else [""] * table.height
    counts = np.array(
        [[n * (mark == piece) for piece in pieces or ("",)] for n, mark in zip(table["rows"], marks, strict=True)]
    )
    labels = table[name].cast(pl.String).to_list()

    def draw(axes: Axes, pen: Pen) -> None:
        bars.draw(axes, counts, labels, pieces, name=name, of=of, what="recordings", pen=pen)

    return _grid([Panel(draw, 5.4, 1.0 + 0.26 * len(labels), legend=of if pieces else "")], title, caption)


def _spread_of(table: pl.DataFrame, of: str | None, pieces: Sequence[str], title: str, caption: str) -> Draw:
    rows = table["rows"].cast(pl.Float64)
    groups = (
        {piece: rows.filter(table[of].cast(pl.String) == piece).to_numpy() for piece in pieces}
        if of
        else {"": rows.to_numpy()}
    )
    curves = spread(groups, limits_of(rows.to_numpy()), steps=True)

    def draw(axes: Axes, pen: Pen) -> None:
        ridges.draw(axes, [*groups], curves, {}, name="recordings a speaker", fill=True, pen=pen)

    return _grid([Panel(draw, 5.4, 1.0 + 0.42 * max(len(groups), 2))], title, caption, "line: median")


def draw_missing(lacking: Mapping[str, int], rows: int, caption: str) -> Draw:
    """What is missing and what is there, a bar a column."""
    counts = np.array([[count, rows - count] for count in lacking.values()])

    def draw(axes: Axes, pen: Pen) -> None:
        bars.draw(axes, counts, [*lacking], ("missing", "there"), name="column", of="value", what="rows", pen=pen)

    return _grid([Panel(draw, 5.4, 1.0 + 0.3 * len(lacking), legend="value")], "Missing values", caption)


def draw_scores(
    rows: Sequence[tuple[str, float, float, bool]], chance: float, measure: str, title: str, caption: str
) -> Draw:
    """Scores, less their errors, beside chance."""
    made = [(name, score, low if np.isfinite(low) else score, score, sure) for name, score, low, sure in rows]

    def draw(axes: Axes, pen: Pen) -> None:
        scores.draw(axes, made, chance, name=measure, pen=pen)

    return _grid([Panel(draw, 6.0, 1.0 + 0.27 * len(made))], title, caption)


def draw_groups(groups: Mapping[str, Sequence[scores.Bar]], measure: str, title: str, caption: str) -> Draw:
    """A measure of the groups of each column, a panel a column."""

    def panel(name: str, rows: Sequence[scores.Bar]) -> Panel:
        def draw(axes: Axes, pen: Pen) -> None:
            scores.draw(axes, rows, None, name=measure.upper(), pen=pen)

        return Panel(draw, 4.4, 1.1 + 0.3 * max(map(len, groups.values())), name)

    below = "line: 95 % interval; open: there is none"
    return _grid([panel(name, rows) for name, rows in groups.items()], title, caption, below, alike=False)


def draw_relation(
    one: Column, other: Column, material: Material, title: str, caption: str, by: Column | None = None
) -> Draw:
    """Two columns beside each other, in one panel or in one each for the categories of `by`."""
    columns = {"one": one, "other": other} | ({"by": by} if by else {})
    frame = _frame(material, **columns)
    limits = [limits_of(frame[key].to_numpy()) for key, column in (("one", one), ("other", other)) if column.is_number]
    if by is None:
        panels, more = _relation(frame, one, other, material, limits, whole=True)
        return _grid(panels, title, caption, *more)
    often = frame["by"].value_counts(sort=True)["by"].to_list()[:_MOST_PANELS]
    labels = [label for label in by.labels if label in often]
    panels, notes = [], []
    for label in labels:
        some, more = _relation(frame.filter(pl.col("by") == label), one, other, material, limits, whole=False)
        panels += [panel.titled(label) for panel in some]
        notes += more
    if len(labels) < len(by.labels):
        notes.append(f"the {len(labels)} most frequent of {len(by.labels)}")
    return _grid(panels, title, caption, *dict.fromkeys(notes), alike=True)


def _grid(panels: list[Panel], title: str, *caption: str, alike: bool = False) -> Draw:
    return lambda pen: draw_grid(panels, [title], caption, pen, alike=alike)


def _frame(material: Material, **columns: Column) -> pl.DataFrame:
    """The rows that have a value in all columns, with their speaker, null where he is not known."""
    who = (
        material.frame["speaker"]
        if material.dataset.has_speakers
        else pl.Series([None] * len(material.dataset), dtype=pl.String)
    )
    made = pl.DataFrame({"speaker": who, **{key: column.values for key, column in columns.items()}})
    return made.drop_nulls([*columns])


def _relation(
    frame: pl.DataFrame,
    one: Column,
    other: Column,
    material: Material,
    limits: Sequence[tuple[float, float]],
    *,
    whole: bool,
) -> tuple[list[Panel], list[str]]:
    """The panels that show two columns, and what else is to be said below."""
    if one.is_number and other.is_number:
        return _points(frame, one, other, material)
    if not one.is_number and not other.is_number:
        return _both(frame, one, other)[: None if whole else 1], []
    number, group = (one, other) if one.is_number else (other, one)
    renamed = frame.rename(
        {"one": "number", "other": "group"} if one.is_number else {"one": "group", "other": "number"}
    )
    return [_numbers(renamed, number, group, material, limits[0])], [_RIDGES]


def _numbers(
    frame: pl.DataFrame,
    number: Column,
    group: Column | None,
    material: Material,
    limits: tuple[float, float] | None = None,
) -> Panel:
    """Curves of a number, one a group, with the means of speakers."""
    if group is None:
        frame = frame.with_columns(group=pl.lit(""))
    labels = group.shown if group else ("",)
    parts = frame.partition_by("group", as_dict=True)
    groups = {label: parts[(label,)]["number"].to_numpy() for label in labels if (label,) in parts}
    limits = limits or limits_of(frame["number"].to_numpy())
    curves = spread(groups, limits, steps=material.config.expl.dist_type == "hist")
    means = frame.drop_nulls().group_by("group", "speaker").agg(pl.col("number").mean()).sort("group", "speaker")
    dots = {label: means.filter(pl.col("group") == label)["number"].to_numpy() for label in groups}
    fill = material.config.plot.fill_areas

    def draw(axes: Axes, pen: Pen) -> None:
        ridges.draw(axes, labels, curves, dots, name=number.text, fill=fill, pen=pen)

    return Panel(draw, 5.4, 1.0 + 0.42 * max(len(labels), 2))


def _both(frame: pl.DataFrame, one: Column, other: Column | None) -> list[Panel]:
    """Counts of recordings, and of speakers where they are known and not looked at themselves."""
    found = [_counts(frame, one, other, "recordings")]
    if frame["speaker"].count() and "speaker" not in {one.name, other.name if other else ""}:
        found.append(_counts(frame.drop_nulls().unique(maintain_order=True), one, other, "speakers"))
    return found


def _counts(frame: pl.DataFrame, one: Column, other: Column | None, what: str) -> Panel:
    """Bars of the column with more categories, in pieces of the other."""
    if other is not None and len(other.labels) > len(one.labels):
        one, other = other, one
        frame = frame.rename({"one": "other", "other": "one"})
    if what == "speakers" and frame.select("speaker", "one").is_duplicated().any():
        what = "speakers, once in each piece"
    pieces = other.shown if other else ()
    frame = frame if other else frame.with_columns(other=pl.lit(""))
    counts = {(row[0], row[1]): row[2] for row in frame.group_by("one", "other").len().iter_rows()}
    table = np.array([[counts.get((bar, piece), 0) for piece in pieces or ("",)] for bar in one.shown])
    of = other.text if other else ""

    def draw(axes: Axes, pen: Pen) -> None:
        bars.draw(axes, table, one.shown, pieces, name=one.text, of=of, what=what, pen=pen)

    return Panel(draw, 4.2, 1.0 + 0.3 * len(one.shown), legend=of)


def _points(frame: pl.DataFrame, one: Column, other: Column, material: Material) -> tuple[list[Panel], list[str]]:
    means = frame.drop_nulls().group_by("speaker").agg(pl.col("one").mean(), pl.col("other").mean()).sort("speaker")
    rows = frame.height
    some = frame if rows <= _MOST_POINTS else frame.sample(_MOST_POINTS, seed=material.seed)
    notes = ["line: least squares" + ("; circles: means of speakers" if len(means) else "")]
    notes += [f"{_MOST_POINTS:,} points are drawn, at random; numbers are of all"] if rows > _MOST_POINTS else []
    title = f"CCC {concordance(frame['one'], frame['other']):.3f}" if material.config.plot.ccc else ""
    line = _line(frame)
    values, dots = some.select("one", "other").to_numpy(), means.select("one", "other").to_numpy()

    def draw(axes: Axes, pen: Pen) -> None:
        points.draw(axes, values, dots, line, names=(one.text, other.text), pen=pen)

    return [Panel(draw, 4.2, 3.9, title)], notes


def _line(frame: pl.DataFrame) -> tuple[float, float] | None:
    """Slope and intercept of least squares; None where there is none."""
    x, y = (frame[name].to_numpy() for name in ("one", "other"))
    if len(x) < 2 or not np.ptp(x):
        return None
    slope = float(np.cov(x, y, bias=True)[0, 1] / x.var())
    return slope, float(y.mean() - slope * x.mean())
