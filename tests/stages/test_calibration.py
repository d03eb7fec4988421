"""Scores are calibrated on rows the model has not seen, and decisions and sets made by them hold what they promise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from nk.stages import calibration, certainty, conformal, crossfit, rejection, reliability
from nk.stages.calibration import Aims, Calibration, Held
from nk.stages.course import Course
from nk.stages.evaluate import uncertainty
from nk.tables import Predictions, Target

if TYPE_CHECKING:
    import numpy.typing as npt


def held(scores: Any, truth: Any, groups: Any = None) -> Held:
    return Held(
        np.asarray(scores), np.asarray(truth), np.arange(len(truth)) if groups is None else groups, "speakers", "dev"
    )


def drawn(rows: int, seed: int = 0, *, heat: float = 1.0, classes: int = 4) -> tuple[Any, Any]:
    """Scores that would be right as often as they say at the temperature `heat`, and truth drawn by that."""
    rng = np.random.default_rng(seed)
    logs = 2 * rng.normal(size=(rows, classes))
    shares = softmax(logs, axis=1).cumsum(axis=1)
    return softmax(logs * heat, axis=1), (rng.random(rows)[:, None] > shares).sum(axis=1)


@pytest.mark.parametrize("heat", [0.5, 1.0, 3.0])
def test_the_temperature_that_spoilt_the_scores_is_found(heat: float) -> None:
    scores, truth = drawn(20_000, heat=heat)
    temperature, _ = calibration.best(scores, truth)
    assert temperature == pytest.approx(heat, rel=0.05)


def test_the_temperature_by_hand() -> None:
    """Two rows right and one wrong, all with the odds e: the score has to become 2/3, whose odds are 2."""
    scores = softmax([[0.0, 1], [0, 1], [0, 1]], axis=1)
    temperature, _ = calibration.best(scores, np.array([1, 1, 0]))
    assert np.exp(1 / temperature) == pytest.approx(2, rel=1e-3)


def test_votes_of_nothing_do_not_spoil_the_temperature() -> None:
    """One row in ten has its truth where no neighbour voted: then zeros are worth about what they should be."""
    scores = np.tile([1.0, 0, 0], (100, 1))
    truth = np.where(np.arange(100) % 10, 0, 1)
    found = calibration.fit(held(scores, truth), Aims())
    assert isinstance(found, Calibration)
    assert found.scores(scores)[0, 0] == pytest.approx(0.9, abs=0.06)


@settings(deadline=None)
@given(
    raw=arrays(np.float64, (6, 4), elements=st.floats(0, 1)),
    temperature=st.floats(0.02, 100),
    floor=st.sampled_from(calibration.FLOORS),
)
def test_the_largest_score_stays_the_largest(raw: npt.NDArray[np.float64], temperature: float, floor: float) -> None:
    raw = (raw + 1e-9) / (raw + 1e-9).sum(axis=1, keepdims=True)
    found = calibration.tempered(raw, temperature, floor)
    np.testing.assert_array_equal(found.argmax(axis=1), raw.argmax(axis=1))
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_too_little_to_calibrate_on_is_said() -> None:
    scores, truth = drawn(19)
    assert calibration.fit(held(scores, truth), Aims()) == ("scores are not calibrated: dev has 19 rows, fewer than 20")
    scores, truth = drawn(40)
    assert calibration.fit(held(scores, truth * 0), Aims()) == "scores are not calibrated: dev has one class alone"


# Sets


def test_a_bound_by_hand() -> None:
    """Four speakers and one to come have a fifth each; the second has two rows, a tenth each."""
    missed, groups = np.array([0.1, 0.2, 0.5, 0.3, 0.4]), np.array([1, 2, 2, 3, 4])
    # in order: .1 (.2), .2 (.3), .3 (.5), .4 (.7), .5 (.8)
    assert conformal.bound(missed, groups, 0.5) == 0.3
    assert conformal.bound(missed, groups, 0.7) == 0.4
    assert conformal.bound(missed, groups, 0.8) == 0.5
    assert conformal.bound(missed, groups, 0.81) is None


@pytest.mark.parametrize(("coverage", "fewest"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19)])
def test_how_many_speakers_a_coverage_needs(coverage: float, fewest: int) -> None:
    assert conformal.fewest(coverage) == fewest
    assert conformal.bound(np.zeros(fewest), np.arange(fewest), coverage) is not None
    assert conformal.bound(np.zeros(fewest - 1), np.arange(fewest - 1), coverage) is None


def speakers(rng: np.random.Generator, count: int) -> tuple[Any, Any, Any]:
    """Scores, truth and speakers, of whom some are hard for the model and speak more."""
    hard = rng.random(count) < 0.3
    rows = np.where(hard, 60, 12)
    groups = np.repeat(np.arange(count), rows)
    logs = rng.normal(size=(len(groups), 4))
    truth = rng.integers(0, 4, len(groups))
    logs[np.arange(len(groups)), truth] += np.where(hard[groups], 0.5, 3.0)
    return softmax(logs, axis=1), truth, groups


@pytest.mark.parametrize(("count", "most"), [(9, 1), (40, 0.94)])
def test_sets_hold_the_truth_of_new_speakers_as_often_as_asked(count: int, most: float) -> None:
    """On average over calibrations, speakers of equal weight; rows alone would not be enough."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(300):
        scores, truth, groups = speakers(rng, count)
        limit = conformal.bound(1 - scores[np.arange(len(truth)), truth], groups, 0.9)
        assert limit is not None
        scores, truth, groups = speakers(rng, 20)
        inside = conformal.sets(scores, np.full(len(truth), limit))[np.arange(len(truth)), truth]
        found.append(np.mean([inside[groups == one].mean() for one in range(20)]))
    assert 0.89 < np.mean(found) < most


def test_a_set_is_never_empty() -> None:
    inside = conformal.sets(np.array([[0.4, 0.3, 0.3], [0.9, 0.05, 0.05]]), np.array([0.0, 0.95]))
    np.testing.assert_array_equal(inside, [[True, False, False], [True, True, True]])


# Risk and coverage


def test_a_curve_by_hand() -> None:
    found = rejection.curve(np.array([0.1, 0.2, 0.2, 0.4]), np.array([False, True, False, True]))
    assert found.rows() == [(0.25, 0.1, 0.0), (0.75, 0.2, pytest.approx(1 / 3)), (1.0, 0.4, 0.5)]
    # the two that are equally sure count half an error each
    assert rejection.area(np.array([0.1, 0.2, 0.2, 0.4]), np.array([False, True, False, True])) == pytest.approx(
        (0 + 0.5 / 2 + 1 / 3 + 2 / 4) / 4
    )


def test_a_threshold_keeps_the_share_that_was_asked_for() -> None:
    values = np.random.default_rng(0).random(1001)
    limit = rejection.threshold(values, 0.8)
    assert (values <= limit).mean() == pytest.approx(0.8, abs=0.002)


def test_a_long_curve_has_both_ends() -> None:
    rng = np.random.default_rng(0)
    values, wrong = rng.random(5000), rng.random(5000) < 0.3
    found = rejection.curve(values, wrong)
    assert len(found) == 1000
    assert found["coverage"][0] == 1 / 5000
    assert found.row(-1) == (1.0, values.max(), pytest.approx(wrong.mean()))


# Tables of predictions

LABELS = ("w", "x", "y", "z")


def predictions(scores: Any, truth: Any, groups: Any, folds: Any, run: int = 0) -> Predictions:
    ids = [f"d/{number:05}.wav#0-1" for number in range(len(truth))]
    frame = pl.DataFrame(
        {
            "id": ids, "file": ids, "start": 0.0, "end": 1.0, "database": "d",
            "speaker": [f"s{one:03}" for one in groups], "split": "test", "run": run,
            "fold": [str(one) for one in folds], "truth": [LABELS[one] if one >= 0 else None for one in truth],
            "predicted": [LABELS[one] for one in scores.argmax(axis=1)],
            **{f"p_{label}": scores[:, place] for place, label in enumerate(LABELS)},
            "uncertainty": uncertainty(scores),
        }
    )  # fmt: skip
    return Predictions(frame, Target("emotion", LABELS))


def test_scores_that_are_true_have_the_error_that_is_expected_of_them() -> None:
    scores, truth = drawn(2000)
    found = reliability.error(predictions(scores, truth, np.arange(2000) % 20, truth * 0), "test")
    assert found["ece"] < found["perfect_high"]
    assert found["score"] == pytest.approx(found["right"], abs=0.03)
    spoilt, truth = drawn(2000, heat=3)
    found = reliability.error(predictions(spoilt, truth, np.arange(2000) % 20, truth * 0), "test")
    assert found["ece"] > 3 * found["perfect_high"]
    assert found["low"] < found["ece"] < found["high"]


def test_the_calibration_error_by_hand() -> None:
    """Ten rows, two bins of five: scores .5 with 3 of 5 right, and .9 with 3 of 5 right."""
    top = np.repeat([0.5, 0.9], 5)
    scores = np.column_stack([top, 1 - top, top * 0, top * 0])
    scores[:5] = [0.5, 0.3, 0.2, 0]
    truth = np.array([0, 0, 0, 1, 1] * 2)
    found = reliability.error(predictions(scores, truth, np.arange(10), truth * 0), "test")
    assert found["bins"] == 2
    assert found["ece"] == pytest.approx((0.1 + 0.3) / 2)


def test_known_speakers_are_no_sample_of_others_in_the_bins_either() -> None:
    scores, truth = drawn(300)
    found = predictions(scores, truth, np.arange(300) % 20, truth * 0)
    of_speakers, nobody = (replace(found, target=Target("speaker", LABELS), frame=found.frame.with_columns(speaker=one))
                           for one in (pl.col("speaker"), pl.lit(None, pl.String)))  # fmt: skip
    assert reliability.bins(of_speakers, "test").equals(reliability.bins(nobody, "test"))
    assert not reliability.bins(of_speakers, "test").equals(reliability.bins(found, "test"))


def crossed(heat: float = 3.0) -> tuple[Predictions, Predictions, tuple[Course, ...], Calibration]:
    scores, truth = drawn(1200, heat=heat)
    groups = np.arange(1200) % 30
    raw = predictions(scores, truth, groups, groups % 12)
    given = tuple(Course(fold=str(fold)) for fold in range(12))
    found, courses, last = crossfit.calibrate(raw, given, Aims(), "speakers")
    assert last is not None
    return raw, found, courses, last


def test_folds_are_calibrated_by_the_others() -> None:
    raw, found, courses, last = crossed()
    assert found.frame["predicted"].equals(raw.frame["predicted"])
    assert last.temperature == pytest.approx(3, rel=0.1)
    assert last.groups == 30
    assert all(one.calibration and one.calibration.groups < 30 for one in courses)
    # fold 0 and 10 share a set: their truth does not matter to their own temperature
    rows = found.frame["fold"].is_in(["0", "10"])
    other = raw.frame.with_columns(truth=pl.when(rows).then(pl.lit("w")).otherwise("truth"))
    again, _, _ = crossfit.calibrate(Predictions(other, raw.target), courses, Aims(), "speakers")
    columns = [f"p_{label}" for label in LABELS]
    assert again.frame.filter(rows).select(columns).equals(found.frame.filter(rows).select(columns))
    assert not again.frame.filter(~rows).select(columns).equals(found.frame.filter(~rows).select(columns))


def test_rows_without_truth_are_calibrated_and_teach_nothing() -> None:
    scores, truth = drawn(300)
    groups = np.arange(300) % 10
    every, less = (
        predictions(scores, one, groups, groups) for one in (truth, np.where(np.arange(300) < 30, -1, truth))
    )
    known = Predictions(less.frame.filter(pl.col("truth").is_not_null()), less.target)
    courses = tuple(Course(fold=str(fold)) for fold in range(10))
    one, two = (crossfit.calibrate(some, courses, Aims(), "speakers") for some in (less, known))
    assert one[2] == two[2]
    assert one[0].frame.filter(pl.col("truth").is_not_null()).equals(two[0].frame)
    assert one[0].frame.height == every.frame.height


def test_what_is_said_of_scores_holds_for_the_rows() -> None:
    _, found, courses, _ = crossed()
    learnt = {(one.run, one.fold): one.calibration for one in courses}
    told = certainty.certainty(found, learnt)
    assert told["calibration"]["test"]["ece"] < told["calibration"]["test"]["perfect_high"]
    sets = certainty.sets(found, learnt)
    assert sets["holds"].mean() == pytest.approx(told["sets"]["test"]["held"])
    assert told["sets"]["test"]["held"] > 0.87
    assert told["sets"]["test"]["mean_size"] == pytest.approx(sets["size"].mean())
    first = found.frame.filter(pl.col("id") == sets["id"][0])
    best = sets["classes"][0].split("|")
    assert best[0] == first["predicted"][0]
    assert len(best) == sets["size"][0]
    (view,) = certainty.decided(found, {}, learnt)
    assert view.about["test"]["share"] == pytest.approx(0.8, abs=0.05)
    kept = view.predictions.frame
    right, before = ((one["truth"] == one["predicted"]).to_numpy() for one in (kept, found.frame))
    assert right.mean() > before.mean()


def test_nothing_is_said_of_the_rows_that_it_was_learnt_on() -> None:
    scores, truth = drawn(600)
    found = predictions(scores, truth, np.arange(600) % 20, truth * 0)
    dev = pl.when(pl.int_range(pl.len()) < 300).then(pl.lit("dev")).otherwise("split")
    found = Predictions(found.frame.with_columns(split=dev), found.target)
    learnt = calibration.fit(held(scores[:300], truth[:300], np.arange(300) % 20), Aims())
    assert isinstance(learnt, Calibration)
    told = certainty.certainty(found, {(0, "0"): learnt})
    (view,) = certainty.decided(found, {}, {(0, "0"): learnt})
    assert [*told["calibration"]] == [*told["sets"]] == [*view.about] == ["test"]
    assert [*certainty.certainty(found, {})["calibration"]] == ["dev", "test"]


def test_too_few_speakers_for_sets_is_said_with_what_they_are_enough_for() -> None:
    scores, truth = drawn(200)
    groups = np.arange(200) % 5
    raw = predictions(scores, truth, groups, groups)
    found, courses, _ = crossfit.calibrate(raw, [Course(fold=str(fold)) for fold in range(5)], Aims(), "speakers")
    learnt = {(one.run, one.fold): one.calibration for one in courses}
    assert certainty.certainty(found, learnt)["sets"]["test"]["why"] == (
        "sets that hold the truth in 90 % need 9 speakers to be learnt from, and there are 4; `set_coverage = 0.8` is "
        "what they are enough for"
    )
    assert certainty.sets(found, learnt).height == 0
