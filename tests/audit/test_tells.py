"""What a column tells of the label: known answers, speakers as the unit, and few false alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency
from sklearn.metrics import balanced_accuracy_score

from nk.audit.tells import _chi_squared, by_chance, told
from nk.stages.folds import Fold

if TYPE_CHECKING:
    from nk.stages.folds import Places


def whole(values: object) -> Places:
    return np.asarray(values, dtype=np.int64)


def folds(speaker: Places, *, kept: bool = False) -> list[Fold]:
    """Leave one speaker out; with `kept`, the rows to train on are listed."""
    ids = tuple(map(str, range(len(speaker))))
    names = np.unique(speaker)
    return [
        Fold(str(n), ids, whole([]), np.flatnonzero(speaker == n), np.flatnonzero(speaker != n) if kept else None)
        for n in names
    ]


def test_known_answers() -> None:
    """Value 0 is of class 0 in three of four rows, value 1 of class 1 in all; UAR is the mean of 3/3 and 4/5."""
    speaker = np.repeat([0, 1], 8)
    column = np.tile(whole([0, 0, 0, 0, 1, 1, 1, 1]), 2)
    label = np.tile(whole([0, 0, 0, 1, 1, 1, 1, 1]), 2)
    found = told(column, label, speaker, folds(speaker))
    assert found.score == pytest.approx((1 + 4 / 5) / 2)
    assert found.chance == 0.5


def test_a_value_that_was_not_met_is_guessed() -> None:
    speaker = np.repeat([0, 1], 4)
    label = np.tile(whole([0, 1, 2, 3]), 2)
    assert told(whole(range(8)), label, speaker, folds(speaker)).score == 0.25


def test_rows_of_which_something_is_not_known_do_not_count() -> None:
    rng = np.random.default_rng(3)
    speaker, column, label = (np.repeat(np.arange(8), 10), rng.integers(0, 3, 80), rng.integers(0, 2, 80))
    some, known = (np.where(rng.random(80) < 0.2, -1, one) for one in (column, label))
    good = (some >= 0) & (known >= 0)
    expected = told(column[good], label[good], speaker[good], folds(speaker[good]))
    assert told(some, known, speaker, folds(speaker)) == expected


@given(data=st.data())
def test_the_score_is_that_of_counting_by_hand(data: st.DataObject) -> None:
    n = data.draw(st.integers(6, 30))
    speaker, column, label = (
        whole(data.draw(st.lists(st.integers(0, most), min_size=n, max_size=n))) for most in (2, 4, 2)
    )
    classes = int(label.max()) + 1
    expected, rows = np.zeros(classes), np.zeros(classes)
    for one in folds(speaker, kept=True):
        for row in one.test_rows:
            seen = [
                np.mean(column[one.train_rows][label[one.train_rows] == k] == column[row])
                if (label[one.train_rows] == k).any() else 0.0
                for k in range(classes)
            ]  # fmt: skip
            best = np.isclose(seen, max(seen))
            expected[label[row]] += best[label[row]] / best.sum()
            rows[label[row]] += 1
    score = (expected[rows > 0] / rows[rows > 0]).mean()
    for kept in (False, True):
        assert told(column, label, speaker, folds(speaker, kept=kept)).score == pytest.approx(score)


def test_the_score_of_clear_votes_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    speaker, label = np.repeat(np.arange(6), 50), rng.integers(0, 3, 300)
    column = np.where(rng.random(300) < 0.7, label, rng.integers(0, 3, 300))
    assert told(column, label, speaker, folds(speaker)).score == pytest.approx(balanced_accuracy_score(label, column))


def test_chi_squared_is_that_of_scipy() -> None:
    table = np.random.default_rng(1).integers(1, 30, (4, 3)).astype(float)
    assert _chi_squared(table) == pytest.approx(chi2_contingency(table, correction=False).statistic)


def test_what_speakers_have_as_a_whole_is_dealt_to_speakers() -> None:
    """A hundred rows each are no evidence: four and four can be dealt in 70 ways, two of which are as good.

    What is that likely is not counted out.
    """
    speaker = np.repeat(np.arange(8), 100)
    trait = speaker % 2
    assert by_chance(trait, trait, speaker) == pytest.approx(2 / 70, abs=0.025)
    rng = np.random.default_rng(0)
    text = trait * 2 + rng.integers(0, 2, 800)
    assert by_chance(text, trait, speaker) == pytest.approx(2 / 70, abs=0.025)
    assert by_chance(trait, text, speaker) == pytest.approx(2 / 70, abs=0.025)
    assert by_chance(trait, trait, np.arange(800)) < 0.001


def test_what_varies_within_speakers_is_dealt_within_them() -> None:
    """Of two rows a speaker with both labels, each may be either way: 2 of 2^10 ways are as good."""
    speaker, label = np.repeat(np.arange(10), 2), np.tile(whole([0, 1]), 10)
    assert by_chance(label, label, speaker) == pytest.approx(2 / 2**10, abs=0.002)
    # Speakers who prefer one label and one text each tell nothing of texts that tell labels.
    rng = np.random.default_rng(0)
    speaker = np.repeat(np.arange(10), 40)
    often = (rng.random(400) < 0.9, rng.random(400) < 0.9)
    text, label = (np.where(one, speaker % 2, 1 - speaker % 2) for one in often)
    assert by_chance(text, label, speaker) > 0.02


def test_levels() -> None:
    rng = np.random.default_rng(0)
    speaker, label = np.repeat(np.arange(20), 20), rng.integers(0, 4, 400)
    some = np.where(rng.random(400) < 0.4, label, rng.integers(0, 4, 400))
    assert told(some, label, speaker, folds(speaker)).level == "warning"
    assert told(rng.integers(0, 4, 400), label, speaker, folds(speaker)).level is None
    few = np.repeat(np.arange(8), 4)
    assert told(few % 2, few % 2, few, folds(few)).level == "note"


@pytest.mark.slow
@pytest.mark.parametrize("within", [True, False])
def test_false_warnings_are_rare(within: bool) -> None:
    rng, warned = np.random.default_rng(5), 0
    for _ in range(400):
        speaker = np.repeat(np.arange(12), 20)
        taste = rng.dirichlet([2, 2, 2, 2], 12)
        label = whole([rng.choice(4, p=taste[one]) for one in speaker])
        column = rng.integers(0, 6, 240) if within else rng.integers(0, 2, 12)[speaker]
        warned += told(column, label, speaker, folds(speaker)).level == "warning"
    assert warned / 400 <= 0.01
