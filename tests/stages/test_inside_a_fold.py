"""What happens between features and model: in which order, on which rows, and what test rows can change: nothing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import polars as pl
import pytest

from nk import families
from nk.audit import missing_classes
from nk.audit import unlabelled as without_truth
from nk.config.model import Balancing
from nk.config.output import Plot
from nk.errors import DataError
from nk.registry import Fitted, Model, Options, Training
from nk.report.pictures import draw_results
from nk.stages import balance, cautions, train, trained
from nk.stages.folds import Fold, holdout, make_folds
from nk.stages.grouping import by_hash
from nk.stages.results import metrics_json
from nk.stages.train import Recipe
from nk.tables import Dataset, Features, Target
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

METHODS: tuple[str, ...] = get_args(Balancing)
SCALES = [None, "standard", "robust", "minmax", "maxabs", "normalizer", "powertransformer", "quantiletransformer",
          "bins", "speaker"]  # fmt: skip
SPEAKERS = [f"s{number}" for number in range(8)]
LOSO: Any = SimpleNamespace(loso=True, logo=None, k_fold_cross=None)


def dataset(target: str = "emotion", *, rows: int = 20) -> Dataset:
    """Eight speakers with half of the rows of class a, and three in ten and two in ten of the others."""
    every = [(speaker, number) for speaker in SPEAKERS for number in range(rows)]
    part = dict(zip(SPEAKERS, ["train"] * 5 + ["dev", "test", "test"], strict=True))
    frame = pl.DataFrame(
        {
            "id": [f"d/{speaker}_{number:02}.wav#0-1000" for speaker, number in every],
            "file": [f"{speaker}_{number:02}.wav" for speaker, number in every],
            "start": [0.0] * len(every),
            "end": [1.0] * len(every),
            "database": ["d"] * len(every),
            "digest": [f"{speaker} {number}" for speaker, number in every],
            "speaker": [speaker for speaker, _ in every],
            "split": [part[speaker] for speaker, _ in every],
            "emotion": ["abacabacab"[number % 10] for _, number in every],
            "age": [20.0 + number for _, number in every],
        }
    ).sort("id")
    labels = () if target == "age" else tuple(frame[target].unique().sort().to_list())
    return Dataset(frame, Target(target, labels))


def features(data: Dataset) -> Features:
    """Drawn for each id alone; the first column tells the class a little. In another order than the dataset's rows."""
    ids = data.ids[::-1]
    values = np.array([np.random.default_rng([*key.encode()]).normal(size=4) for key in ids], dtype=np.float32)
    place = {label: number for number, label in enumerate("abc")}
    label = dict(data.frame.select("id", "emotion").iter_rows())
    values[:, 0] += [2 * place.get(label[key], 0) for key in ids]
    return Features(tuple(ids), ("f0", "f1", "f2", "f3"), values)


def recipe(model: str | Model = "svm", scale: str | None = "standard", **more: Any) -> Recipe:
    options = more.pop("options", {})
    if isinstance(model, str):
        plugin = families.models.get(model)
        model = plugin(plugin.options_type(**options), name=model)
    return Recipe(model, scale, more.pop("nan_strategy", "mean"), 3, 1, **more)


class Watched(Fitted):
    """A fitted model that says how far a row is from the middle of each class."""

    def __init__(self, data: Training) -> None:
        self.data = data

    def predict(self, x: Any) -> Any:
        if not self.data.classes:
            return x.sum(axis=1).astype(np.float64)
        centres = np.stack([self.data.x[self.data.y == one].mean(axis=0) for one in range(self.data.classes)])
        soft = np.exp(-np.abs(x[:, None].astype(np.float64) - centres).sum(axis=2)) + 1e-9
        return soft / soft.sum(axis=1, keepdims=True)

    def save(self, folder: Path) -> None:
        raise NotImplementedError


class Watcher(Model):
    """A model that writes down what it was given, and may want speakers to stop on."""

    name = "watcher"
    options_type = Options

    def __init__(self, share: float | None = None, task: Any = "classification") -> None:
        super().__init__(Options(), name="watcher")
        self.seen: list[Training] = []
        self.share = share
        type(self).task = task

    @property
    def stop_share(self) -> float | None:
        return self.share

    def fit(self, data: Training, *, seed: int, jobs: int) -> Fitted:  # noqa: ARG002 - nothing in it is random
        self.seen.append(data)
        return Watched(data)

    @classmethod
    def load(cls, folder: Path) -> Fitted:
        raise NotImplementedError


def seen(data: Dataset, given: Features, way: Recipe, ids: Sequence[str], dev: Sequence[str] = ()) -> Training:
    model = Watcher(way.model.stop_share)
    train.train(given, data, ids, dev, replace(way, model=model))
    return model.seen[0]


def ids_of(data: Dataset, part: str) -> list[str]:
    return data.part(part).ids


def wild(given: Features, ids: Sequence[str]) -> Features:
    """Other features for some rows: huge, and with gaps."""
    chosen = np.isin(given.ids, list(ids))
    values = given.values.copy()
    values[chosen] = np.random.default_rng(1).normal(0, 1e6, values[chosen].shape)
    values[chosen, 1] = np.nan
    return replace(given, values=values)


def same(one: Training, other: Training) -> None:
    for name in ("x", "y", "groups", "dev_x", "dev_y"):
        left, right = getattr(one, name), getattr(other, name)
        if left is None:
            assert right is None
        else:
            np.testing.assert_array_equal(left, right, err_msg=name)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("method", [None, "smote", "smoteenn", "clustercentroids", "randomundersampler"])
def test_test_rows_do_not_influence_training(scale: str | None, method: str | None) -> None:
    data = dataset()
    given, rows = features(data), ids_of(data, "train")
    changed = wild(given, [*ids_of(data, "test"), *ids_of(data, "dev")])
    for share in (None, 0.4):
        way = recipe(Watcher(share), scale, balancing=method)
        same(seen(data, given, way, rows), seen(data, changed, way, rows))


@pytest.mark.parametrize("model", ["svm", "xgb", "log_reg", "tree", "knn"])
@pytest.mark.parametrize(("scale", "method"), [("standard", "smote"), ("speaker", "ros"), (None, "tomeklinks")])
def test_wild_test_rows_leave_the_predictions_of_others_as_they_are(model: str, scale: str | None, method: str) -> None:
    """Also those of other test speakers: each is scaled by his own rows."""
    data = dataset()
    given, fold = features(data), [holdout(data)]
    changed = wild(given, data.frame.filter(speaker="s7")["id"].to_list())
    way = recipe(model, scale, balancing=method)
    one, two = (train.cross(some, data, fold, way, 1, Ui(quiet=True)).predictions.frame for some in (given, changed))
    others = pl.col("speaker") != "s7"
    assert one.filter(others).equals(two.filter(others))
    assert not one.equals(two)


@pytest.mark.parametrize("method", METHODS)
def test_balancing_sees_all_training_rows_of_its_fold_and_no_other(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = dataset()
    given, found = features(data), make_folds(data, LOSO, ["speaker"], seed=0)
    assert found is not None
    asked: list[Any] = []

    def watch(x: Any, *more: Any, **others: Any) -> balance.Balanced:
        asked.append(x)
        return original(x, *more, **others)

    original = balance.balance
    monkeypatch.setattr(balance, "balance", watch)
    way = recipe("log_reg", None, balancing=method)
    courses = train.cross(given, data, found, way, 1, Ui(quiet=True)).courses
    for fold, x, course in zip(found, asked, courses, strict=True):
        np.testing.assert_array_equal(x, given.rows(fold.train))
        assert course.fold == fold.name
        assert sum(course.before) == len(fold.train)
        assert course.rows == sum(course.after)


def test_rows_are_filled_and_scaled_before_they_are_balanced() -> None:
    data = dataset()
    given, rows = features(data), ids_of(data, "train")
    given.values[::7, 1] = np.nan
    data_seen = seen(data, given, recipe(balancing="ros"), rows)
    plain = seen(data, given, recipe(), rows)
    assert {*map(bytes, data_seen.x)} == {*map(bytes, plain.x)}
    assert len(data_seen.y) == 3 * 50
    np.testing.assert_allclose(plain.x.mean(axis=0), 0, atol=1e-6)


def test_dev_rows_are_scaled_as_train_and_never_balanced() -> None:
    data = dataset()
    given, rows, dev = features(data), ids_of(data, "train"), ids_of(data, "dev")
    found = seen(data, given, recipe(balancing="smote"), rows, dev)
    x = given.rows(rows).astype(np.float64)
    assert found.dev_x is not None
    np.testing.assert_allclose(found.dev_x, (given.rows(dev) - x.mean(axis=0)) / x.std(axis=0), atol=1e-5)
    assert (found.groups == -1).sum() == 50


def test_run_r_balances_with_the_seed_plus_r() -> None:
    data = dataset()
    given, fold = features(data), [holdout(data)]

    def predicted(runs: int, seed: int) -> pl.DataFrame:
        way = recipe("log_reg", balancing="randomundersampler", balancing_seed=seed)
        return train.cross(given, data, fold, way, runs, Ui(quiet=True)).predictions.frame

    both = predicted(2, 5)
    first, second = (both.filter(run=run).drop("run") for run in (0, 1))
    assert first.equals(predicted(1, 5).drop("run"))
    assert second.equals(predicted(1, 6).drop("run"))
    assert not first.equals(second)


@pytest.mark.parametrize("method", METHODS)
def test_jobs_and_the_order_of_the_features_change_nothing(method: str) -> None:
    data = dataset()
    given, found = features(data), make_folds(data, LOSO, ["speaker"], seed=0)
    assert found is not None
    turned = Features(given.ids[::-1], given.names, given.values[::-1])
    way = recipe("log_reg", balancing=method)
    one = train.cross(given, data, found, way, 1, Ui(quiet=True)).predictions.frame
    two = train.cross(turned, data, found, replace(way, jobs=2), 1, Ui(quiet=True)).predictions.frame
    assert one.equals(two)


# Early stopping


def test_speakers_are_cut_off_before_anything_is_fitted() -> None:
    """The same as without them and with them as the dev part."""
    data = dataset()
    given, rows = features(data), ids_of(data, "train")
    given.values[::7, 1] = np.nan
    model = Watcher(0.4)
    way = recipe(model, "standard", balancing="smote")
    found = train.train(given, data, rows, (), way)
    assert found.course.stop is not None
    assert (found.course.stop.groups, found.course.stop.of, found.course.stop.rows) == (2, 5, 40)
    out = by_hash(SPEAKERS[:5], 3)[:2]
    held = data.frame.filter(pl.col("speaker").is_in(out))["id"].to_list()
    kept = [key for key in rows if key not in held]
    same(model.seen[0], seen(data, given, recipe(balancing="smote"), kept, held))


def test_a_dev_part_that_is_given_is_watched_instead() -> None:
    data = dataset()
    model = Watcher(0.4)
    found = train.train(features(data), data, ids_of(data, "train"), ids_of(data, "dev"), recipe(model))
    assert found.course.stop is None
    assert len(model.seen[0].y) == 100
    assert model.seen[0].dev_y is not None
    assert len(model.seen[0].dev_y) == 20


def test_each_fold_and_the_model_of_all_rows_hold_out_speakers_of_theirs() -> None:
    data = dataset()
    given, found = features(data), make_folds(data, LOSO, ["speaker"], seed=0)
    assert found is not None
    way = recipe("xgb", options={"early_stopping_rounds": 3, "n_estimators": 5})
    courses = train.cross(given, data, found, way, 1, Ui(quiet=True)).courses
    assert {(one.stop.groups, one.stop.of, one.stop.rows) for one in courses if one.stop} == {(1, 7, 20)}
    final = train.train(given, data, data.ids, (), way).course.stop
    assert final is not None
    assert (final.groups, final.of, final.kind) == (2, 8, "speakers")


def test_where_speakers_are_unknown_rows_are_held_out() -> None:
    data = dataset()
    alone = Dataset(data.frame.drop("speaker"), data.target)
    stop = train.train(features(data), alone, ids_of(data, "train"), (), recipe(Watcher(0.2))).course.stop
    assert stop is not None
    assert (stop.groups, stop.of, stop.rows, stop.kind) == (20, 100, 20, "rows")


# Scaling within each speaker


def test_each_speaker_is_scaled_by_the_rows_of_his_part() -> None:
    from scipy.stats import zscore

    data = dataset()
    given, model = features(data), Watcher()
    found = train.train(given, data, ids_of(data, "train"), ids_of(data, "dev"), recipe(model, "speaker"))
    x = given.rows(ids_of(data, "train")).astype(np.float64).reshape(5, 20, 4)
    np.testing.assert_allclose(model.seen[0].x, zscore(x, axis=1).reshape(100, 4), atol=1e-6)
    rows = data.frame.filter(speaker="s7")
    said = train.predict(found, given, data, rows["id"].to_list(), run=0, fold="split", split="test")
    alone = found.fitted.predict(zscore(given.rows(rows["id"].to_list()).astype(np.float64)).astype(np.float32))
    np.testing.assert_allclose(said.select("p_a", "p_b", "p_c").to_numpy(), alone, atol=1e-6)


def test_a_stored_model_scales_by_the_speakers_it_is_given(tmp_path: Path) -> None:
    data = dataset()
    given = features(data)
    found = train.train(given, data, ids_of(data, "train"), (), recipe("log_reg", "speaker"))
    trained.save(found, tmp_path, {})
    loaded = trained.load(tmp_path, families.models.get("log_reg"))
    rows = data.part("test").frame
    x, speakers = given.rows(rows["id"].to_list()), rows["speaker"].to_list()
    np.testing.assert_allclose(loaded.scores(x, speakers), found.scores(x, speakers), atol=1e-9)
    assert not np.allclose(loaded.scores(x, speakers), loaded.scores(x, ["s"] * len(x)))
    with pytest.raises(DataError, match="it is not known who speaks"):
        loaded.scores(x)


def test_what_new_speakers_need_is_said_with_the_fewest() -> None:
    data = dataset()
    few = data.frame.filter((pl.col("speaker") != "s6") | (pl.col("id").str.contains("_0[0-3]")))
    some = Dataset(few, data.target)
    (said,) = cautions.of_scale(some, [holdout(some)])
    assert said.text.endswith("of which there have to be several: the fewest are 4, of `s6`")
    one = Dataset(data.frame.filter((pl.col("speaker") != "s2") | pl.col("id").str.contains("_00")), data.target)
    (said,) = cautions.of_scale(one, [holdout(one)])
    assert said.text.endswith("the fewest are 20, of `s6`; of a single row all features become 0: `s2`")


def of_widths(*widths: float) -> Features:
    """Features of these deviations, each of two values."""
    values = np.array([widths, np.negative(widths)], dtype=np.float32)
    return Features(("a", "b"), tuple(f"f{number}" for number in range(len(widths))), values)


def test_features_that_drown_the_others_are_told_where_size_counts() -> None:
    (said,) = cautions.of_sizes(of_widths(1, 100, 1, 50, 1, 1), recipe(scale=None))
    # Variances 10,000 and 2,500 beside ones: 12,504^2 / 106,250,004 = 1.47
    assert said.text == (
        "features are not scaled, and `svm` goes by their size: next to `f1`, `f3` and the like, all 6 count like 1"
    )
    assert said.hint == "`scale = standard` in [FEATS]"
    assert not cautions.of_sizes(of_widths(1, 100, 1, 50, 1, 1), recipe())
    assert not cautions.of_sizes(of_widths(1, 100, 1, 50, 1, 1), recipe("tree", None))
    assert not cautions.of_sizes(of_widths(1, 2, 1, 1, 1, 1), recipe(scale=None))


def test_nothing_is_told_of_one_feature_or_of_those_that_do_not_vary() -> None:
    assert not cautions.of_sizes(of_widths(5), recipe(scale=None))
    assert not cautions.of_sizes(of_widths(0, 0, 0), recipe(scale=None))
    assert not cautions.of_sizes(Features(("a", "b"), (), np.empty((2, 0), dtype=np.float32)), recipe(scale=None))
    unknown = Features(("a", "b"), ("x", "y"), np.array([[np.nan, 1], [np.nan, 2]], dtype=np.float32))
    assert cautions.of_sizes(unknown, recipe(scale=None))[0].text.endswith("all 2 count like 1")


@pytest.mark.parametrize("column", [None, "speaker"])
def test_rows_without_speaker_cannot_be_scaled_by_speaker(column: str | None) -> None:
    data = dataset()
    frame = data.frame.drop("speaker") if column is None else data.frame.with_columns(
        pl.when(pl.col("id").str.contains("_00")).then(None).otherwise("speaker").alias("speaker")
    )  # fmt: skip
    some = Dataset(frame, data.target)
    with pytest.raises(DataError, match="`scale = speaker` needs") as error:
        train.check(some, [holdout(some)], recipe(scale="speaker"), 1)
    assert "`scale = standard`" in str(error.value.hint)


# Before any work


def test_folds_that_cannot_be_balanced_or_stopped_are_told_before_any_work() -> None:
    data = dataset(rows=10)
    found = make_folds(data, LOSO, ["speaker"], seed=0)
    assert found is not None
    train.check(data, found, recipe(balancing="smote"), 1)
    rare = pl.when(pl.col("speaker").is_in(["s0", "s1"]) | (pl.col("emotion") != "c")).then("emotion").otherwise(None)
    few = Dataset(data.frame.with_columns(rare.fill_null("a").alias("emotion")), data.target)
    with pytest.raises(DataError, match="`smote` needs 6 .* part of fold `s0` has 2 of `c`"):
        train.check(few, found, recipe(balancing="smote"), 1)
    alone = Dataset(few.frame.filter(pl.col("speaker") != "s1"), data.target)
    two = Dataset(alone.frame.filter(pl.col("speaker").is_in(["s0", "s2"])), data.target)
    folds = make_folds(two, LOSO, ["speaker"], seed=0)
    assert folds is not None
    with pytest.raises(DataError, match="early stopping has no speaker of the training part of fold `s0`"):
        train.check(two, folds, recipe(Watcher(0.2)), 1)


# Rows without a truth


def unlabelled(data: Dataset, which: pl.Expr) -> Dataset:
    name = data.target.name
    frame = data.frame.with_columns(pl.when(which).then(None).otherwise(pl.col(name)).alias(name))
    return Dataset(frame, data.target)


EVERY_THIRD = pl.col("id").str.contains("_[0-9][258]")


@pytest.mark.parametrize("target", ["emotion", "age"])
@pytest.mark.parametrize("share", [None, 0.4])
def test_rows_without_truth_are_as_if_not_there_in_training(target: str, share: float | None) -> None:
    whole = dataset(target)
    data = unlabelled(whole, EVERY_THIRD)
    given = wild(features(dataset()), data.frame.filter(EVERY_THIRD)["id"].to_list())
    model = Watcher(share, "regression" if target == "age" else "classification")
    way = recipe(model, "standard", balancing="smote" if target == "emotion" else None)
    without = Dataset(whole.frame.filter(~EVERY_THIRD), whole.target)
    for dev in ("dev", "none"):
        every, known = (seen(some, given, way, ids_of(some, "train"), ids_of(some, dev)) for some in (data, without))
        same(every, known)
        assert (every.dev_x is None) == (share is None and dev == "none")


@pytest.mark.parametrize(("model", "target"), [("svm", "emotion"), ("xgr", "age")])
def test_rows_without_truth_are_predicted_and_never_measured(model: str, target: str, tmp_path: Path) -> None:
    whole, given = dataset(target), features(dataset())
    data = unlabelled(whole, EVERY_THIRD)
    found = make_folds(whole, LOSO, ["speaker"], seed=0)
    assert found is not None
    predictions = train.cross(given, data, found, recipe(model), 1, Ui(quiet=True)).predictions
    assert predictions.frame["predicted"].null_count() == 0
    assert predictions.frame["truth"].null_count() == data.frame[target].null_count() > 0
    known = {fold.name: data.frame[target][fold.train_rows] for fold in found}
    metrics = metrics_json(predictions, known)
    rows = data.frame[target].is_not_null().sum()
    for one in metrics["metrics"]["test"].values():
        assert (one["n"], one["n_speakers"]) == (rows, 8)
        assert f"{len(data) - rows} rows without truth left out" in one["method"]
    assert sum(row["n"] for row in metrics["per_speaker"]["test"]) == rows
    labelled = replace(predictions, frame=predictions.frame.filter(pl.col("truth").is_not_null()))
    again = metrics_json(labelled, known)
    for key in ("per_class", "per_speaker", "baselines", "runs", "folds"):
        assert metrics[key] == again[key], key
    draw_results(tmp_path, predictions, metrics, Plot())
    kinds = {"scatter"} if target == "age" else {"confusion", "uncertainty", "reliability", "risk_coverage"}
    assert {path.stem for path in tmp_path.glob("*.png")} == {f"{kind}_test" for kind in kinds}
    assert without_truth.find(data, found) == []


@pytest.mark.parametrize(("model", "target"), [("log_reg", "emotion"), ("tree_reg", "age")])
def test_a_test_part_without_any_truth_is_predicted_and_said(model: str, target: str, tmp_path: Path) -> None:
    data = unlabelled(dataset(target), pl.col("split") == "test")
    fold = holdout(data)
    train.check(data, [fold], recipe(model), 1)
    predictions = train.cross(features(dataset()), data, [fold], recipe(model), 1, Ui(quiet=True)).predictions
    metrics = metrics_json(predictions, {"split": data.frame[target][fold.train_rows]})
    assert [*metrics["metrics"]] == ["dev"]
    assert predictions.part("test").frame.height == 40
    draw_results(tmp_path, predictions, metrics, Plot())
    assert not list(tmp_path.glob("*_test.*"))
    (said,) = without_truth.find(data, [fold])
    assert said.what.startswith(f"no row of the part `test` has a `{target}`")
    assert not [one for one in missing_classes.find(data, [fold]) if "" in one.examples]


def test_a_training_part_without_any_truth_is_told_before_any_work() -> None:
    data = unlabelled(dataset(), pl.col("split") == "train")
    with pytest.raises(DataError, match="the training part has no row with a `emotion`"):
        train.check(data, [holdout(data)], recipe(), 1)


# Gaps


def test_a_column_that_only_training_lacks_is_noted() -> None:
    data = dataset()
    given, rows = features(data), ids_of(data, "train")
    given.values[np.isin(given.ids, rows), 1] = np.nan
    given.values[:, 2] = np.nan
    found = train.train(given, data, rows, (), recipe("log_reg"))
    assert found.course.notes == ("no training row has a value of `f1`: 0 was used",)


def test_folds_of_places_are_those_of_the_dataset() -> None:
    """Rows are found by id: a fold of another order of the same rows gives the same."""
    data = dataset()
    given, places = features(data), holdout(data)
    turned = Dataset(data.frame.reverse(), data.target)
    again = Fold("split", places.ids, places.dev_rows, places.test_rows, places.kept)
    way = recipe("log_reg", "speaker", balancing="smote")
    one = train.cross(given, data, [places], way, 1, Ui(quiet=True)).predictions.frame
    assert one.equals(train.cross(given, turned, [again], way, 1, Ui(quiet=True)).predictions.frame)
