"""The values that each spelling of a search space means, and what is drawn of them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nk.config import load_config, options_for, to_ini, to_yaml
from nk.config.plugins import Definition, define
from nk.config.spaces import Range
from nk.errors import ConfigError
from nk.families import models
from nk.optim.space import dimensions, drawn, grid, options, size

if TYPE_CHECKING:
    from pathlib import Path

BASE = "[EXP]\nname = x\n[DATA]\ndatabases = ['db']\ndb = db.csv\ntarget = emotion\n[OPTIM]\n"


def model(name: str) -> Definition:
    found = define("models", name)
    assert found
    return found


def values(name: str, key: str, low: float, high: float, *step: float) -> list[Any]:
    (one,) = dimensions({key: Range((low, high, *step))}, model(name))
    return list(one.values)


@pytest.mark.parametrize(
    ("name", "key", "ends", "told"),
    [
        ("xgb", "max_depth", (3, 6), [3, 4, 5, 6]),
        ("xgb", "n_estimators", (50, 200, 50), [50, 100, 150, 200]),
        ("xgb", "n_estimators", (50, 190, 50), [50, 100, 150]),
        ("xgb", "subsample", (0.6, 1.0), [0.6, 0.7, 0.8, 0.9, 1.0]),
        ("xgb", "subsample", (0.7, 1.0, 0.1), [0.7, 0.8, 0.9, 1.0]),
        ("xgb", "learning_rate", (0.1, 0.2), [0.1, 0.1189, 0.1414, 0.1682, 0.2]),
        ("xgb", "lr", (0.001, 0.1), [0.001, 0.003162, 0.01, 0.03162, 0.1]),
        ("svm", "C_val", (0.1, 1000), [0.1, 0.3162, 1.0, 3.162, 10.0, 31.62, 100.0, 1000.0]),
        ("svm", "C_val", (2, 4), [2.0, 2.5, 3.0, 3.5, 4.0]),
        ("svm", "C_val", (2, 2), [2.0]),
        ("knn", "K_val", (1, 9, 4), [1, 5, 9]),
        ("mlp", "nnodes", (16, 100), [16, 32, 64]),
        ("mlp", "bs", (4, 32), [4, 8, 16, 32]),
        ("mlp", "do", (0.1, 0.5), [0.1, 0.2, 0.3, 0.4, 0.5]),
        ("mlp", "do", (0.01, 0.41), [0.01, 0.11, 0.21, 0.31, 0.41]),
        ("mlp", "nlayers", (1, 3), [1, 2, 3]),
    ],
)
def test_a_range_is_these_values(name: str, key: str, ends: tuple[float, ...], told: list[Any]) -> None:
    found = values(name, key, *ends)
    if (name, key, len(told)) == ("svm", "C_val", 8):  # four decades would be nine values, of which there are eight
        assert (found[0], found[-1], len(found)) == (0.1, 1000, 8)
        assert [b / a for a, b in pairwise(found)] == pytest.approx([10 ** (4 / 7)] * 7, rel=1e-3)
        return
    assert found == told
    assert [type(one) for one in found] == [type(one) for one in told]


def test_a_grid_is_exactly_the_product() -> None:
    dims = dimensions({"C_val": (0.1, 1.0), "kernel": ("linear", "rbf", "rbf"), "gamma": ("scale", 0.1)}, model("svm"))
    found = grid(dims)
    assert len(found) == size(dims, drawn=False) == 8
    assert found[:3] == [
        {"C_val": 0.1, "kernel": "linear", "gamma": "scale"},
        {"C_val": 0.1, "kernel": "linear", "gamma": 0.1},
        {"C_val": 0.1, "kernel": "rbf", "gamma": "scale"},
    ]
    assert {tuple(one.values()) for one in found} == {
        (c, k, g) for c in (0.1, 1.0) for k in ("linear", "rbf") for g in ("scale", 0.1)
    }


def test_options_that_the_model_does_not_have_are_left_out() -> None:
    assert [one.key for one in dimensions({"C_val": (1.0,), "max_depth": (1, 2)}, model("svm"))] == ["C_val"]


def test_layers_are_made_of_two_keys() -> None:
    found = options({"nlayers": 3, "nnodes": 16, "lr": 0.01, "bs": 8, "do": 0.1, "loss": "f1"})
    assert found == {"layers": (16, 16, 16), "learning_rate": 0.01, "batch_size": 8, "drop": 0.1, "loss": "f1"}
    planned = model("mlp").options.model_validate({"layers": found["layers"]}, strict=True)
    assert getattr(planned, "layers") == (16, 16, 16)  # noqa: B009 - what its options are is not known here


@given(
    low=st.floats(1e-6, 1e3),
    factor=st.floats(1.0, 1e8),
    step=st.none() | st.floats(1e-2, 1e3),
    key=st.sampled_from(["C_val", "gamma"]),
)
def test_values_of_numbers_go_up_from_end_to_end(low: float, factor: float, step: float | None, key: str) -> None:
    high = low * factor
    assume(step is None or (high - low) / step < 1000)
    found = values("svm", key, low, high, *([] if step is None else [step]))
    assert found[0] == pytest.approx(low, rel=1e-3, abs=1e-9)
    assert all(a < b for a, b in pairwise(found)) or factor < 1.01
    assert found[-1] <= high * (1 + 1e-6) + 1e-9
    if step is None:
        assert len(found) == 1 if low == high else 5 <= len(found) <= 8
    else:
        assert found[-1] > high - step - 1e-6


@given(low=st.integers(1, 50), more=st.integers(0, 60), step=st.none() | st.integers(1, 7))
def test_whole_numbers_stay_whole(low: int, more: int, step: int | None) -> None:
    found = values("knn", "K_val", low, low + more, *([] if step is None else [step]))
    assert found == list(range(low, low + more + 1, step or 1))
    assert all(type(one) is int for one in found)


SPACES = st.fixed_dictionaries(
    {
        "C_val": st.sampled_from([(0.1, 1.0), Range((0.01, 100)), Range((1, 2, 0.25)), Range((1, 3)), (5.0,)]),
        "kernel": st.sampled_from([("linear",), ("linear", "rbf", "poly")]),
        "gamma": st.sampled_from([("scale", 0.1), Range((0.001, 0.1)), ("auto",)]),
    }
)


@given(space=SPACES, count=st.integers(1, 30), seed=st.integers(-5, 2**70))
def test_what_is_drawn_is_allowed_different_and_goes_on(space: dict[str, Any], count: int, seed: int) -> None:
    dims = dimensions(space, model("svm"))
    found = drawn(dims, count, seed)
    assert len(found) == min(count, size(dims, drawn=True))
    assert len({repr(one) for one in found}) == len(found)
    plugin = models.get("svm")
    for one in found:
        assert options_for(plugin, one)
        for dim in dims:
            inside = dim.span is not None and dim.span.low <= one[dim.key] <= dim.span.high
            assert inside if dim.endless else one[dim.key] in dim.values
    assert drawn(dims, count + 5, seed)[: len(found)] == found
    assert drawn(dims, count, seed) == found


def test_what_is_drawn_by_ratio_is_even_on_that_scale() -> None:
    dims = dimensions({"C_val": Range((0.01, 100))}, model("svm"))
    logs = [math.log10(one["C_val"]) for one in drawn(dims, 2000, 1)]
    shares = [sum(low <= one < low + 1 for one in logs) / 2000 for low in (-2, -1, 0, 1)]
    assert shares == pytest.approx([0.25] * 4, abs=0.04)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("C_val = (-1, 2)", "each must be a number above 0, not `-1`"),
        ("C_val = [1, 'much']", "each must be a number above 0, not `much`"),
        ("kernel = ['rbf', 'radial']", "not `radial`"),
        ("kernel = (1, 2)", "each must be `linear`"),
        ("C_val = (2, 1)", "low is the smaller one"),
        ("C_val = (1, 2, 0)", "the step above 0"),
        ("C_val = (1, 2, 1e-9)", "more than 100,000 values"),
        ("C_val = []", "give a list of values"),
        ("metric = f2", "not `f2`"),
        ("search_strategy = halfing_grid", "did you mean `halving_grid`"),
        ("model = svn", "did you mean `svm`"),
        ("kernels = ['rbf']", "did you mean `kernel`"),
        ("nested = 1", "must be `True`, `False` or a whole number of at least 2"),
        ("model = knn\nK_val = (1, 5, 0.5)", "so the step must be one"),
        ("model = knn\nK_val = (1.5, 5)", "each must be a whole number"),
        ("model = mlp\nnnodes = [16, 0]", "each must be a whole number of at least 1"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "x.ini").write_text(f"{BASE}{line}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "x.ini")
    (problem,) = caught.value.problems
    assert told in f"{problem} {problem.hint}"
    assert problem.line == 8 + line.count("\n")


def test_a_space_is_written_as_it_is_read(tmp_path: Path) -> None:
    text = f"{BASE}model = svm\nC_val = (0.1, 10, 0.3)\ngamma = ['scale', 0.1]\nkernel = rbf\nnested = 4\n"
    (tmp_path / "x.ini").write_text(text)
    config = load_config(tmp_path / "x.ini").config
    for name, written in (("a.ini", to_ini(config)), ("a.yaml", to_yaml(config))):
        (tmp_path / name).write_text(written)
        assert load_config(tmp_path / name).config.optim == config.optim


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("max_depth = [3]", "`max_depth` has no effect with `svm`"),
        ("model = xgb\nC_val = [3]", "`C_val` has no effect with `xgb`"),
        ("model = knn\n[MODEL]\ntype = svm", "`model` has no effect: [MODEL] `type` is `svm`"),
        ("n_iter = 7", "`n_iter` has no effect with `grid`"),
        ("random_state = 7\nsearch_strategy = halving_grid", "`random_state` has no effect with `halving_grid`"),
        ("c = [1, 2]", "`c` is now `C_val`"),
    ],
)
def test_what_changes_nothing_is_told(tmp_path: Path, lines: str, told: str) -> None:
    (tmp_path / "x.ini").write_text(f"{BASE}{lines}\n")
    (warning,) = load_config(tmp_path / "x.ini").warnings
    assert told in str(warning)
