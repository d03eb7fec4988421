"""Missing values: what stands for them, which rows go, and the one sentence that says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from nk.errors import DataError
from nk.stages.gaps import caution, drop, fill_values, filled, policy
from nk.tables import Dataset, Features, Target

NAN = np.nan
X = np.array([[1, NAN, 5, NAN], [2, 4, np.inf, NAN], [6, NAN, -np.inf, NAN]], dtype=np.float32)
NAMES = ("a", "b", "c", "d")


def features(values: Any, names: tuple[str, ...] = NAMES) -> Features:
    """In another order than the dataset's rows."""
    return Features(tuple(f"d/{row}" for row in range(len(values)))[::-1], names, np.asarray(values)[::-1])


def dataset(rows: int) -> Dataset:
    frame = pl.DataFrame(
        {"id": [f"d/{row}" for row in range(rows)], "file": [f"{row}.wav" for row in range(rows)]}
    ).with_columns(pl.lit("d").alias("database"), pl.lit(0.0).alias("start"), pl.lit(1.0).alias("end"))
    return Dataset(frame, Target("emotion", ("x", "y")))


@pytest.mark.parametrize(
    ("strategy", "expected"), [("zero", [0, 0, 0, 0]), ("mean", [3, 4, 5, 0]), ("median", [2, 4, 5, 0])]
)
def test_what_stands_for_a_missing_value_is_learnt_from_the_finite_ones(strategy: str, expected: list[float]) -> None:
    fill = fill_values(X, strategy)
    np.testing.assert_array_equal(fill, np.array(expected, dtype=np.float32))
    np.testing.assert_array_equal(filled(X, fill)[:, 2], np.array([5, fill[2], fill[2]], dtype=np.float32))
    assert np.isfinite(filled(X, fill)).all()


def test_an_unknown_strategy_is_told() -> None:
    with pytest.raises(DataError, match="`nan_strategy = best` cannot be used"):
        fill_values(X, "best")


def test_rows_with_a_gap_are_dropped_with_what_they_lack() -> None:
    values = np.array([[1, 2, 3], [NAN, 2, 3], [1, np.inf, NAN], [4, 5, 6]], dtype=np.float32)
    kept, skips = drop(features(values, NAMES[:3]), dataset(4))
    assert kept.ids == ("d/3", "d/0")
    np.testing.assert_array_equal(kept.values, values[[3, 0]])
    assert [(skip.file, skip.reason) for skip in skips] == [
        ("1.wav", "no value of the feature `a`"),
        ("2.wav", "no value of the feature `b` and 1 more"),
    ]


def test_a_feature_without_any_value_would_drop_all_rows_and_is_named() -> None:
    with pytest.raises(DataError, match="would drop all rows: a feature has no value in any: `d`") as error:
        drop(features(X), dataset(3))
    assert "`features` in [FEATS]" in str(error.value.hint)


def test_nothing_missing_is_nothing_to_say_or_to_drop() -> None:
    whole = features(np.ones((3, 4), dtype=np.float32))
    assert caution(whole, "zero") == []
    kept, skips = drop(whole, dataset(3))
    assert (kept.ids, skips) == (whole.ids, [])


@pytest.mark.parametrize(
    ("strategy", "becomes"),
    [
        ("zero", "they become 0"),
        ("mean", "they become the mean of their column in the training rows"),
        ("median", "they become the median of their column in the training rows"),
        ("drop", "these rows are dropped"),
    ],
)
def test_one_sentence_says_how_much_is_missing_and_what_becomes_of_it(strategy: str, becomes: str) -> None:
    values = np.ones((4, 8), dtype=np.float32)
    values[1, :6], values[2, 0] = NAN, np.inf
    (said,) = caution(features(values, tuple("abcdefgh")), strategy)
    assert said.text == (
        f"7 values of features are missing, in 2 of 4 rows (`a`, `b`, `c`, `d`, `e` and 1 more): {becomes}"
    )
    assert "`nan_strategy`" in str(said.hint)


def test_columns_without_any_value_are_named() -> None:
    (said,) = caution(features(X), "mean")
    assert said.text.endswith("; without any value, and so 0 in every row: `d`")


def test_the_plan_has_words_for_each() -> None:
    assert policy("zero") == "missing values become 0"
    assert policy("drop") == "rows with a missing value dropped"
