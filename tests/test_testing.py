"""A stored model tested again: the same rows give the same scores, and what cannot be scored or believed is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile

from nk import pipeline
from nk.config import load_config
from nk.errors import ConfigError, DataError, MissingDependency, NkError, PluginError
from nk.families import features
from nk.stored import find
from nk.ui import Ui

CONFIG = """[EXP]
name = exp
[DATA]
databases = ['db']
db = db.csv
db.split_strategy = column
target = emotion
[FEATS]
set = GeMAPSv01b
scale = standard
[MODEL]
type = log_reg
"""


def tones(folder: Path, speakers: str, each: int = 6) -> list[dict[str, Any]]:
    """Tones of two heights as two classes, two channels each, of speakers who are one letter each."""
    rows, time = [], np.arange(4800) / 16000
    for speaker in speakers:
        rng = np.random.default_rng(ord(speaker))
        for number in range(each):
            high = number % 2 == 0
            wave = 0.3 * np.sign(np.sin(2 * np.pi * (220 if high else 110) * rng.normal(1, 0.25) * time))
            noise = rng.normal(0, 0.02, (len(time), 2))
            name = f"{speaker}{number}.wav"
            soundfile.write(folder / name, wave[:, None] * [1, 0.3] + noise, 16000)
            emotion = "joy" if high else "anger"
            age = 20 + 3 * number + ord(speaker) % 7
            rows.append({"file": name, "speaker": speaker, "emotion": emotion, "age": age, "third": number % 3})
    return rows


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four speakers in train and two in test, and a table of the test rows alone."""
    rows = [{**row, "split": "test" if row["speaker"] in "ef" else "train"} for row in tones(tmp_path, "abcdef")]
    pl.DataFrame(rows).write_csv(tmp_path / "db.csv")
    pl.DataFrame(rows).filter(pl.col("split") == "test").write_csv(tmp_path / "held.csv")
    (tmp_path / "exp.ini").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*sets: str) -> pl.DataFrame:
    """The test rows of a run as they were predicted, by file."""
    outcome = pipeline.run(load_config("exp.ini", sets), Ui(quiet=True), jobs=1, force=True)
    assert isinstance(outcome, pipeline.Result)
    return predictions(outcome.folder)


def predictions(folder: Path) -> pl.DataFrame:
    return pl.read_csv(folder / "predictions.csv").filter(pl.col("split") == "test").sort("file")


def test(where: str, *sets: str, **more: Any) -> tuple[pipeline.Tests, list[str]]:
    ui = Ui(quiet=True)
    folder, loaded = find(Path(where), sets)
    found = pipeline.test(folder, loaded, ui, jobs=1, **more)
    return found, [line.partition(" ")[2].partition(" ")[2] for line in ui.lines]


test.__test__ = False  # type: ignore[attr-defined]


def equal(one: pl.DataFrame, other: pl.DataFrame) -> None:
    """Labels equal, scores within 1e-6."""
    assert one["file"].to_list() == other["file"].to_list()
    same = "truth" if one["truth"].dtype == pl.String else None
    assert same is None or one.select("truth", "predicted").equals(other.select("truth", "predicted"))
    numbers = [name for name in one.columns if name.startswith("p_") or one[name].dtype.is_float()]
    assert {"predicted", "uncertainty"} & set(numbers)
    for name in numbers:
        assert np.allclose(one[name], other[name], rtol=0, atol=1e-6), name


AGE = ("exp.type=regression", "data.target=age", "model.type=svr")
LIKE_TRAINING = {
    "standard": (),
    "an svm": ("model.type=svm",),
    "a forest": ("model.type=forest", "model.n_estimators=10"),
    "boosted trees": ("model.type=xgb", "model.n_estimators=5"),
    "scaled by speaker": ("feats.scale=speaker",),
    "balanced": ("feats.balancing=ros", "feats.scale=robust"),
    "means for gaps": ("feats.nan_strategy=mean",),
    "frames pooled": ("feats.level=lld", "feats.pooling=['max', 'median']"),
    "some columns": ("feats.features=['F0semitoneFrom27.5Hz_sma3nz_amean', 'loudness_sma3_amean']",),
    "two features": ("feats.type=['lfcc', 'os']", "feats.lfcc.n_lfcc=7"),
    "learnt features": ("feats.type=['xbow', 'os']", "feats.size=4", "feats.assignments=2"),
    "the other channel": ("data.db.channel=1",),
    "other labels": ("data.db.mapping={'joy': 'z', 'anger': 'b'}",),
    "labels in another order": ("data.labels=['joy', 'anger']",),
    "tuned on dev": (
        "exp.traindevtest=True", "data.db.dev_size=25", "model.type=knn", "model.tuning_params=['K_val']",
        "model.K_val=[1, 3, 9]",
    ),
    "tuned": ("model.type=svm", "model.tuning_params=['C_val']", "model.C_val=[0.001, 1]", "model.scoring=accuracy"),
    "numbers": AGE,
    "numbers turned round, divided and scaled": (
        *AGE, "data.db.reverse=True", "data.target_divide_by=10", "data.db.scale=True",
    ),
    "numbers cut into classes": ("data.target=age", "data.type=continuous", "model.type=bayes"),
    "numbers cut at edges": ("data.target=age", "data.type=continuous", "data.bins=[20, 28, 36, 50]"),
    "numbers as classes": ("data.target=place", "model.type=knn", "data.colnames={'third': 'place'}"),
}  # fmt: skip


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("how", LIKE_TRAINING)
def test_the_rows_of_training_give_its_predictions(how: str) -> None:
    expected = run(*LIKE_TRAINING[how])
    found, _ = test("results/exp", files=["held.csv"])
    again = predictions(found.folder / "held")
    equal(again, expected)
    stored, mine = (
        json.loads((one / "metrics.json").read_text()) for one in (Path("results/exp"), found.folder / "held")
    )
    assert mine["baselines"] == stored["baselines"]
    for key in ("metrics", "per_class", "per_speaker"):
        assert mine[key].get("test") == stored[key].get("test")


def test_rows_with_gaps_go_as_in_training(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin: Any = features.get("os")
    original = plugin.extract

    def extract(self: Any, audio: Any) -> Any:
        values = original(self, audio)
        if audio.name in {"a0.wav", "e1.wav"}:
            values[3] = np.nan
        return values

    monkeypatch.setattr(plugin, "extract", extract)
    monkeypatch.setattr(plugin, "revision", 98)
    monkeypatch.setattr(plugin, "workers", "threads")  # another process does not see this plug-in
    expected = run("feats.nan_strategy=drop")
    assert expected.height == 11
    found, said = test("exp.ini", files=["held.csv"])
    equal(predictions(found.folder / "held"), expected)
    assert pl.read_csv(found.folder / "held" / "skipped.csv")["file"].to_list() == ["e1.wav"]
    assert [line for line in said if line.startswith("warning: 1 of 12 rows skipped: 1 no value of the feature")]
    assert found.tested[0].summary["skipped"] == 1
    assert place


def test_features_from_tables_are_found_by_name_in_any_order(place: Path) -> None:
    run("feats.store_format=csv")
    table = pl.read_csv("results/exp/features.csv").drop("database")
    table.write_csv(place / "features.csv")
    expected = run("feats.type=['import']", "feats.import_file=features.csv")
    more = table.select(*reversed(table.columns)).with_columns(pl.lit(1.0).alias("another"))
    more.write_csv(place / "more.csv")
    found, said = test("results/exp", "feats.import_file=more.csv", files=["held.csv"])
    equal(predictions(found.folder / "held"), expected)
    assert not [line for line in said if line.startswith("warning")]
    table.drop("loudness_sma3_amean").write_csv(place / "less.csv")
    with pytest.raises(DataError, match="lack columns that the model was trained on: `loudness_sma3_amean`"):
        test("results/exp", "feats.import_file=less.csv", files=["held.csv"])


def test_a_run_folder_works_elsewhere_and_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run()
    new = place / "far" / "away"
    new.mkdir(parents=True)
    shutil.move(place / "results" / "exp", new / "model of mine")
    shutil.rmtree(place / "results")
    for name in [*(f"{speaker}{number}.wav" for speaker in "ef" for number in range(6)), "held.csv"]:
        shutil.move(place / name, new / name)
    for left in place.glob("*.*"):
        left.unlink()
    monkeypatch.chdir(new)
    found, _ = test("model of mine", files=["held.csv"])
    equal(predictions(new / "model of mine" / "tests" / "held"), expected)
    assert found.folder == Path("model of mine/tests")


def test_databases_in_tests_are_tested_whole_and_give_one_table(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from nk.show import show_tests

    more = "tests = ['other', 'held']\nother = other.csv\nother.colnames = {'mood': 'emotion'}\nheld = held.csv\n"
    (place / "exp.ini").write_text(CONFIG.replace("target =", f"{more}target ="))
    pl.DataFrame(tones(place, "xyz")).rename({"emotion": "mood"}).write_csv("other.csv")
    expected = run()
    found, said = test("exp.ini", output="out/all.csv")
    equal(predictions(found.folder / "held"), expected)
    assert predictions(found.folder / "other").height == 18
    assert "split: test 18 rows of 3 speakers (x, y, z)" in said
    assert "tests: `nk test` is for `other`, `held`" in Path("results/exp/log.txt").read_text()
    every = pl.read_csv("out/all.csv")
    assert every.height == 30
    assert {"truth", "predicted", "p_joy", "uncertainty", "age", "database"} <= {*every.columns}
    show_tests(found, Ui(data_only=True), json=True)
    printed = capsys.readouterr()
    assert printed.err.count("to") >= 10, "an interval a measure and set"
    told = json.loads(printed.out)
    assert list(told["tests"]) == ["other", "held"]
    assert told["tests"]["other"]["metrics"]["test"]["uar"]["n"] == 18
    assert (told["tests"]["other"]["skipped"], told["tests"]["other"]["findings"][0]["what"]) == (0, "3 test speakers")
    assert json.loads((found.folder / "other" / "manifest.json").read_text())["database"]["path"] == "other.csv"
    again, _ = test("results/exp")
    assert [one.trial.testset.name for one in again.tested] == ["other", "held"], "the run's own config names them"


@pytest.mark.usefixtures("place")
def test_whom_the_model_has_heard_is_said() -> None:
    run()
    pl.read_csv("db.csv").head(8).vstack(pl.read_csv("db.csv").tail(6)).write_csv("mixed.csv")
    found, said = test("exp.ini", files=["mixed.csv"])
    assert "  warning: 2 of 3 speakers were in the training (8 rows): `a`, `b`" in said
    assert [line for line in said if line.startswith("  warning: 8 recordings were in the training (8 rows): `a0.wav`")]
    assert "audit: 3 warnings (`few_test_speakers`, `trained_recordings`, `trained_speakers`)" in said, (
        "before the work"
    )
    assert said.count("audit of `mixed`: 3 warnings") == 1, "one panel"
    audit = json.loads((found.folder / "mixed" / "audit.json").read_text())["findings"]
    assert [(one["check"], one["level"], one["count"]) for one in audit] == [
        ("few_test_speakers", "warning", 3), ("trained_recordings", "warning", 8), ("trained_speakers", "warning", 2),
    ]  # fmt: skip
    assert audit[2]["examples"] == ["a", "b"]
    _, said = test("exp.ini", files=["held.csv"])
    assert [line for line in said if "warning: " in line] == ["  warning: 2 test speakers: `e`, `f`"]
    pl.read_csv("held.csv").drop("speaker").write_csv("nobody.csv")
    _, said = test("exp.ini", files=["nobody.csv"])
    assert [line for line in said if line.startswith("  warning: speakers are not known here")]


@pytest.mark.usefixtures("place")
def test_whom_the_model_was_chosen_by_is_said() -> None:
    """Dev has settled options, stopping and the temperature of the scores."""
    three = ("exp.traindevtest=True", "data.db.dev_size=25")
    run(*three)
    rows = pl.read_csv("results/exp/predictions.csv").filter(pl.col("split") == "dev")
    pl.read_csv("db.csv").filter(pl.col("file").is_in(rows["file"].to_list())).write_csv("dev.csv")
    (who,) = rows["speaker"].unique().to_list()
    _, said = test("exp.ini", *three, files=["dev.csv"])
    assert f"  warning: 1 of 1 speaker was in the dev part (6 rows): `{who}`" in said
    assert [line for line in said if line.startswith("  warning: 6 recordings were in the dev part (6 rows)")]


@pytest.mark.usefixtures("place")
def test_classes_that_are_not_tested_are_said() -> None:
    run()
    pl.read_csv("held.csv").filter(pl.col("emotion") == "joy").write_csv("joy.csv")
    _, said = test("exp.ini", files=["joy.csv"])
    assert "  note: classes of the model that no row has: means over classes leave them out: `anger`" in said


@pytest.mark.usefixtures("place")
def test_after_a_cross_validation_all_speakers_were_trained_on() -> None:
    run("model.loso=True")
    _, said = test("exp.ini", "model.loso=True", files=["held.csv"])
    assert "  warning: 2 of 2 speakers were in the training (12 rows): `e`, `f`" in said


@pytest.mark.usefixtures("place")
def test_renamed_speakers_are_told_in_a_file_too() -> None:
    run("data.db.rename_speakers=True")
    _, said = test("exp.ini", files=["db.csv"])
    assert "  warning: 4 of 6 speakers were in the training (24 rows): `a`, `b`, `c`, `d`" in said


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("column", [True, False])
def test_rows_without_truth_are_predicted_and_not_scored(column: bool) -> None:
    expected = run()
    rows = pl.read_csv("held.csv")
    empty = rows.with_columns(pl.lit(None, pl.String).alias("emotion"))
    (empty if column else rows.drop("emotion")).write_csv("held.csv")
    found, said = test("exp.ini", files=["held.csv"])
    again = predictions(found.folder / "held")
    assert again["predicted"].to_list() == expected["predicted"].to_list()
    assert again["truth"].null_count() == 12
    assert found.tested[0].metrics["metrics"] == {}
    assert found.tested[0].summary["unlabelled"] == 12
    assert [line for line in said if line.startswith("  warning: no row has a `emotion` that is known")]
    assert not (found.folder / "held" / "per_class.csv").exists()


@pytest.mark.usefixtures("place")
def test_some_rows_without_truth_do_not_count() -> None:
    expected = run()
    known = pl.col("file") != "e0.wav"
    rows = pl.read_csv("held.csv").with_columns(pl.when(known).then("emotion").alias("emotion"))
    rows.write_csv("held.csv")
    found, _ = test("exp.ini", files=["held.csv"])
    part = expected.filter(known)
    assert (
        found.tested[0].metrics["metrics"]["test"]["accuracy"]["value"] == (part["truth"] == part["predicted"]).mean()
    )
    assert found.tested[0].metrics["metrics"]["test"]["uar"]["n"] == 11


@pytest.mark.usefixtures("place")
def test_labels_that_the_model_does_not_know_are_counted() -> None:
    run()
    rows = pl.read_csv("held.csv")
    label = pl.when(pl.col("file") == "f5.wav").then(pl.lit("fear")).otherwise(pl.col("emotion").replace("joy", "Joy"))
    rows.with_columns(label.alias("emotion")).write_csv("held.csv")
    found, said = test("exp.ini", files=["held.csv"], output="all.csv")
    one = found.tested[0]
    assert one.summary["unknown_labels"] == {"Joy": 6, "fear": 1}
    assert one.summary["unlabelled"] == 0
    assert one.metrics["metrics"]["test"]["accuracy"]["n"] == 5
    text = "7 rows with a `emotion` that the model does not know, predicted and not scored: `Joy` 6, `fear` 1"
    assert f"  warning: {text}" in said
    assert not [line for line in said if line.startswith("unlabelled: ")]
    assert "`Joy` means `joy`" in next(each.do for each in one.trial.findings if each.check == "unknown_labels")
    told = pl.read_csv("all.csv").sort("file")
    assert told["emotion_in_table"].to_list()[:2] == ["Joy", "anger"]
    assert told["truth"].to_list()[:2] == [None, "anger"]


@pytest.mark.usefixtures("place")
def test_labels_that_a_mapping_does_not_name_are_not_known() -> None:
    mapping = "data.db.mapping={'joy': 'high', 'anger': 'low'}"
    run(mapping)
    rows = pl.read_csv("held.csv")
    odd = pl.when(pl.col("file") == "e1.wav").then(pl.lit("high")).otherwise("emotion").alias("emotion")
    rows.with_columns(odd).write_csv("held.csv")
    found, _ = test("results/exp", files=["held.csv"])
    assert found.tested[0].summary["unknown_labels"] == {"high": 1}
    assert predictions(found.folder / "held")["truth"].to_list()[:3] == ["high", None, "high"]
    rows.with_columns(pl.lit("bliss").alias("emotion")).write_csv("held.csv")
    with pytest.raises(DataError, match="`mapping` names no value of `emotion`"):
        test("results/exp", files=["held.csv"])


@pytest.mark.usefixtures("place")
def test_ages_outside_of_the_edges_are_not_scored() -> None:
    run("data.target=age", "data.type=continuous", "data.bins=[20, 28, 36, 50]")
    rows = pl.read_csv("held.csv")
    rows.with_columns(pl.when(pl.col("file") == "e0.wav").then(99).otherwise("age").alias("age")).write_csv("held.csv")
    found, _ = test("results/exp", files=["held.csv"])
    assert found.tested[0].summary["unknown_labels"] == {"99": 1}
    assert found.tested[0].metrics["metrics"]["test"]["uar"]["n"] == 11


def test_a_folder_in_audformat_with_and_without_labels(place: Path) -> None:
    expected = run()
    rows = pl.read_csv("held.csv")
    for name, columns in (("labelled", ["file", "speaker", "emotion"]), ("plain", ["file", "speaker"])):
        folder = place / name
        folder.mkdir()
        for file in rows["file"]:
            shutil.copy(place / file, folder / file)
        rows.select(columns).write_csv(folder / "db.rows.csv")
        named = ", ".join(f"{column}: {{}}" for column in columns[1:])
        header = f"{{name: x, source: me, usage: other, tables: {{rows: {{type: filewise, columns: {{{named}}}}}}}}}"
        (folder / "db.yaml").write_text(header)
    found, _ = test("results/exp", files=["labelled", "plain"])
    equal(predictions(found.folder / "labelled"), expected)
    plain = predictions(found.folder / "plain")
    assert plain["predicted"].to_list() == expected["predicted"].to_list()
    assert plain["truth"].null_count() == 12
    with pytest.raises(DataError, match="has `emotion`"):
        run("data.db=plain", "data.db.type=audformat")


def test_several_training_databases_have_to_agree_or_one_is_named(place: Path) -> None:
    rows = [{**row, "split": "train", "mood": row["emotion"]} for row in tones(place, "uv")]
    pl.DataFrame(rows).drop("emotion").write_csv("second.csv")
    two = ("data.databases=['db', 'second']", "data.second=second.csv", "data.second.split_strategy=column")
    expected = run(*two, "data.second.colnames={'mood': 'emotion'}")
    with pytest.raises(DataError, match="the databases of the run differ in `colnames`: `db`, `second`"):
        test("results/exp", files=["held.csv"])
    found, _ = test("results/exp", files=["held.csv"], like="db")
    equal(predictions(found.folder / "held"), expected)
    pl.read_csv("held.csv").rename({"emotion": "mood"}).write_csv("held.csv")
    found, _ = test("results/exp", files=["held.csv"], like="second")
    equal(predictions(found.folder / "held"), expected)
    with pytest.raises(ConfigError, match="`--like third` names no database of the run"):
        test("results/exp", files=["held.csv"], like="third")


def test_numbers_go_by_what_was_measured_in_training(place: Path) -> None:
    """A file of two rows has another largest value, mean and deviation; they must not matter."""
    expected = run(*LIKE_TRAINING["numbers turned round, divided and scaled"])
    pl.read_csv("held.csv").sort("age").head(2).write_csv("few.csv")
    found, _ = test("results/exp", files=["few.csv"])
    few = predictions(found.folder / "few")
    both = expected.join(few, on="file", how="semi").sort("file")
    assert np.allclose(both["truth"], few["truth"])
    assert np.allclose(both["predicted"], few["predicted"], rtol=0, atol=1e-6)
    own = ("data.tests=['few']", "data.few=few.csv", "data.few.reverse=True", "data.few.scale=True")
    found, _ = test("results/exp", *own)
    assert np.allclose(predictions(found.folder / "few")["truth"], few["truth"]), "the only database is meant"
    run(*AGE)
    with pytest.raises(DataError, match="`few.reverse` goes by the largest value in training"):
        test("results/exp", *own)
    with pytest.raises(DataError, match="`few.scale` goes by mean and deviation in training"):
        test("results/exp", *own, "data.few.reverse.max=50")
    assert place


def test_filters_hold_for_databases_in_tests_and_not_for_files(place: Path) -> None:
    run("data.db.filter={'speaker': ['a', 'b', 'c', 'e', 'f']}", "data.db.limit_samples=20")
    found, _ = test("results/exp", files=["held.csv"])
    assert predictions(found.folder / "held").height == 12
    some = ("data.tests=['held']", "data.held=held.csv", "data.held.filter={'speaker': 'e'}")
    found, said = test("results/exp", *some)
    assert predictions(found.folder / "held").height == 6
    assert "rows: 12 -> 6 where `speaker` is `e`" in said
    with pytest.raises(DataError, match="no row of `held` is left"):
        test("results/exp", *some, "data.min_dur_test=9")
    assert place


def test_speakers_are_needed_where_features_are_scaled_by_them(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("feats.scale=speaker")
    monkeypatch.setattr(features.get("os"), "extract", lambda *_: pytest.fail("features were computed"))
    pl.read_csv("held.csv").drop("speaker").write_csv("nobody.csv")
    with pytest.raises(DataError, match="`scale = speaker` needs a column `speaker`"):
        test("results/exp", files=["nobody.csv"])
    assert place


@pytest.mark.usefixtures("place")
def test_a_config_that_has_changed_since_is_told() -> None:
    run("feats.scale=minmax", "model.max_iter=50", "model.n_jobs=1")
    _, said = test("exp.ini", "feats.fail_threshold=0.7", "model.max_iter=60", files=["held.csv"])
    assert [line for line in said if line.startswith(
        "warning: since the run the config has changed, and the model is still that of `results/exp`: "
        "[FEATS] `scale`, [MODEL] `max_iter`")]  # fmt: skip
    _, said = test("results/exp", files=["held.csv"])
    assert not [line for line in said if line.startswith("warning")]


@pytest.mark.usefixtures("place")
def test_other_versions_than_in_training_are_told() -> None:
    run()
    manifest = Path("results/exp/manifest.json")
    content = json.loads(manifest.read_text())
    content["packages"] |= {"numpy": "1.0", "matplotlib": "1.0", "torch": "9.9"}
    manifest.write_text(json.dumps(content))
    stored = Path("results/exp/model/trained.json")
    about = json.loads(stored.read_text())
    about["features"]["extractors"][0]["revision"] = 0
    stored.write_text(json.dumps(about))
    _, said = test("results/exp", files=["held.csv"])
    (line,) = [line for line in said if line.startswith("warning: versions are not those of the training")]
    assert "numpy " in line
    assert "(was 1.0), torch " in line
    assert "(was 9.9), the features `os`" in line
    assert "matplotlib" not in line


def stored_as(**changes: Any) -> None:
    path = Path("results/exp/model/trained.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def edited(**changes: Any) -> dict[str, Any]:
    about = json.loads(Path("results/exp/model/trained.json").read_text())
    return {**about["features"], **changes}


@pytest.mark.usefixtures("place")
def test_what_cannot_be_tested_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(error: type[NkError], message: str, where: str, *sets: str, **more: Any) -> Any:
        with pytest.raises(error, match=message) as caught:
            test(where, *sets, **more)
        return caught.value

    assert "`nk run exp.ini` makes one" in fails(DataError, "there is no run of `exp.ini`", "exp.ini").hint
    Path("empty").mkdir()
    fails(DataError, "`empty` is no run folder", "empty")
    run("model.save=False")
    fails(DataError, "`results/exp` has no model", "exp.ini", files=["held.csv"])
    run()
    fails(ConfigError, "there are no databases to test on", "exp.ini")
    fails(ConfigError, "`x`, but nothing says where it is", "exp.ini", "data.tests=['x']")
    fails(DataError, "there is no `gone.csv`", "exp.ini", files=["gone.csv"])
    monkeypatch.setattr(features.get("os"), "extract", lambda *_: pytest.fail("features were computed"))
    fails(DataError, "`--output` cannot write", "exp.ini", files=["held.csv"], output="exp.ini/x.csv")
    stored_as(model="mine.own")
    fails(
        MissingDependency, "the model needs `mine.own`, which is not one of the models", "exp.ini", files=["held.csv"]
    )
    stored_as(model="log_reg", features=edited(sources=[{"name": "theirs", "options": {}}]))
    fails(MissingDependency, "needs `theirs`, which is not one of the features", "exp.ini", files=["held.csv"])
    stored_as(features=edited(sources=[{"name": "os", "options": {"set": "none"}}]))
    fails(PluginError, "options of `os`", "exp.ini", files=["held.csv"])
    stored_as(features={})
    fails(PluginError, "trained.json` cannot be read", "exp.ini", files=["held.csv"])


@pytest.mark.usefixtures("place")
def test_a_new_run_takes_the_tests_of_the_old_model_with_it() -> None:
    run()
    test("results/exp", files=["held.csv", "db.csv"])
    folder = Path("results/exp/tests")
    (folder / "db" / "notes.txt").write_text("mine")
    assert (folder / "held" / "figures" / "confusion_test.png").exists()
    test("results/exp", files=["db.csv"])
    assert (folder / "db" / "notes.txt").read_text() == "mine"
    assert (folder / "held").exists()
    run()
    assert [file for file in folder.rglob("*") if file.is_file()] == [folder / "db" / "notes.txt"]


@pytest.mark.usefixtures("place")
def test_two_files_of_one_name_are_two_sets() -> None:
    run()
    Path("more").mkdir()
    shutil.copy("held.csv", "more/held.csv")
    found, _ = test("results/exp", files=["held.csv", "more/held.csv"])
    assert [one.trial.testset.name for one in found.tested] == ["held", "held-2"]


@pytest.mark.usefixtures("place")
def test_strict_stops_before_anything_is_predicted_or_written() -> None:
    run()
    ui = Ui(quiet=True)
    folder, loaded = find(Path("exp.ini"), ["exp.strict=True"])
    with pytest.raises(DataError, match=r"the audit stops here: 1 warning \(`few_test_speakers`\)"):
        pipeline.test(folder, loaded, ui, files=["held.csv"], jobs=1)
    assert [line for line in ui.lines if line.endswith("audit of `held`: 1 warning")]
    assert not (folder / "tests").exists()
