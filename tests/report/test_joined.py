"""The report of an ensemble is that of a run, with its members and without a config."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from typer.testing import CliRunner

from nk.cli.main import app

if TYPE_CHECKING:
    from pathlib import Path


def call(*arguments: object) -> Any:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == 0, done.stderr
    return done


@pytest.fixture
def members(nasty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A run twice, below the working directory."""
    monkeypatch.chdir(tmp_path)
    return [shutil.copytree(nasty, tmp_path / "results" / name) for name in ("one", "two")]


def told(folder: Path) -> Any:
    return json.loads((folder / "report" / "summary.json").read_text(encoding="utf-8"))["runs"][0]


def test_it_says_what_was_joined_and_how(members: list[Path]) -> None:
    call("ensemble", *members, "--method", "max")
    folder = members[0].parent / "ensemble_max"
    call("report", folder, "--set", "report.title=Fused")
    found, joined = told(folder), json.loads((folder / "ensemble.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in found["members"]["rows"]] == ["one", "two"]
    assert [one["value"] for one in found["members"]["rows"]] == [
        one["metrics"]["uar"]["value"] for one in joined["members"]
    ]
    assert {one["place"] for one in joined["members"]} == {"../one", "../two"}
    assert found["members"]["words"] == joined["words"]
    assert "The predictions of 2 models were joined by max: one (" in found["methods"]
    assert found["task"]["model"] == "max of 2 models"
    assert (found["config"], found["history"], found["name"]) == ("", [], "ensemble_max")
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "<h4>Members</h4>" in page
    assert "Against the best member" in page
    assert "<title>Fused" in page
    assert "What the members reach by themselves" in (folder / "report" / "model_card.md").read_text(encoding="utf-8")


def test_it_is_the_same_without_the_members_but_for_what_they_alone_know(members: list[Path]) -> None:
    call("ensemble", *members)
    folder = members[0].parent / "ensemble_mean"
    call("report", folder)
    before = told(folder)
    for one in members:
        shutil.rmtree(one)
    call("report", folder)
    assert told(folder) == before
    done = CliRunner().invoke(app, ["report", str(folder), "--set", "report.title=Fused"])
    assert (done.exit_code, "no member of" in done.stderr) == (2, True)


def test_tables_alone_are_enough(members: list[Path], tmp_path: Path) -> None:
    tables = []
    for one in members:
        tables.append(tmp_path / f"{one.name}.csv")
        pl.read_csv(one / "predictions.csv").write_csv(tables[-1])
    call("ensemble", *tables, "--output", tmp_path / "joined")
    call("report", tmp_path / "joined")
    found = told(tmp_path / "joined")
    assert [one["model"] for one in found["members"]["rows"]] == [None, None]
    assert found["data"]["rows"] == 32
    page = (tmp_path / "joined" / "report" / "report.html").read_text(encoding="utf-8")
    assert "no recordings: the members" in page
    assert "joined by mean: one and two." in found["methods"]


def test_members_elsewhere_are_not_named_by_their_path(members: list[Path], tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    call("ensemble", *members, "--output", outside / "joined")
    joined = json.loads((outside / "joined" / "ensemble.json").read_text(encoding="utf-8"))
    assert [one["place"] for one in joined["members"]] == ["", ""]


def test_the_section_report_of_a_member_asks_for_one(members: list[Path]) -> None:
    for one in members:
        config = one / "config.yaml"
        config.write_text(config.read_text(encoding="utf-8") + "\nreport:\n  title: Mine\n", encoding="utf-8")
    call("ensemble", *members)
    page = members[0].parent / "ensemble_mean" / "report" / "report.html"
    assert "<title>Mine" in page.read_text(encoding="utf-8")


def test_the_section_report_of_a_config_that_is_named_asks_for_one(members: list[Path], tmp_path: Path) -> None:
    text = (members[0] / "config.yaml").read_text(encoding="utf-8")
    for one, more in zip(members, ("\nreport:\n  title: Mine\n", ""), strict=True):
        named = re.sub("root: .*", "root: results", text).replace("name: nasty", f"name: {one.name}") + more
        (tmp_path / f"{one.name}.yaml").write_text(named, encoding="utf-8")
    call("ensemble", "one.yaml", "two.yaml")
    page = members[0].parent / "ensemble_mean" / "report" / "report.html"
    assert "<title>Mine" in page.read_text(encoding="utf-8")


def test_an_ensemble_stands_beside_its_members(members: list[Path]) -> None:
    call("ensemble", *members)
    call("report", members[0].parent / "ensemble_mean", *members)
    summary = json.loads((members[0].parent / "comparison" / "summary.json").read_text(encoding="utf-8"))
    facts = {one["what"]: one["each"] for one in summary["comparison"]["facts"]}
    assert facts["model"][0] == "mean of 2 models"
    assert summary["comparison"]["rows"].startswith("All have tested the same")
