"""What a look at the data ends with: a picture, its numbers, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from matplotlib.figure import Figure

    from nk.report.figures import Pen


@dataclass(frozen=True)
class Exhibit:
    """Something to look at: its numbers, what they say, and a picture.

    `name` is the stem of its files, such as `value_counts_gender`, and `table` its numbers, written as `<name>.csv`.
    `caption` gives n and the test with its words, in one to three sentences; `notes` are such as what was sampled.
    `draw` is None where there is a table alone. `lead` is a sentence for the first screen, where this is a finding.
    """

    name: str
    title: str
    table: pl.DataFrame
    caption: str
    draw: Callable[[Pen], Figure] | None = None
    notes: tuple[str, ...] = ()
    lead: str | None = None
