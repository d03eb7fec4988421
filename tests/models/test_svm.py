"""The SVM's scores: its own decisions, calibrated on held-out speakers."""

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

from nk.models._calibration import best_temperature, calibrate, folds, margins, scores
from nk.models.svm import FittedSvm, Svm
from nk.registry import Training

if TYPE_CHECKING:
    import numpy.typing as npt

needs_data = pytest.mark.skipif("NK_TEST_DATA" not in os.environ, reason="needs real recordings: set NK_TEST_DATA")


def fit(data: Training, **options: Any) -> FittedSvm:
    return Svm(Svm.options_type(**options), name="svm").fit(data, seed=1, jobs=2)


def decided(model: FittedSvm, x: Any) -> Any:
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


@given(
    decisions=arrays(np.float64, (5, 4), elements=st.floats(-10, 10)),
    temperature=st.floats(0.05, 100),
)
def test_scores_are_the_softmax_and_keep_the_order(decisions: npt.NDArray[np.float64], temperature: float) -> None:
    found = scores(decisions, temperature)
    np.testing.assert_allclose(found, softmax(decisions / temperature, axis=1), atol=1e-12)
    np.testing.assert_array_equal(found.argmax(axis=1), decisions.argmax(axis=1))


def test_two_classes_are_a_logistic_function_of_the_margin() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = (rng.normal(size=(40, 2)) + y[:, None]).astype(np.float32)
    model = fit(Training(x, y, np.arange(40) // 2 % 4, 2))
    margin = model.estimator.decision_function(x.astype(np.float64))
    assert isinstance(model.about.temperature, float)
    np.testing.assert_allclose(model.predict(x)[:, 1], 1 / (1 + np.exp(-margin / model.about.temperature)))


def test_the_temperature_has_the_least_log_loss() -> None:
    """Against a fine grid; and by hand: two rows right and one wrong at margin 1 call for the score 2/3."""
    rng = np.random.default_rng(0)
    decisions, truth = rng.normal(size=(50, 3)), rng.integers(0, 3, 50)
    decisions[np.arange(50), truth] += 1
    grid = np.exp(np.linspace(np.log(0.05), np.log(100), 20_001))

    def loss(temperature: float) -> float:
        return float(-np.log(softmax(decisions / temperature, axis=1)[np.arange(50), truth]).mean())

    assert best_temperature(decisions, truth) == pytest.approx(min(grid, key=loss), rel=1e-3)
    by_hand = best_temperature(np.array([[0.0, 1], [0, 1], [0, 1]]), np.array([1, 1, 0]))
    assert 1 / (1 + np.exp(-1 / by_hand)) == pytest.approx(2 / 3, abs=1e-4)


def test_the_temperature_stays_finite_where_all_is_right() -> None:
    assert 0.05 <= best_temperature(np.eye(3), np.arange(3)) < 0.06


def distinct(rows: int) -> npt.NDArray[np.float64]:
    return np.arange(rows, dtype=np.float64)[:, None]


def test_folds_are_groups_of_speakers() -> None:
    groups = np.repeat(np.arange(12), 4)
    found, notes = folds(distinct(48), np.tile(np.arange(4), 12), groups)
    assert notes == ()
    assert len(found) == 5
    np.testing.assert_array_equal(np.sum(found, axis=0), 1)
    for fold in found:
        assert not {*groups[fold].tolist()} & {*groups[~fold].tolist()}


def test_speakers_are_dealt_to_folds_in_the_order_of_their_numbers() -> None:
    groups = np.repeat(np.arange(12), 4) * 3 + 1
    found, _ = folds(distinct(48), np.tile(np.arange(4), 12), groups)
    for number, fold in enumerate(found):
        np.testing.assert_array_equal(np.unique(groups[fold]), np.arange(number, 12, 5) * 3 + 1)


def test_a_fold_that_loses_a_class_is_left_out_and_told() -> None:
    groups = np.repeat(np.arange(3), 4)
    y = np.array([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 2])
    found, notes = folds(distinct(12), y, groups)
    assert len(found) == 2
    assert not any(fold[-1] for fold in found)
    assert notes == (
        "the scores of `svm` are calibrated on 2 of 3 groups of speakers: without the others a class would be lost",
    )


def test_where_the_target_is_the_speaker_rows_are_dealt_and_told() -> None:
    y = np.repeat(np.arange(3), 4)
    found, notes = folds(distinct(12), y, y)
    assert len(found) == 4
    np.testing.assert_array_equal(np.sum(found, axis=0), 1)
    for fold in found:
        assert {*y[~fold].tolist()} == {0, 1, 2}
    assert len(notes) == 1
    assert "rows of known speakers" in notes[0]
    rng = np.random.default_rng(0)
    model = fit(Training((rng.normal(size=(12, 2)) + y[:, None]).astype(np.float32), y, y, 3))
    assert model.notes == notes


def test_rows_that_balancing_repeated_are_dealt_together() -> None:
    y = np.repeat(np.arange(3), 12)
    x = np.repeat(np.arange(18, dtype=np.float64), 2)[:, None]
    found, notes = folds(x, y, y)
    assert len(notes) == 1
    for fold in found:
        assert not {*x[fold].ravel().tolist()} & {*x[~fold].ravel().tolist()}


def made_up(data: Training) -> Training:
    """The data with rows of no speaker after it, which would spoil a calibration: each is of the wrong class."""
    x, y, groups = data.x[::2], data.classes - 1 - data.y[::2], np.full(len(data.y[::2]), -1)
    return Training(np.r_[data.x, x], np.r_[data.y, y], np.r_[data.groups, groups], data.classes)


def test_rows_that_balancing_made_up_are_neither_held_out_nor_trained_on_while_calibrating() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    data = Training((rng.normal(size=(60, 3)) + y[:, None]).astype(np.float32), y, np.arange(60) // 6, 2)
    plugin = Svm(Svm.options_type(), name="svm")
    seen: list[int] = []

    class Counted:
        def fit(self, x: Any, y: Any) -> Any:
            seen.append(len(y))
            return plugin.build(1).fit(x, y)

    found = calibrate(Counted, made_up(data), jobs=1)
    assert seen == [48] * 5
    assert found == calibrate(lambda: plugin.build(1), data, jobs=1)
    assert fit(made_up(data)).about.temperature == found[0]


def test_where_balancing_made_up_all_of_a_class_scores_are_not_calibrated_and_that_is_told() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = (rng.normal(size=(60, 3)) + y[:, None]).astype(np.float32)
    model = fit(Training(x, y, np.where(y == 1, -1, np.arange(60) // 6), 3))
    assert model.about.temperature == 1
    assert model.notes == ("the scores of `svm` are not calibrated: balancing has left a class without a real row",)
    np.testing.assert_array_equal(model.predict(x).argmax(axis=1), decided(model, x))


def test_one_row_a_class_is_not_calibrated_and_told(tmp_path: Path) -> None:
    x = np.eye(3, dtype=np.float32)
    model = fit(Training(x, np.arange(3), np.arange(3), 3))
    assert model.about.temperature == 1
    assert model.notes == ("the scores of `svm` are not calibrated: no class has a row to spare",)
    model.save(tmp_path)
    assert Svm.load(tmp_path).notes == model.notes


def test_jobs_change_nothing() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    data = Training((rng.normal(size=(60, 3)) + y[:, None]).astype(np.float32), y, np.arange(60) // 6, 3)
    one, two = (Svm(Svm.options_type(), name="svm").fit(data, seed=1, jobs=jobs) for jobs in (1, 2))
    assert one.about == two.about
    np.testing.assert_array_equal(one.predict(data.x), two.predict(data.x))


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
    surprise = -np.log(found[test, y[test]]).mean()
    assert surprise < np.log(len(labels))
    np.testing.assert_array_equal(margins(model.estimator, x.astype(np.float64)).argmax(axis=1), decided(model, x))
