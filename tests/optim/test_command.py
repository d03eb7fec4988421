"""`nk optim` as a user meets it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from nk.cli.main import app
from nk.config import load_config
from nk.optim import store

SPLIT = "db.split_strategy = speakers_stated\ndb.test = ['s3 <i>']\n"
SPACE = "[OPTIM]\nK_val = [1, 3, 9]\nKNN_weights = ['uniform', 'distance']\n"


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})


def config(nasty: Path, folder: Path, more: str = SPACE, *, split: bool = True, name: str = "x.ini") -> Path:
    """The nasty experiment with a knn, split by speaker, and a root of its own."""
    text = (nasty.parents[1] / "exp.ini").read_text().replace("name = nasty", "name = x")
    text = text.replace(f"root = {nasty.parent}", f"root = {folder}/results").replace("type = svm", "type = knn")
    if split:
        text = text.replace("loso = True\n", "").replace("target = emotion\n", f"target = emotion\n{SPLIT}")
    (folder / name).write_text(text + more)
    return folder / name


def trials(folder: Path) -> list[Any]:
    """Without what differs from time to time."""
    return pl.read_csv(folder / "x_optim" / "trials.csv").drop("seconds").rows()


def done(*arguments: object) -> Any:
    found = call("optim", *arguments, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout), found.stderr


def test_a_search_leaves_its_trials_pictures_and_a_config_that_runs(nasty: Path, tmp_path: Path) -> None:
    told, said = done(config(nasty, tmp_path))
    place = tmp_path / "results" / "x_optim"
    assert {file.name for file in place.iterdir()} == {
        "best.ini", "config.yaml", "log.txt", "manifest.json", "options.csv", "options.png", "search.csv", "search.png",
        "study.db", "study.json", "trials.csv",
    }  # fmt: skip
    assert [one["values"] for one in told["trials"]] == [
        {"K_val": k, "KNN_weights": weights} for k in (1, 3, 9) for weights in ("uniform", "distance")
    ]
    assert (told["speakers"], told["inner_folds"], told["measure"]) == (3, 3, "uar")
    assert told["best"]["value"] == max(one["value"] for one in told["trials"])
    assert 0 <= told["not_apart_from_best"] <= 5
    assert "the training part: 24 rows of 3 speakers" in said
    assert "is the best of 6 by the rows that it was chosen on, partly by luck" in said
    best = load_config(place / "best.ini").config
    assert (best.exp.name, best.model.type, best.feats.scale) == ("x_best", "knn", "standard")
    assert best.model.options == told["best"]["values"]
    assert "[OPTIM]" not in (place / "best.ini").read_text()
    assert call("run", place / "best.ini").exit_code == 0
    assert (tmp_path / "results" / "x_best" / "metrics.json").is_file()
    assert not list((tmp_path / "results").glob(".*"))


@pytest.mark.parametrize(
    "more", ["feats.scale=minmax", "feats.balancing=randomundersampler", "feats.nan_strategy=mean"]
)
def test_the_value_is_what_a_run_finds_in_the_same_folds(nasty: Path, tmp_path: Path, more: str) -> None:
    """Three speakers in three inner folds are left out one by one, as a run does with the training part alone."""
    told, _ = done(config(nasty, tmp_path, "[OPTIM]\nK_val = [1, 5]\n"), "--set", more)
    alone = config(nasty, tmp_path, "", split=False, name="alone.ini")
    kept = "data.filter=[['speaker', ['s0 <i>', 's1 <i>', 's2 <i>']]]"
    for one in told["trials"]:
        sets = [f"model.{key}={value}" for key, value in one["values"].items()]
        wanted = [part for each in (*sets, kept, more, "model.calibrate=False") for part in ("--set", each)]
        found = call("run", alone, *wanted, "--json", "--force")
        assert found.exit_code == 0, found.output
        metric = json.loads(found.stdout)["metrics"]["test"]["uar"]
        assert one["value"] == pytest.approx(metric["value"])
        assert one["low"] == pytest.approx(metric["low"])


def test_other_labels_of_the_test_part_change_nothing(nasty: Path, tmp_path: Path) -> None:
    source = nasty.parents[1]
    table = pl.read_csv(source / "db.csv")
    labels = table["emotion"].unique().sort().to_list()
    other = pl.when(pl.col("speaker") == "s3 <i>").then(
        pl.when(pl.col("emotion") == labels[0]).then(pl.lit(labels[1])).otherwise(pl.lit(labels[0]))
    )
    changed = table.with_columns(other.otherwise(pl.col("emotion")).alias("emotion"))
    assert changed.filter(changed["emotion"] != table["emotion"]).height == 8
    changed.with_columns(pl.format(f"{source}/{{}}", "file").alias("file")).write_csv(tmp_path / "other.csv")
    ways = [
        *("--set", "optim.search_strategy=tpe", "--set", "optim.n_iter=7", "--set", "optim.K_val=(1, 12)"),
        "--nested",
    ]
    found = []
    for place, data in (("one", source / "db.csv"), ("two", tmp_path / "other.csv")):
        (tmp_path / place).mkdir()
        file = config(nasty, tmp_path / place)
        file.write_text(file.read_text().replace(str(source / "db.csv"), str(data)))
        found.append(done(file, *ways)[0])
    one, two = found
    for told in (one, two):
        for trial in told["trials"]:
            del trial["seconds"]
    assert one == two


def test_a_second_time_nothing_is_computed_and_another_config_is_another_study(nasty: Path, tmp_path: Path) -> None:
    file = config(nasty, tmp_path)
    first, said = done(file)
    assert "nothing was computed" not in said
    again, said = done(file)
    assert "nothing was computed" in said
    assert again == first
    other, said = done(file, "--set", "feats.scale=minmax")
    assert "have changed since the search in" in said
    assert [one["value"] for one in other["trials"]] != [one["value"] for one in first["trials"]]
    _, said = done(file)  # the study of the first is still there
    assert "nothing was computed" in said
    _, said = done(file, "--force")
    assert "nothing was computed" not in said
    assert "have changed" not in said


def test_other_rows_of_train_are_another_study(nasty: Path, tmp_path: Path) -> None:
    file = config(nasty, tmp_path)
    done(file)
    _, said = done(file, "--set", "data.db.test=['s2 <i>']")
    assert "have changed since the search in" in said


def test_a_nested_search_says_what_the_search_is_worth(nasty: Path, tmp_path: Path) -> None:
    file = config(nasty, tmp_path)
    done(file)
    told, said = done(file, "--nested")
    assert "nothing was computed" not in said
    nested = told["nested"]
    assert (nested["n"], nested["n_speakers"], len(nested["chosen"])) == (24, 3, 3)
    assert {*nested["chosen"][0]["values"]} == {"K_val", "KNN_weights"}
    assert nested["low"] <= nested["value"] <= nested["high"]
    assert "report the nested value instead" in said
    again, said = done(file, "--set", "optim.nested=True")
    assert again == told
    assert "nothing was computed" in said
    assert done(file)[0]["nested"] is None


def test_nested_is_what_tuning_in_a_cross_validation_finds(nasty: Path, tmp_path: Path) -> None:
    """`nk run` with `tuning_params` and folds is a nested search too: the same grid in the same folds."""
    space = "tuning_params = ['K_val']\nK_val = [1, 3, 9]\n"
    run = call("run", config(nasty, tmp_path, space, split=False), "--json", "--set", "model.calibrate=False")
    assert run.exit_code == 0, run.output
    text = "[OPTIM]\nK_val = [1, 3, 9]\ncv_folds = 5\nnested = True\n"
    told, said = done(config(nasty, tmp_path, text, split=False))
    assert "all rows, as there is a cross-validation" in said
    found = json.loads(run.stdout)["metrics"]["test"]["uar"]
    assert told["nested"]["value"] == pytest.approx(found["value"])
    assert told["nested"]["low"] == pytest.approx(found["low"])
    tuning = json.loads((tmp_path / "results" / "x" / "metrics.json").read_text())["tuning"]
    assert [one["values"] for one in told["nested"]["chosen"]] == [one["chosen"] for one in tuning]


def test_yaml_stays_yaml_and_keeps_the_other_keys(nasty: Path, tmp_path: Path) -> None:
    converted = call("config", "convert", config(nasty, tmp_path), "--to", "yaml")
    (tmp_path / "x.yaml").write_text(converted.stdout)
    told, _ = done(tmp_path / "x.yaml", "--set", "model.n_jobs=1")
    file = tmp_path / "results" / "x_optim" / "best.yaml"
    best, given = load_config(file).config, load_config(tmp_path / "x.ini").config
    assert told["file"] == "best.yaml"
    assert (best.data, best.feats, best.model.n_jobs) == (given.data, given.feats, 1)
    assert call("run", file).exit_code == 0


def test_the_best_config_finds_its_data_from_the_same_folder(
    nasty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    file = config(nasty, tmp_path / "sub")
    table = pl.read_csv(nasty.parents[1] / "db.csv")
    table.with_columns(pl.format(f"{nasty.parents[1]}/{{}}", "file").alias("file")).write_csv(
        tmp_path / "sub" / "db.csv"
    )
    text = file.read_text().replace(str(nasty.parents[1] / "db.csv"), "db.csv")
    file.write_text(text.replace(f"root = {tmp_path}/sub/results", "root = results"))
    monkeypatch.chdir(tmp_path)
    done("sub/x.ini")
    found = call("run", "results/x_optim/best.ini")
    assert found.exit_code == 0, found.output


def test_a_trial_that_cannot_be_is_told_and_the_rest_goes_on(nasty: Path, tmp_path: Path) -> None:
    told, said = done(config(nasty, tmp_path, "[OPTIM]\nK_val = [1, 100]\n"))
    assert [one["state"] for one in told["trials"]] == ["complete", "failed"]
    assert told["best"]["values"] == {"K_val": 1}
    assert "1 of 2 trials failed, first K_val = 100: `knn` needs `K_val` = 100 training rows at least" in said
    text = pl.read_csv(tmp_path / "results" / "x_optim" / "trials.csv")["error"].to_list()
    assert (text[0], bool(text[1])) == (None, True)


def test_where_no_trial_can_be_it_is_an_error(nasty: Path, tmp_path: Path) -> None:
    found = call("optim", config(nasty, tmp_path, "[OPTIM]\nK_val = [90, 100]\n"))
    assert (found.exit_code, "none of 2 trials could be trained, first trial 0" in found.stderr) == (3, True)


@pytest.mark.parametrize(
    ("sets", "code", "told"),
    [
        (["optim.K_val=[3]", "optim.KNN_weights=uniform"], 2, "[OPTIM] lists no values of `knn` to choose from"),
        (["model.tuning_params=['K_val']", "model.K_val=[1, 2]"], 2, "`tuning_params` chooses options too"),
        (["model.type=xgb", "optim.lr=[0.1, 0.2]", "optim.learning_rate=[0.1]"], 2, "another of its keys searches too"),
        (["optim.metric=mse"], 2, "[OPTIM] `metric` is `mse`, which is for regression"),
        (["optim.K_val=(1, 90000)", "optim.cv_folds=2"], 2, "has 180,000 combinations, and `grid` tries all"),
        (["model.type=mlp"], 4, "not built yet: [MODEL] `mlp`"),
        (["model.type=none", "optim.model=mlp"], 4, "not built yet: [OPTIM] `mlp`"),
        (["model.type=none", "optim.model=knn_reg"], 2, "[OPTIM] `model` is `knn_reg`, which is for regression"),
        (["data.db.test=['s1 <i>', 's2 <i>', 's3 <i>']"], 3, "the search needs two speakers in the training part"),
    ],
)
def test_what_cannot_be_searched_is_told_before_any_work(
    nasty: Path, tmp_path: Path, sets: list[str], code: int, told: str
) -> None:
    file = config(nasty, tmp_path)
    found = call("optim", file, *(part for each in sets for part in ("--set", each)))
    assert (found.exit_code, told in found.stderr) == (code, True), found.stderr


def test_the_plan_computes_nothing(nasty: Path, tmp_path: Path) -> None:
    found = call("optim", config(nasty, tmp_path), "--dry-run", "--json")
    assert found.exit_code == 0
    assert json.loads(found.stdout)["plan"][-1] == "trials: 6 combinations, each in 3 inner folds, chosen by uar"
    assert not (tmp_path / "results").exists()


def test_without_optuna_it_says_so_before_any_work(
    nasty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "find_spec", lambda _: None)
    found = call("optim", config(nasty, tmp_path))
    assert (found.exit_code, "`nk optim` needs the package `optuna`" in found.stderr) == (4, True)
    assert "pip install 'nk-speech[tune]'" in found.stderr


def test_results_of_another_command_are_not_written_over(nasty: Path, tmp_path: Path) -> None:
    file = config(nasty, tmp_path)
    (tmp_path / "results" / "x_optim").mkdir(parents=True)
    (tmp_path / "results" / "x_optim" / "mine.txt").write_text("mine")
    found = call("optim", file)
    assert (found.exit_code, "was not written by nk" in found.stderr) == (3, True)


@pytest.mark.slow
def test_a_search_that_is_killed_goes_on(nasty: Path, tmp_path: Path) -> None:
    text = "[OPTIM]\nK_val = (1, 15)\nKNN_weights = ['uniform', 'distance']\nsearch_strategy = tpe\nn_iter = 30\n"
    for place in ("whole", "killed"):
        (tmp_path / place).mkdir()
        config(nasty, tmp_path / place, text)
    done(tmp_path / "whole" / "x.ini")
    command = [sys.executable, "-m", "nk", "optim", str(tmp_path / "killed" / "x.ini"), "--jobs", "1"]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL)
    file = tmp_path / "killed" / "results" / "x_optim" / store.FILE
    for _ in range(600):
        if file.exists() and _complete(file) >= 5:
            break
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = _complete(file)
    assert 5 <= before < 30
    assert not (file.parent / "study.json").exists()
    _, said = done(tmp_path / "killed" / "x.ini")
    assert f"going on: {before} of 30 trials are there" in said
    assert trials(tmp_path / "killed" / "results") == trials(tmp_path / "whole" / "results")


def _complete(file: Path) -> int:
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as base:
            found: int = base.execute("SELECT count(*) FROM trials WHERE state = 'COMPLETE'").fetchone()[0]
            return found
    except sqlite3.OperationalError:
        return 0


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["halving_grid", "tpe"])
def test_real_options_are_searched(data: Path, tmp_path: Path, strategy: str) -> None:
    (tmp_path / "x.ini").write_text(
        f"[EXP]\nname = x\nroot = {tmp_path}/results\n[DATA]\ndatabases = ['emodb']\nemodb = {data}/emodb/emodb.csv\n"
        "emodb.split_strategy = speaker_split\ntarget = emotion\n[FEATS]\ntype = ['os']\nscale = standard\n"
        f"[OPTIM]\nmodel = svm\nsearch_strategy = {strategy}\nn_iter = 12\nmetric = recall\n"
        "C_val = (0.001, 100)\nkernel = ['linear', 'rbf']\n"
    )
    told, _ = done(tmp_path / "x.ini", "--nested" if strategy == "tpe" else "--no-nested")
    values = [one["value"] for one in told["trials"] if one["state"] == "complete"]
    assert max(values) == told["best"]["value"] > 0.55
    if strategy == "tpe":
        assert 0.5 < told["nested"]["value"] < told["best"]["value"] + 0.05
    found = call("run", tmp_path / "results" / "x_optim" / "best.ini", "--json")
    assert json.loads(found.stdout)["metrics"]["test"]["uar"]["value"] > 0.3


@pytest.mark.slow
def test_real_numbers_are_searched_too(data: Path, tmp_path: Path) -> None:
    (tmp_path / "x.ini").write_text(
        f"[EXP]\nname = x\nroot = {tmp_path}/results\ntype = regression\n[DATA]\ndatabases = ['emodb']\n"
        f"emodb = {data}/emodb/emodb.csv\nemodb.split_strategy = speaker_split\ntarget = age\n[FEATS]\ntype = ['os']\n"
        "scale = standard\n[MODEL]\ntype = xgr\n[OPTIM]\nsearch_strategy = random\nn_iter = 4\nmax_depth = (2, 6)\n"
        "learning_rate = (0.05, 0.5)\nn_estimators = [20, 40]\nmetric = mae\n"
    )
    told, _ = done(tmp_path / "x.ini")
    values = [one["value"] for one in told["trials"]]
    assert (len(values), told["best"]["value"], told["measure"]) == (4, min(values), "mae")
