"""What train and test share, and classes that are lost, for many folds as for one."""

from __future__ import annotations

import time
import tracemalloc
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.audit import missing_classes, shared_recordings, shared_speakers
from nk.stages.folds import Fold, make_folds
from nk.tables import Dataset, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.audit.finding import Finding

LOSO: Any = SimpleNamespace(loso=True, logo=None, k_fold_cross=None)


def dataset(speakers: Sequence[str | None], classes: Sequence[str], digests: Sequence[str] | None = None) -> Dataset:
    ids = [f"d/{number:06}#0-1000" for number in range(len(speakers))]
    columns = {
        "id": ids, "file": [f"{number}.wav" for number in range(len(ids))], "database": ["d"] * len(ids),
        "speaker": list(speakers), "digest": list(digests or ids), "emotion": list(classes),
        "start": [0.0] * len(ids), "end": [1.0] * len(ids),
    }  # fmt: skip
    frame = pl.DataFrame(columns, schema_overrides={"speaker": pl.String})
    return Dataset(frame, Target("emotion", ("a", "b", "c")))


CHECKS = (shared_speakers, shared_recordings, missing_classes)


def found_by(data: Dataset, folds: Sequence[Fold]) -> list[Finding]:
    return [finding for check in CHECKS for finding in check.find(data, folds)]


def said(data: Dataset, folds: Sequence[Fold]) -> list[str]:
    return [f"{one.what}: {', '.join(one.examples)}" for one in found_by(data, folds)]


def fold(data: Dataset, train: list[int], test: list[int], dev: list[int] | None = None) -> Fold:
    dev_rows, test_rows, train_rows = [np.array(rows, dtype=np.int64) for rows in (dev or [], test, train)]
    return Fold("split", tuple(data.ids), dev_rows, test_rows, train_rows)


def test_what_train_and_test_share_is_named() -> None:
    data = dataset(["s1", "s1", "s2", None, None, "s3"], list("abcbac"), ["x", "y", "z", "x", "y", "w"])
    assert said(data, [fold(data, [0, 2, 3], [1, 4], [5])]) == [
        "1 speaker is in both train and test: s1",
        "classes without a test row: c",
        "classes without a dev row: a, b",
    ]
    assert said(data, [fold(data, [0, 1, 2], [3, 4, 5])]) == ["2 recordings are in both train and test: 3.wav, 4.wav"]


def test_classes_that_a_model_never_hears_are_counted_over_folds() -> None:
    data = dataset(["s1", "s1", "s2", "s2", "s3"], list("abbac"))
    assert said(data, [fold(data, [0, 1], [2, 3], [4])]) == [
        "classes without a training row: c",
        "classes without a test row: c",
        "classes without a dev row: a, b",
    ]
    found = make_folds(data, LOSO, ["speaker"], seed=0)
    assert found is not None
    assert said(data, found) == ["classes without a training row: `c` in 1 of 3 folds"]
    no_b = dataset(["s1", "s1", "s2"], list("aac"))
    found = make_folds(no_b, LOSO, ["speaker"], seed=0)
    assert found is not None
    expected = "classes without a training row: `b` in 2 of 2 folds, `a` in 1 of 2 folds, `c` in 1 of 2 folds"
    assert said(no_b, found) == [expected]


@given(rows=st.lists(st.tuples(st.sampled_from("stuv"), st.sampled_from("abc"), st.sampled_from("wxyz")), min_size=2))
def test_many_folds_are_as_counted_by_hand(rows: list[tuple[str, str, str]]) -> None:
    speakers, classes, digests = zip(*rows, strict=True)
    if len(set(speakers)) < 2:
        return
    data = dataset(speakers, classes, digests)
    found = make_folds(data, LOSO, ["speaker"], seed=0)
    assert found is not None
    digest, label = (dict(zip(data.ids, data.frame[name].to_list(), strict=True)) for name in ("digest", "emotion"))
    twice = {digest[key] for one in found for key in one.test} & {
        digest[key] for one in found for key in one.train if {digest[key]} & {digest[other] for other in one.test}
    }
    lost = {name: sum(name not in {label[key] for key in one.train} for one in found) for name in "abc"}
    texts = said(data, found)
    assert sum(f"{len(twice)} recording" in text for text in texts) == bool(twice)
    for name, count in lost.items():
        assert any(f"`{name}` in {count} of {len(found)} folds" in text for text in texts) == bool(count)


def test_places_of_another_order_are_matched_by_id() -> None:
    data = dataset(["s1", "s1", "s2", "s2"], list("aabb"))
    turned = Dataset(data.frame.reverse(), data.target)
    one = fold(data, [0, 1], [2, 3])
    assert (
        said(turned, [one])
        == said(data, [one])
        == [
            "classes without a training row: c, b",
            "classes without a test row: a",
        ]
    )
    with pytest.raises(ValueError, match="folds of different datasets"):
        found_by(data, [one, fold(turned, [0, 1], [2, 3])])


@pytest.mark.slow
def test_a_thousand_speakers_left_out_in_turn_cost_little() -> None:
    """50,000 rows; about half a second and 20 MB here, the bounds are generous."""
    rows = range(50_000)
    data = dataset([f"s{row // 50:04}" for row in rows], ["abc"[row % 3] for row in rows])
    make_folds(dataset(["x", "y"], ["a", "b"]), LOSO, ["speaker"], seed=0)  # not the imports
    start = time.process_time()
    found = make_folds(data, LOSO, ["speaker"], seed=0)
    assert found is not None
    assert found_by(data, found) == []
    assert time.process_time() - start < 3
    tracemalloc.start()
    found_by(data, make_folds(data, LOSO, ["speaker"], seed=0) or [])
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()
