"""How the values of a feature are spread within each class, or go with a number that is to be told."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import polars as pl

from nk.effects import cohens_d
from nk.explore import regression
from nk.explore.exhibit import Exhibit
from nk.explore.matrix import values_of
from nk.explore.statistics.numbers import TOGETHER, compare
from nk.explore.statistics.pairs import correlate
from nk.explore.statistics.result import as_table, corrected
from nk.report.figures import count_text, distribution
from nk.stages.columns import as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.explore.statistics.result import Result
    from nk.registry import Doubles
    from nk.tables import Dataset, Features

Kind = Literal["violin", "box", "bar", "strip", "swarm"]
_MOST = 20
PICKED = "the feature was picked by these very rows, which makes p too small"
ALONE = "p is of this feature alone; `feature_tests` has it corrected for all that are shown"
_SHOWS = {
    "violin": "Shapes: density; thick line: middle half; dot: median",
    "box": "Boxes: middle half and median; whiskers: to 1.5 times its width; points: beyond",
    "bar": "Bars: mean; whiskers: standard deviation",
    "strip": "A point a recording, spread for legibility; line: median",
    "swarm": "A point a recording, side by side where values are equal; line: median",
}


def exhibit(
    dataset: Dataset,
    features: Features,
    name: str,
    *,
    kind: Kind,
    by_gender: bool,
    seed: int,
    ccc: bool = False,
    picked: bool = False,
    key: str = "EXPL",
) -> Exhibit:
    """One feature beside the target: a distribution a class (and gender), or a scatter where it is a number.

    Args:
        dataset: the rows
        features: of the rows
        name: of the feature
        kind: how distributions are drawn
        by_gender: whether to part classes by gender, where that is known
        seed: which points are drawn where there are too many
        ccc: whether a title has the concordance correlation, where the target is a number
        picked: whether it was picked by how it goes with the target on these very rows
        key: what names the feature, for messages

    Raises:
        DataError: there is no such feature
    """
    target = dataset.target
    if target.name in dataset and target.is_number:
        found = regression.exhibit(
            dataset, features, (name, target.name), seed=seed, ccc=ccc, stem=f"feature_{name}", key=key
        )
        return replace(found, notes=(*found.notes, PICKED)) if picked else found
    values = values_of(name, dataset, features, key)
    frame = _grouped(dataset, values, by_gender=by_gender)
    if not frame.height:
        title, caption = f"{name}, not known", "No recording has a value, or none with one has a class."
        return Exhibit(f"feature_{name}", title, _numbers(frame), caption)
    frame, notes = _largest(frame, target.labels)
    table, tests = _numbers(frame), tested(dataset, values, list(frame["class"].unique(maintain_order=True)))
    title = f"{name}, by {target.name}" if target.name in dataset else name
    speakers = dataset.frame["speaker"].drop_nulls().n_unique() if dataset.has_speakers else 0
    sample = count_text(frame.height, "recording") + (f" of {count_text(speakers, 'speaker')}" if speakers else "")
    caption = f"{sample}. {_SHOWS[kind]}.{_said(tests, frame)}{_unsaid(tests) if speakers else ''}"
    return Exhibit(
        name=f"feature_{name}",
        title=title,
        table=table,
        caption=caption,
        draw=lambda pen: distribution.draw(frame, kind, label=name, title=title, caption=caption, seed=seed, pen=pen),
        notes=(*notes, *_thinned(frame, kind), *((PICKED,) if picked else ())),
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


def tested(dataset: Dataset, values: Doubles, names: Sequence[str]) -> list[Result]:
    """Whether classes differ in a feature: tests of rows, and of speakers."""
    if dataset.target.name not in dataset:
        return []
    speakers = dataset.frame["speaker"] if dataset.has_speakers else None
    return compare(as_text(dataset.frame[dataset.target.name]), pl.Series(values), speakers, names)


def _said(tests: Sequence[Result], frame: pl.DataFrame) -> str:
    """The tests of all classes together, of recordings and of speakers, and the two classes that are furthest apart."""
    whole = [one for one in tests if one.of == "all"]
    if not whole:
        return "".join(f" {one.sentence()}." for one in tests)
    found = {one.of: one for one in tests if one.unit == "rows" and one.of != "all"}
    groups = {str(key): rows["value"].to_numpy() for (key,), rows in frame.group_by("class", maintain_order=True)}
    # Tests of pairs give effects of several kinds, which cannot be compared; d can.
    sizes = {f"{one} | {other}": abs(cohens_d(groups[one], groups[other])) for one, other in combinations(groups, 2)}
    known = {pair: size for pair, size in sizes.items() if pair in found and not math.isnan(size)}
    furthest = max(known, key=lambda pair: known[pair], default=None)
    apart = f" Furthest apart: {furthest}, {found[furthest].effect_text()}." if furthest else ""
    return "".join(f" {one.sentence().removeprefix('all: ')}." for one in whole) + apart


def _unsaid(tests: Sequence[Result]) -> str:
    """What is to be said where speakers are known, and there is no test of them that could be cited."""
    mine = [one for one in tests if one.unit == "speakers"]
    if not tests or any(one.of == TOGETHER for one in mine) or (mine and all(one.of != TOGETHER for one in tests)):
        return ""
    return f" By speakers: {'pairs alone were' if mine else 'not'} tested, as too few can be compared."


def tests_of(dataset: Dataset, features: Features, names: Sequence[str], *, picked: bool) -> list[Exhibit]:
    """All tests of features against the target, as one table; none where there is nothing to test.

    Args:
        dataset: the rows
        features: of the rows
        names: of the features
        picked: whether some were picked by how they go with the target on these very rows
    """
    each = {name: _tests(dataset, values_of(name, dataset, features, "EXPL"), name) for name in names}
    found = [(name, one) for name, tests in each.items() for one in tests]
    if not found:
        return []
    table = as_table(_corrected([one for _, one in found])).insert_column(
        0, pl.Series("feature", [name for name, _ in found])
    )
    tested_features = count_text(len({name for name, _ in found}), "feature")
    caption = f"{tested_features}; p is corrected after Holm for all features, tests of pairs and of all apart."
    notes = (f"{PICKED}, for those that were drawn for their importance",) if picked else ()
    title = f"Tests of features against {dataset.target.name}"
    return [Exhibit("feature_tests", title, table, caption, notes=notes)]


def _corrected(tests: Sequence[Result]) -> list[Result]:
    """Tests of all features, corrected for the number of their kind: of rows or of speakers, of pairs or of all."""
    found = [*tests]
    kinds = [(one.unit, one.of == TOGETHER) for one in tests]
    for kind in set(kinds):
        places = [place for place, one in enumerate(kinds) if one == kind]
        for place, one in zip(places, corrected([tests[place] for place in places]), strict=True):
            found[place] = one
    return found


def _tests(dataset: Dataset, values: Doubles, name: str) -> list[Result]:
    target = dataset.target
    if target.name in dataset and target.is_number:
        speakers = dataset.frame["speaker"] if dataset.has_speakers else None
        return correlate(pl.Series(values), dataset.frame[target.name], speakers, f"{name} | {target.name}")
    return tested(dataset, values, target.labels)
