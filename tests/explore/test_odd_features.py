"""Features as they come: missing in all rows, constant, without end; and targets of every kind."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from nk.config.output import Plot
from nk.config.work import Expl
from nk.explore import feature_views
from nk.explore.sampling import sampled
from nk.report.figures import PEN
from nk.tables import Features, Target
from tests.explore.test_feature_views import LABELS, dataset

if TYPE_CHECKING:
    from nk.tables import Dataset

NAMES = ("plain", "seven", "tenth", "some", "none", "endless", "once")


def odd(ids: list[str]) -> Features:
    values = np.random.default_rng(0).normal(size=(len(ids), len(NAMES))).astype(np.float32)
    values[:, 1:3] = 7, 0.1
    values[:10, 3], values[:, 4], values[0, 5] = np.nan, np.nan, np.inf
    values[:, 6] = np.arange(len(ids)) == 3
    return Features(tuple(ids), NAMES, values)


def of(target: str, **columns: Any) -> Dataset:
    found = dataset(target="age" if target == "age" else "emotion")
    frame = found.frame.with_columns(**{name: pl.Series(name, values) for name, values in columns.items()})
    labels = {"emotion": LABELS, "speaker": tuple(frame["speaker"].drop_nulls().unique().sort())}.get(target, ())
    return replace(found, frame=frame, target=Target(target, labels))


@pytest.mark.parametrize("target", ["emotion", "age", "speaker", ""])
@pytest.mark.parametrize("speaker", [["s"] * 120, ["s", "t", None] * 40, None], ids=["one", "some", "all"])
def test_odd_features_are_drawn_without_a_warning_of_a_library(target: str, speaker: Any) -> None:
    if target == "speaker" and speaker is not None and len(set(speaker)) == 1:
        pytest.skip("one class")
    data = of(target, **({} if speaker is None else {"speaker": speaker}))
    expl = Expl(
        feature_distributions=True, plot_features=NAMES, regplot=(("plain", "none"), ("seven", "plain", "gender")),
        scatter=("pca",), plot_tree=bool(target), max_feats=3,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for one in feature_views.views(data, odd(data.ids), expl, Plot(), 1, 1):
            assert " nan" not in one.caption
            if one.draw:
                one.draw(PEN)


def test_a_feature_that_no_row_has_is_no_picture() -> None:
    data = of("emotion")
    one = feature_views.views(data, odd(data.ids), Expl(plot_features=("none",)), Plot(), 1, 1)[0]
    assert one.draw is None
    assert one.caption == "No recording has a value, or none with one has a class."


def test_speakers_who_are_the_target_are_sampled_too() -> None:
    some, notes = sampled(of("speaker"), 40, 1, "this is of")
    assert (len(some), some.frame["speaker"].n_unique()) == (40, 8)
    assert notes == ("this is of a sample of 40 of 120 rows, the same share of every speaker",)
