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
class Lead:
    """A finding for the first screen.

    `check` is what the audit of a run calls a finding of this kind, or `groups`, so that nobody says it twice; `about`
    is the column, and `text` a sentence.
    """

    check: str
    about: str
    text: str


@dataclass(frozen=True)
class Exhibit:
    """Something to look at: its numbers, what they say, and a picture.

    `name` is the stem of its files, such as `value_counts_gender`, and `table` its numbers, written as `<name>.csv`.
    `caption` gives n and the test with its words, in one to three sentences; `notes` are such as what was sampled.
    `draw` is None where there is a table alone. `leads` are for the first screen, where there are findings.
    """

    name: str
    title: str
    table: pl.DataFrame
    caption: str
    draw: Callable[[Pen], Figure] | None = None
    notes: tuple[str, ...] = ()
    leads: tuple[Lead, ...] = ()

    @property
    def lead(self) -> str | None:
        """The findings in sentences, None where there are none."""
        return " ".join(one.text for one in self.leads) or None
