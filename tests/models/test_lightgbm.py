"""LightGBM: its own numbers, early stopping on the dev part, and a text that cannot lead it out of its arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nk.errors import DataError, MissingDependency, PluginError
from nk.models import _lightgbm
from nk.models._lightgbm_text import read
from nk.models.lgbm import Lgbm
from nk.models.lgbr import Lgbr
from nk.registry import Training

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nk.models._lightgbm import FittedLight

OPTIONS: dict[str, Any] = {
    "n_estimators": 20,
    "max_depth": 3,
    "num_leaves": 6,
    "learning_rate": 0.2,
    "subsample": 0.7,
    "colsample_bytree": 0.6,
    "min_child_samples": 5,
}
THEIRS: dict[str, Any] = {
    **OPTIONS,
    "subsample_freq": 1,
    "random_state": 5,
    "n_jobs": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def fit(plugin: Any, data: Training, *, seed: int = 1, jobs: int = 1, **options: Any) -> FittedLight:
    found: FittedLight = plugin(plugin.options_type(**options), name=plugin.name).fit(data, seed=seed, jobs=jobs)
    return found


def noisy(classes: int, rows: int = 200, seed: int = 0) -> Training:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 5)).astype(np.float32)
    y = np.arange(rows) // 10 % classes if classes else 3 * x[:, 0].astype(np.float64) + rng.normal(size=rows)
    x[:, 0] += y
    return Training(x, y, np.arange(rows) % 10, classes)


@pytest.mark.parametrize("classes", [2, 7])
def test_classes_are_as_lightgbm_says(classes: int) -> None:
    data = noisy(classes, rows=300)
    theirs = lightgbm.LGBMClassifier(**THEIRS).fit(data.x, data.y).predict_proba(data.x)
    np.testing.assert_allclose(fit(Lgbm, data, seed=5, **OPTIONS).predict(data.x), theirs, atol=1e-12)


def test_values_are_as_lightgbm_says() -> None:
    data = noisy(0)
    theirs = lightgbm.LGBMRegressor(**THEIRS).fit(data.x, data.y).predict(data.x)
    np.testing.assert_allclose(fit(Lgbr, data, seed=5, **OPTIONS).predict(data.x), theirs, rtol=1e-12)


def test_class_weights_are_balanced() -> None:
    data = noisy(3)
    rows = ~((data.y == 1) & (np.arange(200) % 4 > 0))
    part = Training(data.x[rows], data.y[rows], data.groups[rows], 3)
    theirs = lightgbm.LGBMClassifier(**THEIRS, class_weight="balanced").fit(part.x, part.y).predict_proba(data.x)
    ours = fit(Lgbm, part, seed=5, class_weight=True, **OPTIONS).predict(data.x)
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_threads_and_large_seeds_change_nothing_but_the_seed_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lightgbm, "ROWS_A_THREAD", 50)
    data = noisy(3)
    one, two = (fit(Lgbm, data, jobs=jobs, seed=7, subsample=0.5).trees for jobs in (1, 2))
    assert one == two
    assert fit(Lgbm, data, seed=2**32 - 1, subsample=0.5).trees != one


@pytest.mark.parametrize(("depth", "leaves", "most"), [(1, 31, 2), (3, 31, 8), (9, 5, 5)])
def test_leaves_are_bounded_by_their_number_and_by_depth(depth: int, leaves: int, most: int) -> None:
    trees = fit(Lgbm, noisy(2), max_depth=depth, num_leaves=leaves, min_child_samples=1).trees
    assert max(int(block.partition("\n")[0].removeprefix("num_leaves=")) for block in trees.blocks) == most


@pytest.mark.parametrize(("plugin", "classes"), [(Lgbm, 2), (Lgbm, 3), (Lgbr, 0)])
def test_stops_on_the_dev_part(plugin: Any, classes: int) -> None:
    """The rounds that are kept are those at which the loss on dev is least among all of a full training."""
    data, dev = noisy(classes), noisy(classes, rows=90, seed=1)
    watched = Training(data.x, data.y, data.groups, classes, dev.x, dev.y)
    stopped = fit(plugin, watched, early_stopping_rounds=100)
    assert 1 <= stopped.trees.rounds < 100

    def loss(n_estimators: int) -> float:
        found = fit(plugin, data, n_estimators=n_estimators).predict(dev.x)
        return float(-np.log(found[np.arange(90), dev.y]).mean() if classes else np.mean((found - dev.y) ** 2))

    assert loss(stopped.trees.rounds) <= min(loss(count) for count in range(1, 101, 3)) + 1e-7
    assert fit(plugin, data, n_estimators=stopped.trees.rounds).trees == stopped.trees


@pytest.mark.parametrize("plugin", [Lgbm, Lgbr])
def test_asks_for_speakers_to_stop_on_only_where_it_stops(plugin: Any) -> None:
    def share(**options: Any) -> float | None:
        found: float | None = plugin(plugin.options_type(**options), name=plugin.name).stop_share
        return found

    assert share(validation_split=0.3) is None
    assert share(validation_split=0.3, early_stopping_rounds=5) == 0.3


def test_stops_where_it_is_asked_to_and_has_a_dev_part() -> None:
    data, dev = noisy(2), noisy(2, seed=1)
    full = fit(Lgbm, data).trees
    assert full.rounds == 100
    with pytest.raises(DataError, match="no dev part to watch"):
        fit(Lgbm, data, early_stopping_rounds=1)
    assert fit(Lgbm, Training(data.x, data.y, data.groups, 2, dev.x, dev.y)).trees == full


def test_the_metric_is_the_one_asked_for() -> None:
    """Errors stop changing long before the log loss does."""
    data, dev = noisy(3), noisy(3, seed=1)
    watched = Training(data.x, data.y, data.groups, 3, dev.x, dev.y)
    loss, same, errors = (
        fit(Lgbm, watched, early_stopping_rounds=5, eval_metric=metric).trees.rounds
        for metric in ("logloss", "mlogloss", "error")
    )
    assert loss == same != errors


def test_dev_rows_of_unknown_classes_are_passed_over() -> None:
    data = noisy(2)
    more = Training(data.x, data.y, data.groups, 3, np.concatenate([data.x, data.x]), np.r_[data.y, np.full(200, 2)])
    less = Training(data.x, data.y, data.groups, 3, data.x, data.y)
    assert fit(Lgbm, more, early_stopping_rounds=3).trees == fit(Lgbm, less, early_stopping_rounds=3).trees
    only = Training(data.x, data.y, data.groups, 3, data.x, np.full(200, 2))
    with pytest.raises(DataError, match="nothing to watch"):
        fit(Lgbm, only, early_stopping_rounds=3)


@pytest.mark.parametrize(("plugin", "classes", "every"), [(Lgbm, 2, 0.5), (Lgbr, 0, None)])
def test_says_when_rows_are_too_few_to_learn(plugin: Any, classes: int, every: float | None, tmp_path: Path) -> None:
    data = noisy(classes, rows=20)
    model = fit(plugin, data)
    np.testing.assert_allclose(model.predict(data.x), data.y.mean() if every is None else every, rtol=1e-6)
    said = f"`{plugin.name}` predicts the same for all: no question leaves `min_child_samples` = 20 rows on both sides"
    assert model.notes == (f"{said}, so set it lower",)
    model.save(tmp_path)
    assert plugin.load(tmp_path).notes == model.notes
    assert fit(plugin, data, min_child_samples=2).notes == ()


def test_a_missing_system_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    whole = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "lightgbm":
            raise OSError("libgomp.so.1: cannot open shared object file")
        return whole(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependency, match=r"libgomp\.so\.1") as error:
        fit(Lgbm, noisy(2))
    assert "libgomp1" in str(error.value.hint)


def test_other_features_are_refused() -> None:
    model = fit(Lgbm, noisy(2), n_estimators=2)
    with pytest.raises(DataError, match=r"^4 features where the model was trained on 5$"):
        model.predict(np.zeros((1, 4), dtype=np.float32))


def stored(folder: Path, classes: int = 3, **options: Any) -> str:
    options = {"n_estimators": 3, **options}
    fit(Lgbm if classes else Lgbr, noisy(classes), **options).save(folder)
    return (folder / "booster.txt").read_text()


def test_what_is_stored_is_lightgbms_own_format(tmp_path: Path) -> None:
    stored(tmp_path)
    x = noisy(3).x
    theirs = lightgbm.Booster(model_file=tmp_path / "booster.txt")
    np.testing.assert_array_equal(theirs.predict(x), Lgbm.load(tmp_path).predict(x))


def test_a_rewritten_text_predicts_the_same() -> None:
    data = noisy(7, rows=400)
    params = {"objective": "multiclass", "num_class": 7, "verbosity": -1, "num_threads": 1}
    theirs = lightgbm.train(params, lightgbm.Dataset(data.x, data.y), 50)
    trees = read(theirs.model_to_string())
    assert (trees.rounds, trees.outputs, trees.features) == (50, 7, 5)
    assert read(trees.text()) == trees
    ours = lightgbm.Booster(model_str=trees.text())
    np.testing.assert_array_equal(ours.predict(data.x), theirs.predict(data.x))


def line(key: str, change: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    """Change the words of the first line of this key."""

    def harm(text: str) -> str:
        start, end = text.index(f"\n{key}=") + len(key) + 2, text.index("\n", text.index(f"\n{key}=") + 1)
        return text[:start] + " ".join(change(text[start:end].split())) + text[end:]

    return harm


def first(value: str) -> Callable[[list[str]], list[str]]:
    return lambda words: [value, *words[1:]]


HARMS: dict[str, Callable[[str], str]] = {
    "a child that there is not": line("left_child", first("1000000")),
    "a question that is a leaf's place": line("left_child", lambda words: [str(len(words)), *words[1:]]),
    "a leaf that there is not": line("right_child", first("-1000000")),
    "a circle": line("left_child", first("0")),
    "a child too few": line("left_child", lambda words: words[1:]),
    "a feature that there is not": line("split_feature", first("1000000")),
    "a feature below 0": line("split_feature", first("-1")),
    "a feature too few": line("split_feature", lambda words: words[1:]),
    "a categorical question": line("decision_type", first("1")),
    "categories": line("num_cat", first("1")),
    "a threshold too few": line("threshold", lambda words: words[1:]),
    "a leaf too few": line("leaf_value", lambda words: words[1:]),
    "no number": line("leaf_value", first("nan")),
    "too large a number": line("leaf_count", first("99999999999")),
    "fewer leaves": line("num_leaves", first("2")),
    "many leaves": line("num_leaves", first("2000000000")),
    "no leaves": line("num_leaves", first("0")),
    "a linear tree": line("is_linear", first("1")),
    "other classes": line("num_class", first("1")),
    "other trees a round": line("num_tree_per_iteration", first("9")),
    "another task": line("objective", first("multiclassova")),
    "other features": line("max_feature_idx", first("1000000")),
    "a feature less": line("feature_names", lambda words: words[1:]),
    "no features": line("feature_names", lambda _: []),
    "other sizes": line("tree_sizes", first("99999999")),
    "a tree less": lambda text: text[: text.index("Tree=8")] + "end of trees\n",
    "no trees": lambda text: text[: text.index("Tree=0")] + "end of trees\n",
    "a key twice": lambda text: text.replace("\nnum_cat=0", "\nnum_cat=0\nnum_cat=0", 1),
    "a key less": lambda text: text.replace("\nnum_cat=0", "", 1),
    "an average": lambda text: text.replace("\nobjective", "\naverage_output\nobjective", 1),
    "more behind the trees": lambda text: text + "\nparameters:\n",
    "another spelling": line("leaf_value", lambda words: [f"+{words[0]}", *words[1:]]),
    "no text": lambda text: text.replace("tree", "tr\u00e9e", 1),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_text_that_could_crash_the_process_is_refused(tmp_path: Path, harm: str) -> None:
    text = stored(tmp_path)
    Lgbm.load(tmp_path)
    harmed = HARMS[harm](text)
    assert harmed != text
    (tmp_path / "booster.txt").write_text(harmed, encoding="utf-8")
    with pytest.raises(PluginError, match=r"booster\.txt` cannot be read: [^\n]+$") as error:
        Lgbm.load(tmp_path)
    assert error.value.hint


def test_trees_of_another_task_are_refused(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    stored(tmp_path)
    (tmp_path / "booster.txt").write_text(stored(tmp_path / "two", classes=2))
    with pytest.raises(PluginError, match="its task `binary sigmoid:1` is not that of `model.json`"):
        Lgbm.load(tmp_path)


@settings(max_examples=300)
@given(data=st.data())
def test_no_damage_crashes_the_process(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A changed digit may make another sound model; all else is told."""
    folder = tmp_path_factory.mktemp("model")
    whole = stored(folder, n_estimators=1).encode()
    at = data.draw(st.integers(0, len(whole) - 1))
    bad = data.draw(st.sampled_from([b"", b"0", b"9", b"-", b" ", b"\n", b"=", b"e", b"\x00", b"\xff", b"99999"]))
    (folder / "booster.txt").write_bytes(whole[:at] + bad + whole[at + data.draw(st.integers(0, 2)) :])
    try:
        model = Lgbm.load(folder)
    except PluginError:
        return
    assert model.predict(noisy(3).x).shape == (200, 3)
