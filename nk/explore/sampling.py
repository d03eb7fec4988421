"""Which rows stand for all where a method cannot take all: some of every speaker, drawn by the seed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.stages.columns import as_text
from nk.stages.grouping import hashed

if TYPE_CHECKING:
    from nk.tables import Dataset


def sampled(dataset: Dataset, most: int, seed: int, what: str) -> tuple[Dataset, tuple[str, ...]]:
    """At most so many rows, of each speaker (and class) the same share; which, depends on the seed and the ids alone.

    Args:
        dataset: the rows
        most: how many may stay
        seed: of the draw
        what: what is done to them, for the note

    Returns:
        the rows in their order, and what to say of it: nothing where all stay
    """
    if len(dataset) <= most:
        return dataset, ()
    names = ["speaker"] * dataset.has_speakers
    names += [dataset.target.name] * (dataset.target.name in dataset and not dataset.target.is_number)
    names = [*dict.fromkeys(names)]
    strata = [as_text(dataset.frame[name]).fill_null("").alias(f"of {name}") for name in names]
    drawn = pl.Series("drawn", [hashed(key, seed) for key in dataset.ids])
    order = dataset.frame.select("id").with_columns(*strata, drawn)
    place = pl.col("drawn").rank("ordinal")
    by = [one.name for one in strata]
    # The first of every stratum come first, then the second, each at its share: so none is left out before it must.
    share = (place.over(by) - 1) / pl.len().over(by) if by else place
    kept = order.with_columns(share.alias("share")).sort("share", "drawn").head(most)["id"]
    frame = dataset.frame.filter(pl.col("id").is_in(kept.implode()))
    of_each = f", the same share of every {' and '.join(names)}" if names else ""
    note = f"{what} a sample of {most:,} of {len(dataset):,} rows{of_each}"
    return replace(dataset, frame=frame), (note,)


def thinned(rows: int, most: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The places of at most so many rows, in order, for a picture that could not show more."""
    if rows <= most:
        return np.arange(rows)
    drawn = np.random.default_rng(seed).choice(rows, most, replace=False)
    return np.sort(drawn).astype(np.int64)
