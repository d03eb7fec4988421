"""One decision of many: what was predicted of the recordings of a speaker becomes what is said of him."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from nk.stages.columns import as_text
from nk.tables import PARTS

if TYPE_CHECKING:
    from nk.tables import Dataset, Predictions

_UNIT = "\nunit"
_SHOWN = 5


def combine(
    main: Predictions, dataset: Dataset, column: str, rule: Literal["mode", "mean"]
) -> tuple[pl.DataFrame, dict[str, dict[str, Any]]]:
    """Combine the rows of each speaker, or of whatever a column tells apart, within a run.

    `mode` takes the class that was predicted most often, of several the one with the higher mean score, of those the
    first in order; there are no scores then. `mean` takes the mean of the class scores, and the class with the largest;
    of numbers it takes the mean. Who has several truths cannot be right or wrong, and is left out.

    Args:
        main: rows with truth
        dataset: the rows with their columns
        column: what to combine by
        rule: how to combine; of numbers it is `mean`

    Returns:
        a frame as that of `Predictions`, whose `id` is the value of the column, with `rows`, how many went in; and for
        each part `by`, `rule`, `rows`, `left_out` (how many have several truths), `examples` of them and `rows_without`
        (rows without a value in the column)
    """
    units = dataset.frame.select("id", as_text(dataset.frame[column]).alias(_UNIT))
    rows = main.frame.join(units, on="id", how="left", maintain_order="left")
    truths = pl.col("truth").n_unique().over("split", _UNIT)
    one = rows.filter(pl.col(_UNIT).is_not_null(), truths == 1)
    about = {}
    for part in [part for part in PARTS if part in {*rows["split"]}]:
        mine = rows.filter(pl.col("split") == part)
        several = mine.filter(truths > 1)[_UNIT].drop_nulls().unique().sort()
        about[part] = {
            "by": column,
            "rule": rule,
            "rows": one.filter(pl.col("split") == part).height,
            "left_out": len(several),
            "examples": several.head(_SHOWN).to_list(),
            "rows_without": mine[_UNIT].null_count(),
        }
    return _grouped(one, main, rule), about


def _grouped(rows: pl.DataFrame, main: Predictions, rule: str) -> pl.DataFrame:
    labels = main.target.labels
    shared = [_only(name).alias(name) for name in ("speaker", "database")]
    first = [pl.col(name).first() for name in ("fold", "truth")]
    groups = rows.group_by("split", "run", _UNIT, maintain_order=True)
    if main.target.is_number:
        frame = groups.agg(*shared, *first, pl.col("predicted").mean(), pl.len().alias("rows"))
    else:
        means = [pl.col(f"p_{label}").mean() for label in labels]
        votes = [(pl.col("predicted") == label).sum().alias(f"\n{place}") for place, label in enumerate(labels)]
        frame = groups.agg(*shared, *first, *means, *votes, pl.len().alias("rows"))
        frame = _decided(frame, labels, rule)
    columns = ("id", "speaker", "database", "split", "run", "fold", "truth", "predicted", "rows")
    return frame.rename({_UNIT: "id"}).select(*columns, pl.exclude(*columns)).sort("split", "id", "run")


def _only(name: str) -> pl.Expr:
    """The value that all rows of a group have; null where they differ."""
    return pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first())


def _decided(frame: pl.DataFrame, labels: tuple[str, ...], rule: str) -> pl.DataFrame:
    scores = [f"p_{label}" for label in labels]
    votes = [f"\n{place}" for place in range(len(labels))]
    counts, means = frame.select(votes).to_numpy(), frame.select(scores).to_numpy()
    if rule == "mode":
        means = np.where(counts == counts.max(axis=1, initial=0, keepdims=True), means, -1.0)
        frame = frame.drop(scores)
    said = pl.Series(labels, dtype=pl.String).gather(means.argmax(axis=1))
    return frame.drop(votes).with_columns(said.alias("predicted"))
