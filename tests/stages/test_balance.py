"""Balancing: imbalanced-learn's own rows, each traced to its recording, and errors where it cannot be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nk.config.model import Balancing
from nk.errors import DataError
from nk.stages import balance as stage
from nk.stages.balance import Balanced, balance

if TYPE_CHECKING:
    import numpy.typing as npt

METHODS: tuple[str, ...] = get_args(Balancing)
MAKING_UP = ("smote", "adasyn", "borderlinesmote", "svmsmote", "smoteenn", "smotetomek")
LEAVING_OUT = ("randomundersampler", "editednearestneighbours", "tomeklinks")
LABELS = ("anger", "joy", "sad")


def some(*counts: int, apart: float = 1.5, seed: int = 0) -> tuple[Any, Any, Any]:
    """Rows of as many of each class, in any order, and their speakers."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    x = rng.normal(size=(len(y), 3)).astype(np.float32)
    x[:, 0] += apart * y
    return x, y, rng.integers(0, 6, len(y))


def run(method: str, x: Any, y: Any, groups: Any, *, seed: int = 42) -> Balanced:
    return balance(x, y, groups, method, seed=seed, labels=LABELS)


def theirs(method: str, x: Any, y: Any, seed: int = 42) -> tuple[Any, Any]:
    from imblearn import combine, over_sampling, under_sampling

    name = {
        "ros": "RandomOverSampler", "smote": "SMOTE", "adasyn": "ADASYN", "borderlinesmote": "BorderlineSMOTE",
        "svmsmote": "SVMSMOTE", "clustercentroids": "ClusterCentroids", "randomundersampler": "RandomUnderSampler",
        "editednearestneighbours": "EditedNearestNeighbours", "tomeklinks": "TomekLinks", "smoteenn": "SMOTEENN",
        "smotetomek": "SMOTETomek",
    }[method]  # fmt: skip
    kind = next(getattr(family, name) for family in (combine, over_sampling, under_sampling) if hasattr(family, name))
    sampler = kind() if method in {"editednearestneighbours", "tomeklinks"} else kind(random_state=seed)
    found: tuple[Any, Any] = sampler.fit_resample(x.astype(np.float64), y)
    return found


def ordered(x: Any, y: Any) -> npt.NDArray[np.float64]:
    rows = np.column_stack([np.asarray(x, dtype=np.float32).astype(np.float64), y])
    return rows[np.lexsort(rows.T)]


@pytest.mark.parametrize("method", METHODS)
def test_rows_are_those_of_imbalanced_learn(method: str) -> None:
    x, y, groups = some(40, 25, 12)
    found = run(method, x, y, groups)
    np.testing.assert_allclose(ordered(found.x, found.y), ordered(*theirs(method, x, y)), rtol=1e-6)
    assert found.before == (40, 25, 12)
    assert found.after == tuple(np.bincount(found.y).tolist())
    assert (str(found.x.dtype), str(found.y.dtype)) == ("float32", "int64")


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), counts=st.permutations([30, 14, 9]))
def test_rows_of_recordings_keep_speaker_class_and_order_and_others_have_none(
    method: str, seed: int, counts: list[int]
) -> None:
    x, y, groups = some(*counts, seed=seed)
    try:
        found = run(method, x, y, groups, seed=seed)
    except DataError as error:  # a class that lies apart, or that neighbours would erase
        assert method in {"adasyn", "svmsmote", "editednearestneighbours", "smoteenn"}, error  # noqa: PT017
        return
    real = found.groups >= 0
    place = {row.tobytes(): number for number, row in enumerate(x)}
    where = np.array([place[row.tobytes()] for row in found.x[real]])
    np.testing.assert_array_equal(found.y[real], y[where])
    np.testing.assert_array_equal(found.groups[real], groups[where])
    assert (np.diff(where) >= (0 if method == "ros" else 1)).all()
    assert not (np.diff(real.astype(int)) > 0).any()
    assert (found.groups[~real] == -1).all()
    if method == "clustercentroids" or method in MAKING_UP:
        assert (~real).any()
    else:
        assert real.all()
    if method in {"ros", "smote"}:
        assert set(found.after) == {max(counts)}
        assert {*range(len(y))} == {*where.tolist()}
    if method in {"randomundersampler", "clustercentroids"}:
        assert set(found.after) == {min(counts)}


def test_a_made_up_row_lies_between_two_of_its_class() -> None:
    x, y, groups = some(30, 12, 9)
    found = run("smote", x, y, groups)
    for row, label in zip(found.x[found.groups < 0], found.y[found.groups < 0], strict=True):
        mine = x[y == label].astype(np.float64)
        spans = np.linalg.norm(mine[:, None] - mine[None], axis=2)
        ways = np.linalg.norm(mine - row, axis=1)
        assert np.min(np.abs(ways[:, None] + ways[None] - spans)) < 1e-5


def test_tomek_links_are_pairs_of_nearest_of_two_classes() -> None:
    x, y, groups = some(40, 25, 12, apart=0.5)
    spans = np.linalg.norm(x[:, None].astype(np.float64) - x[None], axis=2)
    np.fill_diagonal(spans, np.inf)
    nearest = spans.argmin(axis=1)
    linked = (nearest[nearest] == np.arange(len(y))) & (y[nearest] != y) & (y != 2)
    np.testing.assert_array_equal(run("tomeklinks", x, y, groups).x, x[~linked])
    assert linked.any()


def test_edited_nearest_neighbours_leaves_rows_whose_three_nearest_agree() -> None:
    x, y, groups = some(40, 25, 12)
    spans = np.linalg.norm(x[:, None].astype(np.float64) - x[None], axis=2)
    np.fill_diagonal(spans, np.inf)
    agree = (y[np.argsort(spans, axis=1)[:, :3]] == y[:, None]).all(axis=1)
    np.testing.assert_array_equal(run("editednearestneighbours", x, y, groups).x, x[agree | (y == 2)])


def test_centroids_are_of_the_larger_classes_alone() -> None:
    """imbalanced-learn would replace one of two smallest classes by clusters of a row each."""
    x, y, groups = some(30, 9, 9)
    found = run("clustercentroids", x, y, groups)
    np.testing.assert_array_equal(found.x[found.groups >= 0], x[y > 0])
    assert found.after == (9, 9, 9)
    assert (found.y[found.groups < 0] == 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_classes_that_are_even_already_are_no_trouble(method: str) -> None:
    x, y, groups = some(12, 12, 12, apart=4)
    found = run(method, x, y, groups)
    assert min(found.after) > 0
    if method not in {"editednearestneighbours", "tomeklinks", "smoteenn", "smotetomek"}:
        np.testing.assert_array_equal(found.x, x)
        np.testing.assert_array_equal(found.groups, groups)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_given_is_changed_and_the_seed_decides(method: str) -> None:
    x, y, groups = some(40, 25, 12)
    before = x.copy(), y.copy(), groups.copy()
    one, two, other = (run(method, x, y, groups, seed=seed) for seed in (1, 1, 2))
    for was, now in zip(before, (x, y, groups), strict=True):
        np.testing.assert_array_equal(was, now)
    np.testing.assert_array_equal(one.x, two.x)
    random = method not in {"editednearestneighbours", "tomeklinks"}
    assert (one.x.shape != other.x.shape or not np.array_equal(one.x, other.x)) == random


def test_a_class_that_is_absent_stays_so() -> None:
    x, y, groups = some(20, 0, 9)
    assert run("smote", x, y, groups).after == (20, 0, 20)


@pytest.mark.parametrize("method", MAKING_UP)
def test_too_few_rows_of_a_class_are_told_with_class_count_fold_and_way_out(method: str) -> None:
    x, y, groups = some(20, 5, 3)
    with pytest.raises(DataError) as caught:
        balance(x, y, groups, method, seed=1, labels=LABELS, where=" of fold `s3`")
    assert str(caught.value) == (
        f"`{method}` needs 6 training rows of a class, a row and its 5 neighbours, "
        "but the training part of fold `s3` has 5 of `joy`, 3 of `sad`"
    )
    assert "`balancing = ros`" in str(caught.value.hint)


@pytest.mark.parametrize("method", MAKING_UP)
def test_six_rows_are_enough(method: str) -> None:
    x, y, groups = some(20, 6, apart=1)
    assert min(run(method, x, y, groups).after[:2]) > 0


def test_one_class_is_refused() -> None:
    x, y, groups = some(20)
    with pytest.raises(DataError, match=r"has one class, so there is nothing to balance \(20 rows\)"):
        run("ros", x, y, groups)


def test_adasyn_says_which_class_lies_apart() -> None:
    x, y, groups = some(40, 20, 12, apart=0.5)
    x[y == 2] += 100
    with pytest.raises(DataError) as caught:
        run("adasyn", x, y, groups)
    assert str(caught.value) == (
        "`adasyn` cannot make rows of `sad` from 12 in the training part: "
        "none has one of another class among its 5 neighbours"
    )
    assert "`balancing = smote`" in str(caught.value.hint)


def test_adasyn_says_which_class_has_nearly_enough() -> None:
    x, y, groups = some(40, 39, 40, apart=0)
    with pytest.raises(DataError, match="rows of `joy` from 39 in the training part: the 1 to add are too few"):
        run("adasyn", x, y, groups)


def test_svmsmote_says_which_class_is_surrounded() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(66, 2)).astype(np.float32), np.repeat([0, 1], [60, 6])
    x[60:] = 50 * np.arange(6)[:, None]
    x[:60] = np.repeat(x[60:], 10, axis=0) + rng.normal(0, 0.1, (60, 2))
    with pytest.raises(DataError, match="`svmsmote` cannot make rows of `joy` from 6 .*: neighbours of other classes"):
        run("svmsmote", x, y, np.arange(66) % 3)


def test_a_class_that_would_be_erased_is_told() -> None:
    x, y, groups = some(30, 7, 6, apart=0)
    x[y == 1] = x[y == 0][:7] + 1e-3
    with pytest.raises(DataError, match="`editednearestneighbours` would leave out all 7 of `joy` in the training"):
        run("editednearestneighbours", x, y, groups)


def test_what_else_the_library_refuses_is_passed_on_with_the_counts() -> None:
    x, y, groups = some(2, 1)
    with pytest.raises(
        DataError, match=r"cannot balance the training part \(2 of `anger`, 1 of `joy`\): Expected n_ne"
    ):
        run("editednearestneighbours", x, y, groups)


def test_a_class_that_got_nothing_is_noted() -> None:
    x, y, groups = some(40, 20, 12, apart=0.5)
    x[y == 2] += 100
    assert run("borderlinesmote", x, y, groups).notes == (
        "`borderlinesmote` made no rows of `sad`: none of its rows lies on a border to other classes",
    )


def test_classes_that_are_less_even_than_before_are_noted() -> None:
    x, y, groups = some(30, 26, 20)
    x[y == 2] += 100
    found = run("editednearestneighbours", x, y, groups)
    assert min(found.after) / max(found.after) < 20 / 30
    assert found.notes == ("`editednearestneighbours` left the classes less even than they were",)
    assert run("ros", x, y, groups).notes == ()


def test_the_methods_are_those_of_the_config() -> None:
    counts = np.array([9, 7])
    assert len(METHODS) == 11
    assert len({type(stage._sampler(method, 1, counts)) for method in METHODS}) == 11
