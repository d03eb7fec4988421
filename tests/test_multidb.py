"""The cross-database matrix: what each cell trains and tests, the command as a user meets it, the heat map."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from typer.testing import CliRunner

from nk.cli.main import app
from nk.config import load_config
from nk.errors import ConfigError, NotBuilt
from nk.multidb import matrix_cells
from nk.report.figures import heatmap

if TYPE_CHECKING:
    from pathlib import Path

    from nk.config import Config

BASE = "[DATA]\na = a.csv\nb.x = b.csv\nc = c.csv\nb.x.test_size = 30\n[EXP]\nname = x\n"


def crossed(folder: Path, more: str) -> dict[tuple[str, ...], Config]:
    (folder / "x.ini").write_text(f"{BASE}{more}\n")
    cells = matrix_cells(load_config(folder / "x.ini"))
    configs = [load_config(folder / "x.ini", cell.overrides).config for cell in cells]
    assert [config.exp.name for config in configs] == [cell.name for cell in cells]
    return {tuple(cell.values.values()): config for cell, config in zip(cells, configs, strict=True)}


def parts(config: Config) -> dict[str, str]:
    return {name: str(one.split_strategy) for name, one in config.data.databases.items()}


def test_whole_databases_are_crossed_and_own_splits_kept_on_the_diagonal(tmp_path: Path) -> None:
    found = crossed(tmp_path, "databases = ['a', 'b.x']\n[CROSSDB]\ntrain_extra = ['c', 'a']")
    assert [*found] == [("a", "a"), ("a", "b.x"), ("b.x", "a"), ("b.x", "b.x")]
    assert parts(found["a", "a"]) == {"a": "speaker_split", "c": "train"}
    assert parts(found["a", "b.x"]) == {"a": "train", "b.x": "test", "c": "train"}
    assert parts(found["b.x", "a"]) == {
        "a": "test",
        "b.x": "train",
        "c": "train",
    }  # `a` is tested, and never trained on
    assert parts(found["b.x", "b.x"]) == {"b.x": "speaker_split", "c": "train", "a": "train"}
    assert found["b.x", "b.x"].data.databases["b.x"].test_size == 30


def test_splits_can_be_kept(tmp_path: Path) -> None:
    one = crossed(tmp_path, "databases = ['a', 'b.x']\nuse_splits = True")["a", "b.x"].data.databases
    kept = {name: (each.as_train, each.as_test) for name, each in one.items()}
    assert kept == {"a": (True, False), "b.x": (False, True)}
    assert {str(each.split_strategy) for each in one.values()} == {"speaker_split"}


def test_one_database_is_left_out(tmp_path: Path) -> None:
    found = crossed(tmp_path, "databases = ['a', 'b.x', 'c']\nlodo = True")
    assert [test for _, test in found] == ["a", "b.x", "c"]
    assert parts(found["all others", "b.x"]) == {"a": "train", "c": "train", "b.x": "test"}


def test_one_database_can_be_dev_of_all_and_cells_be_repeated(tmp_path: Path) -> None:
    more = "lodo = True\nlodo_dev = c\nlodo_runs = 3\n[CROSSDB]\ntrain_extra = ['c']"
    found = crossed(tmp_path, f"databases = ['a', 'b.x', 'c']\n{more}")
    assert [test for _, test in found] == ["a", "b.x"]
    one = found["all others", "b.x"]
    assert parts(one) == {"a": "train", "b.x": "test", "c": "dev"}
    assert (one.exp.runs, one.exp.traindevtest) == (3, True)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("databases = ['b.x', 'c']\nlodo = True\nlodo_dev = c", "leaves fewer than two databases"),
        ("databases = ['b.x', 'b.x']", "names fewer than two"),
        ("databases = ['b.x', 'd']", "`databases` names `d`, but nothing says where it is"),
        ("databases = ['b.x', 'c']\n[CROSSDB]\ntrain_extra = ['d']", "`train_extra` names `d`"),
        ("databases = ['b.x', 'c']\n[MODEL]\nloso = True", "`loso` folds all rows of all databases"),
    ],
)
def test_what_cannot_be_crossed_is_told(tmp_path: Path, more: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        crossed(tmp_path, more)
    assert any(told in str(problem) for problem in caught.value.problems), caught.value.problems


def test_what_is_not_built_is_said_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="reuse_train"):
        crossed(tmp_path, "databases = ['a', 'b.x']\nreuse_train = True")


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})


def test_a_matrix_with_a_cell_that_fails(nasty: Path) -> None:
    base = nasty.parents[1]
    halves = "".join(f"{name} = {base}/db.csv\n{name}.filter = [['gender', '{name}']]\n" for name in ("female", "male"))
    (base / "gone.csv").write_text("file,speaker,emotion\n")
    config = base / "crossed.ini"
    config.write_text(
        f"[EXP]\nname = crossed\nroot = {nasty.parent}\ndatabases = ['female', 'male', 'gone']\n"
        f"[DATA]\n{halves}gone = {base}/gone.csv\ntarget = emotion\n[FEATS]\ntype = ['lfcc']\n[MODEL]\ntype = knn\n"
    )
    done = call("multidb", config, "--json")
    assert done.exit_code == 3, done.output
    told = json.loads(done.stdout)
    by = {tuple(one["values"].values()): one for one in told["cells"]}
    assert [pair for pair, one in by.items() if not one["error"]] == [
        (train, test) for train in ("female", "male") for test in ("female", "male")
    ]
    across = nasty.parent / "crossed_female_vs_male"
    rows = pl.read_csv(across / "predictions.csv")
    assert {*rows["database"]} == {"male"}
    assert rows.height == 16
    assert (told["means"]["by_train"]["female"], told["means"]["all"]) == (None, None)  # a cell of each failed
    folder = nasty.parent / "crossed_multidb"
    files = {"config.yaml", "heatmap.csv", "heatmap.png", "log.txt", "manifest.json", "matrix.json"}
    assert {file.name for file in folder.iterdir()} == files
    made = (across / "manifest.json").read_text()
    again = call("multidb", config, "--set", "exp.databases=['female', 'male']", "--json")
    assert again.exit_code == 0, again.output
    means = json.loads(again.stdout)["means"]
    values = [by[pair]["metrics"]["uar"]["value"] for pair in (("female", "male"), ("male", "female"))]
    assert means["cross"] == pytest.approx(sum(values) / 2)
    assert (across / "manifest.json").read_text() == made  # it was recognised
    assert "too few speakers are tested" in again.stderr
    assert load_config(across / "config.yaml").config.exp.databases is None


def test_a_heat_map_says_what_it_has() -> None:
    table = pl.DataFrame(
        {
            "train": ["a", "a", "b", "b"],
            "test": ["a", "b", "a", "b"],
            "value": [0.9, 0.4, None, 0.8],
            "low": [0.8, 0.3, None, None],
            "high": [0.95, 0.6, None, None],
            "n_speakers": [4, 2, None, 5],
        }
    )
    figure = heatmap.draw(table, measure="uar", title="emotion")
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written == ["0.900\n0.80 to 0.95", "0.400\n0.30 to 0.60 *", "no value", "0.800"]
