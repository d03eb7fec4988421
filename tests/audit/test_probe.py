"""The probe: its scores are those of a plain program, and its p values those of counting."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk.audit import probe
from nk.audit.probe import ROUNDS, Task, binned, holm, p_value, predicted, scores, shuffle

NAN = float("nan")


def task(labels: Any, classes: int, speakers: Any, folds: list[tuple[list[int], list[int]]]) -> Task:
    """A task from (tested rows, rows to train on) a fold."""
    rows = range(len(labels))
    outs = [[row for row in rows if row not in train] for _, train in folds]

    def joined(parts: list[list[int]]) -> tuple[Any, Any]:
        found = [(row, fold) for fold, part in enumerate(parts) for row in part]
        return tuple(np.array(column, dtype=np.int64) for column in zip(*found, strict=True))  # type: ignore[return-value]

    test_rows, test_folds = joined([test for test, _ in folds])
    out_rows, out_folds = joined(outs)
    values = np.array(labels, dtype=np.int64 if classes else np.float64)
    return Task(values, classes, np.array(speakers), len(folds), test_rows, test_folds, out_rows, out_folds)


def leave_one_out(labels: Any, classes: int, speakers: Any) -> Task:
    rows = range(len(labels))
    folds = [
        ([row for row in rows if speakers[row] == one], [row for row in rows if speakers[row] != one])
        for one in sorted(set(speakers))
    ]
    return task(labels, classes, speakers, folds)


def plainly(bins: list[int], labels: list[Any], classes: int, folds: list[tuple[list[int], list[int]]]) -> list[Any]:
    """What a bin says of each tested row, with loops."""
    said: list[Any] = []
    for test, train in folds:
        for row in test:
            mine = [labels[other] for other in train if bins[other] == bins[row]]
            if classes:
                every = [labels[other] for other in train]
                said.append(int(np.argmax([mine.count(k) / max(every.count(k), 1) for k in range(classes)])))
            else:
                mean = float(np.mean([labels[other] for other in train])) if train else 0.0
                said.append(sum(value - mean for value in mine) / (len(mine) + 5))
    return said


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 3), st.integers(0, 3)), min_size=4, max_size=30
)


@given(rows=ROWS, classes=st.sampled_from([0, 3]))
def test_scores_are_those_of_a_plain_program(rows: list[tuple[int, int, int, int]], classes: int) -> None:
    from sklearn.metrics import recall_score

    bins, labels, speakers, parts = (list(column) for column in zip(*rows, strict=True))
    # Two folds: one leaves out a speaker and rows of a dev part, the other trains on few.
    every = range(len(rows))
    tested = [[row for row in every if speakers[row] == one] for one in (0, 1)]
    folds = [
        (tested[0], [row for row in every if speakers[row] != 0 and parts[row] != 3]),
        (tested[1], [row for row in every if speakers[row] > 1]),
    ]
    if not tested[0] + tested[1]:
        return
    given = task(labels, classes, speakers, folds)
    said = plainly(bins, labels, classes, folds)
    found = predicted(np.array(bins), given)
    assert found.tolist() == pytest.approx(said, abs=1e-12)
    truth = [labels[row] for row in given.test_rows]
    score = scores({"x": np.array(bins)}, given, seed=0, rounds=0)["x"][0]
    if classes:
        present = sorted(set(truth))
        assert score == pytest.approx(recall_score(truth, said, labels=present, average="macro", zero_division=0))
    else:
        varies = np.std(said) > 1e-9 and np.std(truth) > 1e-9
        assert score == pytest.approx(np.corrcoef(truth, said)[0, 1] if varies else 0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0, 1.0, 2.0, 4.0], [1, 0, 0, 1]),
        ([5.0] * 6, [0] * 6),
        ([None, 1.0, 1.0, 2.0], [2, 0, 0, 1]),
        ([None, None], [0, 0]),
        ([7.0] * 9 + [8.0], [0] * 9 + [1]),
        ([-120.0] + [7.0] * 9, [0] + [1] * 9),
    ],
)
def test_bins_of_few_rows(values: list[float | None], expected: list[int]) -> None:
    assert binned(pl.Series(values, dtype=pl.Float64), 2).tolist() == expected


@given(values=st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=1, max_size=400), classes=st.integers(0, 8))
def test_bins_keep_order_and_equal_values_together(values: list[int | None], classes: int) -> None:
    found = binned(pl.Series(values, dtype=pl.Float64), classes)
    known = sorted((value, place) for value, place in zip(values, found, strict=True) if value is not None)
    assert [place for _, place in known] == sorted(place for _, place in known)
    assert len(set(known)) == len({value for value, _ in known})
    gaps = {place for value, place in zip(values, found, strict=True) if value is None}
    assert not gaps & {place for _, place in known}
    assert set(found) == set(range(max(found) + 1))


def test_bins_of_many_rows_are_of_equal_size() -> None:
    values = pl.Series(np.random.default_rng(0).standard_normal(1000))
    assert np.bincount(binned(values, 4)).tolist() == [100] * 10
    assert len(np.bincount(binned(values[:240], 4))) == 6


@given(sizes=st.lists(st.integers(1, 6), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_every_speaker_gets_the_labels_of_another(sizes: list[int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    speakers = generator.permutation(np.repeat(np.arange(len(sizes)), sizes))
    for rows in shuffle(speakers, generator, 5):
        givers = [set(speakers[rows[speakers == one]].tolist()) for one in range(len(sizes))]
        assert all(len(one) == 1 for one in givers)
        assert set.union(*givers) == set(range(len(sizes)))
        for one, (giver,) in enumerate(givers):
            times = np.bincount(rows[speakers == one], minlength=len(speakers))[speakers == giver]
            assert times.max() - times.min() <= 1
    if len(set(sizes)) == 1:
        assert sorted(rows) == list(range(len(speakers)))


def test_all_orders_come_equally_often() -> None:
    found = shuffle(np.array([0, 1, 2, 3]), np.random.default_rng(0), 24_000)
    counts = np.unique(found, axis=0, return_counts=True)[1]
    assert len(counts) == 24
    assert np.abs(counts - 1000).max() < 150
    mine = shuffle(np.array([0, 0, 0]), np.random.default_rng(0), 6_000)
    counts = np.unique(mine, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert np.abs(counts - 1000).max() < 150


def test_p_is_the_share_of_all_orders() -> None:
    labels, bins, speakers = [0, 0, 1, 1, 1, 1], np.array([0, 0, 0, 1, 1, 1]), list(range(6))
    given = leave_one_out(labels, 2, speakers)
    orders = [leave_one_out([labels[row] for row in order], 2, speakers) for order in permutations(range(6))]
    every = [scores({"x": bins}, one, seed=0, rounds=0)["x"][0] for one in orders]
    exact = np.mean(np.array(every) >= every[0] - 1e-9)
    assert 0.1 < exact < 0.9
    chosen = shuffle(np.array(speakers), np.random.default_rng(3), 4000)
    drawn = probe._uar(probe._Cells.of(bins, given), given, given.labels[chosen])
    assert np.mean(drawn >= every[0] - 1e-9) == pytest.approx(exact, abs=0.03)


def test_labels_that_never_vary_within_speakers_count_as_few() -> None:
    """A cue that tells three of six speakers from the others: one in 20 ways to choose them, and its mirror image."""
    speakers = np.repeat(np.arange(6), 30)
    labels = (speakers >= 3).astype(int)
    found = scores({"x": labels}, leave_one_out(labels, 2, speakers), seed=0)["x"]
    assert found[0] == 1
    assert p_value(found) == pytest.approx(0.1, abs=0.04)


def low_p(*, within: bool, clustered: bool) -> int:
    """How many of 400 random cues have p of .05 or less, in 100 corpora of eight speakers."""
    generator = np.random.default_rng(1)
    low = 0
    for _ in range(100):
        sizes = generator.integers(4, 9, 8)
        speakers = np.repeat(np.arange(8), sizes)
        prefers = generator.dirichlet([0.5, 0.5], 8)[:, 1] if within else generator.permutation([0, 1] * 4)
        labels = (generator.random(len(speakers)) < prefers[speakers]).astype(int)
        noise = generator.standard_normal((4, len(speakers)))
        values = noise + (3 * generator.standard_normal((4, 8))[:, speakers] if clustered else 0)
        bins = {str(number): binned(pl.Series(row), 2) for number, row in enumerate(values)}
        found = scores(bins, leave_one_out(labels, 2, speakers), seed=int(generator.integers(99)), rounds=59)
        low += sum(p_value(one) <= 0.05 for one in found.values())
    return low


@pytest.mark.parametrize("within", [True, False])
@pytest.mark.parametrize("clustered", [True, False])
def test_p_of_random_cues_is_not_low_too_often(within: bool, clustered: bool) -> None:
    """5 % would be 20; 33 are three standard deviations more, of cues that were independent."""
    assert low_p(within=within, clustered=clustered) <= 33


@pytest.mark.parametrize("within", [True, False])
def test_shuffling_rows_would_be_wrong(within: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the rows of a speaker for independent: p is low three times as often as it should be, or more."""
    monkeypatch.setattr(probe, "shuffle", lambda rows, *more: shuffle(np.arange(len(rows)), *more))
    assert low_p(within=within, clustered=True) > 60


def test_holm_is_as_published() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


def test_rounds_suffice_for_many_cues() -> None:
    from nk.audit.cues import CUES

    assert len(CUES) / (1 + ROUNDS) < 0.01


def test_ending_early_changes_no_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(2)
    labels, speakers = generator.integers(0, 2, 120), np.repeat(np.arange(6), 20)
    bins = {str(share): np.where(generator.random(120) < share, labels, 1 - labels) for share in (0.5, 0.55, 0.6, 0.7)}
    given = leave_one_out(labels, 2, speakers)
    early = scores(bins, given, seed=0)
    monkeypatch.setattr(probe, "_ENOUGH", 10**9)
    late = scores(bins, given, seed=0)
    assert len(early["0.5"]) < len(late["0.5"]) == len(early["0.7"]) == 1 + ROUNDS
    for name, values in early.items():
        assert np.array_equal(values, late[name][: len(values)])
        assert (p_value(values) < 0.01) == (p_value(late[name]) < 0.01)
        assert len(values) == 1 + ROUNDS or p_value(values) > 0.01


def test_a_cue_that_names_the_speaker_is_no_help_where_speakers_are_left_out() -> None:
    """What is learnt of a speaker is never used on him."""
    speakers = np.repeat(np.arange(10), 12)
    labels = speakers % 2
    found = scores({"x": speakers}, leave_one_out(labels, 2, speakers), seed=0, rounds=0)["x"]
    assert found[0] == 0.5
    mixed = task(labels, 2, speakers, [(list(range(0, 120, 2)), list(range(1, 120, 2)))])
    assert scores({"x": speakers}, mixed, seed=0, rounds=0)["x"][0] == 1.0
