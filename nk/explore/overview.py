"""What there is: size, hours, speakers, how it was recorded; what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.explore.exhibit import Exhibit
from nk.explore.scopes import by_scope
from nk.report.figures import count_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nk.explore.material import Material


def show(material: Material) -> Iterator[Exhibit]:
    """Everything that needs no question."""
    yield _sizes(material)


def _sizes(material: Material) -> Exhibit:
    frame = material.frame
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
    return Exhibit("overview", "What there is", table, caption, notes=_notes(material))


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


def _spread(values: pl.Series, unit: str) -> str:
    """`2.3 s (1.1 to 9.0)`: the median and both ends."""
    known = values.drop_nulls()
    if not len(known):
        return "not known"
    low, middle, high = (float(known.quantile(share) or 0) for share in (0, 0.5, 1))
    return f"{middle:.3g} {unit} ({low:.3g} to {high:.3g})"


def _notes(material: Material) -> tuple[str, ...]:
    unheard = material.frame["loudness"].null_count()
    clipped = int((material.frame["clipped"] > 0).sum())
    notes = ["medians, with the smallest and the largest in brackets"]
    if unheard:
        notes.append(f"{count_text(unheard, 'recording')} cannot be decoded, or are too short to be measured")
    if clipped:
        notes.append(f"{count_text(clipped, 'recording')} hold clipped samples")
    return tuple(notes)
