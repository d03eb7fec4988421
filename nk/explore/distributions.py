"""How the values of a feature are spread within each class, or go with a number that is to be told."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from nk.effects import cohens_d, size_word
from nk.explore import regression
from nk.explore.exhibit import Exhibit
from nk.explore.matrix import values_of
from nk.report.figures import count_text, distribution
from nk.stages.columns import as_text

if TYPE_CHECKING:
    from nk.registry import Doubles
    from nk.tables import Dataset, Features

Kind = Literal["violin", "box", "bar", "strip", "swarm"]
_MOST = 20
_SHOWS = {
    "violin": "Shapes: density; thick line: middle half; dot: median",
    "box": "Boxes: middle half and median; whiskers: to 1.5 times its width; points: beyond",
    "bar": "Bars: mean; whiskers: standard deviation",
    "strip": "A point a recording, spread for legibility; line: median",
    "swarm": "A point a recording, side by side where values are equal; line: median",
}


def exhibit(
    dataset: Dataset, features: Features, name: str, *, kind: Kind, by_gender: bool, seed: int, key: str = "EXPL"
) -> Exhibit:
    """One feature beside the target: a distribution a class (and gender), or a scatter where it is a number.

    Args:
        dataset: the rows
        features: of the rows
        name: of the feature
        kind: how distributions are drawn
        by_gender: whether to part classes by gender, where that is known
        seed: which points are drawn where there are too many
        key: what names the feature, for messages

    Raises:
        DataError: there is no such feature
    """
    target = dataset.target
    if target.name in dataset and target.is_number:
        return regression.exhibit(dataset, features, (name, target.name), seed=seed, stem=f"feature_{name}", key=key)
    values = values_of(name, dataset, features, key)
    frame = _grouped(dataset, values, by_gender=by_gender)
    frame, notes = _largest(frame, target.labels)
    table = _numbers(frame)
    title = f"{name}, by {target.name}" if target.name in dataset else name
    speakers = dataset.frame["speaker"].n_unique() if dataset.has_speakers else 0
    sample = count_text(frame.height, "recording") + (f" of {count_text(speakers, 'speaker')}" if speakers else "")
    caption = f"{sample}. {_SHOWS[kind]}.{_largest_effect(frame)}"
    return Exhibit(
        name=f"feature_{name}",
        title=title,
        table=table,
        caption=caption,
        draw=lambda pen: distribution.draw(frame, kind, label=name, title=title, caption=caption, seed=seed, pen=pen),
        notes=(*notes, *_thinned(frame, kind)),
    )


def _grouped(dataset: Dataset, values: Doubles, *, by_gender: bool) -> pl.DataFrame:
    """`value`, `class` and `gender` of the rows of which value and class are known; "" where there are no such."""
    target = dataset.target.name
    everywhere = pl.Series([""] * len(dataset), dtype=pl.String)
    group = as_text(dataset.frame[target]) if target in dataset else everywhere
    parted = by_gender and target != "gender" and "gender" in dataset and dataset.frame["gender"].count() > 0
    gender = as_text(dataset.frame["gender"]).fill_null("not known") if parted else everywhere
    frame = pl.DataFrame({"value": values, "class": group, "gender": gender})
    return frame.filter(pl.col("value").is_not_nan() & pl.col("class").is_not_null())


def _largest(frame: pl.DataFrame, labels: tuple[str, ...]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The rows of so many classes as can be drawn, in their order, the largest where there are more."""
    counts = frame.group_by("class").len().sort("len", "class", descending=[True, False])
    kept = counts["class"].head(_MOST).to_list()
    order = [label for label in labels or sorted(kept) if label in kept]
    notes = (f"drawn are the {_MOST} largest of {counts.height} classes",) if counts.height > _MOST else ()
    kind = pl.Enum(order)
    return frame.filter(pl.col("class").is_in(order)).with_columns(pl.col("class").cast(kind)).sort("class"), notes


def _thinned(frame: pl.DataFrame, kind: Kind) -> tuple[str, ...]:
    most = distribution.MOST_POINTS
    largest = frame.group_by("class", "gender").len()["len"].max() or 0
    if kind not in {"strip", "swarm"} or int(str(largest)) <= most:
        return ()
    return (f"drawn are {most} recordings of a group at most; the numbers are of all",)


def _numbers(frame: pl.DataFrame) -> pl.DataFrame:
    value = pl.col("value")
    table = frame.group_by("class", "gender").agg(
        pl.len().alias("n"),
        value.mean().alias("mean"),
        value.std().alias("deviation"),
        value.min().alias("lowest"),
        value.quantile(0.25, "linear").alias("quartile_1"),
        value.median().alias("median"),
        value.quantile(0.75, "linear").alias("quartile_3"),
        value.max().alias("highest"),
    )
    empty = [name for name in ("class", "gender") if (table[name].cast(pl.String) == "").all()]
    return table.sort("class", "gender").drop(empty)


def _largest_effect(frame: pl.DataFrame) -> str:
    """The two classes that are furthest apart, in words."""
    groups = {str(key): rows["value"].to_numpy() for (key,), rows in frame.group_by("class", maintain_order=True)}
    found = {pair: cohens_d(groups[pair[0]], groups[pair[1]]) for pair in combinations(groups, 2)}
    known = {pair: effect for pair, effect in found.items() if not np.isnan(effect)}
    if not known:
        return ""
    (one, other), effect = max(known.items(), key=lambda item: abs(item[1]))
    low, high = (one, other) if effect > 0 else (other, one)
    return f" Furthest apart: {low} below {high}, Cohen's d {abs(effect):.2f} ({size_word(effect)})."
