"""Which rows are kept. Every rule takes a dataset and gives one, with a line in its history.

A row is dropped for what it lacks itself: a missing age does not matter to a filter on gender.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import polars as pl

from nk.errors import DataError
from nk.stages.columns import as_text, need_column
from nk.tables import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nk.config.data import Data, Database
    from nk.config.values import Scalar
    from nk.tables import Dataset

_NAMED = 8  # values that a line of the history names


def each(dataset: Dataset, databases: Mapping[str, Database], rule: Callable[[Dataset, Database], Dataset]) -> Dataset:
    """Apply a rule to the rows of each database with its keys; of several databases the history names which."""
    frames, history = [], list(dataset.history)
    for name, database in databases.items():
        rows = replace(dataset, frame=dataset.frame.filter(pl.col("database") == name), history=())
        kept = rule(rows, database)
        frames.append(kept.frame)
        history += kept.history if len(databases) == 1 else [step.of(name) for step in kept.history]
    return replace(dataset, frame=pl.concat(frames, how="diagonal_relaxed"), history=tuple(history))


def required(dataset: Dataset, column: str) -> Dataset:
    """Rows that have a value in a column.

    Raises:
        DataError: there is no such column
    """
    need_column(dataset, column, "`required`")
    return dataset.with_frame(dataset.frame.filter(pl.col(column).is_not_null()), f"`{column}` is not empty")


def having(dataset: Dataset, conditions: Sequence[tuple[str, Sequence[Scalar]]]) -> Dataset:
    """Rows that fulfil every condition (column, values), one after the other.

    Raises:
        DataError: there is no such column, or no row fulfils a condition
    """
    for column, values in conditions:
        need_column(dataset, column, "`filter`")
        kept = dataset.frame.filter(_is_one_of(dataset.frame[column], values))
        shown = ", ".join(f"`{value}`" for value in values)
        if kept.is_empty() and len(dataset):
            found = ", ".join(f"`{value}`" for value in _values(dataset.frame[column])[:20])
            raise DataError(f"no row has {shown} in the column `{column}`, as `filter` asks for",
                            hint=f"it has {found or 'no values'}")  # fmt: skip
        dataset = dataset.with_frame(kept, f"`{column}` is {shown.replace(', ', ' or ')}")
    return dataset


def of_length(dataset: Dataset, least: float | None, most: float | None) -> Dataset:
    """Rows whose recording or segment takes from `least` to `most` seconds."""
    length = (pl.col("end") - pl.col("start")).round(3)
    if least is not None:
        dataset = dataset.with_frame(dataset.frame.filter(length >= least), f"it is {least:g} s or longer")
    if most is not None:
        dataset = dataset.with_frame(dataset.frame.filter(length <= most), f"it is {most:g} s or shorter")
    return dataset


def of_size(dataset: Dataset, least: int) -> Dataset:
    """Rows whose file has `least` bytes or more."""
    return dataset.with_frame(dataset.frame.filter(pl.col("size") >= least), f"its file has {least} bytes or more")


def limited(dataset: Dataset, most: int | None, per_speaker: int | None, seed: int) -> Dataset:
    """As many rows of each speaker as `per_speaker`, and of those as many as `most`.

    Raises:
        DataError: there is no column `speaker` for `per_speaker`
    """
    if per_speaker is not None:
        dataset = at_most_each(dataset, per_speaker, seed)
    return dataset if most is None else at_most(dataset, most, seed)


def with_own_speakers(dataset: Dataset) -> Dataset:
    """Speakers with the name of their database before their own.

    Raises:
        DataError: there is no column `speaker`
    """
    need_column(dataset, "speaker", "`rename_speakers`")
    name = pl.concat_str("database", pl.lit("_"), "speaker")
    return dataset.with_frame(dataset.frame.with_columns(name.alias("speaker")), "`speaker` begins with the database")


def at_most(dataset: Dataset, most: int, seed: int) -> Dataset:
    """`most` rows, drawn by a hash of the seed and the row's id: other rows change nothing."""
    order = _drawn(dataset, seed)
    kept = dataset.frame.filter(order.rank("ordinal") <= most)
    return dataset.with_frame(kept, f"it is one of {most} drawn rows (`limit_samples`)")


def at_most_each(dataset: Dataset, most: int, seed: int) -> Dataset:
    """`most` rows of each speaker, drawn likewise; rows without a speaker are no speaker's and stay.

    Raises:
        DataError: there is no column `speaker`
    """
    need_column(dataset, "speaker", "`limit_samples_per_speaker`")
    frame = dataset.frame.with_columns(_drawn(dataset, seed).alias("\ndrawn"))
    place = pl.col("\ndrawn").rank("ordinal").over("speaker")
    kept = frame.filter((place <= most) | pl.col("speaker").is_null()).drop("\ndrawn")
    return dataset.with_frame(kept, f"it is one of {most} drawn rows of its speaker (`limit_samples_per_speaker`)")


def of_labels(dataset: Dataset, labels: Sequence[str]) -> Dataset:
    """Rows whose class is one of `labels`, and rows whose class is not known.

    Raises:
        DataError: a label is no row's, or there is one label
    """
    name = dataset.target.name
    texts = as_text(dataset.frame[name])
    found = texts.drop_nulls().unique().sort().to_list()
    if len(labels) < 2:
        raise DataError("`labels` in [DATA] names one class, and telling apart needs two", examples=labels,
                        hint=f"the table has {', '.join(f'`{label}`' for label in found[:20])}")  # fmt: skip
    absent = [label for label in labels if label not in found]
    if absent:
        shown = ", ".join(f"`{label}`" for label in found[:20])
        raise DataError(f"no row has this `{name}`", examples=absent, hint=f"the table has {shown}")
    kept = dataset.frame.filter(texts.is_in(list(labels)) | texts.is_null())
    return dataset.with_frame(kept, f"`{name}` is one of `labels`{_dropped(set(found) - set(labels))}")


def relabelled(dataset: Dataset, mapping: Mapping[str, Scalar | dict[str, Scalar]], *, known: bool = False) -> Dataset:
    """Other names for values: `{old: new}` of the target, or `{column: {old: new}}`.

    A row whose target has a value that is not named is dropped; in other columns such a value becomes unknown.

    Args:
        dataset: the rows
        mapping: the names
        known: the classes are those of a stored model: a row stays without a truth if its target is not named, and
            columns that are not there do not matter

    Raises:
        DataError: there is no such column, or none of its values is named
    """
    flat = {old: new for old, new in mapping.items() if not isinstance(new, dict)}
    columns = {column: new for column, new in mapping.items() if isinstance(new, dict)}
    for column, pairs in ({dataset.target.name: flat} if flat else columns).items():
        if column in dataset or not known:
            need_column(dataset, column, "`mapping`")
            dataset = _relabelled(dataset, column, pairs, drop=not known and column == dataset.target.name)
    return dataset


def _relabelled(dataset: Dataset, column: str, pairs: Mapping[str, Scalar], *, drop: bool) -> Dataset:
    texts = as_text(dataset.frame[column])
    found = set(texts.drop_nulls().unique())
    if found and not found & set(pairs):
        raise DataError(f"`mapping` names no value of `{column}`", examples=sorted(pairs),
                        hint=f"it has {', '.join(f'`{value}`' for value in sorted(found)[:20])}")  # fmt: skip
    whole = all(isinstance(new, int | float) for new in pairs.values())
    kind = pl.Float64 if whole else pl.String
    named = {old: float(new) if whole else str(new) for old, new in pairs.items()}
    new = texts.replace_strict(named, default=None, return_dtype=kind)
    frame = dataset.frame.with_columns(new.alias(column))
    if drop:
        frame = frame.filter(new.is_not_null() | texts.is_null())
    return dataset.with_frame(frame, f"`{column}` is named in `mapping`{_dropped(found - set(pairs))}")


def _dropped(values: set[str]) -> str:
    if not values:
        return ""
    shown = ", ".join(f"`{value}`" for value in sorted(values)[:_NAMED])
    return f" ({shown}{', ...' if len(values) > _NAMED else ''} {'are' if len(values) > 1 else 'is'} not)"


def _is_one_of(column: pl.Series, values: Sequence[Scalar]) -> pl.Series:
    found = as_text(column).is_in([str(value) for value in values])
    if column.dtype.is_numeric():
        numbers = [float(value) for value in values if isinstance(value, int | float)]
        found |= column.cast(pl.Float64).is_in(numbers)
    return found.fill_null(value=False)


def _values(column: pl.Series) -> list[str]:
    return as_text(column.drop_nulls().unique().sort()).to_list()


def _drawn(dataset: Dataset, seed: int) -> pl.Series:
    """For each row a number that the seed and its id alone decide."""
    found = [int.from_bytes(blake2b(f"{seed}:{name}".encode(), digest_size=8).digest(), "big") for name in dataset.ids]
    return pl.Series(found, dtype=pl.UInt64)


def trimmed(dataset: Dataset, data: Data, seed: int, *, divided: bool) -> Dataset:
    """The rows that the filters and limits of [DATA] keep, which hold for all databases together.

    Args:
        dataset: the rows, with their part where they are divided
        data: the section DATA; `filter.sample_selection` says which parts its rules are for
        seed: what limits draw rows with
        divided: whether rows have parts; in a cross-validation all rows are of one

    Raises:
        DataError: a column is not there, no row fulfils a condition, or parts are named where there are none
    """
    part = data.filter_selection
    if part != "all" and not divided:
        raise DataError(f"`filter.sample_selection = {part}` names a part, and a cross-validation has none",
                        hint="remove it, or use a split")  # fmt: skip
    chosen = pl.lit(value=True) if part == "all" else pl.col("split") == part
    rest = dataset.frame.filter(~chosen)
    kept = having(replace(dataset, frame=dataset.frame.filter(chosen)), data.filter or ())
    kept = of_length(kept, data.min_duration_of_sample, data.max_duration_of_sample)
    kept = _limited_parts(kept, data, seed, divided=divided)
    dataset = replace(kept, frame=pl.concat([kept.frame, rest]).sort("id"))
    if data.min_dur_test is None:
        return dataset
    length = (pl.col("end") - pl.col("start")).round(3)
    fits = (length >= data.min_dur_test) | ((pl.col("split") != "test") if divided else pl.lit(value=False))
    why = f"it is {data.min_dur_test:g} s or longer, as a row to test has to be (`min_dur_test`)"
    return dataset.with_frame(dataset.frame.filter(fits), why)


def _limited_parts(dataset: Dataset, data: Data, seed: int, *, divided: bool) -> Dataset:
    most, each_speaker = data.limit_samples, data.limit_samples_per_speaker
    if not divided or (most is None and each_speaker is None):
        return limited(dataset, most, each_speaker, seed)
    frames, history = [], list(dataset.history)
    for part in PARTS:
        kept = limited(replace(dataset.part(part), history=()), most, each_speaker, seed)
        frames.append(kept.frame)
        history += [step.of(part) for step in kept.history if step.rows_in]
    return replace(dataset, frame=pl.concat(frames), history=tuple(history))
