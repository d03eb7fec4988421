"""Data as it comes: values that are not known, classes of one row, columns in which all is the same or different."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from nk.explore import bias, overview
from tests.explore.test_explore import material, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nk.explore.exhibit import Exhibit

ASKED = "[['gender'], ['valence'], ['place'], ['age'], ['place', 'valence'], ['valence', 'arousal'], ['age', 'speaker']]"
CASES: dict[str, dict[str, Any]] = {
    "one speaker": {"speaker": ["s"] * 60},
    "two speakers": {"speaker": ["s", "t"] * 30},
    "some speakers are not known": {"speaker": ["s", "t", None] * 20},
    "some genders are not known": {"gender": ["f", None, "m"] * 20},
    "each row its own speaker": {"speaker": [f"s{row}" for row in range(60)]},
    "one class": {"emotion": ["joy"] * 60},
    "two labels in all": {"emotion": ["joy", "sadness"] + [None] * 58},
    "every label is another": {"emotion": [f"e{row:02}" for row in range(60)]},
    "a class of one row": {"emotion": ["fear"] + ["joy", "sadness"] * 29 + ["joy"]},
    "every word is another": {"place": [f"p{row}" for row in range(60)]},
    "one word": {"place": ["home"] * 60},
    "a constant": {"valence": [0.1] * 60},
    "one number is known": {"valence": [float("nan")] * 59 + [1.0]},
    "numbers without end": {"valence": [float("inf"), -float("inf")] + [1.0, 2.0, 3.0] * 19 + [0.5]},
}


def views(found: Any) -> Iterator[Exhibit]:
    yield from overview.show(found)
    yield from shown(found).values()
    yield from bias.show(found)


@pytest.mark.parametrize("target", ["emotion", "valence", "speaker", ""])
@pytest.mark.parametrize("case", CASES)
def test_odd_data_are_looked_at_without_a_warning_of_a_library(tmp_path: Path, case: str, target: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [*views(material(tmp_path, target, f"[EXPL]\nvalue_counts = {ASKED}\n", **CASES[case]))]
    assert not [one.caption for one in found if " nan" in one.caption]
    for one in found:
        if one.name.endswith("_tests"):
            assert one.table["p"].is_between(0, 1).all()


def test_what_is_not_known_of_a_word_is_a_value_of_its_own(tmp_path: Path) -> None:
    """Gender is known of the angry alone, so that its absence tells all others."""
    emotion = ["anger", "joy", "sadness"] * 20
    gender = [None if one != "anger" else "f" for one in emotion]
    (one,) = bias.show(material(tmp_path, emotion=emotion, gender=gender))
    assert one.table.filter(pl.col("column") == "gender").is_empty()  # one value
    gender = [{"anger": "f", "joy": "m"}.get(one) for one in emotion]
    (one,) = bias.show(material(tmp_path, emotion=emotion, gender=gender))
    assert one.table.row(by_predicate=pl.col("column") == "gender", named=True)["score"] == 1.0
