"""New tables -> the target as a stored model knows it: its classes in its order, its numbers on its scale.

No row goes for its label. One that the model does not know is no truth, and is counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from nk.errors import DataError
from nk.stages import target
from nk.stages.columns import as_text, free

if TYPE_CHECKING:
    from nk.config.data import Data, Database
    from nk.tables import Dataset, Measured, Target

# The label as the table has it; no user's column can have this name.
SAID = "\nsaid"


def with_said(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """The table with its labels kept beside the target, which there need not be."""
    if name not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.String).alias(name))
    return frame.with_columns(as_text(frame[name]).alias(SAID))


def as_known(dataset: Dataset, data: Data, known: Target) -> Dataset:
    """The target of a table as `known` has it, null where there is none that is known.

    Args:
        dataset: the rows of one database, which `with_said` has seen
        data: the section DATA with that database
        known: the target of the stored model; what was measured of it goes by the name of this database

    Raises:
        DataError: a value of a numeric target is no number, or the database asks for what was not measured in training
    """
    numeric = known.is_number or bool(known.measured.edges)
    dataset = _numbers(dataset, data, known) if numeric else _classes(dataset, known)
    return replace(dataset, target=known)


def unknown_labels(dataset: Dataset) -> dict[str, int]:
    """How many rows have each label that is not known, the most frequent first."""
    strange = dataset.frame[dataset.target.name].is_null() & dataset.frame[SAID].is_not_null()
    counts = Counter(dataset.frame[SAID].filter(strange).to_list())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def as_told(dataset: Dataset) -> Dataset:
    """The rows as they are shown: if there are labels that are not known, the column `<target>_in_table` has all."""
    frame = dataset.frame
    if not unknown_labels(dataset):
        return replace(dataset, frame=frame.drop(SAID))
    return replace(dataset, frame=frame.rename({SAID: free(f"{dataset.target.name}_in_table", frame.columns)}))


def _classes(dataset: Dataset, known: Target) -> Dataset:
    labels = as_text(dataset.frame[known.name])
    labels = labels.set(~labels.is_in(list(known.labels)), None)
    return replace(dataset, frame=dataset.frame.with_columns(labels))


def _numbers(dataset: Dataset, data: Data, known: Target) -> Dataset:
    """Numbers turned round, divided, standardised and cut with what was measured in training."""
    ((name, database),) = data.databases.items()
    if dataset.frame[known.name].null_count() == len(dataset):
        empty = pl.lit(None, pl.String if known.labels else pl.Float64).alias(known.name)
        return replace(dataset, frame=dataset.frame.with_columns(empty))
    dataset = target.as_numbers(dataset)
    dataset = target.turned(dataset, {name: _turning(name, database, known.measured)})
    dataset = target.divided(dataset, data.target_divide_by)
    if database.scale:
        if name not in known.measured.scale:
            raise DataError(f"`{name}.scale` goes by mean and deviation in training, which are not known",
                            hint=f"leave it out, or say with `--like` which database `{name}` is like")  # fmt: skip
        dataset = target.with_scale(dataset, name, *known.measured.scale[name])
    return target.with_classes(dataset, known.measured.edges, known.labels) if known.labels else dataset


def _turning(name: str, database: Database, measured: Measured) -> Database:
    if not database.reverse or database.reverse_max is not None:
        return database
    if name not in measured.largest:
        raise DataError(f"`{name}.reverse` goes by the largest value in training, which is not known",
                        hint=f"set `{name}.reverse.max`, or say with `--like` which database it is like")  # fmt: skip
    return database.model_copy(update={"reverse_max": measured.largest[name]})
