"""From one experiment to an answer on Emo-DB: each command here and on a cluster, with equal results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from nk.families import ensembles

pytest.importorskip("distributed")
pytest.importorskip("optuna")

if TYPE_CHECKING:
    from cluster.conftest import Machines

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAIRS = {"margins": ("svm", "os"), "trees": ("xgb", "praat"), "near": ("knn", "os")}
DATA = """[DATA]
databases = ['emodb']
emodb = {data}/emodb/emodb.csv
target = emotion
[FEATS]
type = ['os']
scale = standard
"""
FOLDS = "[MODEL]\nk_fold_cross = 5\n"
MANY = "[FLAGS]\nmodels = ['svm', 'knn', 'bayes']\nscale = ['none', 'standard']\n"
OPTIM = """[MODEL]
type = svm
[OPTIM]
search_strategy = {strategy}
n_iter = 4
C_val = [0.1, 1, 10]
kernel = ['linear', 'rbf']
"""
CROSS = """[EXP]
databases = ['women', 'men', 'synth']
[DATA]
target = emotion
labels = ['high', 'low']
women = {data}/emodb/emodb.csv
women.filter = [['gender', 'female']]
women.mapping = {{'anger,fear,happiness': 'high', 'boredom,neutral,sadness': 'low'}}
men = {data}/emodb/emodb.csv
men.filter = [['gender', 'male']]
men.mapping = {{'anger,fear,happiness': 'high', 'boredom,neutral,sadness': 'low'}}
synth.type = synthetic
synth.mapping = {{'anger,joy': 'high', 'neutral,sadness': 'low'}}
[FEATS]
scale = standard
[MODEL]
type = log_reg
"""


@pytest.fixture(scope="module")
def place(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configs."""
    folder = tmp_path_factory.mktemp("answer")
    for name, (model, features) in PAIRS.items():
        text = DATA.replace("'os'", f"'{features}'") + f"{FOLDS}type = {model}\n"
        (folder / f"{name}.ini").write_text(text.format(data=data))
    (folder / "many.ini").write_text((DATA + FOLDS + MANY).format(data=data))
    for strategy in ("grid", "random", "halving_grid", "halving_random", "tpe"):
        (folder / f"{strategy}.ini").write_text((DATA + OPTIM).format(data=data, strategy=strategy))
    (folder / "cross.ini").write_text(CROSS.format(data=data))
    return folder


def nk(folder: Path, *words: object) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NK_DATA": str(folder / "kept")}
    command = [sys.executable, "-m", "nk", *map(str, words)]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stderr


def both(place: Path, machines: Machines, *words: object) -> None:
    """Do it here and on the cluster; what is predicted is the same."""
    nk(place, *words, "--set", "exp.root=here")
    said = nk(place, *words, "--set", "exp.root=there", "--address", machines.address)
    assert f"cluster `{machines.address}`" in said


def alike(place: Path, pattern: str) -> list[Path]:
    """The files of a pattern here, each of which is the same there."""
    here = sorted((place / "here").glob(pattern))
    assert here
    for file in here:
        assert file.read_bytes() == (place / "there" / file.relative_to(place / "here")).read_bytes(), file
    return here


def told(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def test_runs_are_joined_and_compared(place: Path, machines: Machines) -> None:
    for name in PAIRS:
        both(place, machines, "run", f"{name}.ini")
    assert len(alike(place, "*/predictions.csv")) == 3
    for root in ("here", "there"):
        runs = [f"{root}/{name}" for name in PAIRS]
        for method in [one.name for one in ensembles.all() if "classification" in one.tasks]:
            nk(place, "ensemble", "--method", method, *runs)
        nk(place, "compare", *runs, f"{root}/ensemble_mean", "--output", f"{root}/compared")
        nk(place, "report", f"{root}/ensemble_mean", "--no-audio")
    methods = alike(place, "ensemble_*/predictions.csv")
    assert len(methods) == 10
    alike(place, "ensemble_*/metrics.json")
    alike(place, "compared/pairs.csv")
    for file in methods:
        one = told(file.parent / "metrics.json")["metrics"]["test"]["uar"]
        assert one["value"] > 0.4, file
        assert one["n_speakers"] == 10


def test_cells_are_swept(place: Path, machines: Machines) -> None:
    both(place, machines, "flags", "many.ini")
    assert len(alike(place, "many_models_*/predictions.csv")) == 6
    here, there = (told(place / root / "many_flags" / "sweep.json") for root in ("here", "there"))
    assert here["estimates"] == there["estimates"]
    assert here["estimates"][0]["choice"]["metric"]["value"] > 0.5


@pytest.mark.parametrize("strategy", ["grid", "random", "halving_grid", "halving_random", "tpe"])
def test_options_are_searched(place: Path, machines: Machines, strategy: str) -> None:
    both(place, machines, "optim", f"{strategy}.ini")
    tables = [pl.read_csv(place / root / f"{strategy}_optim" / "trials.csv") for root in ("here", "there")]
    assert tables[0].drop("seconds").equals(tables[1].drop("seconds"))
    assert tables[0].select(pl.max("value")).item() > 0.5
    nk(place, "run", f"here/{strategy}_optim/best.ini", "--set", "exp.root=here")
    assert told(place / "here" / f"{strategy}_best" / "metrics.json")["metrics"]["test"]["uar"]["value"] > 0.25


def test_databases_are_crossed(place: Path, machines: Machines) -> None:
    both(place, machines, "multidb", "cross.ini")
    assert len(alike(place, "cross_*/predictions.csv")) == 9
    matrix = told(place / "here" / "cross_multidb" / "matrix.json")
    assert matrix["means"] == told(place / "there" / "cross_multidb" / "matrix.json")["means"]
    across = {one["name"]: one["metrics"]["uar"]["value"] for one in matrix["cells"]}
    assert across["cross_women_vs_men"] > 0.7
