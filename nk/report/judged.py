"""Predictions row by row: which are right, how sure the model is of them, and the table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from nk.tables import Predictions

MOST_ROWS = 2000


def judged(predictions: Predictions, part: str) -> pl.DataFrame:
    """The predictions of a part whose truth is known, with what is to be said of each.

    Returns:
        for classes `right` and `score` (of the class that was predicted); for numbers `error` (predicted less true)
    """
    frame = predictions.part(part).frame.drop_nulls("truth")
    if predictions.target.is_number:
        return frame.with_columns((pl.col("predicted") - pl.col("truth")).alias("error"))
    scores = [f"p_{label}" for label in predictions.target.labels]
    score = pl.max_horizontal(scores).alias("score")
    return frame.select(pl.exclude(scores), score, (pl.col("truth") == pl.col("predicted")).alias("right"))


def table(predictions: Predictions, part: str) -> dict[str, Any]:
    """The predictions of a part, the worst first, as far as they fit into a page.

    Returns:
        `columns` (names), `rows` (lists of values), `total` and `shown` (numbers of rows), `labels`, and for classes
        `wrong` (how many)
    """
    rows = judged(predictions, part)
    number = predictions.target.is_number
    order = [pl.col("error").abs()] if number else [~pl.col("right"), pl.col("score")]
    rows = rows.sort(*order, "id", descending=[True] * len(order) + [False])
    told = ["error"] if number else ["right", "score", "uncertainty"]
    several = [name for name in ("run", "fold") if rows[name].n_unique() > 1]
    known = ["speaker"] if rows["speaker"].null_count() < rows.height else []
    columns = [_file().alias("file"), *known, "truth", "predicted", *told, *several]
    shown = rows.head(MOST_ROWS).select(columns)
    return {
        "columns": shown.columns,
        "rows": [list(row) for row in shown.iter_rows()],
        "total": rows.height,
        "shown": shown.height,
        "labels": list(predictions.target.labels),
        "wrong": None if number else int((~rows["right"]).sum()),
    }


def _file() -> pl.Expr:
    """The file, with the times where several rows are of one."""
    times = pl.format("{}, {} to {} s", "file", pl.col("start").round(2), pl.col("end").round(2))
    return pl.when(pl.len().over("database", "file") > pl.col("run").n_unique()).then(times).otherwise("file")
