"""Features that are learnt in every fold: from training rows alone, and stored with the model."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from nk import families
from nk.errors import DataError, PluginError
from nk.features._codebook import make_codebook
from nk.registry import FeatureLearner
from nk.stages import train, trained
from nk.stages.folds import make_folds
from nk.stages.train import Recipe
from nk.tables import Dataset, Features, Sequences, Target
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

LOSO: Any = SimpleNamespace(loso=True, logo=None, k_fold_cross=None)
CENTERS = {"a": (0.0, 0.0), "b": (8.0, 0.0), "c": (0.0, 8.0)}


def dataset() -> Dataset:
    rows = [(f"s{speaker}", number) for speaker in range(4) for number in range(6)]
    frame = pl.DataFrame(
        {
            "id": [f"d/{speaker}_{number}" for speaker, number in rows],
            "file": [f"{speaker}_{number}" for speaker, number in rows],
            "start": 0.0,
            "end": 1.0,
            "database": "d",
            "speaker": [speaker for speaker, _ in rows],
            "emotion": ["abc"[number % 3] for _, number in rows],
        }
    )
    return Dataset(frame, Target("emotion", ("a", "b", "c")))


def learner(**options: Any) -> FeatureLearner:
    plugin = families.features.get("xbow")
    made = plugin(plugin.options_type(**{"size": 8, "assignments": 1, **options}), name="xbow")
    assert isinstance(made, FeatureLearner)
    return made


def features(data: Dataset) -> Features:
    """No vectors; frames around a point that the class decides, of any number."""
    frames = {}
    for key, label in data.frame.select("id", "emotion").iter_rows():
        draw = np.random.default_rng([*key.encode()])
        frames[key] = draw.normal(CENTERS[label], 1, (draw.integers(20, 40), 2)).astype(np.float32)
    nothing = np.empty((len(data), 0), dtype=np.float32)
    return Features(tuple(data.ids), (), nothing, sequences=(Sequences(learner(), frames),))


def recipe() -> Recipe:
    plugin = families.models.get("svm")
    return Recipe(plugin(plugin.options_type(), name="svm"), None, "zero", 1, 1)


def test_classes_are_told_by_their_words() -> None:
    data = dataset()
    folds = make_folds(data, LOSO, ["speaker"], seed=0) or []
    predictions = train.cross(features(data), data, folds, recipe(), 1, Ui(quiet=True)).predictions.frame
    assert (predictions["truth"] == predictions["predicted"]).mean() == 1


def test_frames_of_test_rows_change_nothing_in_what_is_learnt() -> None:
    data = dataset()
    first = features(data)
    ids = [key for key in data.ids if "s0" not in key]
    strange = {key: rows if key in ids else rows * 100 for key, rows in first.sequences[0].frames.items()}
    other = replace(first, sequences=(Sequences(learner(), strange),))
    one, two = (train.train(each, data, ids, (), recipe()) for each in (first, other))
    for key in ids:
        assert np.array_equal(one.learnt[0].vector(strange[key]), two.learnt[0].vector(strange[key]))


def test_a_stored_model_predicts_the_same(tmp_path: Path) -> None:
    data = dataset()
    found = features(data)
    made = train.train(found, data, data.ids, (), recipe())
    trained.save(made, tmp_path, {})
    again = trained.load(tmp_path, families.models.get("svm"))
    assert again.names == made.names == tuple(f"xbow_{number}" for number in range(8))
    settings: dict[str, Any] = {"run": 0, "fold": "split", "split": "test"}
    one, two = (train.predict(each, found, data, data.ids, **settings) for each in (made, again))
    assert one.equals(two)
    (tmp_path / "features_1" / "codebook.npz").write_bytes(b"no")
    with pytest.raises(PluginError, match="cannot be read"):
        trained.load(tmp_path, families.models.get("svm"))


def test_a_bag_counts_the_nearest_words() -> None:
    frames = [
        np.array([[0, 0]] * 30 + [[9, 9]] * 10, dtype=np.float32) + np.random.default_rng(1).normal(0, 0.01, (40, 2))
    ]
    book = make_codebook([rows.astype(np.float32) for rows in frames], 2, 1, seed=0)
    bag = book.vector(frames[0].astype(np.float32))
    assert sorted((bag**2).tolist()) == pytest.approx([0.25, 0.75])
    assert book.vector(np.full((3, 2), np.nan, dtype=np.float32)).sum() == pytest.approx(1)


def test_too_few_frames_for_the_words_are_said() -> None:
    with pytest.raises(DataError, match="`xbow` has 4 frames to make 8 words of"):
        make_codebook([np.zeros((4, 2), dtype=np.float32)], 8, 1, seed=0)
