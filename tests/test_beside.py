"""What whole runs show beside their main result, in the folder, in the log and on the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile

from nk import pipeline
from nk.config import load_config
from nk.errors import DataError
from nk.runfolder import OURS
from nk.show import show
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """[EXP]
root = {folder}/results
[DATA]
databases = ['one', 'two']
one = {folder}/one.csv
two = {folder}/two.csv
one.value_counts = True
two.value_counts = True
target = diagnosis
[FEATS]
set = GeMAPSv01b
scale = standard
[MODEL]
type = log_reg
loso = True
[PLOT]
uncertainty_threshold = .7
combine_per_speaker = mode
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two databases of four speakers with four recordings; one recording has no label, one speaker has two."""
    folder, draw, seconds = tmp_path_factory.mktemp("place"), np.random.default_rng(5), np.arange(8000) / 16000
    for base in ("one", "two"):
        lines = ["file,speaker,gender,diagnosis,age"]
        for speaker in range(4):
            for number in range(4):
                pitch = (120, 180)[speaker % 2] * draw.normal(1, 0.2)
                wave = 0.3 * np.sign(np.sin(2 * np.pi * pitch * seconds)) + draw.normal(0, 0.05, 8000)
                name, label = f"{base}{speaker}_{number}.wav", ("ill", "well")[speaker % 2]
                label = "" if (base, speaker, number) == ("one", 0, 0) else label
                label = "ill" if (base, speaker, number) == ("two", 3, 1) else label
                soundfile.write(folder / name, wave, 16000)
                lines.append(f"{name},{base}{speaker},{('male', 'female', '')[speaker % 3]},{label},{30 + 5 * speaker}")
        (folder / f"{base}.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "exp.ini").write_text(CONFIG.format(folder=folder), encoding="utf-8")
    return folder


def ran(place: Path, *sets: str) -> tuple[pipeline.Result, Ui]:
    ui = Ui(quiet=True)
    outcome = pipeline.run(load_config(place / "exp.ini", sets), ui)
    assert isinstance(outcome, pipeline.Result)
    return outcome, ui


@pytest.fixture(scope="module")
def crossed(place: Path) -> tuple[pipeline.Result, Ui]:
    return ran(place, "exp.name=crossed")


def test_a_decision_a_speaker_of_what_was_out_of_fold(crossed: tuple[pipeline.Result, Ui]) -> None:
    """The same, from `predictions.csv` with nothing but counting."""
    outcome, ui = crossed
    rows = pl.read_csv(outcome.folder / "predictions.csv").drop_nulls("truth")
    truths = {name: {*part["truth"]} for (name,), part in rows.group_by("speaker")}
    decided = {}
    for (name,), part in rows.group_by("speaker"):
        votes = part["predicted"].value_counts(sort=True)
        if len(truths[name]) == 1 and not (len(votes) == 2 and votes["count"].n_unique() == 1):
            decided[name] = votes["predicted"][0]
    found = {row["id"]: row for row in pl.read_csv(outcome.folder / "combined.csv").iter_rows(named=True)}
    assert set(found) == {name for name, several in truths.items() if len(several) == 1}
    assert len(found) == 7
    assert {name: found[name]["predicted"] for name in decided} == decided
    told = outcome.metrics["combined"]["test"]
    assert (told["left_out"], told["examples"]) == (1, ["two3"])
    right = [found[name]["predicted"] == found[name]["truth"] for name in found]
    assert told["metrics"]["accuracy"]["value"] == pytest.approx(sum(right) / 7)
    assert told["metrics"]["accuracy"]["n_speakers"] == 7
    assert any("1 of 8 values of `speaker` have several values of `diagnosis`" in line for line in ui.lines)


def test_the_main_result_counts_all_rows_with_truth(crossed: tuple[pipeline.Result, Ui]) -> None:
    metrics = crossed[0].metrics
    assert metrics["metrics"]["test"]["uar"]["n"] == 31
    bases = metrics["per_database"]["test"]
    assert {name: told["metrics"]["uar"]["n"] for name, told in bases.items()} == {"one": 15, "two": 16}
    certain = metrics["certain"]["test"]
    assert certain["rows"] + certain["left_out"] == 31


def test_the_figures_are_there(crossed: tuple[pipeline.Result, Ui]) -> None:
    folder = crossed[0].folder
    found = {path.stem for path in (folder / "figures").glob("*.png")}
    assert found == {
        "confusion_test", "uncertainty_test", "certain_test", "combined_test", "database_test_one", "database_test_two",
        "value_counts_one", "value_counts_two",
    }  # fmt: skip
    counts = pl.read_csv(folder / "figures" / "value_counts_one.csv")
    assert counts["split"].unique().to_list() == ["all"]
    assert counts["count"].sum() == 16
    assert {item.name for item in folder.iterdir()} <= {*OURS}


def test_the_tables_are_in_the_log_and_the_manifest_lists_it(
    crossed: tuple[pipeline.Result, Ui], capsys: pytest.CaptureFixture[str]
) -> None:
    outcome, ui = crossed
    log = (outcome.folder / "log.txt").read_text().splitlines()
    ui.quiet = False
    show(outcome, ui, json=False)
    out, err = capsys.readouterr()
    said = [line[20:].split() for line in log]
    for line in [*out.splitlines(), *err.splitlines()[:-1]]:
        assert line.split() in said
    assert sum("one decision a speaker (mode), 1 left out" in line for line in log) == 1
    assert sum(line.endswith("test, a database") for line in log) == 1
    manifest = json.loads((outcome.folder / "manifest.json").read_text())
    assert {"log.txt", "combined.csv", "figures/certain_test.png"} <= {*manifest["files"]}


def test_json_on_stdout_holds_it_all(crossed: tuple[pipeline.Result, Ui], capsys: pytest.CaptureFixture[str]) -> None:
    show(crossed[0], Ui(quiet=True, data_only=True), json=True)
    assert json.loads(capsys.readouterr().out) == crossed[0].metrics


def test_a_split_in_three_parts_with_runs(place: Path) -> None:
    sets = ("exp.traindevtest=True", "model.loso=False", "exp.runs=2", "exp.name=split", "plot.format=svg")
    figures = ran(place, *sets)[0].folder / "figures"
    found = {path.stem for path in figures.glob("*.svg")}
    assert {"confusion_dev", "confusion_test", "runs_dev", "runs_test", "combined_dev"} <= found
    counts = pl.read_csv(figures / "value_counts_two.csv")
    assert counts["split"].unique(maintain_order=True).to_list() == ["train", "dev", "test"]
    assert "equal in all 2 runs" in (figures / "runs_test.svg").read_text()


def test_numbers_are_looked_at_in_thirds_of_what_was_learnt(place: Path) -> None:
    sets = ("exp.type=regression", "data.target=age", "model.type=lin_reg", "exp.name=age")
    outcome, ui = ran(place, *sets, "plot.uncertainty_threshold=None")
    told: dict[str, Any] = outcome.metrics["bins"]["test"]
    # Of ages 30, 35, 40 and 45 in equal numbers.
    assert (told["labels"], told["edges"]) == (["low", "middle", "high"], [None, 35, 40, None])
    rows = pl.read_csv(outcome.folder / "predictions.csv")
    place_of = [np.digitize(rows[name].to_numpy(), [35, 40]) for name in ("truth", "predicted")]
    recalls = [(place_of[1] == bin_)[place_of[0] == bin_].mean() for bin_ in range(3)]
    assert told["metrics"]["uar"]["value"] == pytest.approx(np.mean(recalls))
    assert told["metrics"]["uar"]["n_speakers"] == 8
    assert told["baselines"]["chance"]["uar"] == pytest.approx(1 / 3)
    assert (outcome.folder / "figures" / "bins_test.png").exists()
    assert any("test, in 3 bins: uar" in line for line in ui.lines)
    other, _ = ran(place, *sets, "data.bins=[0, 33, 100]", "data.labels=['young', 'old']")
    assert other.metrics["bins"]["test"]["labels"] == ["young", "old"]


def test_too_few_different_numbers_for_bins_are_no_error(place: Path) -> None:
    sets = ("exp.type=regression", "data.target=half", "model.type=lin_reg", "exp.name=half")
    for base in ("one", "two"):
        table = pl.read_csv(place / f"{base}.csv")
        table.with_columns((pl.col("age") > 40).cast(pl.Int64).alias("half")).write_csv(place / f"{base}half.csv")
    paths = [f"data.{base}={place}/{base}half.csv" for base in ("one", "two")]
    outcome, ui = ran(place, *sets, *paths)
    assert outcome.metrics["bins"] == {}
    assert any("not looked at in bins: `half` has too few different values" in line for line in ui.lines)


def test_a_column_that_is_not_there_is_told_before_the_work(place: Path) -> None:
    with pytest.raises(DataError, match="there is no column `sesion`, which `combine_per_speaker` names"):
        pipeline.run(load_config(place / "exp.ini", ["plot.combine_per_speaker.col=sesion"]), Ui(quiet=True))
