"""The SVM's scores: its own decisions."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from nk.models._margins import margins, scores
from nk.models.svm import Svm
from nk.registry import Training

if TYPE_CHECKING:
    import numpy.typing as npt

    from nk.models._sklearn import FittedEstimator

needs_data = pytest.mark.skipif("NK_TEST_DATA" not in os.environ, reason="needs real recordings: set NK_TEST_DATA")


def fit(data: Training, **options: Any) -> FittedEstimator:
    return Svm(Svm.options_type(**options), name="svm").fit(data, seed=1, jobs=2)


def decided(model: FittedEstimator, x: Any) -> Any:
    """What scikit-learn's own `predict` says."""
    return model.estimator.predict(np.asarray(x, dtype=np.float64))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    classes=st.integers(2, 6),
    levels=st.sampled_from([0, 1, 3]),
    options=st.fixed_dictionaries({"kernel": st.sampled_from(["rbf", "linear"]), "class_weight": st.booleans()}),
)
def test_the_highest_score_is_the_decision(seed: int, classes: int, levels: int, options: dict[str, Any]) -> None:
    """Also where rows repeat (`levels` different values a column, 0: any), so that decisions are equal."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, 3)) if not levels else rng.integers(0, levels, size=(40, 3))
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, 40 - classes)])
    model = fit(Training(x.astype(np.float32), y, np.arange(40) % 4, classes), **options)
    more = np.concatenate([x, rng.normal(size=(40, 3))]).astype(np.float32)
    np.testing.assert_array_equal(model.predict(more).argmax(axis=1), decided(model, more))


def test_a_decision_of_zero_is_the_second_class() -> None:
    """Two classes, equal rows: the decision function is 0, and libsvm takes the second."""
    x = np.zeros((8, 2), dtype=np.float32)
    model = fit(Training(x, np.arange(8) % 2, np.arange(8) // 2, 2))
    assert (model.estimator.decision_function(x) == 0).all()
    assert (decided(model, x) == 1).all()
    assert (model.predict(x).argmax(axis=1) == 1).all()
    np.testing.assert_allclose(model.predict(x), 0.5)


@given(decisions=arrays(np.float64, (5, 4), elements=st.floats(-10, 10)))
def test_scores_are_the_softmax_and_keep_the_order(decisions: npt.NDArray[np.float64]) -> None:
    found = scores(decisions)
    np.testing.assert_allclose(found, softmax(decisions, axis=1), atol=1e-12)
    np.testing.assert_array_equal(found.argmax(axis=1), decisions.argmax(axis=1))


def test_two_classes_are_a_logistic_function_of_the_margin() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = (rng.normal(size=(40, 2)) + y[:, None]).astype(np.float32)
    model = fit(Training(x, y, np.arange(40) // 2 % 4, 2))
    margin = model.estimator.decision_function(x.astype(np.float64))
    np.testing.assert_allclose(model.predict(x)[:, 1], 1 / (1 + np.exp(-margin)))


def test_rows_that_balancing_made_up_are_rows_like_others() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = (rng.normal(size=(60, 3)) + y[:, None]).astype(np.float32)
    made_up, real = (fit(Training(x, y, groups, 3)) for groups in (np.where(y == 1, -1, y), np.arange(60)))
    np.testing.assert_array_equal(made_up.predict(x), real.predict(x))


def log_bands(file: Path) -> Any:
    """Mean and deviation over time of the log energy in 20 bands: enough for a test, and quick."""
    import soundfile

    signal, _ = soundfile.read(file, dtype="float64")
    frames = signal[: len(signal) // 512 * 512].reshape(-1, 512) * np.hanning(512)
    power = np.abs(np.fft.rfft(frames)[:, 1:241]) ** 2
    bands = np.log(power.reshape(len(power), 20, 12).sum(axis=2) + 1e-9)
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0)])


@needs_data
def test_real_speech_scores_are_decisions_and_better_than_chance() -> None:
    folder = Path(os.environ["NK_TEST_DATA"]) / "emodb"
    with (folder / "emodb.csv").open(encoding="utf-8") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: row["file"])[::8]
    x = np.array([log_bands(folder / row["file"]) for row in rows]).astype(np.float32)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    labels, y = np.unique([row["emotion"] for row in rows], return_inverse=True)
    groups = np.unique([row["speaker"] for row in rows], return_inverse=True)[1]
    test = groups >= 8
    model = fit(Training(x[~test], y[~test], groups[~test], len(labels)))
    found = model.predict(x)
    np.testing.assert_array_equal(found.argmax(axis=1), decided(model, x))
    assert found[test, y[test]].mean() > 2 / len(labels)
    np.testing.assert_array_equal(margins(model.estimator, x.astype(np.float64)).argmax(axis=1), decided(model, x))
