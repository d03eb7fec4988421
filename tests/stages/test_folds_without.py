"""Rows that turn out to have no features leave the folds of the others as they were."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nk.errors import DataError
from nk.stages.folds import folds_of, without
from nk.tables import Dataset, Target

IDS = [f"r{number:02}" for number in range(12)]
DATA = Dataset(pl.DataFrame({"id": IDS}), Target("emotion", ("a", "b")))
SPEAKERS, TEXTS = "aaabbbcccddd", "xyzxyzxyzxyz"


@settings(max_examples=30)
@given(st.sets(st.sampled_from(IDS)), st.booleans())
def test_the_rows_that_are_left_are_where_they_were(gone: set[str], two: bool) -> None:
    folds = folds_of(DATA, [SPEAKERS, TEXTS] if two else [SPEAKERS])
    left = [row for row in IDS if row not in gone]
    tested = [fold for fold in folds if not gone.issuperset(fold.test)]
    if len(tested) < 2:
        with pytest.raises(DataError, match="one fold has rows that can be used"):
            without(folds, left)
        return
    found = without(folds, left)
    assert [fold.name for fold in found] == [fold.name for fold in tested]
    for new, old in zip(found, tested, strict=True):
        assert new.ids == tuple(left)
        assert new.groups == old.groups
        for part in ("train", "dev", "test"):
            assert getattr(new, part) == tuple(row for row in getattr(old, part) if row not in gone)
