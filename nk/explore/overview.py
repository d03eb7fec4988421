"""What there is: size, hours, speakers, how it was recorded; what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.explore.columns import Column, column_of, finite
from nk.explore.exhibit import Exhibit
from nk.explore.hearing import HEARD
from nk.explore.pictures import draw_counts, draw_missing, draw_numbers
from nk.explore.relation import describe
from nk.explore.scopes import by_scope
from nk.explore.value_counts import alone
from nk.report.figures import count_text
from nk.stages.columns import describing, free

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nk.explore.material import Material

VALUES = "column_values"
_BRACKETS = "medians, with the smallest and the largest in brackets"


def show(material: Material) -> Iterator[Exhibit]:
    """Everything that needs no question."""
    yield _sizes(material)
    yield _recordings(material)
    if material.target:
        column = column_of(material, material.target)
        yield alone(f"target_{material.target}", column, material)
    if material.dataset.has_speakers:
        yield _speakers(material)
    yield _missing(material)
    if material.config.expl.print_colvals:
        yield _values(material)


def _sizes(material: Material) -> Exhibit:
    frame = material.recorded
    table = by_scope(frame, _numbers(material), parted=material.parted)
    speakers = frame["speaker"].drop_nulls().n_unique() if material.dataset.has_speakers else None
    hours = float((frame["end"] - frame["start"]).sum()) / 3600
    who = "speakers are not known" if speakers is None else count_text(speakers, "speaker")
    rates = ", ".join(f"{rate:g}" for rate in frame["rate"].drop_nulls().unique().sort().head(4))
    caption = (
        f"{count_text(frame.height, 'recording')} of {who}, {hours:.2f} hours; "
        f"duration {_spread(frame['duration'], 's')}, loudness {_spread(frame['loudness'], 'dB')}, "
        f"speech above the noise {_spread(frame['snr'], 'dB')}; sampling rate {rates} Hz"
    )
    return Exhibit("overview", "What there is", table, caption, notes=(_BRACKETS, *_notes(material)))


def _numbers(material: Material) -> list[pl.Expr]:
    """What is said of a group of rows."""
    length = pl.col("end") - pl.col("start")
    found = [
        pl.len().alias("rows"),
        pl.col("path").n_unique().alias("files"),
        (length.sum() / 3600).round(4).alias("hours"),
    ]
    if material.dataset.has_speakers:
        found.append(pl.col("speaker").drop_nulls().n_unique().alias("speakers"))
    if material.target:
        found.append(pl.col(material.target).null_count().alias("unlabelled"))
    for name in ("duration", "loudness", "snr", "silence"):
        column = pl.col(name).cast(pl.Float64)
        found += [
            column.min().round(3).alias(f"{name}_min"),
            column.median().round(3).alias(f"{name}_median"),
            column.max().round(3).alias(f"{name}_max"),
        ]
    return [
        *found,
        (pl.col("clipped") > 0).sum().alias("files_with_clipping"),
        pl.col("rate").min().alias("rate_min"),
        pl.col("rate").max().alias("rate_max"),
        pl.col("channels").max().alias("channels_max"),
        pl.col("loudness").null_count().alias("unheard"),
    ]


def _recordings(material: Material) -> Exhibit:
    """How everything that was heard is spread, in every scope."""
    frame = material.recorded
    tables = [
        by_scope(frame, describe(name), parted=material.parted).select(pl.lit(name).alias("measure"), pl.all())
        for name in HEARD
    ]
    table = pl.concat(tables)
    varied = [name for name in HEARD if frame[name].drop_nulls().n_unique() > 1]
    alike = [f"{HEARD[name][0]} {frame[name].drop_nulls()[0]:g} {HEARD[name][1]}".strip()
             for name in HEARD if frame[name].drop_nulls().n_unique() == 1]  # fmt: skip
    caption = (
        f"{count_text(frame.height, 'recording')}" + (f"; the same in all: {', '.join(alike)}" if alike else "") + "."
    )
    columns = [Column(name, finite(frame[name]), unit=HEARD[name][1]) for name in varied]
    title = "How it was recorded"
    return Exhibit(
        "recordings", title, table, caption, draw_numbers(columns, material, title, caption), _notes(material)
    )


def _speakers(material: Material) -> Exhibit:
    """Recordings a speaker."""
    about = [name for name in ("gender", "age") if name in material.dataset]
    named = material.frame.filter(pl.col("speaker").is_not_null())
    usual = [pl.col(name).drop_nulls().mode().sort().first().alias(name) for name in about]
    table = named.group_by("speaker").agg(
        *usual,
        pl.len().alias("rows"),
        ((pl.col("end") - pl.col("start")).sum() / 3600).round(4).alias("hours"),
        *([pl.col(material.target).n_unique().alias(f"different_{material.target}")] if material.target else []),
    )
    table = table.sort("rows", "speaker", descending=[True, False])
    low, middle, high = (float(table["rows"].quantile(share, "linear") or 0) for share in (0, 0.5, 1))
    unnamed = len(material.dataset) - named.height
    each = f"{low:g}" if low == high else f"{low:g} to {high:g} (median {middle:g})"
    caption = f"{count_text(table.height, 'speaker')}, recordings of each: {each}"
    caption += f"; {count_text(unnamed, 'recording')} without a speaker." if unnamed else "."
    title = "Recordings a speaker"
    return Exhibit("speakers", title, table, caption, draw_counts(table, "speaker", "gender", title, caption))


def _missing(material: Material) -> Exhibit:
    """What is missing in each column of the tables, in every scope."""
    columns = describing(material.dataset.frame.columns)
    frame = material.frame
    counts = [pl.col(name).is_null().sum().alias(name) for name in columns if name not in {"database", "split"}]
    rows = free("rows", columns)
    wide = by_scope(frame, [pl.len().alias(rows), *counts], parted=material.parted)
    first = [name for name in ("database", "split", rows) if name in wide.columns]
    lacking = {name: int(frame[name].null_count()) for name in columns if frame[name].null_count()}
    wide = wide if lacking else wide.head(1)  # of all rows: where nothing is missing, no part has to be told
    names = {"\ncolumn": "column", "\nmissing": "missing", rows: "rows"}  # a user's column may be called so
    table = wide.unpivot(index=first, variable_name="\ncolumn", value_name="\nmissing").rename(names)
    table = table.with_columns((pl.col("missing") / pl.col("rows") * 100).round(2).alias("percent"))
    said = ", ".join(f"{name} {count:,}" for name, count in lacking.items())
    caption = f"Missing of {count_text(frame.height, 'row')}: {said}." if said else "No value is missing in any column."
    draw = draw_missing(lacking, frame.height, caption) if lacking else None
    return Exhibit("missing_values", "Missing values", table, caption, draw)


def _values(material: Material) -> Exhibit:
    """The values of every column and how many rows have them."""
    frame = material.dataset.frame
    names = describing(frame.columns)
    counts = [frame[name].cast(pl.String).alias("value").value_counts(sort=True, name="rows") for name in names]
    tables = [table.select(pl.lit(name).alias("column"), pl.all()) for name, table in zip(names, counts, strict=True)]
    said = [f"{name} {table.height:,}" for name, table in zip(names, counts, strict=True)]
    caption = f"Different values: {', '.join(said)}."
    return Exhibit(VALUES, "Values of every column", pl.concat(tables), caption)


def _spread(values: pl.Series, unit: str) -> str:
    """`2.3 s (1.1 to 9.0)`: the median and both ends."""
    known = values.drop_nulls()
    if not len(known):
        return "not known"
    low, middle, high = (float(known.quantile(share, "linear") or 0) for share in (0, 0.5, 1))
    return f"{middle:.3g} {unit} ({low:.3g} to {high:.3g})"


def _notes(material: Material) -> tuple[str, ...]:
    unheard = material.recorded["loudness"].null_count()
    clipped = int((material.recorded["clipped"] > 0).sum())
    notes = []
    if unheard:
        notes.append(f"{count_text(unheard, 'recording')} cannot be decoded, or are too short to be measured")
    if clipped:
        notes.append(f"{count_text(clipped, 'recording')} hold clipped samples")
    return tuple(notes)
