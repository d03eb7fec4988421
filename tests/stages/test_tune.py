"""Values of options are chosen on training rows alone, as an independent computation does, and the same every time."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nk import families
from nk.errors import DataError
from nk.registry import Fitted, Model, Options, Training
from nk.stages import train
from nk.stages.fit import Way
from nk.stages.folds import holdout, make_folds
from nk.stages.inner import inner_folds
from nk.stages.train import Recipe
from nk.stages.tune import Grid
from nk.tables import Dataset, Features, Target
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.stages.course import Choice
    from nk.stages.folds import Fold

LOSO: Any = SimpleNamespace(loso=True, logo=None, k_fold_cross=None)


def dataset(speakers: str = "abcdef", *, rows: int = 9, target: str = "emotion", parts: str = "") -> Dataset:
    every = [(speaker, number) for speaker in speakers for number in range(rows)]
    split = {speaker: {"d": "dev", "e": "test"}.get(letter, "train") for speaker, letter in zip(speakers, parts)}  # noqa: B905
    frame = pl.DataFrame(
        {
            "id": [f"d/{speaker}{number}.wav#0-1000" for speaker, number in every],
            "file": [f"{speaker}{number}.wav" for speaker, number in every],
            "start": 0.0,
            "end": 1.0,
            "database": "d",
            "speaker": [speaker for speaker, _ in every],
            "split": [split.get(speaker, "train") for speaker, _ in every],
            "emotion": ["xyz"[number % 3] for _, number in every],
            "age": [20.0 + number + ord(speaker) % 5 for speaker, number in every],
        }
    ).sort("id")
    return Dataset(frame, Target(target, ("x", "y", "z") if target == "emotion" else ()))


def features(data: Dataset, noise: float = 1.0) -> Features:
    """Drawn for each id alone; the first columns tell class and age, the others nothing, or are 0 without noise."""
    values = np.array([np.random.default_rng([*key.encode()]).normal(size=4) for key in data.ids])
    values[:, 0] = noise * values[:, 0] + [int(key[3]) % 3 for key in data.ids]
    values[:, 1] = noise * values[:, 1] + [int(key[3]) for key in data.ids]
    values[:, 2:] *= noise > 0.5
    return Features(tuple(data.ids), ("one", "two", "three", "four"), values.astype(np.float32))


def recipe(name: str, measure: str, jobs: int = 1, **values: Any) -> Recipe:
    plugin = families.models.get(name)
    ((key, several),) = values.items()
    models = tuple(plugin(plugin.options_type(**{key: value}), name=name) for value in several)
    grid = Grid(tuple({key: value} for value in several), models, measure)
    return Recipe(models[0], "standard", "mean", 3, jobs, grid=grid)


def folds_of(data: Dataset) -> list[Fold]:
    return make_folds(data, LOSO, ["speaker"], seed=0) or []


def choices(data: Dataset, given: Features, folds: Sequence[Fold], how: Recipe) -> list[Choice]:
    courses = train.cross(given, data, folds, how, 1, Ui(quiet=True)).courses
    return [one.choice for one in courses if one.choice]


class Watched(Fitted):
    def __init__(self, model: Watcher, classes: int) -> None:
        self.model, self.classes = model, classes

    def predict(self, x: Any) -> Any:
        self.model.tested.append(set(x[:, 0].astype(int)))
        return np.full((len(x), self.classes), 1 / self.classes)

    def save(self, folder: Path) -> None:
        raise NotImplementedError


class Watcher(Model):
    """A model that writes down the first feature of the rows that it gets: their numbers."""

    name = "watcher"
    task = "classification"
    options_type = Options

    def __init__(self) -> None:
        super().__init__(Options(), name="watcher")
        self.trained: list[set[int]] = []
        self.tested: list[set[int]] = []

    def fit(self, data: Training, *, seed: int, jobs: int) -> Fitted:  # noqa: ARG002
        self.trained.append(set(data.x[:, 0].astype(int)))
        return Watched(self, data.classes)

    @classmethod
    def load(cls, folder: Path) -> Fitted:
        raise NotImplementedError


def numbered(data: Dataset) -> Features:
    return Features(tuple(data.ids), ("number",), np.arange(len(data), dtype=np.float32)[:, None])


@settings(max_examples=15)
@given(speakers=st.integers(3, 8), rows=st.integers(3, 6), seed=st.integers(0, 99))
def test_nothing_that_is_tested_is_seen_before(speakers: int, rows: int, seed: int) -> None:
    data = dataset("abcdefgh"[:speakers], rows=rows)
    names = np.array(data.frame["speaker"].to_list())
    for fold in folds_of(data):
        models = (Watcher(), Watcher())
        how = Recipe(models[0], None, "mean", seed, 1, grid=Grid(({"n": 1}, {"n": 2}), models, "uar"))
        train.cross(numbered(data), data, [fold], how, 1, Ui(quiet=True))
        allowed = set(fold.train_rows.tolist())
        *inner, last = models[0].trained
        assert last == allowed, "the last one is the fold's own model"
        assert models[1].trained == inner, "all combinations are trained on the same rows"
        assert models[1].tested == models[0].tested[:-1]
        for seen, measured in zip(inner, models[1].tested, strict=True):
            assert seen | measured <= allowed
            assert not {*names[[*seen]]} & {*names[[*measured]]}, "inner folds are by speaker"
        assert set.union(*models[1].tested) == allowed, "every training row is predicted once"
        assert sum(map(len, models[1].tested)) == len(allowed)


def test_what_is_tested_does_not_matter_to_the_choice() -> None:
    data = dataset(parts="aaaaee")
    given = features(data)
    how = recipe("knn", "uar", K_val=[1, 3, 5, 9])
    (one,) = choices(data, given, [holdout(data)], how)
    test = np.array(data.frame["split"].to_list()) == "test"
    values = given.values.copy()
    values[test] = 1e6
    labels = pl.when(pl.col("split") == "test").then(pl.lit("x")).otherwise("emotion").alias("emotion")
    changed = Dataset(data.frame.with_columns(labels), data.target)
    (other,) = choices(changed, Features(given.ids, given.names, values), [holdout(changed)], how)
    assert one == other
    fewer = Dataset(data.frame.filter(pl.col("speaker") != "f"), data.target)
    (third,) = choices(fewer, given, [holdout(fewer)], how)
    assert third == one


@pytest.mark.parametrize(("model", "key", "values"), [("knn", "K_val", [1, 3, 5, 9]), ("svm", "C_val", [0.01, 0.1, 1])])
def test_scores_and_choice_are_those_of_scikit_learn(model: str, key: str, values: list[Any]) -> None:
    """Pooled predictions of `cross_val_predict` on the same inner folds, scaled in a pipeline."""
    from sklearn.metrics import recall_score
    from sklearn.model_selection import PredefinedSplit, cross_val_predict
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    data = dataset()
    given = features(data)
    how = recipe(model, "uar", 1, **{key: values})
    y = np.array(["xyz".index(label) for label in data.frame["emotion"]])
    for fold, choice in zip(folds_of(data), choices(data, given, folds_of(data), how), strict=True):
        places = fold.train_rows
        inner = inner_folds(y, places, train.way_of(data.frame, data, how))
        number = np.empty(len(y), dtype=int)
        for place, one in enumerate(inner):
            number[one.test] = place
        scores = []
        for value in values:
            learner = KNeighborsClassifier(value) if model == "knn" else SVC(C=value, break_ties=True)
            line = make_pipeline(StandardScaler(), learner)
            said = cross_val_predict(line, given.values[places], y[places], cv=PredefinedSplit(number[places]))
            scores.append(recall_score(y[places], said, average="macro"))
        assert choice.scores == pytest.approx(tuple(scores))
        assert choice.place == int(np.argmax(scores))


def test_of_equals_the_first_is_taken_and_small_errors_are_good() -> None:
    data = dataset(target="age")
    given = features(data, noise=0.1)
    found = choices(data, given, folds_of(data), recipe("knn_reg", "mae", K_val=[3, 30, 3]))
    for one in found:
        assert one.place == 0
        assert one.scores[0] == one.scores[2] < one.scores[1]
    found = choices(data, given, folds_of(data), recipe("knn_reg", "ccc", K_val=[30, 3]))
    assert {one.place for one in found} == {1}


def test_a_dev_part_is_what_is_chosen_by() -> None:
    data = dataset(parts="aaadde")
    given = features(data)
    how = recipe("knn", "accuracy", K_val=[1, 2, 9])
    (one,) = choices(data, given, [holdout(data)], how)
    assert one.by == "dev"
    fold = holdout(data)
    truth = data.frame.filter(pl.col("split") == "dev")["emotion"]
    for place, model in enumerate(how.grid.models if how.grid else ()):
        alone = train.train(given, data, fold.train, (), Recipe(model, "standard", "mean", 3, 1))
        said = train.predict(alone, given, data, fold.dev, run=0, fold="", split="dev")["predicted"]
        assert one.scores[place] == pytest.approx((said == truth).mean())
    assert train.planned(data, [fold], how, 1)[0].endswith(
        "3 values of `K_val`, chosen by accuracy: 4 trainings in all"
    )


def test_a_value_that_cannot_be_used_is_told_with_its_fold() -> None:
    data = dataset("abc")
    message = "cannot be used in the training part of inner fold 1 of fold `a`: `knn` needs `K_val` = 10 training rows"
    with pytest.raises(DataError, match=message):
        choices(data, features(data), folds_of(data), recipe("knn", "uar", K_val=[1, 10]))


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_same_values_whatever_the_order_and_the_cores(jobs: int) -> None:
    data = dataset()
    given = features(data)
    turned = Features(given.ids[::-1], given.names, given.values[::-1])
    once = train.cross(given, data, folds_of(data), recipe("svm", "auc", C_val=[0.1, 1, 10]), 2, Ui(quiet=True))
    again = train.cross(turned, data, folds_of(data), recipe("svm", "auc", jobs, C_val=[0.1, 1, 10]), 2, Ui(quiet=True))
    assert [one.choice for one in once.courses] == [one.choice for one in again.courses]
    assert once.predictions.frame.equals(again.predictions.frame)
    assert [one.run for one in once.courses] == [0] * 6 + [1] * 6


def test_the_stored_model_is_tuned_likewise() -> None:
    data = dataset(parts="aaaaee")
    given = features(data)
    how = recipe("knn", "uar", K_val=[1, 3, 5, 9])
    crossed = train.cross(given, data, [holdout(data)], how, 1, Ui(quiet=True))
    fold = holdout(data)
    searched = train.train(given, data, fold.train, fold.dev, how)
    told = train.train(given, data, fold.train, fold.dev, how, crossed.courses[0].choice)
    assert searched.course.choice == told.course.choice == crossed.courses[0].choice
    said = [train.predict(one, given, data, fold.test, run=0, fold="split", split="test") for one in (searched, told)]
    assert said[0].equals(said[1])
    assert said[0].equals(crossed.predictions.frame)


def test_the_plan_counts_every_training(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: Counter[str] = Counter()
    plugin: Any = families.models.get("knn")
    original = plugin.fit

    def fit(self: Any, data: Any, **more: Any) -> Any:
        counts["fits"] += 1
        return original(self, data, **more)

    monkeypatch.setattr(plugin, "fit", fit)
    how = recipe("knn", "uar", K_val=[1, 3, 5])
    for data, folds, runs in ((dataset(), folds_of(dataset()), 2), (dataset(parts="aaaaee"), None, 1)):
        counts.clear()
        every = folds or [holdout(data)]
        crossed = train.cross(features(data), data, every, how, runs, Ui(quiet=True))
        ids = data.ids if folds else list(every[0].train)
        train.train(features(data), data, ids, (), how, None if folds else crossed.courses[0].choice)
        assert train.planned(data, every, how, runs) == [
            f"tuning: 3 values of `K_val`, chosen by uar: {counts['fits']} trainings in all"
        ]


@pytest.mark.parametrize(
    ("speakers", "more", "message"),
    [
        ("ab", {}, "`tuning_params` needs two speakers in the training part of fold `a` to choose by"),
        (
            "abcd",
            {"balancing": "smote"},
            "`smote` needs 6 training rows of a class, .* of inner fold 1 of fold `a` has 4",
        ),
        ("abc", {"one": True}, "the training part of inner fold 1 of fold `[abc]` has one class alone"),
    ],
)
def test_what_cannot_be_chosen_is_told_before_the_work(speakers: str, more: dict[str, Any], message: str) -> None:
    data = dataset(speakers, rows=8)
    if more.pop("one", False):
        label = pl.when(pl.col("speaker") == "a").then(pl.lit("x")).otherwise(pl.lit("y")).alias("emotion")
        data = Dataset(data.frame.with_columns(label), data.target)
    how = recipe("svm", "uar", C_val=[1, 2])
    how = Recipe(how.model, how.scale, "mean", 3, 1, more.get("balancing"), grid=how.grid)
    with pytest.raises(DataError, match=message):
        train.check(data, folds_of(data), how, 1)


def test_early_stopping_and_balancing_are_within_the_inner_folds() -> None:
    data = dataset()
    plugin = families.models.get("xgb")
    options = [{"n_estimators": 3}, {"n_estimators": 3, "early_stopping_rounds": 2}]
    models = tuple(plugin(plugin.options_type(**one), name="xgb") for one in options)
    how = Recipe(models[0], "standard", "mean", 3, 1, "ros", grid=Grid(tuple(options), models, "uar"))
    train.check(data, folds_of(data), how, 1)
    crossed = train.cross(features(data), data, folds_of(data), how, 1, Ui(quiet=True))
    for one in crossed.courses:
        assert one.choice
        assert (one.stop is not None) is (one.choice.place == 1)


def test_a_measure_that_is_not_defined_is_told() -> None:
    data = dataset(parts="aaaade")
    only = (pl.col("split") == "dev") & (pl.col("emotion") != "x")
    data = Dataset(data.frame.filter(~only), data.target)
    crossed = train.cross(features(data), data, [holdout(data)], recipe("knn", "auc", K_val=[1, 3]), 1, Ui(quiet=True))
    (course,) = crossed.courses
    assert course.choice
    assert course.choice.place == 0
    assert "tuning: `auc` is not defined on dev, so that the first values were taken" in course.notes
    assert course.as_dict(data.target.labels)["tuned"]["score"] is None


def test_rows_stand_for_themselves_where_nobody_is_known() -> None:
    data = dataset()
    alone = Dataset(data.frame.with_columns(pl.lit(None, pl.String).alias("speaker")), data.target)
    way = train.way_of(alone.frame, alone, recipe("knn", "uar", K_val=[1, 3]))
    assert isinstance(way, Way)
    y = np.array(["xyz".index(label) for label in data.frame["emotion"]])
    inner = inner_folds(y, np.arange(len(y)), way)
    assert len(inner) == 5
    assert way.kind == "rows"
    for one in inner:
        assert max(Counter(y[one.test]).values()) - min(Counter(y[one.test]).values()) <= 1
