"""Numbers become classes or standard scores as the rows that are learnt from say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from nk.errors import DataError
from nk.stages.target import cut, standardised
from nk.tables import Dataset, Target

TRAIN = pl.col("split") == "train"


def ages(values: list[float | None], parts: str = "") -> Dataset:
    names = {"a": "train", "e": "test"}
    split = [names[letter] for letter in parts or "a" * len(values)]
    frame = pl.DataFrame({"id": [f"r{n:03}" for n in range(len(values))], "database": "db", "age": values,
                          "split": split}, schema_overrides={"age": pl.Float64})  # fmt: skip
    return Dataset(frame, Target("age"))


def asked(bins: Any = None, labels: Any = None) -> Any:
    return SimpleNamespace(bins=bins, labels=labels)


def test_edges_hold_from_below_and_the_last_from_both_sides() -> None:
    data = ages([10, 20, 30, 39.9, 40, 60, 61, None])
    found = cut(data, asked((10, 20, 40, 60), ("young", "middle", "old")), TRAIN)
    assert found.target.labels == ("young", "middle", "old")
    assert found.frame["age"].to_list() == ["young", "middle", "middle", "middle", "old", "old", None]
    assert (found.history[-1].rows_in, found.history[-1].rows_out) == (8, 7)


def test_without_edges_classes_are_of_the_same_size_in_train_alone() -> None:
    data = ages([1, 2, 3, 4, 5, 6, 7, 8, 9, 1000, 2000], "aaaaaaaaaee")
    found = cut(data, asked(), TRAIN)
    assert found.frame["age"].to_list() == ["low"] * 3 + ["middle"] * 3 + ["high"] * 5
    every = cut(data, asked(), pl.lit(value=True))
    assert every.frame["age"].to_list() == ["low"] * 4 + ["middle"] * 3 + ["high"] * 4


def test_names_and_edges_have_to_fit() -> None:
    data = ages([float(n) for n in range(10)])
    assert cut(data, asked(None, ("a", "b")), TRAIN).frame["age"].value_counts()["count"].to_list() == [5, 5]
    with pytest.raises(DataError, match="makes 2 classes, and `labels` names 3"):
        cut(data, asked((0, 5, 10), ("a", "b", "c")), TRAIN)
    with pytest.raises(DataError, match="too few different values"):
        cut(ages([1, 1, 1, 1]), asked(), TRAIN)
    with pytest.raises(DataError, match="all rows fall into one class"):
        cut(data, asked((-10, 20, 30)), TRAIN)


def test_standard_scores_are_those_of_the_training_rows() -> None:
    data = ages([1.0, 2.0, 3.0, 100.0], "aaae")
    found = standardised(data, {"db": SimpleNamespace(scale=True)}, TRAIN)  # type: ignore[dict-item]
    assert np.allclose(found.frame["age"], (np.array([1, 2, 3, 100]) - 2) / np.std([1, 2, 3]))
    with pytest.raises(DataError, match="needs training rows"):
        standardised(ages([5.0, 5.0]), {"db": SimpleNamespace(scale=True)}, TRAIN)  # type: ignore[dict-item]
