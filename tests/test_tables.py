"""Tables meet by id alone: the order of rows never matters, and what is missing or double is an error that names it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.errors import DataError
from nk.tables import Dataset, Features, Predictions, Target, align, positions

IDS = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=20, unique=True)


@given(ids=IDS, order=st.randoms(use_true_random=False))
def test_align_puts_the_right_rows_together_in_the_order_of_the_left(ids: list[str], order: Any) -> None:
    shuffled = list(ids)
    order.shuffle(shuffled)
    left = pl.DataFrame({"id": ids, "left": [f"L{key}" for key in ids]})
    right = pl.DataFrame({"id": shuffled, "right": [f"R{key}" for key in shuffled]})
    both = align(left, right)
    assert both["id"].to_list() == ids
    assert both["left"].to_list() == [f"L{key}" for key in ids]
    assert both["right"].to_list() == [f"R{key}" for key in ids]


@given(ids=IDS, data=st.data())
def test_align_names_a_row_that_is_missing_on_either_side(ids: list[str], data: st.DataObject) -> None:
    lost = data.draw(st.sampled_from(ids))
    whole = pl.DataFrame({"id": ids})
    part = whole.filter(pl.col("id") != lost)
    for left, right in ((whole, part), (part, whole)):
        with pytest.raises(DataError, match="rows are in one table only") as caught:
            align(left, right)
        assert caught.value.examples == (lost,)


@given(ids=IDS, data=st.data())
def test_align_names_a_row_that_is_double_on_either_side(ids: list[str], data: st.DataObject) -> None:
    twice = data.draw(st.sampled_from(ids))
    whole = pl.DataFrame({"id": ids})
    more = pl.DataFrame({"id": [*ids, twice]})
    for left, right in ((whole, more), (more, whole)):
        with pytest.raises(DataError, match="rows are double") as caught:
            align(left, right)
        assert set(caught.value.examples) == {twice}


def test_align_on_several_columns() -> None:
    left = pl.DataFrame({"file": ["a", "a"], "start": [0.0, 1.0], "x": [1, 2]})
    right = pl.DataFrame({"file": ["a", "a"], "start": [1.0, 0.0], "y": [20, 10]})
    assert align(left, right, on=("file", "start"))["y"].to_list() == [10, 20]


@given(ids=IDS, data=st.data())
def test_features_are_found_by_id(ids: list[str], data: st.DataObject) -> None:
    features = Features(tuple(ids), ("n",), np.arange(len(ids), dtype=np.float32)[:, np.newaxis])
    wanted = data.draw(st.lists(st.sampled_from(ids)))
    assert features.rows(wanted)[:, 0].tolist() == [ids.index(key) for key in wanted]


def test_an_id_without_features_is_an_error_that_names_it() -> None:
    with pytest.raises(DataError, match="ids are missing \\(1 row\\): `b`"):
        positions(["a"], ["a", "b"])
    with pytest.raises(DataError, match="ids are double \\(1 row\\): `a`"):
        positions(["a", "a"], ["a"])


def test_features_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="for 1 ids and 2 names"):
        Features(("a",), ("x", "y"), np.zeros((2, 2), dtype=np.float32))


def test_a_dataset_keeps_its_history() -> None:
    frame = pl.DataFrame({"id": ["a", "b"], "split": ["train", "test"], "speaker": ["s", None]})
    dataset = Dataset(frame, Target("emotion", ("joy",)))
    less = dataset.with_frame(frame.head(1), "a reason")
    assert [(step.what, step.rows_in, step.rows_out) for step in less.history] == [("a reason", 2, 1)]
    assert dataset.history == ()
    assert dataset.part("test").ids == ["b"]
    assert dataset.has_speakers


def test_predictions_give_their_scores_in_the_order_of_labels() -> None:
    frame = pl.DataFrame({"id": ["a"], "split": ["test"], "p_x": [0.3], "p_a": [0.7]})
    predictions = Predictions(frame, Target("t", ("x", "a")))
    assert predictions.scores.tolist() == [[0.3, 0.7]]
    assert Predictions(frame, Target("t")).scores.shape == (1, 0)
    assert predictions.part("train").frame.height == 0
