"""What every learner has to hold, asked of all of them."""

from __future__ import annotations

import ast
import io
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nk import families
from nk.errors import DataError, PluginError
from nk.registry import Fitted, Model, Training

NAMES = families.models.names()
CASES = [
    (name, classes)
    for name in NAMES
    for classes in ((2, 7) if families.models.get(name).task == "classification" else (0,))
]
CLASSIFIERS = [name for name, classes in CASES if classes == 2]
# Defaults of 20 rows a leaf and of 4 distributions a class are for more rows than these.
SMALL: dict[str, dict[str, Any]] = {
    "lgbm": {"min_child_samples": 2},
    "lgbr": {"min_child_samples": 2},
    "gmm": {"GMM_components": 1},
}
ALLOWED = {"nk.errors", "nk.registry", "nk.storage", "pydantic", *sys.stdlib_module_names}


def make(name: str, **options: Any) -> Model:
    plugin = families.models.get(name)
    return plugin(plugin.options_type(**options), name=name)


def some(classes: int, rows: int = 60, features: int = 4, seed: int = 0) -> Training:
    """Three speakers, all classes by each; the first feature tells a class or value, the others are noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features)).astype(np.float32)
    groups = np.arange(rows) % 3
    y = (np.arange(rows) // 3) % classes if classes else 20 + 5 * x[:, -1].astype(np.float64)
    x[:, 0] += 3 * y
    return Training(x, y, groups, classes)


def fit(name: str, data: Training, *, seed: int = 1, jobs: int = 1, **options: Any) -> Fitted:
    return make(name, **{**SMALL.get(name, {}), **options}).fit(data, seed=seed, jobs=jobs)


def check_scores(scores: Any, rows: int, classes: int) -> None:
    assert scores.shape == ((rows, classes) if classes else (rows,))
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    if classes:
        assert scores.min() >= 0
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-12)


def test_these_are_the_learners() -> None:
    for_classes = {"svm", "xgb", "lgbm", "log_reg", "tree", "forest", "knn", "bayes", "gmm"}
    for_numbers = {"svr", "xgr", "lgbr", "lin_reg", "tree_reg", "forest_reg", "knn_reg"}
    for found, task in ((for_classes, "classification"), (for_numbers, "regression")):
        assert found <= {name for name in NAMES if families.models.get(name).task == task}


@pytest.mark.parametrize(("name", "classes"), CASES)
def test_who_says_so_tells_how_much_features_weigh(name: str, classes: int) -> None:
    found = fit(name, some(classes)).importances()
    if make(name).weighs:
        assert found is not None
        assert found.shape == (4,)
        assert found.min() >= 0
        tell = [0] if classes else [0, 3]
        assert found[tell].max() > np.delete(found, tell).max()


@pytest.mark.parametrize(("name", "classes"), CASES)
def test_learns_what_is_there(name: str, classes: int) -> None:
    train, test = some(classes), some(classes, seed=1)
    found = fit(name, train).predict(test.x)
    check_scores(found, 60, classes)
    if classes:
        assert (found.argmax(axis=1) == test.y).mean() > 1.5 / classes
    else:
        assert np.mean((found - test.y) ** 2) < 0.5 * np.var(test.y)


@pytest.mark.parametrize(("name", "classes"), CASES)
def test_who_goes_by_the_size_of_features_says_so(name: str, classes: int) -> None:
    """The feature that tells is divided by 1024, which changes nothing but exponents."""
    data, smaller = some(classes), some(classes)
    smaller.x[:, 0] /= 1024
    first, second = (fit(name, each).predict(each.x) for each in (data, smaller))
    if make(name).by_size:
        assert not np.allclose(first, second, atol=1e-2)
    else:
        np.testing.assert_allclose(first, second, atol=1e-2)


@pytest.mark.parametrize(("name", "classes"), CASES)
def test_equal_data_options_and_seed_give_an_equal_model(name: str, classes: int) -> None:
    data = some(classes)
    first, second = (fit(name, data, seed=3).predict(data.x) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(fit(name, data, seed=3, jobs=2).predict(data.x), first, atol=1e-6)


@pytest.mark.parametrize(("name", "classes"), CASES)
def test_training_and_predicting_print_nothing(name: str, classes: int, capfd: pytest.CaptureFixture[str]) -> None:
    data = some(classes)
    fit(name, data).predict(data.x)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("name", "classes"), CASES)
def test_training_changes_nothing_it_was_given(name: str, classes: int) -> None:
    data = some(classes)
    before = data.x.copy(), data.y.copy(), data.groups.copy()
    fit(name, data).predict(data.x)
    for was, now in zip(before, (data.x, data.y, data.groups), strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize(("name", "classes"), CASES)
@pytest.mark.parametrize("features", [1, 3])
def test_constant_columns_and_a_single_feature_are_no_trouble(name: str, classes: int, features: int) -> None:
    data = some(classes, features=features)
    data.x[:, 1:] = 7
    check_scores(fit(name, data).predict(data.x), 60, classes)
    data.x[:] = 7
    check_scores(fit(name, data).predict(data.x), 60, classes)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("kept", [(0, 3, 4), (1, 3)])
def test_a_class_without_training_rows_has_its_column(name: str, kept: tuple[int, ...]) -> None:
    data = some(5)
    rows = np.isin(data.y, kept)
    scores = fit(name, Training(data.x[rows], data.y[rows], data.groups[rows], 5)).predict(data.x)
    check_scores(scores, 60, 5)
    assert (scores[:, [number for number in range(5) if number not in kept]] == 0).all()
    assert np.mean(scores[rows].argmax(axis=1) == data.y[rows]) > 0.6


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_one_class_alone_is_refused(name: str) -> None:
    data = some(2)
    alone = Training(data.x, np.zeros(60, dtype=np.int64), data.groups, 2)
    with pytest.raises(DataError, match=r"^all rows of the training part are of one class \(60 rows\)$") as error:
        fit(name, alone)
    assert error.value.hint


@pytest.mark.parametrize(("name", "classes"), CASES)
def test_no_rows_are_refused(name: str, classes: int) -> None:
    data = some(classes)
    with pytest.raises(DataError):
        fit(name, Training(data.x[:0], data.y[:0], data.groups[:0], classes))


@pytest.mark.parametrize(
    "name", [name for name in CLASSIFIERS if "class_weight" in make(name).options_type.model_fields]
)
def test_class_weight_favours_the_rare_class(name: str) -> None:
    rng = np.random.default_rng(0)
    y = (np.arange(300) % 10 == 0).astype(np.int64)
    x = (rng.normal(size=(300, 1)) + y[:, None]).astype(np.float32)
    data = Training(x, y, np.arange(300) // 3 % 7, 2)
    # A deep tree knows its rows by heart, with weights or without.
    shallow: dict[str, Any] = {"max_depth": 2} if name in {"tree", "forest", "xgb", "lgbm"} else {}
    plain = fit(name, data, **shallow).predict(x).argmax(axis=1)
    weighted = fit(name, data, class_weight=True, **shallow).predict(x).argmax(axis=1)
    assert (weighted == 1).sum() > (plain == 1).sum()


def test_learners_without_class_weight_do_not_have_it() -> None:
    assert "class_weight" not in make("knn").options_type.model_fields


@pytest.mark.slow
def test_a_fresh_process_predicts_the_same(tmp_path: Path) -> None:
    """One process loads all of them, which is a fresh one for each."""
    script = ["import sys", "import numpy as np", "from pathlib import Path", "from nk import families"]
    expected = {}
    for name, classes in CASES:
        folder = tmp_path / f"{name}-{classes}"
        folder.mkdir()
        data = some(classes)
        model = fit(name, data)
        model.save(folder)
        np.save(tmp_path / f"x-{classes}.npy", data.x)
        expected[folder.name] = model.predict(data.x)
        script += [
            f"model = families.models.get({name!r}).load(Path({folder.name!r}))",
            f"np.save({folder.name!r} + '.npy', model.predict(np.load('x-{classes}.npy')))",
        ]
    root = str(Path(__file__).parents[2])
    code = "\n".join([f"import sys; sys.path.insert(0, {root!r})", *script])
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    for case, values in expected.items():
        np.testing.assert_allclose(np.load(tmp_path / f"{case}.npy"), values, atol=1e-6, rtol=1e-6, err_msg=case)


def check_no_pickle(content: bytes, where: str) -> None:
    """A file is JSON, a zip of such, or an npy file that numpy reads without pickle."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                check_no_pickle(archive.read(name), f"{where}/{name}")
    elif content.startswith(b"\x93NUMPY"):
        np.load(io.BytesIO(content), allow_pickle=False)
    elif content.startswith(b"tree\n"):
        assert content.isascii()  # LightGBM's text
    else:
        json.loads(content)
    with pytest.raises((pickle.UnpicklingError, ValueError, EOFError, KeyError, IndexError, TypeError)):
        pickle.loads(content)  # noqa: S301 - of our own making


@pytest.mark.parametrize(("name", "classes"), CASES)
def test_nothing_stored_is_a_pickle(name: str, classes: int, tmp_path: Path) -> None:
    fit(name, some(classes)).save(tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2
    for file in files:
        check_no_pickle(file.read_bytes(), file.name)


@pytest.mark.parametrize(("name", "classes"), CASES)
def test_a_stored_model_is_the_same(name: str, classes: int, tmp_path: Path) -> None:
    data = some(classes)
    model = fit(name, data)
    model.save(tmp_path)
    loaded = families.models.get(name).load(tmp_path)
    np.testing.assert_allclose(loaded.predict(data.x), model.predict(data.x), atol=1e-9)
    assert loaded.notes == model.notes


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("harm", ["cut", "empty", "gone", "zeros"])
def test_a_damaged_file_is_told_in_a_sentence(name: str, harm: str, tmp_path: Path) -> None:
    plugin = families.models.get(name)
    fit(name, some(2 if plugin.task == "classification" else 0)).save(tmp_path)
    for file in sorted(tmp_path.iterdir()):
        whole = file.read_bytes()
        if harm == "gone":
            file.unlink()
        else:
            file.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "zeros": bytes(len(whole))}[harm])
        with pytest.raises(PluginError, match=r"^`.*` cannot be read: [^\n]+$") as error:
            plugin.load(tmp_path)
        assert file.name in str(error.value)
        assert error.value.hint
        file.write_bytes(whole)
    plugin.load(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_the_files_of_another_learner_are_refused(name: str, tmp_path: Path) -> None:
    plugin = families.models.get(name)
    other = "tree" if plugin.task == "regression" else "tree_reg"
    fit(other, some(2 if other == "tree" else 0)).save(tmp_path)
    with pytest.raises(PluginError, match="cannot be read"):
        plugin.load(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_options_have_descriptions_and_bounds(name: str) -> None:
    schema = families.models.get(name).options_type.model_json_schema()
    assert not schema.get("required")
    for key, field in schema["properties"].items():
        assert field.get("description"), key
        for kind in field.get("anyOf", [field]):
            if kind.get("type") in {"integer", "number"}:
                assert {"minimum", "exclusiveMinimum"} & {*kind}, key
            elif kind.get("type") == "string":
                assert {"enum", "const"} & {*kind}, key


def test_options_are_checked() -> None:
    cases: list[tuple[str, dict[str, Any]]] = [
        ("svm", {"C_val": 0}),
        ("svm", {"C_val": float("inf")}),
        ("svm", {"gamma": -1}),
        ("svm", {"gamma": "wide"}),
        ("svm", {"c": 1}),
        ("knn", {"K_val": 0}),
        ("svm", {"gamma": True}),
        ("tree", {"max_depth": -1}),
        ("tree", {"max_depth": True}),
        ("xgb", {"early_stopping_rounds": True}),
        ("xgb", {"subsample": 1.1}),
        ("xgb", {"eval_metric": "rmse"}),
        ("xgr", {"validation_split": 1}),
        ("lgbm", {"num_leaves": 1}),
        ("lgbm", {"max_depth": False}),
        ("lgbr", {"eval_metric": "logloss"}),
        ("forest", {"n_estimators": 0}),
        ("forest_reg", {"class_weight": True}),
        ("bayes", {"var_smoothing": 0}),
        ("gmm", {"GMM_components": 0}),
        ("gmm", {"GMM_covariance_type": "round"}),
        ("gmm", {"GMM_reg_covar": float("nan")}),
    ]
    for name, wrong in cases:
        with pytest.raises(ValueError, match="validation error"):
            make(name, **wrong)


@pytest.mark.parametrize("file", sorted(Path(families.__file__).parent.glob("models/*.py")), ids=lambda file: file.name)
def test_a_plug_in_imports_little_at_its_top(file: Path) -> None:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for module in modules:
            assert module in ALLOWED or module.startswith("nk.models._"), module


def test_importing_all_of_them_imports_nothing_heavy() -> None:
    heavy = "{'numpy', 'polars', 'pandas', 'scipy', 'sklearn', 'skops', 'xgboost', 'lightgbm', 'torch'}"
    code = f"import sys; from nk import families; families.models.all(); print({heavy} & {{*sys.modules}})"
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_names_are_listed_without_an_import() -> None:
    code = (
        "import sys; from nk import families; names = families.models.names();"
        "print('svm' in names, [name for name in sys.modules if name.startswith('nk.models.')])"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout == "True []\n"
