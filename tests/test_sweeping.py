"""Sweeps: which cells there are, what the choice among them is worth, the command as a user meets it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from sklearn.metrics import recall_score
from typer.testing import CliRunner

from nk.cellruns import CellRun
from nk.cells import Cell, cells
from nk.chosen import Choice, by_dev, by_inner, by_others, need_same_folds
from nk.cli.main import app
from nk.comparing import measure_of
from nk.config import load_config, to_ini, to_yaml
from nk.errors import ConfigError, DataError
from nk.sweeping import Estimate
from nk.swept_words import caution
from nk.tables import Metric, Predictions, Target

LABELS = ("anger", "joy", "sadness")
TARGET = Target("emotion", LABELS)
BASE = "[EXP]\nname = x\n[DATA]\ndatabases = ['db']\ndb = db.csv\ntarget = emotion\n"


def swept(folder: Path, flags: str) -> tuple[Cell, ...]:
    (folder / "x.ini").write_text(f"{BASE}[FLAGS]\n{flags}\n")
    return cells(load_config(folder / "x.ini"))


def test_the_last_key_changes_first_and_equal_values_count_once(tmp_path: Path) -> None:
    found = swept(tmp_path, "models = ['svm', 'xgb', 'svm']\nscale = ['none', 'standard']")
    assert [cell.values for cell in found] == [
        {"models": model, "scale": scale} for model in ("svm", "xgb") for scale in ("none", "standard")
    ]
    assert found[1].name == "x_models_svm_scale_standard"
    assert found[0].overrides == ("model.type=svm", "feats.scale=none", f"exp.name={found[0].name}")
    one = load_config(tmp_path / "x.ini", found[2].overrides).config
    assert (one.model.type, one.feats.scale, one.exp.name) == ("xgb", None, "x_models_xgb_scale_none")


def test_any_key_of_a_run_can_be_swept(tmp_path: Path) -> None:
    found = swept(
        tmp_path,
        "features = ['os']\nmodel_C_val = [0.1, 1]\nfeats.pooling = ['mean']\ndata.db.test_size = [20, 30]\n"
        "exp_random_seed = 3\nfeats.set = ['eGeMAPSv02']",
    )
    assert len(found) == 4
    config = load_config(tmp_path / "x.ini", found[-1].overrides).config
    assert config.feats.type == ("os",)
    assert config.model.options["C_val"] == 1
    assert (config.data.databases["db"].test_size, config.exp.random_seed, config.feats.pooling) == (30, 3, ("mean",))
    sets = swept(tmp_path, "feats.type = [['os', 'praat'], 'os']")
    assert [cell.name for cell in sets] == ["x_feats.type_os+praat", "x_feats.type_os"]
    assert load_config(tmp_path / "x.ini", sets[0].overrides).config.feats.type == ("os", "praat")


def test_pairs_of_name_and_target(tmp_path: Path) -> None:
    found = swept(tmp_path, "name_target = [('first', 'emotion'), ('second', 'gender')]\nmodels = ['svm']")
    assert [cell.name for cell in found] == ["first_models_svm_target_emotion", "second_models_svm_target_gender"]
    config = load_config(tmp_path / "x.ini", found[1].overrides).config
    assert (config.exp.name, config.data.target) == (found[1].name, "gender")


def test_long_and_strange_values_are_names_of_folders(tmp_path: Path) -> None:
    found = swept(tmp_path, f"data.filter = [['speaker', 'a/b'], ['speaker', 'a:b'], ['speaker', '{'x' * 300}']]")
    names = [cell.name for cell in found]
    assert len({*names}) == 3
    assert all(len(name) < 140 and "/" not in name and ":" not in name for name in names)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("", "lists no values, so there is nothing to sweep over"),
        ("models = []", "lists no values"),
        ("scale = ['none']\nfeats_scale = ['standard']", "sets `feats.scale` by two of its keys"),
        ("modles = ['svm']", "did you mean `models`"),
        ("data.targt = ['emotion']", "sets `targt`, which is not an option of [DATA]"),
        ("optim.n_iter = [3]", "is not an option"),
        ("model_kernel = ['rbf', 3.5]\nexp_runs = ['many']", "`exp_runs` must be"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, flags: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        swept(tmp_path, flags)
    problems = [f"{one} {one.hint}" for one in caught.value.problems]
    assert any(told in text for text in problems), problems


def test_flags_are_written_as_they_are_read(tmp_path: Path) -> None:
    swept(tmp_path, "targets = ['emotion']\nmodel_C_val = [0.1, 1]\ndata.db.test_size = [20, 30]")
    config = load_config(tmp_path / "x.ini").config
    for name, text in (("a.ini", to_ini(config)), ("a.yaml", to_yaml(config))):
        (tmp_path / name).write_text(text)
        assert load_config(tmp_path / name).config.flags == config.flags


def made(seed: int, *, skill: float = 0.3, speakers: int = 6, rows: int = 90, split: str = "test") -> Predictions:
    """Rows whose truth and speakers are the same for every seed."""
    truth = np.random.default_rng(7).integers(0, 3, rows)
    scores = np.random.default_rng(seed).dirichlet(np.ones(3), rows) + skill * np.eye(3)[truth]
    frame = pl.DataFrame(
        {
            "id": [f"db/{row:03}" for row in range(rows)],
            "speaker": [f"s{row % speakers}" for row in range(rows)],
            "split": split,
            "run": 0,
            "fold": "split",
            "truth": [LABELS[place] for place in truth],
            "predicted": [LABELS[place] for place in scores.argmax(axis=1)],
            **{f"p_{label}": scores[:, place] for place, label in enumerate(LABELS)},
        }
    )
    return Predictions(frame, TARGET)


def uar(frame: pl.DataFrame) -> float:
    return float(recall_score(frame["truth"].to_list(), frame["predicted"].to_list(), average="macro"))


def test_each_speaker_is_predicted_by_what_is_best_for_the_others() -> None:
    test, names = [made(seed) for seed in range(5)], list("abcde")
    picked, parts = [], []
    for number in range(6):
        own = pl.col("speaker") == f"s{number}"
        best = int(np.argmax([uar(one.frame.filter(~own)) for one in test]))
        picked.append(names[best])
        parts.append(test[best].frame.filter(own))
    found = by_others(test, names, measure_of("uar", TARGET))
    assert found.metric.value == pytest.approx(uar(pl.concat(parts)))
    assert found.chosen == {name: picked.count(name) for name in picked}
    assert (found.metric.n, found.metric.n_speakers, found.folded) == (90, 6, False)


def test_of_many_that_are_equally_bad_the_best_looks_good_and_the_choice_does_not() -> None:
    best, honest = [], []
    for study in range(12):
        test = [made(100 * study + seed, skill=0.0) for seed in range(20)]
        best.append(max(uar(one.frame) for one in test))
        honest.append(by_others(test, [str(place) for place in range(20)], measure_of("uar", TARGET)).metric.value)
    assert np.mean(best) > 0.40  # chance is a third
    assert np.mean(honest) == pytest.approx(1 / 3, abs=0.03)


def test_by_dev_the_test_rows_of_the_others_do_not_matter() -> None:
    dev = [made(1, skill=0.1, split="dev"), made(2, skill=2.0, split="dev")]
    test = [made(3, skill=2.0), made(4, skill=0.1)]
    found = by_dev(dev, test, ["a", "b"], measure_of("uar", TARGET))
    assert found.chosen == {"b": 1}
    assert found.metric.value == pytest.approx(uar(test[1].frame))
    small = by_dev(dev, test, ["a", "b"], measure_of("eer", TARGET))
    assert small.chosen == {"b": 1}


def test_each_fold_is_predicted_by_what_is_best_in_its_inner_folds() -> None:
    cells = [made(seed, speakers=6) for seed in (1, 2)]
    folded = [
        Predictions(one.frame.with_columns(fold=pl.col("speaker").str.slice(-1).replace("3", "1")), one.target)
        for one in cells
    ]
    folds = folded[0].frame["fold"].unique().to_list()
    inner = [dict.fromkeys(folds, 0.5), {name: 0.9 if name == "1" else 0.5 for name in folds}]
    choice = by_inner(folded, inner, ["a", "b"], measure_of("uar", TARGET))
    first = folded[0].frame.filter(pl.col("fold") != "1")
    expected = pl.concat([first, folded[1].frame.filter(pl.col("fold") == "1")])
    assert choice.metric.value == pytest.approx(uar(expected))
    assert choice.chosen == {"a": len(folds) - 1, "b": 1}
    with pytest.raises(DataError, match="other folds"):
        need_same_folds([folded[0], cells[1]])


def test_without_speakers_there_is_no_choice_by_others() -> None:
    blank = [replace(one, frame=one.frame.with_columns(speaker=pl.lit(None, pl.String))) for one in (made(1), made(2))]
    with pytest.raises(DataError, match="no choice by other speakers: speakers not known"):
        by_others(blank, ["a", "b"], measure_of("uar", TARGET))


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (None, "do not report its uar of 0.700 as what to expect"),
        ({"x": 4, "y": 1}, "report what the choice reaches (0.600), not its uar of 0.700"),
        ({"x": 5}, "whichever speaker is left out it is chosen"),
    ],
)
def test_what_is_said_of_the_best_depends_on_the_choice(choice: dict[str, int] | None, said: str) -> None:
    best = CellRun(Cell("x", {}, ()), Path("x"), "emotion", "uar", {"uar": {"value": 0.7}}, 1.0)
    metric = Metric("uar", 0.6, None, None, 10, 5, "test", "")
    made = Choice("other speakers", metric, choice) if choice else None
    assert said in caution(Estimate("emotion", "uar", 2, best, made))


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})


def test_every_cell_is_a_run_a_failed_one_is_told_and_a_second_time_nothing_is_computed(nasty: Path) -> None:
    config = nasty.parents[1] / "exp.ini"
    swept = nasty.parents[1] / "swept.ini"
    flags = "[FLAGS]\nmodels = ['svm', 'mlp']\nfeatures = ['lfcc', 'cqcc']\nscale = ['standard', 'minmax']\n"
    swept.write_text(config.read_text().replace("name = nasty", "name = many") + flags)
    listed = call("sweep", swept, "--dry-run", "--json")
    assert len(json.loads(listed.stdout)["cells"]) == 8
    done = call("flags", swept, "--json")
    assert done.exit_code == 4, done.output  # `mlp` is not built
    told = json.loads(done.stdout)
    assert [bool(one["error"]) for one in told["cells"]] == [False] * 4 + [True] * 4
    values = [one["metrics"]["uar"]["value"] for one in told["cells"][:4]]
    assert values == sorted(values, reverse=True)
    # A cell is what `nk run` makes of the same values, and each has the features that it names.
    root = nasty.parent
    same = root / "many_models_svm_features_lfcc_scale_standard"
    assert (same / "predictions.csv").read_text() == (nasty / "predictions.csv").read_text()
    other = root / "many_models_svm_features_cqcc_scale_minmax"
    about = yaml.safe_load((other / "config.yaml").read_text())["feats"]
    assert (about["type"], about["scale"]) == (["cqcc"], "minmax")
    assert json.loads((other / "manifest.json").read_text())["features"][0]["extractor"] == "cqcc"
    (estimate,) = told["estimates"]
    assert estimate["choice"]["by"] == "other speakers"
    assert estimate["choice"]["cross_validated"]
    assert sum(estimate["choice"]["chosen"].values()) == 4
    assert "is the best of 4 by the rows that it is tested on" in done.stderr
    files = {file.name for file in (root / "many_flags").iterdir()}
    assert files == {
        "comparison.csv", "comparison.png", "config.yaml", "log.txt", "manifest.json", "sweep.csv", "sweep.json",
    }  # fmt: skip
    made = (other / "manifest.json").read_text()
    again = call("flags", swept, "--set", "flags.models=['svm']", "--json")
    assert again.exit_code == 0, again.output
    assert (other / "manifest.json").read_text() == made
    assert json.loads(again.stdout)["estimates"] == told["estimates"]


def test_nested_values_are_those_of_a_run_that_chooses_among_one(nasty: Path) -> None:
    """`tuning_params` with a single value measures it in the inner folds of each fold."""
    text = (nasty.parents[1] / "exp.ini").read_text()
    swept = nasty.parents[1] / "nested.ini"
    swept.write_text(
        text.replace("name = nasty", "name = nest") + "[FLAGS]\nscale = ['none', 'standard']\nnested = True\n"
    )
    done = call("flags", swept, "--json")
    assert done.exit_code == 0, done.output
    (estimate,) = json.loads(done.stdout)["estimates"]
    assert estimate["choice"]["by"] == "inner folds"
    assert "nested, chosen for each fold by its training rows" in done.stderr
    file = nasty.parent / "nest_flags" / "nested.json"
    told = json.loads(file.read_text())["cells"]
    sets = ("exp.name=tuned", "feats.scale=standard", "model.tuning_params=['C_val']", "model.C_val=[1.0]")
    ran = call("run", nasty.parents[1] / "exp.ini", *(word for one in sets for word in ("--set", one)))
    assert ran.exit_code == 0, ran.output
    tuning = json.loads((nasty.parent / "tuned" / "metrics.json").read_text())["tuning"]
    assert told["nest_scale_standard"]["values"] == {one["fold"]: one["score"] for one in tuning}
    before = file.read_text()
    again = call("flags", swept, "--json")
    assert json.loads(again.stdout)["estimates"] == [estimate]
    assert file.read_text() == before
    assert (
        json.loads(call("flags", swept, "--no-nested", "--json").stdout)["estimates"][0]["choice"]["by"]
        == "other speakers"
    )


@pytest.mark.slow
def test_cells_at_once_come_to_the_same(nasty: Path) -> None:
    flags = "[FLAGS]\nmodels = ['svm', 'knn', 'bayes']\nscale = ['none', 'standard', 'minmax']\n"
    told = []
    for name, jobs in (("alone", 2), ("together", 8)):
        swept = nasty.parents[1] / f"{name}.ini"
        text = (nasty.parents[1] / "exp.ini").read_text().replace("name = nasty", f"name = {name}")
        swept.write_text(text + flags)
        done = call("flags", swept, "--json", "--jobs", jobs)
        assert done.exit_code == 0, done.output
        told.append({str(one["values"]): one["metrics"] for one in json.loads(done.stdout)["cells"]})
    assert len(told[0]) == 9
    assert told[0] == told[1]


def test_where_no_cell_runs_it_is_an_error(nasty: Path) -> None:
    swept = nasty.parents[1] / "none.ini"
    text = (nasty.parents[1] / "exp.ini").read_text().replace("name = nasty", "name = none")
    swept.write_text(text + "[FLAGS]\nmodels = ['mlp']\n")
    done = call("flags", swept)
    assert (done.exit_code, "none of 1 cells could be run" in done.stderr) == (3, True)
    assert not (nasty.parent / "none_flags").exists()
    done = call("flags", swept, "--set", "exp.save_test=all.csv")
    assert (done.exit_code, "`save_test` names one file" in done.stderr) == (2, True)


@pytest.mark.slow
def test_real_cells_are_chosen_by_dev(data: Path, tmp_path: Path) -> None:
    (tmp_path / "real.ini").write_text(
        f"[EXP]\nroot = {tmp_path}/results\ntraindevtest = True\n[DATA]\ndatabases = ['emodb']\n"
        f"emodb = {data}/emodb/emodb.csv\nemodb.split_strategy = speaker_split\ntarget = emotion\n"
        "[FEATS]\ntype = ['os']\n[FLAGS]\nmodels = ['bayes', 'knn', 'log_reg']\nscale = ['none', 'standard']\n"
        "targets = ['emotion', 'gender']\n"
    )
    done = call("flags", tmp_path / "real.ini", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [one["target"] for one in told["estimates"]] == ["emotion", "gender"]
    for estimate in told["estimates"]:
        assert (estimate["runs"], estimate["choice"]["by"]) == (6, "dev")
        name = next(iter(estimate["choice"]["chosen"]))
        cell = next(one for one in told["cells"] if one["name"] == name)
        assert estimate["choice"]["metric"]["value"] == pytest.approx(cell["metrics"]["uar"]["value"])
        assert estimate["best"]["value"] >= estimate["choice"]["metric"]["value"]
