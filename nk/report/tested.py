"""Statistical tests as they stand in a report: a line each, in few columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.report.words import number, probability

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEEDED = ("of", "test", "statistic", "df", "p_holm", "effect_name", "effect", "low", "high", "n", "unit")
TEXTS = ("feature", "compared", "test", "effect")
TOGETHER = "all"
_ELSEWHERE = ("unit", "why")  # what is not said in every line on paper
WORDS = (*TEXTS, *_ELSEWHERE)


def is_of_tests(frame: pl.DataFrame) -> bool:
    """Whether a table is one of tests, as `nk explore` writes them."""
    return {*_NEEDED} <= {*frame.columns}


def in_short(frame: pl.DataFrame) -> pl.DataFrame:
    """The tests, all columns as text: what was compared, the test, p, the effect with its interval, n; then why.

    Args:
        frame: a table of tests
    """
    more = [pl.col("feature")] if "feature" in frame.columns else []
    why = [pl.col("why")] if "why" in frame.columns else []
    return frame.select(
        *more,
        pl.col("of").alias("compared"),
        "unit",
        "test",
        pl.Series("statistic (df)", [_statistic(*row) for row in _numbers(frame, "statistic", "df")]),
        pl.Series("p", [probability(p) for (p,) in _numbers(frame, "p_holm")]),
        pl.col("effect_name").alias("effect"),
        pl.Series("value", [number(value, 2) for (value,) in _numbers(frame, "effect")]),
        pl.Series("95 % interval", [_interval(*row) for row in _numbers(frame, "low", "high")]),
        pl.col("n").cast(pl.String),
        *why,
    )


def _numbers(frame: pl.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    """These columns, row by row; what is no number is None, as the file may come from anywhere."""
    return frame.select(pl.col(names).cast(pl.Float64, strict=False).fill_nan(None)).rows()


def _statistic(value: float | None, degrees: float | None) -> str:
    text = "-" if value is None else f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return text if degrees is None else f"{text} ({degrees:.4g})"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{number(low, 2)} to {number(high, 2)}"


@dataclass(frozen=True)
class Paper:
    """Tests on paper: `head`, of which the first `texts` are of text, `rows` by unit, and `why` each test was taken."""

    head: list[str]
    texts: int
    rows: dict[str, list[list[str]]]
    why: list[str]


def on_paper(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Paper:
    """What of the tests fits on paper, texts first.

    Of several features, those tests are left out that compare two classes of more.
    """
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    if "feature" in columns:
        together = {(one["feature"], one["unit"]) for one in named if one["compared"] == TOGETHER}
        named = [
            one for one in named if (one["feature"], one["unit"]) not in together or one["compared"] == TOGETHER
        ]  # fmt: skip
    texts = [name for name in TEXTS if name in columns]
    head = [*texts, *(name for name in columns if name not in {*texts, *_ELSEWHERE})]
    found: dict[str, list[list[str]]] = {}
    for one in named:
        found.setdefault(one["unit"], []).append([one[name] for name in head])
    why = dict.fromkeys(f"{one['test']}: {one['why']}" for one in named if one.get("why"))
    return Paper(head, len(texts), found, [*why])
