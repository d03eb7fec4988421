"""Stored files: what is not ours, or is damaged, is told and never run."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import BaseModel

from nk import families
from nk.errors import PluginError
from nk.models.bayes import Bayes
from nk.models.forest import Forest
from nk.models.gmm import Gmm
from nk.models.lgbm import Lgbm
from nk.models.svm import Svm
from nk.models.svr import Svr
from nk.models.tree import Tree
from nk.models.xgb import Xgb
from nk.registry import Training
from nk.storage import dump_estimator, load_estimator, read_record, write_record

if TYPE_CHECKING:
    from pathlib import Path


class Record(BaseModel):
    count: int
    names: tuple[str, ...] = ()


def test_a_record_comes_back(tmp_path: Path) -> None:
    record = Record(count=3, names=("ä", "b"))
    write_record(tmp_path / "a.json", record)
    assert read_record(tmp_path / "a.json", Record) == record


@pytest.mark.parametrize("content", [b"", b"{", b'{"count": "many"}', b"[]", b"\xff\xfe"])
def test_a_damaged_record_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(PluginError, match=r"^`[^`]+a\.json` cannot be read: [^\n]+[^.\n]$") as error:
        read_record(tmp_path / "a.json", Record)
    assert error.value.exit_code == 5


def test_another_estimator_is_refused(tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression, Ridge

    dump_estimator(tmp_path / "a.skops", Ridge().fit([[1.0], [2]], [1, 2]))
    with pytest.raises(PluginError, match="Ridge"):
        load_estimator(tmp_path / "a.skops", LinearRegression)


def rewritten(path: Path, change: Any) -> None:
    """Change the schema within a skops file."""
    with zipfile.ZipFile(path) as old:
        files = {name: old.read(name) for name in old.namelist()}
    schema = json.loads(files["schema.json"])
    change(schema)
    files["schema.json"] = json.dumps(schema).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, content in files.items():
            new.writestr(name, content)


@pytest.mark.parametrize(("module", "name"), [("os", "system"), ("builtins", "eval"), ("subprocess", "Popen")])
def test_a_function_smuggled_in_is_not_run(tmp_path: Path, module: str, name: str) -> None:
    from sklearn.linear_model import Ridge

    path = tmp_path / "a.skops"
    dump_estimator(path, Ridge(alpha=2))

    def smuggle(schema: dict[str, Any]) -> None:
        schema.update({"__class__": name, "__module__": module})

    rewritten(path, smuggle)
    with pytest.raises(PluginError, match="cannot be read"):
        load_estimator(path, Ridge)


class Bomb:
    """A pickle of this writes a file when it is read."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return (open, (self.path, "w"))


@pytest.mark.parametrize("within", ["file", "array"])
def test_a_pickle_in_its_place_is_not_read(tmp_path: Path, within: str) -> None:
    from sklearn.linear_model import LinearRegression

    path, trap = tmp_path / "a.skops", tmp_path / "ran"
    dump_estimator(path, LinearRegression().fit([[1.0], [2]], [1, 2]))
    if within == "file":
        path.write_bytes(pickle.dumps(Bomb(str(trap))))
    else:
        bomb = io.BytesIO()
        np.save(bomb, np.array([Bomb(str(trap))], dtype=object), allow_pickle=True)
        with zipfile.ZipFile(path) as old:
            files = {name: old.read(name) for name in old.namelist()}
        assert any(name.endswith(".npy") for name in files)
        with zipfile.ZipFile(path, "w") as new:
            for name, content in files.items():
                new.writestr(name, bomb.getvalue() if name.endswith(".npy") else content)
    with pytest.raises(PluginError, match="cannot be read"):
        load_estimator(path, LinearRegression)
    assert not trap.exists()


def stored(plugin: Any, folder: Path, classes: int = 3) -> None:
    rng = np.random.default_rng(0)
    y: Any = np.arange(30) % classes if classes else rng.normal(size=30)
    data = Training((rng.normal(size=(30, 2)) + y[:, None]).astype(np.float32), y, np.arange(30) // 6, classes)
    plugin(plugin.options_type(), name=plugin.name).fit(data, seed=0, jobs=1).save(folder)


@pytest.mark.parametrize("plugin", [Svm, Tree, Forest, Bayes, Gmm, Xgb, Lgbm])
@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"model": "knn"},
        {"classes": 2},
        {"present": [0, 1]},
        {"present": [2, 1, 0]},
        {"present": [0, 1, 5]},
        {"temperature": -1},
        {"priors": [0.5, 0.5]},
        {"priors": [0.5, 0.6, -0.1]},
        {"priors": [0.5, 0.5, 0.5]},
        {"more": 1},
    ],
)
def test_a_changed_record_of_a_model_is_told(tmp_path: Path, plugin: Any, change: dict[str, Any]) -> None:
    stored(plugin, tmp_path)
    record = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**record, **change}))
    with pytest.raises(PluginError, match=r"^`.*` cannot be read: [^\n]+$"):
        plugin.load(tmp_path)


def first_tree(learner: Any) -> Any:
    return learner["gradient_booster"]["model"]["trees"][0]


@pytest.mark.parametrize(
    "harm",
    [
        lambda it: first_tree(it)["left_children"].pop(),
        lambda it: first_tree(it)["left_children"].__setitem__(0, 10**6),
        lambda it: first_tree(it)["right_children"].__setitem__(0, -7),
        lambda it: first_tree(it)["left_children"].__setitem__(0, 0),
        lambda it: first_tree(it)["split_indices"].__setitem__(0, 10**6),
        lambda it: first_tree(it)["split_type"].__setitem__(0, 1),
        lambda it: it["gradient_booster"]["model"]["tree_info"].__setitem__(0, 9),
        lambda it: it["gradient_booster"]["model"]["iteration_indptr"].__setitem__(-1, 10**6),
        lambda it: it["gradient_booster"]["model"].pop("trees"),
        lambda it: first_tree(it)["tree_param"].update(size_leaf_vector="7"),
        lambda it: first_tree(it)["tree_param"].update(num_feature="1"),
        lambda it: first_tree(it)["tree_param"].update(num_nodes="100000000"),
        lambda it: first_tree(it)["tree_param"].update(num_deleted="1"),
        lambda it: first_tree(it).update(categories=[1, 2, 3], categories_nodes=[0], categories_segments=[10**6]),
        lambda it: first_tree(it).update(parents=[10**6] * len(first_tree(it)["parents"])),
        lambda it: first_tree(it)["split_conditions"].pop(),
        lambda it: first_tree(it).update(base_weights=[]),
        lambda it: it["learner_model_param"].update(num_feature="100000"),
        lambda it: it["learner_model_param"].update(num_target="5"),
        lambda it: it["learner_model_param"].update(base_score="[1,2]"),
        lambda it: it["gradient_booster"].update(name="gblinear"),
        lambda it: it["gradient_booster"].update(name="dart"),
        lambda it: it.update(
            gradient_booster={
                "name": "gblinear",
                "model": {"weights": [1.0], "boosted_rounds": 1, "trees": [], "tree_info": [], "iteration_indptr": [0]},
            }
        ),
        lambda it: it["gradient_booster"]["model"]["gbtree_model_param"].update(num_trees="100000"),
        lambda it: it["gradient_booster"]["model"]["gbtree_model_param"].update(num_parallel_tree="50"),
        lambda it: it["gradient_booster"]["model"].update(
            cats={"enc": [], "feature_segments": [0, 9], "sorted_idx": []}
        ),
        lambda it: it.update(feature_types=["c", "c"]),
        lambda it: it.update(feature_names=["a", "b"]),
    ],
)
def test_a_booster_that_would_crash_the_process_is_refused(tmp_path: Path, harm: Any) -> None:
    stored(Xgb, tmp_path)
    Xgb.load(tmp_path)
    booster = json.loads((tmp_path / "booster.json").read_text())
    harm(booster["learner"])
    (tmp_path / "booster.json").write_text(json.dumps(booster))
    with pytest.raises(PluginError, match=r"booster\.json` cannot be read: [^\n]+$"):
        Xgb.load(tmp_path)


@pytest.mark.parametrize(
    ("field", "node", "value"),
    [("left_child", 0, 10**6), ("right_child", 0, 0), ("left_child", 0, -5), ("feature", 0, 99), ("feature", 0, -1)],
)
def test_a_tree_that_would_crash_the_process_is_refused(tmp_path: Path, field: str, node: int, value: int) -> None:
    from sklearn.tree import DecisionTreeClassifier

    stored(Tree, tmp_path)
    path = tmp_path / "estimator.skops"
    tree = load_estimator(path, DecisionTreeClassifier)
    state = tree.tree_.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"][field][node] = value
    tree.tree_.__setstate__(state)
    dump_estimator(path, tree)
    with pytest.raises(PluginError, match=r"estimator\.skops` cannot be read: (the nodes of|a tree asks)"):
        Tree.load(tmp_path)


@pytest.mark.parametrize("name", ["support_vectors_", "_dual_coef_", "_intercept_", "_n_support", "support_"])
@pytest.mark.parametrize("plugin", [Svm, Svr])
def test_an_svm_that_would_crash_the_process_is_refused(tmp_path: Path, plugin: Any, name: str) -> None:
    stored(plugin, tmp_path, classes=3 if plugin is Svm else 0)
    path = tmp_path / "estimator.skops"
    estimator = load_estimator(path, plugin.estimator_type())
    machine = estimator if plugin is Svm else estimator.regressor_
    values = getattr(machine, name)
    setattr(machine, name, values[..., :-1] if name != "_n_support" else values + 1)
    dump_estimator(path, estimator)
    with pytest.raises(PluginError, match="the arrays of the support vectors do not fit each other"):
        plugin.load(tmp_path)


@pytest.mark.parametrize("name", ["svm", "svr", "tree", "forest", "forest_reg", "bayes", "log_reg", "knn"])
def test_an_untrained_estimator_is_refused(tmp_path: Path, name: str) -> None:
    plugin: Any = families.models.get(name)
    stored(plugin, tmp_path, classes=3 if plugin.task == "classification" else 0)
    dump_estimator(tmp_path / "estimator.skops", plugin(plugin.options_type(), name=name).build(0))
    with pytest.raises(PluginError, match="AttributeError"):
        plugin.load(tmp_path)


def test_a_booster_for_another_task_is_refused(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    stored(Xgb, tmp_path)
    stored(Xgb, tmp_path / "two", classes=2)
    (tmp_path / "booster.json").write_bytes((tmp_path / "two" / "booster.json").read_bytes())
    with pytest.raises(PluginError, match="its task"):
        Xgb.load(tmp_path)


def test_a_key_that_is_there_twice_is_read_as_it_was_checked(tmp_path: Path) -> None:
    """A parser takes the first or the last of two: with the harm in either place nothing may crash."""
    stored(Xgb, tmp_path)
    path = tmp_path / "booster.json"
    text = path.read_text()
    expected = Xgb.load(tmp_path).predict(np.zeros((1, 2), dtype=np.float32))
    sound = '"size_leaf_vector":"1"'
    assert sound in text
    path.write_text(text.replace(sound, f'"size_leaf_vector":"7",{sound}'))
    np.testing.assert_array_equal(Xgb.load(tmp_path).predict(np.zeros((1, 2), dtype=np.float32)), expected)
    path.write_text(text.replace(sound, f'{sound},"size_leaf_vector":"7"'))
    with pytest.raises(PluginError, match="more than a number in a leaf"):
        Xgb.load(tmp_path)


@pytest.mark.parametrize("plugin", [Svm, Svr])
@pytest.mark.parametrize(
    "harm",
    [
        lambda it: setattr(it, "support_vectors_", it.support_vectors_.astype("f4")),
        lambda it: setattr(it, "support_vectors_", np.full_like(it.support_vectors_, np.nan)),
        lambda it: setattr(it, "_n_support", it._n_support.astype("i8")),
        lambda it: setattr(it, "_probA", np.ones(3)),
        lambda it: setattr(it, "kernel", "precomputed"),
        lambda it: setattr(it, "_sparse", True),
        lambda it: setattr(it, "degree", 10**9),
    ],
)
def test_an_svm_that_would_fail_later_is_refused(tmp_path: Path, plugin: Any, harm: Any) -> None:
    stored(plugin, tmp_path, classes=3 if plugin is Svm else 0)
    path = tmp_path / "estimator.skops"
    estimator = load_estimator(path, plugin.estimator_type())
    harm(estimator if plugin is Svm else estimator.regressor_)
    dump_estimator(path, estimator)
    with pytest.raises(PluginError, match=r"estimator\.skops` cannot be read: (the arrays of|its kernel)"):
        plugin.load(tmp_path)


@pytest.mark.parametrize("name", ["knn", "knn_reg"])
@pytest.mark.parametrize(
    "harm",
    [
        lambda it: setattr(it, "_y", it._y + (100 if it._y.dtype.kind == "i" else np.nan)),
        lambda it: setattr(it, "_y", it._y[:3]),
        lambda it: setattr(it, "_y", np.stack([it._y, it._y], axis=1)),
        lambda it: setattr(it, "_fit_X", it._fit_X[:3]),
        lambda it: setattr(it, "_fit_X", it._fit_X.astype("f4")),
        lambda it: setattr(it, "_fit_method", "kd_tree"),
        lambda it: setattr(it, "n_neighbors", 10**9),
        lambda it: setattr(it, "effective_metric_", "minkowski"),
        lambda it: setattr(it, "weights", "heavy"),
    ],
)
def test_neighbours_that_would_fail_later_are_refused(tmp_path: Path, name: str, harm: Any) -> None:
    plugin: Any = families.models.get(name)
    stored(plugin, tmp_path, classes=3 if name == "knn" else 0)
    path = tmp_path / "estimator.skops"
    estimator = load_estimator(path, plugin.estimator_type())
    harm(estimator)
    dump_estimator(path, estimator)
    with pytest.raises(PluginError, match=r"estimator\.skops` cannot be read: (its rows and|it does not search)"):
        plugin.load(tmp_path)


@pytest.mark.parametrize("name", ["n_outputs_", "n_features_in_", "n_classes_"])
def test_a_tree_that_would_fail_later_is_refused(tmp_path: Path, name: str) -> None:
    stored(Tree, tmp_path)
    path = tmp_path / "estimator.skops"
    tree = load_estimator(path, Tree.estimator_type())
    setattr(tree, name, np.int64(5))
    dump_estimator(path, tree)
    with pytest.raises(PluginError, match=r"estimator\.skops` cannot be read: the tree is of"):
        Tree.load(tmp_path)


def test_what_skops_does_not_need_is_not_imported(tmp_path: Path) -> None:
    """It lists all estimators when it is imported, for which it imports all of scikit-learn, and torch."""
    code = f"""if True:
        import sys
        from pathlib import Path
        from sklearn.preprocessing import StandardScaler
        from nk.storage import dump_estimator, load_estimator
        path = Path({str(tmp_path / "scaler.skops")!r})
        dump_estimator(path, StandardScaler().fit([[1.0], [2.0]]))
        assert load_estimator(path, StandardScaler).mean_ == [1.5]
        assert not {{"torch", "sklearn.neural_network", "sklearn.gaussian_process"}} & sys.modules.keys()
        import sklearn.utils
        assert len(sklearn.utils.all_estimators()) > 100
    """
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_estimator_within_another_is_not_trusted_for_being_one(tmp_path: Path) -> None:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.linear_model import Ridge

    model = TransformedTargetRegressor(Ridge()).fit([[0.0], [1.0]], [0.0, 1.0])
    dump_estimator(tmp_path / "model.skops", model)
    with pytest.raises(PluginError, match="Ridge"):
        load_estimator(tmp_path / "model.skops", TransformedTargetRegressor)
