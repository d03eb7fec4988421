"""Who is held out to stop on: whole speakers in the order of their numbers, and no class is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk import families
from nk.errors import DataError
from nk.stages.stop import held_out

GROUPS = np.arange(200) % 10


@pytest.mark.parametrize(("share", "speakers"), [(0.2, 2), (0.01, 1), (0.5, 5), (0.99, 9)])
def test_whole_speakers_are_held_out(share: float, speakers: int) -> None:
    held = held_out(np.zeros(200), GROUPS, 0, share)
    out, kept = {*GROUPS[held].tolist()}, {*GROUPS[~held].tolist()}
    assert len(out) == speakers
    assert not out & kept


def test_the_speakers_of_the_lowest_numbers_are_held_out() -> None:
    """Whatever the numbers are, since the seed has drawn them."""
    values = np.zeros(200)
    for groups in (GROUPS, GROUPS * 7 + 2):
        np.testing.assert_array_equal(held_out(values, groups, 0, 0.3), GROUPS < 3)
    np.testing.assert_array_equal(held_out(values, GROUPS[::-1], 0, 0.3)[::-1], GROUPS < 3)


@pytest.mark.parametrize("speaker", [0, 4, 9])
def test_a_speaker_who_alone_holds_a_class_stays(speaker: int) -> None:
    alone = np.isin(GROUPS, [speaker])
    held = held_out(alone.astype(np.int64), GROUPS, 2, 0.9)
    assert not held[alone].any()
    assert held.any()


@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=30),
    share=st.floats(0.01, 0.99),
)
def test_is_as_trying_one_speaker_after_the_other(rows: list[tuple[int, int]], share: float) -> None:
    groups, y = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    out: list[int] = []
    for speaker in sorted({*groups.tolist()}):
        rest = {*y[~np.isin(groups, [*out, speaker])].tolist()}
        if len(out) < max(1, round(share * len({*groups.tolist()}))) and rest == {*y.tolist()}:
            out.append(speaker)
    if out:
        np.testing.assert_array_equal(held_out(y, groups, 3, share), np.isin(groups, out))
    else:
        with pytest.raises(DataError, match="has no speaker"):
            held_out(y, groups, 3, share)


@pytest.mark.parametrize("groups", [np.zeros(200, dtype=np.int64), np.arange(200) % 2])
def test_is_refused_where_nobody_can_be_held_out(groups: Any) -> None:
    with pytest.raises(DataError, match="no speaker of the training part of fold `3` to hold out") as error:
        held_out(np.arange(200) % 2, groups, 2, 0.2, " of fold `3`")
    assert "early_stopping_rounds" in str(error.value.hint)


@pytest.mark.parametrize("name", families.models.names())
def test_a_learner_asks_for_speakers_where_it_stops_early_and_not_by_itself(name: str) -> None:
    plugin = families.models.get(name)

    def share(**options: Any) -> float | None:
        return plugin(plugin.options_type(**options), name=name).stop_share

    assert share() is None
    if "early_stopping_rounds" in plugin.options_type.model_fields:
        assert share(early_stopping_rounds=3, validation_split=0.3) == 0.3
