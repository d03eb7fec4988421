"""Emo-DB from its tables in audformat is what it is from a CSV file, and has the split that its tables say."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from nk.config import load_config
from nk.paths import resolver
from nk.registry import PART
from nk.stages.load import load
from nk.stages.split import split
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

    from nk.config.data import Data
    from nk.tables import Dataset

TABLES = {part: f"emotion.categories.{part}.gold_standard" for part in ("train", "test")}
SPECIFIED = "".join(f"emodb.{part}_tables = ['{table}']\n" for part, table in TABLES.items())


def loading(folder: Path, path: Path, more: str = "", target: str = "emotion") -> tuple[Dataset, Data]:
    file = folder / "exp.ini"
    file.write_text(f"[DATA]\ndatabases = ['emodb']\nemodb = {path}\ntarget = {target}\n{more}", encoding="utf-8")
    data = load_config(file).config.data
    number = target == "age"
    found = load(data, number=number, fail_threshold=0.0, resolve=resolver(file), seed=42, jobs=2, ui=Ui(quiet=True))
    return found.dataset, data


@pytest.mark.parametrize("target", ["emotion", "speaker", "gender", "age"])
def test_audformat_and_csv_give_equal_frames(target: str, data: Path, tmp_path: Path) -> None:
    columns = ["id", "file", "path", "start", "end", "database", "emotion", "speaker", "gender", "age", "digest"]
    want, _ = loading(tmp_path, data / "emodb" / "emodb.csv", target=target)
    found, _ = loading(tmp_path, data / "emodb", "emodb.columns = ['emotion']\n", target)
    assert found.frame.select(columns).equals(want.frame.select(columns))
    assert found.frame.select(columns).schema == want.frame.select(columns).schema
    assert found.target == want.target


@pytest.mark.parametrize("strategy", ["database", "specified"])
@pytest.mark.parametrize("target", ["emotion", "gender"])
def test_the_official_split(strategy: str, target: str, data: Path, tmp_path: Path) -> None:
    tables = SPECIFIED if strategy == "specified" else ""
    dataset, section = loading(tmp_path, data / "emodb", f"emodb.split_strategy = {strategy}\n{tables}", target)
    assert PART in dataset
    result = split(dataset, section, seed=1)
    assert len(result) == 535
    for part, table in TABLES.items():
        with (data / "emodb" / f"db.{table}.csv").open() as lines:
            want = {row["file"]: row["emotion"] for row in csv.DictReader(lines)}
        found = result.part(part).frame
        assert set(found["file"]) == set(want)
        if target == "emotion":
            assert dict(found.select("file", "emotion").iter_rows()) == want


@pytest.mark.slow
def test_audformat_and_csv_give_equal_results(data: Path, tmp_path: Path) -> None:
    text = "[EXP]\nname = {0}\n[DATA]\ndatabases = ['emodb']\nemodb = {1}\n[FEATS]\nscale = standard\n"
    text += "[MODEL]\ntype = svm\nloso = True\n"
    found: dict[str, Any] = {}
    for name, path in (("tables", data / "emodb"), ("csv", data / "emodb" / "emodb.csv")):
        (tmp_path / f"{name}.ini").write_text(text.format(name, path), encoding="utf-8")
        command = [sys.executable, "-m", "nk", "run", f"{name}.ini", "--json", "--quiet"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found[name] = json.loads(done.stdout)
    assert found["tables"] == found["csv"]
    assert found["csv"]["metrics"]["test"]["uar"]["value"] == pytest.approx(0.661, abs=0.002)
    one, other = ((tmp_path / "results" / name / "predictions.csv").read_text() for name in found)
    assert one == other
