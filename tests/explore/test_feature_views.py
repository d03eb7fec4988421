"""Views of features: what [EXPL] asks for, with the right numbers beside each picture.

Rows have features of known worth: `truth` is the target itself, `same` never varies, the others are noise.
"""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from nk import families
from nk.config.output import Plot
from nk.config.work import Expl
from nk.errors import ConfigError, DataError, MissingDependency, NotBuilt
from nk.explore import (
    correlations,
    distributions,
    feature_views,
    importance,
    permutation,
    projections,
    regression,
    shapley,
    tree,
)
from nk.explore.colours import colours_of
from nk.explore.learners import held_out, learners, recipe_for, strongest
from nk.explore.sampling import sampled
from nk.report.figures import PEN, Pen, save
from nk.stages.train import train
from nk.tables import Dataset, Features, Target

if TYPE_CHECKING:
    from pathlib import Path

    from nk.explore.exhibit import Exhibit
    from nk.explore.importance import Importance

CONFIG = """
[EXP]
name = views
root = {root}

[DATA]
databases = ['emodb']
emodb = {data}/emodb/emodb.csv
emodb.type = csv
emodb.absolute_path = False
emodb.limit_samples_per_speaker = 12
target = emotion

[EXPL]
{expl}
"""
LABELS = ("anger", "joy", "rest")
NAMES = ("noise_a", "truth", "same", "noise_b", "noise_c")


def dataset(*, speakers: int = 8, each: int = 15, target: str = "emotion") -> Dataset:
    rows = speakers * each
    number = np.arange(rows) % 3
    names = [f"{row:04}.wav" for row in range(rows)]
    frame = pl.DataFrame(
        {
            "id": [f"d/{name}#0-1000" for name in names],
            "file": names,
            "start": [0.0] * rows,
            "end": [1.0] * rows,
            "database": ["d"] * rows,
            "split": pl.Series([None] * rows, dtype=pl.String),
            "speaker": [f"s{row // each:02}" for row in range(rows)],
            "gender": [("female", "male")[row // each % 2] for row in range(rows)],
            "emotion": [LABELS[place] for place in number],
            "age": np.random.default_rng(1).uniform(20, 60, rows),
        }
    )
    return Dataset(frame, Target(target, () if target == "age" else LABELS))


def features(data: Dataset) -> Features:
    """In another order than the rows."""
    frame, ids = data.frame, data.ids[::-1]
    truth = (
        frame["age"]
        if data.target.name == "age"
        else frame["emotion"].replace_strict(dict(zip(LABELS, range(3), strict=True)))
    )
    values = np.random.default_rng(2).normal(size=(len(ids), len(NAMES)))
    values[:, 1], values[:, 2] = truth.to_numpy()[::-1], 7
    return Features(tuple(ids), NAMES, values.astype(np.float32))


MODELS = families.models.all()


def weighed(name: str, *, permuted: bool = False, **options: Any) -> Importance:
    data = dataset(target="age" if families.models.get(name).task == "regression" else "emotion")
    (model,) = learners([name], options, numbers=data.target.is_number)
    return importance.measured(data, features(data), model, seed=1, jobs=2, permuted=permuted)


@pytest.mark.parametrize("name", [model.name for model in MODELS])
@pytest.mark.parametrize("permuted", [False, True])
def test_the_label_itself_is_first_and_a_constant_last(name: str, permuted: bool) -> None:
    found = weighed(name, permuted=permuted, n_estimators=10)
    ranks = dict(zip(NAMES, importance.ranks([found]), strict=True))
    assert ranks["truth"] == 1
    assert ranks["same"] == max(ranks.values())
    assert found.values[NAMES.index("same")] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("model", [one for one in MODELS if one.weighs], ids=lambda one: one.name)
def test_weights_are_those_of_the_library(model: Any) -> None:
    data = dataset(target="age" if model.task == "regression" else "emotion")
    x = features(data).rows(data.ids).astype(np.float64)
    x = (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1)
    truth = data.frame["age"].to_numpy() if data.target.is_number else np.arange(len(data)) % 3
    expected = _reference(model.name, x.astype(np.float32), truth)
    assert weighed(model.name).values == pytest.approx(expected, rel=1e-3, abs=1e-4)


def _reference(name: str, x: Any, y: Any) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor
    from sklearn import ensemble, linear_model, tree
    from xgboost import XGBClassifier, XGBRegressor

    makers: dict[str, Any] = {
        "tree": lambda: tree.DecisionTreeClassifier(random_state=1),
        "tree_reg": lambda: tree.DecisionTreeRegressor(random_state=1),
        "forest": lambda: ensemble.RandomForestClassifier(random_state=1),
        "forest_reg": lambda: ensemble.RandomForestRegressor(random_state=1),
        "xgb": lambda: XGBClassifier(random_state=1, importance_type="total_gain"),
        "xgr": lambda: XGBRegressor(random_state=1, importance_type="total_gain"),
        "lgbm": lambda: LGBMClassifier(random_state=1, importance_type="gain", max_depth=6, verbose=-1),
        "lgbr": lambda: LGBMRegressor(random_state=1, importance_type="gain", max_depth=6, verbose=-1),
        "log_reg": lambda: linear_model.LogisticRegression(max_iter=1000),
        "lin_reg": linear_model.LinearRegression,
    }
    fitted = makers[name]().fit(x, y)
    if hasattr(fitted, "coef_"):
        return np.abs(np.atleast_2d(fitted.coef_)).mean(axis=0)
    return fitted.feature_importances_ / fitted.feature_importances_.sum()


def test_all_classes_count_where_coefficients_are_of_classes() -> None:
    found = weighed("log_reg")  # of the first class alone it would be the same; of a class that nothing tells it is not
    data, given = dataset(), features(dataset())
    only_last = (data.frame["emotion"] == LABELS[2]).to_numpy().astype(np.float32)[::-1]
    values = given.values.copy()
    values[:, 1] = only_last
    (model,) = learners(["log_reg"], {}, numbers=False)
    other = importance.measured(data, replace(given, values=values), model, seed=1, jobs=1, permuted=False)
    assert importance.in_order([found])[0] == importance.in_order([other])[0] == 1


def _of_two(rows: int) -> tuple[Dataset, Features]:
    """A number that is 2 a + b, of independent features."""
    data, rng = dataset(speakers=10, each=rows // 10, target="age"), np.random.default_rng(3)
    given = features(data)
    values = rng.normal(size=given.values.shape).astype(np.float32)
    truth = (2 * values[:, 0] + values[:, 1]).astype(np.float64)[::-1]
    return replace(data, frame=data.frame.with_columns(pl.Series("age", truth))), replace(given, values=values)


def test_shuffling_costs_what_a_linear_model_says_it_must() -> None:
    """R2 falls by 2 beta^2 var(x) / var(y): of y = 2 a + b by 1.6 and 0.4."""
    data, given = _of_two(1500)
    (model,) = learners(["lin_reg"], {}, numbers=True)
    found = permutation.by_permutation(data, given, model, seed=1, jobs=2)
    assert found.values == pytest.approx([1.6, 0.4, 0, 0, 0], abs=0.1)


def test_permutation_is_that_of_scikit_learn_on_held_out_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.inspection import permutation_importance
    from sklearn.linear_model import LinearRegression

    data, given = _of_two(500)
    monkeypatch.setattr("nk.explore.learners._FOLDS", 2)
    (model,) = learners(["lin_reg"], {}, numbers=True)
    found = permutation.by_permutation(data, given, model, seed=1, jobs=1)
    folds, _ = held_out(data, 1)
    x, y = given.rows(data.ids), data.frame["age"].to_numpy()
    each = [
        permutation_importance(LinearRegression().fit(x[a], y[a]), x[b], y[b], n_repeats=20, random_state=1)
        for a, b in (folds, folds[::-1])
    ]
    expected = np.mean([one.importances_mean for one in each], axis=0)
    assert found.values == pytest.approx(expected, abs=0.15)


def test_what_nothing_tells_weighs_nothing_on_others_and_it_is_said() -> None:
    data = dataset(speakers=20)
    given = features(data)
    noise = np.random.default_rng(5).normal(size=given.values.shape).astype(np.float32)
    (model,) = learners(["tree"], {}, numbers=False)
    own = importance.measured(data, replace(given, values=noise), model, seed=1, jobs=1, permuted=False)
    others = importance.measured(data, replace(given, values=noise), model, seed=1, jobs=1, permuted=True)
    assert own.values.max() > 0.1  # it has learnt the noise by heart
    assert np.abs(others.values).max() < 0.1
    assert any("no more than guessing" in note for note in others.notes)


def test_no_speaker_is_on_both_sides_and_all_are_held_out() -> None:
    data = dataset()
    folds, unit = held_out(data, 3)
    speakers = [{*data.frame["speaker"][fold].to_list()} for fold in folds]
    assert unit == "speakers"
    assert sorted(np.concatenate(folds)) == list(range(len(data)))
    assert sum(map(len, speakers)) == len(set.union(*speakers)) == 8


@pytest.mark.parametrize("speaker", [None, "one"])
def test_rows_are_held_out_where_there_are_no_speakers(speaker: str | None) -> None:
    data = dataset()
    data = replace(data, frame=data.frame.with_columns(pl.lit(speaker, pl.String).alias("speaker")))
    folds, unit = held_out(data, 3)
    assert (unit, len(folds)) == ("recordings", 5)


def test_many_features_are_shuffled_by_choice_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permutation, "_MOST_FEATURES", 2)
    found = weighed("knn")
    assert found.values[1] > 0.3
    assert (found.values != 0).sum() <= 2
    assert any("largest F" in note for note in found.notes)
    x, y = np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3
    x[:, 2] = y
    assert 2 in strongest(x.astype(np.float32), y, 1)


def test_several_models_are_joined_by_mean_rank() -> None:
    one = importance.Importance("a", np.array([3.0, 2.0, 1.0]), "")
    two = importance.Importance("b", np.array([0.1, 0.3, -0.2]), "")
    assert importance.ranks([one, two]).tolist() == [1.5, 1.5, 3.0]
    shown = importance.exhibits([one, two], ["x", "y", "z"], 2, about="emotion")
    assert [exhibit.name for exhibit in shown] == ["importance", "importance_a", "importance_b"]
    assert shown[0].table.columns == ["feature", "mean_rank", "a", "b"]
    assert shown[0].table["feature"].to_list() == ["x", "y", "z"]
    assert [shown[0].draw(Pen()), shown[1].draw(Pen())]  # type: ignore[misc]


def test_a_sample_has_some_of_every_speaker_and_class_whatever_the_order() -> None:
    data = dataset(speakers=10, each=30)
    few, notes = sampled(data, 60, 7, "it is")
    counts = few.frame.group_by("speaker", "emotion").len()
    assert (len(few), counts.height, counts["len"].unique().to_list()) == (60, 30, [2])
    assert "60 of 300 rows, the same share of every speaker and emotion" in notes[0]
    turned = replace(data, frame=data.frame.reverse())
    assert sampled(turned, 60, 7, "")[0].ids == few.ids[::-1]
    assert sampled(data, 60, 8, "")[0].ids != few.ids
    assert sampled(data, 300, 7, "") == (data, ())


def views(data: Dataset | None = None, plot: dict[str, Any] | None = None, **expl: Any) -> list[Exhibit]:
    data = data or dataset()
    return feature_views.views(data, features(data), Expl(**expl), Plot(**(plot or {})), 1, 1)


def drawn(exhibit: Exhibit, tmp_path: Path) -> None:
    assert exhibit.draw is not None
    save(exhibit.draw(Pen()), tmp_path / "it.png")
    assert (tmp_path / "it.png").stat().st_size > 5000


def without_target() -> Dataset:
    data = dataset()
    return replace(data, target=Target(""), frame=data.frame.drop("emotion"))


def test_nothing_is_shown_that_nothing_asks_for() -> None:
    assert not feature_views.needed(Expl())
    assert views() == []


@pytest.mark.parametrize("asked", [{"tsne": True}, {"scatter": ("pca",)}, {"plot_tree": True}, {"permutation": True}])
def test_keys_that_need_features_say_so(asked: dict[str, Any]) -> None:
    assert feature_views.needed(Expl(**asked))


def test_distributions_are_those_of_the_most_important_features_and_of_those_that_are_named() -> None:
    found = views(feature_distributions=True, model=("tree", "log_reg"), max_feats=2, plot_features=("same",))
    names = [one.name for one in found]
    assert names[:4] == ["importance", "importance_tree", "importance_log_reg", "feature_truth"]
    assert names[5:] == ["feature_same", "feature_tests", "feature_correlations"]
    assert [any("p too small" in note for note in one.notes) for one in found[3:7]] == [True, True, False, True]


def test_a_table_of_a_distribution_has_the_numbers_of_each_class_and_gender() -> None:
    data = dataset()
    (exhibit, *_) = views(plot_features=("noise_a",))
    values = features(data).rows(data.ids)[:, 0].astype(np.float64)
    row = exhibit.table.row(1, named=True)
    own = values[((data.frame["emotion"] == row["class"]) & (data.frame["gender"] == row["gender"])).to_numpy()]
    assert (row["class"], row["gender"], row["n"]) == ("anger", "male", 20)
    assert [row["mean"], row["deviation"], row["median"]] == pytest.approx(
        [own.mean(), own.std(ddof=1), np.median(own)]
    )
    assert [row["quartile_1"], row["quartile_3"]] == pytest.approx(np.quantile(own, [0.25, 0.75]).tolist())


def test_the_test_of_a_distribution_is_that_of_scipy() -> None:
    data = dataset()
    values = features(data).rows(data.ids)[:, 3].astype(np.float64)
    groups = [values[(data.frame["emotion"] == label).to_numpy()] for label in LABELS]
    exhibit, tests = views(plot_features=("noise_b",))
    h = stats.kruskal(*groups)
    assert f"H(2) = {h.statistic:.4g}" in exhibit.caption
    assert "speakers" in exhibit.caption
    row = tests.table.filter((pl.col("of") == "all") & (pl.col("unit") == "rows")).row(0, named=True)
    assert row["p"] == pytest.approx(h.pvalue)


def test_tests_of_several_features_are_corrected_for_all_of_them() -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    table = views(plot_features=("noise_a", "noise_b"))[-1].table
    assert table["feature"].n_unique() == 2
    for unit, whole in ((unit, whole) for unit in ("rows", "speakers") for whole in (True, False)):
        some = table.filter((pl.col("unit") == unit) & ((pl.col("of") == "all") == whole))
        assert some.height >= 2
        assert some["p_holm"].to_list() == pytest.approx([*multitest.multipletests(some["p"], method="holm")[1]])


@pytest.mark.parametrize("kind", ["violin", "box", "bar", "strip", "swarm"])
@pytest.mark.parametrize("ignore_gender", [False, True])
def test_every_kind_is_drawn(kind: str, ignore_gender: bool, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"plot_features": ("noise_a", "same"), "ignore_gender": ignore_gender}
    for exhibit in views(plot={"kind": kind}, **asked)[:2]:
        assert ("gender" in exhibit.table.columns) is not ignore_gender
        drawn(exhibit, tmp_path)


def test_kinds_are_not_all_the_same_picture() -> None:
    made = {kind: views(plot={"kind": kind}, plot_features=("noise_a",))[0].draw for kind in ("violin", "bar")}
    artists = {kind: len(draw(Pen()).axes[0].patches) for kind, draw in made.items() if draw}
    assert artists == {"violin": 0, "bar": 6}


def test_gaps_of_features_are_left_out_and_counted() -> None:
    data = dataset()
    given = features(data)
    given.values[:30, 0] = np.nan
    exhibit = distributions.exhibit(data, given, "noise_a", kind="violin", by_gender=True, seed=1)
    assert exhibit.caption.startswith("90 recordings")
    assert exhibit.table["n"].sum() == 90


def test_more_classes_than_can_be_drawn_are_the_largest() -> None:
    data = dataset(speakers=30, each=3)
    named = data.frame.with_columns(pl.col("speaker").alias("emotion"))
    data = replace(data, frame=named, target=Target("emotion", tuple(named["emotion"].unique().sort())))
    exhibit = distributions.exhibit(
        data, replace(features(dataset(speakers=30, each=3))), "noise_a", kind="box", by_gender=False, seed=1
    )
    assert exhibit.table.height == 20
    assert exhibit.notes == ("drawn are the 20 largest of 30 classes",)


def test_a_number_is_drawn_against_the_feature(tmp_path: Path) -> None:
    exhibit, tests = views(dataset(target="age"), {"ccc": True}, plot_features=("truth",))
    assert exhibit.title == "age against truth, CCC 1.000"
    assert "1.00" in exhibit.caption
    assert tests.table["effect"].to_list() == pytest.approx([1, 1])
    drawn(exhibit, tmp_path)


def test_it_works_without_a_target(tmp_path: Path) -> None:
    data = without_target()
    given = features(dataset())
    expl = Expl(feature_distributions=True, max_feats=2, scatter=("pca",), regplot=(("age", "noise_a"),))
    found = feature_views.views(data, given, expl, Plot(), 1, 1)
    assert [one.name for one in found] == [
        "feature_noise_a", "feature_truth", "feature_correlations", "regplot_age_noise_a", "scatter_pca_2d",
    ]  # fmt: skip
    for exhibit in found:
        drawn(exhibit, tmp_path)


@pytest.mark.parametrize("asked", [{"plot_tree": True}, {"shap": True}])
def test_what_needs_a_target_says_so(asked: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="needs something to be learnt"):
        feature_views.views(without_target(), features(dataset()), Expl(**asked), Plot(), 1, 1)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"plot_features": ("noise_d",)}, "there is no feature or column `noise_d`, which `plot_features` names"),
        ({"regplot": (("age", "nothing"),)}, "which `regplot` names"),
        ({"regplot": (("age",),)}, "`regplot` takes two or three names each, and has 1"),
        ({"regplot": (("file", "age"),)}, "holds no numbers"),
        ({"scatter": ("pca",), "scatter_target": ("nothing",)}, "no column `nothing`, which `scatter_target` names"),
    ],
)
def test_names_that_are_not_there(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        views(**asked)


def test_a_model_for_numbers_does_not_tell_classes_apart() -> None:
    with pytest.raises(ConfigError, match="`lin_reg`, which is for regression"):
        views(feature_distributions=True, model=("lin_reg",))
    assert [one.called for one in learners(("log_reg",), {}, numbers=True)] == ["lin_reg"]


@pytest.mark.parametrize(("asked", "package"), [({"shap": True}, "shap"), ({"umap": True}, "umap-learn")])
def test_a_missing_package_is_found_before_any_work(
    asked: dict[str, Any], package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_views, "find_spec", lambda _: None)
    with pytest.raises(MissingDependency, match=f"needs the package `{package}`") as raised:
        feature_views.check(Expl(**asked))
    assert raised.value.hint == "pip install 'nk-speech[explore]'"
    feature_views.check(Expl(pca=True, tsne=True))


def test_regplot_takes_a_colour_of_groups_or_of_numbers(tmp_path: Path) -> None:
    found = views(regplot=(("age", "noise_a"), ("age", "noise_a", "gender"), ("noise_a", "noise_b", "truth")))
    assert [one.table.columns[-1] for one in found] == ["emotion", "gender", "truth"]
    assert "Pearson's r within: female" in found[1].caption
    for exhibit in found:
        drawn(exhibit, tmp_path)


def test_a_picture_of_many_points_is_thinned_and_its_numbers_are_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regression, "MOST_POINTS", 50)
    exhibit = views(regplot=(("age", "noise_a"),))[0]
    assert exhibit.table.height == 50
    assert exhibit.caption.startswith("120 recordings")
    assert exhibit.notes == ("drawn are 50 of 120 rows; the numbers are of all",)


def test_many_groups_share_a_colour_and_it_is_said() -> None:
    data = dataset(speakers=15, each=4)
    found = colours_of("speaker", data.frame, features(data))
    assert found.names[-1] == "others"
    assert (len(found.names), int((found.values == 11).sum())) == (12, 16)
    assert "11 most frequent" in found.notes[0]


def test_pca_is_that_of_scikit_learn(tmp_path: Path) -> None:
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    data = dataset()
    (exhibit,) = views(data, scatter=("pca",), scatter_dim=3)
    expected = PCA(3).fit_transform(StandardScaler().fit_transform(features(data).rows(data.ids).astype(np.float64)))
    found = exhibit.table.select(projections.PLACES).to_numpy()
    assert np.abs(found) == pytest.approx(np.abs(expected), abs=1e-4)
    assert exhibit.table["id"].to_list() == data.ids
    drawn(exhibit, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_groups_that_are_far_apart_stay_apart(method: str) -> None:
    if method == "umap" and importlib.util.find_spec("umap") is None:
        pytest.skip("umap-learn is not installed")
    from sklearn.neighbors import KNeighborsClassifier

    data = dataset()
    given = features(data)
    given.values[:] += 20 * given.values[:, 1:2]
    expl = Expl(scatter=(method,))
    (one,), (again,) = (feature_views.views(data, given, expl, Plot(), 1, 1) for _ in range(2))
    places, labels = one.table.select(projections.PLACES[:2]).to_numpy(), one.table["emotion"].to_numpy()
    assert KNeighborsClassifier(5).fit(places, labels).score(places, labels) == 1
    assert again.table.equals(one.table)


def test_a_projection_of_many_rows_is_of_a_sample_that_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "MOST_ROWS", 60)
    (exhibit,) = views(scatter=("tsne",))
    assert exhibit.table.height == 60
    assert "t-SNE is of a sample of 60 of 120 rows" in exhibit.notes[0]
    assert "view, no result" in exhibit.caption


def test_several_targets_and_both_spellings() -> None:
    found = views(scatter=("pca",), pca=True, scatter_target=("emotion", "gender", "age"))
    assert [one.name for one in found] == ["scatter_pca_2d_emotion", "scatter_pca_2d_gender", "scatter_pca_2d_age"]


def test_correlations_are_those_of_scipy_and_like_features_are_named(tmp_path: Path) -> None:
    data = dataset()
    given = features(data)
    given.values[:, 3], given.values[:, 4] = -given.values[:, 0], np.exp(given.values[:, 0])
    (exhibit,) = correlations.exhibit(data, given, range(5))
    names = exhibit.table["feature"].to_list()
    x = given.rows(data.ids)[:, [given.names.index(name) for name in names]]
    assert exhibit.table.select(names).to_numpy() == pytest.approx(stats.spearmanr(x).statistic, abs=1e-9)
    alike = exhibit.table.filter(pl.col("group") == 1)["feature"].to_list()
    assert sorted(alike) == ["noise_a", "noise_b", "noise_c"]
    assert "so that 2 would do" in exhibit.caption
    assert exhibit.notes == ("1 constant feature left out",)
    drawn(exhibit, tmp_path)


def test_a_tree_asks_for_what_tells_and_its_leaves_hold_all_rows(tmp_path: Path) -> None:
    exhibit = tree.exhibit(dataset(), features(dataset()), seed=1)
    root, leaves = exhibit.table.row(0, named=True), exhibit.table.filter(pl.col("feature").is_null())
    assert (root["feature"], root["n"]) == ("truth", 120)
    assert leaves["n"].to_list() == [40, 40, 40]
    assert sorted(leaves.select(f"share_{label}" for label in LABELS).rows()) == [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
    assert "right on 100 %" in exhibit.caption
    drawn(exhibit, tmp_path)


def test_a_tree_for_numbers(tmp_path: Path) -> None:
    data = dataset(target="age")
    exhibit = tree.exhibit(data, features(data), seed=1)
    root = exhibit.table.row(0, named=True)
    assert (root["feature"], root["mean"]) == ("truth", pytest.approx(data.frame["age"].mean()))
    drawn(exhibit, tmp_path)


@pytest.mark.slow
def test_shap_of_a_linear_model_is_its_coefficient_times_the_distance_from_the_mean() -> None:
    pytest.importorskip("shap")
    data = dataset(target="age")
    given = features(data)
    (model,) = learners(["lin_reg"], {}, numbers=True)
    trained = train(given, data, data.ids, (), recipe_for(model, 1, 1, len(data)))
    x, background = given.rows(data.ids[:10]), given.rows(data.ids[20:30])
    found = shapley.shap_values(trained, x, background, 1)[:, :, 0]
    scale = np.where(given.values.std(axis=0) > 0, given.values.std(axis=0), 1)
    slopes = trained.fitted.estimator.coef_ / scale  # type: ignore[attr-defined]
    assert found == pytest.approx(slopes * (x - background.mean(axis=0)), abs=1e-3)


@pytest.mark.slow
def test_shap_values_add_up_to_the_scores_and_the_label_comes_first(tmp_path: Path) -> None:
    pytest.importorskip("shap")
    data = dataset()
    given = features(data)
    (model,) = learners(["svm"], {}, numbers=False)
    trained = train(given, data, data.ids, (), recipe_for(model, 1, 1, len(data)))
    x, background = given.rows(data.ids[:5]), given.rows(data.ids[50:60])
    found = shapley.shap_values(trained, x, background, 1)
    assert found.shape == (5, len(NAMES), 3)
    assert found.sum(axis=1) == pytest.approx(trained.scores(x) - trained.scores(background).mean(axis=0), abs=1e-5)
    exhibit = shapley.exhibit(data, given, model, most=3, seed=1, jobs=1)
    assert exhibit.table["feature"].to_list()[:3] == ["truth"] * 3
    assert exhibit.table.filter(pl.col("feature") == "same")["mean_size"].to_list() == pytest.approx([0, 0, 0])
    assert "held-out speakers" in exhibit.caption
    drawn(exhibit, tmp_path)


def explored(data: Path, tmp_path: Path, expl: str) -> Any:
    from nk import pipeline
    from nk.config import load_config
    from nk.ui import Ui

    (tmp_path / "it.ini").write_text(CONFIG.format(root=tmp_path, data=data, expl=expl))
    return pipeline.explore(load_config(tmp_path / "it.ini", []), Ui(quiet=True), jobs=2)


@pytest.mark.slow
def test_emodb(data: Path, tmp_path: Path) -> None:
    """Anger is louder and higher than sadness, and men speak lower than women."""
    asked = """feature_distributions = True
        model = ['tree', 'log_reg']
        max_feats = 3
        plot_features = ['F0semitoneFrom27.5Hz_sma3nz_amean']
        plot_tree = True
        scatter = ['pca']
        scatter.target = ['emotion', 'gender']"""
    found = explored(data, tmp_path, asked.replace("        ", ""))
    told = {one["name"]: one for one in found.told["exhibits"]}
    assert {"importance", "tree", "feature_correlations", "scatter_pca_2d_gender"} <= told.keys()
    for one in told.values():
        assert all((found.folder / file).stat().st_size for file in one["files"])
    pitch = pl.read_csv(found.folder / "feature_F0semitoneFrom27.5Hz_sma3nz_amean.csv")
    mean = dict(zip(zip(pitch["class"], pitch["gender"], strict=True), pitch["mean"], strict=True))
    assert mean["anger", "female"] > mean["anger", "male"] > mean["sadness", "male"]
    assert "F0semitoneFrom27.5Hz_sma3nz_percentile50.0" in told["feature_correlations"]["caption"]


@pytest.mark.parametrize(
    ("expl", "more", "error", "message"),
    [
        ("pca = True", "[FEATS]\ntype = []", ConfigError, r"\[FEATS\] `type` is empty"),
        ("pca = True", "[FEATS]\ntype = ['wav2vec2']", NotBuilt, "not built yet"),
        ("permutation = True\nmodel = ['mlpp']", "", ConfigError, "`mlpp` is not one of the models"),
        ("feature_distributions = True\nmodel = ['svr']", "", ConfigError, "`svr`, which is for regression"),
        ("shap = True", "[MODEL]\ntype = mlp", NotBuilt, "not built yet"),
    ],
)
def test_what_cannot_be_is_said_before_any_work(
    expl: str, more: str, error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        explored(tmp_path, tmp_path, f"{expl}\n{more}")  # there is no data, which would be the next thing to be said


def test_a_model_that_is_not_asked_is_no_matter(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"emodb\.csv"):
        explored(tmp_path, tmp_path, "pca = True\n[MODEL]\ntype = mlp")


ODD = ("plain", "seven", "tenth", "some", "none", "endless", "once")


def odd(ids: list[str]) -> Features:
    values = np.random.default_rng(0).normal(size=(len(ids), len(ODD))).astype(np.float32)
    values[:, 1:3] = 7, 0.1
    values[:10, 3], values[:, 4], values[0, 5] = np.nan, np.nan, np.inf
    values[:, 6] = np.arange(len(ids)) == 3
    return Features(tuple(ids), ODD, values)


def of(target: str, **columns: Any) -> Dataset:
    found = dataset(target="age" if target == "age" else "emotion")
    frame = found.frame.with_columns(**{name: pl.Series(name, values) for name, values in columns.items()})
    labels = {"emotion": LABELS, "speaker": tuple(frame["speaker"].drop_nulls().unique().sort())}.get(target, ())
    return replace(found, frame=frame, target=Target(target, labels))


@pytest.mark.parametrize("target", ["emotion", "age", "speaker", ""])
@pytest.mark.parametrize("speaker", [["s"] * 120, ["s", "t", None] * 40, None], ids=["one", "some", "all"])
def test_odd_features_are_drawn_without_a_warning_of_a_library(target: str, speaker: Any) -> None:
    if target == "speaker" and speaker is not None and len(set(speaker)) == 1:
        pytest.skip("one class")
    data = of(target, **({} if speaker is None else {"speaker": speaker}))
    expl = Expl(
        feature_distributions=True, plot_features=ODD, regplot=(("plain", "none"), ("seven", "plain", "gender")),
        scatter=("pca",), plot_tree=bool(target), max_feats=3,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for one in feature_views.views(data, odd(data.ids), expl, Plot(), 1, 1):
            assert " nan" not in one.caption
            if one.draw:
                one.draw(PEN)


def test_a_feature_that_no_row_has_is_no_picture() -> None:
    data = of("emotion")
    one = feature_views.views(data, odd(data.ids), Expl(plot_features=("none",)), Plot(), 1, 1)[0]
    assert one.draw is None
    assert one.caption == "No recording has a value, or none with one has a class."


def test_speakers_who_are_the_target_are_sampled_too() -> None:
    some, notes = sampled(of("speaker"), 40, 1, "this is of")
    assert (len(some), some.frame["speaker"].n_unique()) == (40, 8)
    assert notes == ("this is of a sample of 40 of 120 rows, the same share of every speaker",)


def test_a_caption_says_that_speakers_were_not_tested() -> None:
    """Two speakers a class are too few, and the rows alone must not be what is cited."""
    rows, draw = 60, np.random.default_rng(4)
    target = Target("emotion", ("a", "b", "c"))
    frame = pl.DataFrame({
        "id": [f"r{row:02}" for row in range(rows)], "emotion": [target.labels[row % 3] for row in range(rows)],
        "speaker": [f"s{row % 6}" for row in range(rows)],
    })  # fmt: skip
    features = Features(tuple(frame["id"]), ("f",), draw.normal(0, 1, (rows, 1)).astype(np.float32))
    found = distributions.exhibit(Dataset(frame, target), features, "f", kind="box", by_gender=False, seed=0)
    assert "By speakers: not tested, as too few can be compared." in found.caption
