"""Training: who is in which group, who limits threads, and a stored model that is checked as a whole."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nk import families
from nk.errors import PluginError
from nk.registry import Fitted, Model, Options, Training
from nk.stages import train, trained
from nk.stages.folds import make_folds
from nk.stages.grouping import by_hash
from nk.stages.train import Recipe
from nk.tables import Dataset, Features, Target, positions
from nk.ui import Ui

if TYPE_CHECKING:
    from nk.stages.trained import Trained

SPEAKERS = [f"s{number}" for number in range(6)]
LOSO: Any = SimpleNamespace(loso=True, logo=None, k_fold_cross=None)


def dataset(speakers: list[str] | None = None, *, rows: int = 12, target: str = "emotion") -> Dataset:
    every = [(speaker, number) for speaker in speakers or SPEAKERS for number in range(rows)]
    frame = pl.DataFrame(
        {
            "id": [f"d/{speaker}_{number:02}.wav#0-1000" for speaker, number in every],
            "file": [f"{speaker}_{number:02}.wav" for speaker, number in every],
            "start": [0.0] * len(every),
            "end": [1.0] * len(every),
            "database": ["d"] * len(every),
            "speaker": [speaker for speaker, _ in every],
            "emotion": ["abc"[number % 3] for _, number in every],
            "age": [20.0 + number for _, number in every],
        }
    ).sort("id")
    labels = () if target == "age" else tuple(frame[target].unique().sort().to_list())
    return Dataset(frame, Target(target, labels))


def features(data: Dataset, columns: int = 3) -> Features:
    """Drawn for each id alone; the first column tells the class. In another order than the dataset's rows."""
    ids = data.ids[::-1]
    values = np.array([np.random.default_rng([*key.encode()]).normal(size=columns) for key in ids], dtype=np.float32)
    values[:, 0] += 3 * np.array([int(key.split("_")[1][:2]) % 3 for key in ids])
    return Features(tuple(ids), tuple(f"f{number}" for number in range(columns)), values)


def recipe(model: str = "svm", *, scale: str | None = "standard", jobs: int = 1, **options: Any) -> Recipe:
    plugin = families.models.get(model)
    return Recipe(plugin(plugin.options_type(**options), name=model), scale, "mean", 3, jobs)


class Watched(Fitted):
    """A fitted model that gives every class the same score."""

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def predict(self, x: Any) -> Any:
        return np.full((len(x), self.classes), 1 / self.classes)

    def save(self, folder: Path) -> None:
        raise NotImplementedError


class Watcher(Model):
    """A model that writes down what it was given, and how many threads it would have had."""

    name = "watcher"
    task = "classification"
    options_type = Options

    def __init__(self) -> None:
        super().__init__(Options(), name="watcher")
        self.seen: list[Training] = []
        self.threads: list[set[int]] = []
        self.together = threading.Barrier(2, timeout=20)

    def fit(self, data: Training, *, seed: int, jobs: int) -> Fitted:  # noqa: ARG002 - nothing in it is random
        from threadpoolctl import threadpool_info

        if jobs == 1:
            self.together.wait()
        self.seen.append(data)
        self.threads.append({pool["num_threads"] for pool in threadpool_info()})
        return Watched(data.classes)

    @classmethod
    def load(cls, folder: Path) -> Fitted:
        raise NotImplementedError


def watched(data: Dataset, jobs: int) -> Watcher:
    model = Watcher()
    found = make_folds(data, LOSO, ["speaker"], seed=0)
    assert found is not None
    train.cross(features(data), data, found, Recipe(model, "standard", "mean", 3, jobs), 1, Ui(quiet=True))
    return model


def test_folds_that_train_at_once_have_one_thread_each_and_leave_the_number_as_it_was() -> None:
    import scipy.linalg  # noqa: F401 - loaded before the limit that is to be found again
    import sklearn.utils  # noqa: F401
    from threadpoolctl import threadpool_info, threadpool_limits

    with threadpool_limits(3):
        before = {pool["num_threads"] for pool in threadpool_info()}
        model = watched(dataset(), jobs=2)
        assert {pool["num_threads"] for pool in threadpool_info()} == before == {3}
        assert model.threads == [{1}] * 6
        alone = Watcher()
        data = dataset()
        train.train(features(data), data, data.ids, (), Recipe(alone, None, "mean", 3, 2))
        assert alone.threads == [{2}]
        assert {pool["num_threads"] for pool in threadpool_info()} == {3}


def groups_of(data: Dataset, seed: int) -> dict[str, int]:
    """Speaker (or row) -> its place in the order of groups that a model sees."""
    model = Watcher()
    train.train(features(data), data, data.ids, (), Recipe(model, None, "mean", seed, 2))
    by = "id" if data.target.name == "speaker" else "speaker"
    pairs = {*zip(data.frame[by].to_list(), model.seen[0].groups.tolist(), strict=True)}
    found = dict(pairs)
    assert len(found) == len(pairs) == len({*found.values()})
    return found


@given(seed=st.integers(0, 20), names=st.lists(st.text("abcxyz", min_size=1), min_size=2, max_size=6, unique=True))
def test_groups_are_in_the_order_of_the_projects_one_hash(seed: int, names: list[str]) -> None:
    found = groups_of(dataset(names, rows=3), seed)
    assert sorted(found, key=lambda name: found[name]) == by_hash(names, seed)


@pytest.mark.parametrize("target", ["emotion", "speaker"])
def test_one_speaker_more_leaves_the_others_in_their_order(target: str) -> None:
    few, many = (groups_of(dataset(names, target=target), 3) for names in (SPEAKERS, ["a", *SPEAKERS]))
    assert len(many) > len(few)
    assert sorted(few, key=lambda name: few[name]) == sorted(few, key=lambda name: many[name])
    assert groups_of(dataset(target=target), 4) != few


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fold_is_as_if_trained_alone(jobs: int) -> None:
    """Rows are found by id, though the features are in another order; each run has its own seed."""
    data = dataset()
    given = features(data)
    found = make_folds(data, LOSO, ["speaker"], seed=0)
    assert found is not None
    crossed = train.cross(given, data, found, recipe(jobs=jobs), 2, Ui(quiet=True))
    assert not any(course.notes for course in crossed.courses)
    assert crossed.predictions.frame.height == 2 * len(data)
    for run in range(2):
        for fold in found:
            alone = Recipe(recipe().model, "standard", "mean", 3 + run, 1)
            one = train.train(given, data, fold.train, fold.dev, alone)
            mine = train.predict(one, given, data, fold.test, run=run, fold=fold.name, split="test")
            theirs = crossed.predictions.frame.filter((pl.col("run") == run) & (pl.col("fold") == fold.name))
            assert mine.equals(theirs)


def test_ids_are_looked_up_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def look_up(have: Any, want: Any) -> Any:
        calls.append(len(want))
        return positions(have, want)

    monkeypatch.setattr("nk.stages.fit.positions", look_up)
    watched(dataset(), jobs=2)
    watched(dataset([*SPEAKERS, "s6", "s7"]), jobs=2)
    assert calls == [72, 72, 96, 96]


def stored(folder: Path, model: str, target: str, scale: str | None = "standard") -> tuple[Trained, Features]:
    data = dataset(target=target)
    found = train.train(features(data), data, data.ids, (), recipe(model, scale=scale))
    folder.mkdir(parents=True, exist_ok=True)
    trained.save(found, folder, {"model": model, "recordings": ["ä"], "features": {"pooling": []}})
    return found, features(data)


CASES = [(name, "emotion" if families.models.get(name).task == "classification" else "age")
         for name in families.models.names()]  # fmt: skip


@pytest.mark.slow
def test_a_fresh_process_gives_the_same_scores(tmp_path: Path) -> None:
    """Gaps, scale and model together, from raw features with a gap."""
    expected: dict[str, Any] = {}
    script = [
        "import numpy as np",
        "from pathlib import Path",
        "from nk import families",
        "from nk.stages import trained",
    ]
    scales = [None, "standard", "robust", "minmax", "powertransformer", "quantiletransformer", "bins", "normalizer"]
    for number, (name, target) in enumerate(CASES):
        found, given = stored(tmp_path / name, name, target, scales[number % len(scales)])
        values = given.values.copy()
        values[::7, 1] = np.nan
        np.save(tmp_path / "x.npy", values)
        expected[name] = found.scores(values)
        script.append(f"found = trained.load(Path({name!r}), families.models.get({name!r}))")
        script.append(f"np.save({name!r} + '.npy', found.scores(np.load('x.npy')))")
    root = str(Path(__file__).parents[2])
    code = "\n".join([f"import sys; sys.path.insert(0, {root!r})", *script])
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    for name, scores in expected.items():
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), scores, atol=1e-6, rtol=1e-6, err_msg=name)


def test_what_a_run_adds_is_stored_and_read_over(tmp_path: Path) -> None:
    found, _ = stored(tmp_path, "log_reg", "emotion")
    text = json.loads((tmp_path / "trained.json").read_text(encoding="utf-8"))
    assert text["schema"] == 1
    assert text["recordings"] == ["ä"]
    loaded = trained.load(tmp_path, families.models.get("log_reg"))
    assert (loaded.target, loaded.names) == (found.target, found.names)
    np.testing.assert_array_equal(loaded.fill, found.fill)
    assert loaded.fill.dtype == np.float32


@pytest.mark.parametrize("name", ["svm", "xgb", "tree", "knn", "log_reg", "svr"])
@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2}, {"target": 1}, {"target": ""}, {"labels": None}, {"labels": ["a"]}, {"labels": ["a", "a", "b"]},
        {"labels": ["a", "b", "c", "d"]}, {"names": []}, {"names": ["f0", "f1"]}, {"names": ["f0", "f0", "f2"]},
        {"names": ["f0", "f1"], "fill": [0, 0]}, {"fill": [0, 0]}, {"fill": ["x", 0, 0]}, {"fill": [None, 0, 0]},
        {"fill": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_changed_record_is_told(tmp_path: Path, name: str, change: dict[str, Any]) -> None:
    stored(tmp_path, name, dict(CASES)[name])
    path = tmp_path / "trained.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **change}))
    with pytest.raises(PluginError, match=r"trained\.json` cannot be read: [^\n]+$"):
        trained.load(tmp_path, families.models.get(name))


def test_no_labels_for_a_classifier_are_told(tmp_path: Path) -> None:
    stored(tmp_path, "svm", "emotion")
    path = tmp_path / "trained.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "labels": []}))
    with pytest.raises(PluginError, match=r"trained\.json` cannot be read"):
        trained.load(tmp_path, families.models.get("svm"))


@pytest.mark.parametrize("content", [b"", b"{}", b"[1", b"[]", b"null", b"\xff"])
def test_a_damaged_record_is_told(tmp_path: Path, content: bytes) -> None:
    stored(tmp_path, "log_reg", "emotion")
    (tmp_path / "trained.json").write_bytes(content)
    with pytest.raises(PluginError, match=r"trained\.json` cannot be read: [^\n]+$"):
        trained.load(tmp_path, families.models.get("log_reg"))


@pytest.mark.parametrize("name", ["xgb", "svm", "tree", "log_reg", "knn"])
@pytest.mark.parametrize("columns", [2, 5])
def test_a_model_of_other_features_is_told(tmp_path: Path, name: str, columns: int) -> None:
    stored(tmp_path, name, "emotion")
    data = dataset()
    other = train.train(features(data, columns), data, data.ids, (), recipe(name))
    other.fitted.save(tmp_path)
    with pytest.raises(PluginError, match=r"trained\.json` cannot be read: [^\n]+$"):
        trained.load(tmp_path, families.models.get(name))
    other.scaler.save(tmp_path)
    with pytest.raises(PluginError, match=rf"it has 3 features where the scaler has {columns}"):
        trained.load(tmp_path, families.models.get(name))
