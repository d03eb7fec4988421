"""Effect sizes: values of a textbook's kind, and where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nk.effects import cohens_d, size_word


def test_cohens_d_by_hand() -> None:
    # Means 2 and 6; variances 1 and 2.5 of three and five values, pooled (2 * 1 + 4 * 2.5) / 6 = 2
    one, other = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0, 7.0, 8.0])
    assert cohens_d(one, other) == pytest.approx(4 / math.sqrt(2))
    assert cohens_d(other, one) == -cohens_d(one, other)


@pytest.mark.parametrize(("one", "other"), [([], [1.0, 2.0]), ([1.0], [1.0, 2.0]), ([0.1 + 0.2] * 3, [0.3] * 3)])
def test_no_effect_of_too_little(one: list[float], other: list[float]) -> None:
    assert math.isnan(cohens_d(np.array(one), np.array(other)))


@pytest.mark.parametrize(
    ("effect", "word"), [(0.0, "negligible"), (-0.2, "small"), (0.5, "medium"), (0.79, "medium"), (-3.0, "large")]
)
def test_words(effect: float, word: str) -> None:
    assert size_word(effect) == word
