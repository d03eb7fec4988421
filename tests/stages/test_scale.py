"""Scales: known answers, nothing but the training part, and no value that is not finite."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nk.errors import ConfigError, DataError, PluginError
from nk.stages.scale import METHODS, fit_scaler, load_scaler
from nk.storage import dump_estimator

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = np.array([[0, 5], [1, 5], [2, 5], [3, 5], [4, 5]], dtype=np.float32)


# These scale a row by what they have learnt, whatever the other rows are.
ALONE = [method for method in METHODS if method != "speaker"]


def two(x: Any) -> list[str]:
    """Speakers, two in turn."""
    return [f"s{number % 2}" for number in range(len(x))]


def scaled(method: str | None, train: Any, x: Any) -> Any:
    return fit_scaler(method, np.asarray(train, dtype=np.float32)).transform(np.asarray(x, dtype=np.float32), two(x))


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (None, [0, 2, 10]),
        ("standard", [-np.sqrt(2), 0, 8 / np.sqrt(2)]),  # mean 2, variance 2
        ("robust", [-1, 0, 4]),  # median 2, quartiles 1 and 3
        ("minmax", [0, 0.5, 2.5]),
        ("maxabs", [0, 0.5, 2.5]),
        ("quantiletransformer", [0, 0.5, 1]),
        ("bins", [0, 0.5, 1]),  # edges 1.32 and 2.64
    ],
)
def test_known_answers(method: str | None, expected: Any) -> None:
    found = scaled(method, TRAIN, [[0, 5], [2, 5], [10, 5]])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0], np.array(expected), rtol=1e-6)


def test_normalizer_divides_a_row_by_its_norm() -> None:
    np.testing.assert_allclose(
        scaled("normalizer", TRAIN, [[3, 4], [0, 0]]), np.array([[0.6, 0.8], [0, 0.0]]), rtol=1e-6
    )


def test_powertransformer_is_yeo_johnson_with_a_standard_scale() -> None:
    from scipy.stats import yeojohnson

    x = np.exp(np.random.default_rng(0).normal(size=200))
    expected, _ = yeojohnson(x)
    expected = (expected - expected.mean()) / expected.std()
    np.testing.assert_allclose(scaled("powertransformer", x[:, None], x[:, None])[:, 0], expected, atol=1e-4)


def test_speaker_is_the_standard_scale_of_each_alone() -> None:
    from scipy.stats import zscore

    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, size=(40, 5)).astype(np.float32)
    speakers = [f"s{number}" for number in rng.integers(0, 4, 40)]
    found = fit_scaler("speaker", TRAIN[:, [0] * 5]).transform(x, speakers)
    for name in set(speakers):
        mine = [speaker == name for speaker in speakers]
        np.testing.assert_allclose(found[mine], zscore(x[mine].astype(np.float64)), atol=1e-6)


def test_a_speaker_with_one_row_gives_zeros_and_changes_no_other() -> None:
    x = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    scaler = fit_scaler("speaker", TRAIN)
    found = scaler.transform(x, ["a", "b", "a", "a", "a"])
    assert (found[1] == 0).all()
    np.testing.assert_array_equal(found[[0, 2, 3, 4]], scaler.transform(x[[0, 2, 3, 4]], ["a"] * 4))


@pytest.mark.parametrize("value", [0.0, 0.1, 5, -1234.5678, 1e-20, 1e20])
@pytest.mark.parametrize("method", METHODS)
def test_a_constant_column_stays_finite(method: str, value: float) -> None:
    train = np.full((7, 3), value, dtype=np.float32)
    found = scaled(method, train, train)
    assert np.isfinite(found).all()
    if method in {"standard", "robust", "powertransformer", "minmax", "bins", "quantiletransformer", "speaker"}:
        np.testing.assert_allclose(found, 0, atol=1e-6 * max(abs(value), 1))


def test_a_power_that_overflows_gives_a_finite_value() -> None:
    """Found by the property below: nine zeros and a half make a power that sends negative values out of range."""
    train = np.array([[0.5], *[[0.0]] * 9], dtype=np.float32)
    found = fit_scaler("powertransformer", train).transform(np.array([[-3.7e11], [0.0]], dtype=np.float32))
    assert np.isfinite(found).all()
    assert found[0, 0] < found[1, 0]


@settings(max_examples=40, deadline=None)
@given(
    train=arrays(np.float32, st.tuples(st.integers(1, 12), st.just(2)), elements=st.floats(-1e6, 1e6, width=32)),
    test=arrays(np.float32, (4, 2), elements=st.floats(-(2.0**100), 2.0**100, width=32)),
    method=st.sampled_from([None, *METHODS]),
)
def test_finite_stays_finite_in_single_precision(train: Any, test: Any, method: str | None) -> None:
    scaler = fit_scaler(method, train)
    for x in (train, test):
        found = scaler.transform(x, two(x))
        assert found.dtype == np.float32
        assert found.shape == x.shape
        assert np.isfinite(found).all()


@pytest.mark.parametrize("method", ALONE)
def test_a_row_is_scaled_without_regard_to_the_others(method: str) -> None:
    """So that test rows say nothing to each other, nor to the scale."""
    rng = np.random.default_rng(0)
    train, test = (rng.normal(size=(30, 3)).astype(np.float32) for _ in range(2))
    scaler = fit_scaler(method, train)
    together = scaler.transform(np.concatenate([test, test * 1000]))[:30]
    alone = np.concatenate([scaler.transform(row[None]) for row in test])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_given_is_changed(method: str) -> None:
    train, test = TRAIN.copy(), 2 * TRAIN
    fit_scaler(method, train).transform(test, two(test))
    np.testing.assert_array_equal(train, TRAIN)
    np.testing.assert_array_equal(test, 2 * TRAIN)


@pytest.mark.parametrize("method", [None, *METHODS])
def test_a_stored_scaler_is_the_same(method: str | None, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    train, test = (rng.normal(size=(30, 3)).astype(np.float32) for _ in range(2))
    scaler = fit_scaler(method, train)
    scaler.save(tmp_path)
    loaded = load_scaler(tmp_path)
    assert loaded.method == method
    np.testing.assert_array_equal(loaded.transform(test, two(test)), scaler.transform(test, two(test)))
    for file in tmp_path.glob("*.skops"):
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                with archive.open(name) as content:
                    if name.endswith(".npy"):
                        np.load(content, allow_pickle=False)
                    else:
                        json.load(content)


@pytest.mark.parametrize(
    "change",
    [{"schema": 2}, {"method": "minmax"}, {"method": "bins"}, {"method": "best"}, {"features": 9}, {"edges": 3}],
)
def test_a_changed_scaler_is_told(change: dict[str, Any], tmp_path: Path) -> None:
    fit_scaler("standard", TRAIN).save(tmp_path)
    record = json.loads((tmp_path / "scaler.json").read_text())
    (tmp_path / "scaler.json").write_text(json.dumps({**record, **change}))
    with pytest.raises(PluginError, match="cannot be read"):
        load_scaler(tmp_path)


@pytest.mark.parametrize("change", [{"edges": None}, {"edges": [[1], [2]]}, {"method": None}, {"features": 3}])
def test_changed_bins_are_told(change: dict[str, Any], tmp_path: Path) -> None:
    fit_scaler("bins", TRAIN).save(tmp_path)
    record = json.loads((tmp_path / "scaler.json").read_text())
    (tmp_path / "scaler.json").write_text(json.dumps({**record, **change}))
    with pytest.raises(PluginError, match="its edges"):
        load_scaler(tmp_path)


def test_a_truncated_scaler_is_told(tmp_path: Path) -> None:
    fit_scaler("standard", TRAIN).save(tmp_path)
    file = tmp_path / "scaler.skops"
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(PluginError, match=r"scaler\.skops` cannot be read"):
        load_scaler(tmp_path)


def test_mistakes_are_told() -> None:
    with pytest.raises(ConfigError, match="`zscore` is not one of the scales: standard, robust"):
        fit_scaler("zscore", TRAIN)
    with pytest.raises(DataError, match="not known who speaks$"):
        fit_scaler("speaker", TRAIN).transform(TRAIN)
    with pytest.raises(DataError, match=r"not known who speaks \(2 rows\)$"):
        fit_scaler("speaker", TRAIN).transform(TRAIN, ["a", None, None, "b", "b"])
    with pytest.raises(DataError, match="no rows"):
        fit_scaler("standard", TRAIN[:0])
    with pytest.raises(DataError, match="3 features where the scaler was fitted on 2"):
        fit_scaler("standard", TRAIN).transform(np.zeros((1, 3), dtype=np.float32))


def test_no_rows_are_scaled_to_no_rows() -> None:
    for method in (None, *METHODS):
        assert scaled(method, TRAIN, TRAIN[:0]).shape == (0, 2)


@pytest.mark.parametrize(
    ("method", "name"),
    [("standard", "scale_"), ("robust", "center_"), ("minmax", "min_"), ("maxabs", "scale_"),
     ("powertransformer", "lambdas_"), ("quantiletransformer", "quantiles_")],
)  # fmt: skip
@pytest.mark.parametrize(
    "harm",
    [lambda it: it.astype("f4"), lambda it: it[..., :1], lambda it: it * np.nan, str],
    ids=["single", "cut", "nan", "text"],
)
def test_a_scaler_that_would_fail_later_is_refused(tmp_path: Path, method: str, name: str, harm: Any) -> None:
    fit_scaler(method, np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)).save(tmp_path)
    path = tmp_path / "scaler.skops"
    estimator: Any = load_scaler(tmp_path).estimator
    setattr(estimator, name, harm(getattr(estimator, name)))
    dump_estimator(path, estimator)
    with pytest.raises(PluginError, match=r"scaler\.skops` cannot be read: [^\n]+$"):
        load_scaler(tmp_path)
