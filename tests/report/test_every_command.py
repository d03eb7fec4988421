"""[REPORT] at the end of `nk flags`, `multidb`, `optim` and `check`, and `nk report` of their folders."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from nk import reporting
from nk.cli.main import app
from nk.errors import DataError
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NASTY = "<script>alert('x')</script>"
ASKED = f"[REPORT]\ntitle = {NASTY}\nauthor = Me\nlatex = paper\n"
FLAGS = "[FLAGS]\nmodels = ['svm', 'mlp']\nscale = ['standard', 'minmax']\n"
OPTIM = "[OPTIM]\nC_val = [0.1, 1, 10]\nkernel = ['linear', 'rbf']\n"
FILES = {"report.html", "summary.json", "manifest.json", "paper.tex", "paper.pdf", "figures"}


def call(*words: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in words], env={"COLUMNS": "300"})


def config(nasty: Path, folder: Path, name: str, more: str) -> Path:
    """The nasty experiment with a name and a root of its own, and a section [REPORT]."""
    text = (nasty.parents[1] / "exp.ini").read_text(encoding="utf-8").replace("name = nasty", f"name = {name}")
    (folder / f"{name}.ini").write_text(text.replace(f"root = {nasty.parent}", f"root = {folder}") + more + ASKED)
    return folder / f"{name}.ini"


@pytest.fixture
def by_typst(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no TeX; without Typst either the test is skipped."""
    pytest.importorskip("typst")
    monkeypatch.setattr("nk.report.pdf.shutil.which", lambda _: None)


def need_report(folder: Path, done: Any, files: set[str] = FILES) -> dict[str, Any]:
    """The report is there and said once, its title is as asked for; all that it says."""
    assert done.stderr.count("report: ") == 1, done.stderr
    assert f"report: {folder / 'report.html'}" in done.stderr.replace("\n", "")
    assert {one.name for one in folder.iterdir()} == files
    assert (folder / "paper.pdf").read_bytes().startswith(b"%PDF")
    told: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert (told["title"], told["author"], told["comparison"]) == (NASTY, "Me", None)
    (one,) = told["runs"]
    assert one["made_with"]["seed"] == 42
    return dict(one)


def need_page(shown: Any, *headings: str) -> None:
    """Nothing is run, every heading is there, figures are shown, and it fits a narrow screen."""
    assert shown.locator("h1").inner_text() == NASTY
    assert [*headings] == shown.locator("h3").all_inner_texts()
    assert shown.evaluate("() => [...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    shown.set_viewport_size({"width": 360, "height": 640})
    assert shown.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.slow
@pytest.mark.usefixtures("by_typst")
def test_a_sweep_ends_with_one_report_of_all_cells(nasty: Path, tmp_path: Path, opened: Callable[[Path], Any]) -> None:
    file = config(nasty, tmp_path, "many", FLAGS)
    done = call("flags", file, "--json")
    assert done.exit_code == 4, done.output  # `mlp` is not built
    place = tmp_path / "many_flags"
    one = need_report(place / "report", done)
    told = json.loads(done.stdout)
    (estimate,) = told["estimates"]
    assert one["name"] == "many_flags"
    assert one["leads"][0]["text"] == estimate["caution"]
    assert one["openings"][0]["said"][:-1] == [f"{line}." for line in estimate["words"]]
    assert one["openings"][0]["big"] == f"UAR {estimate['choice']['metric']['value']:.3f}"
    rows = one["parts"][0]["tables"][0]["rows"]
    values = [cell["metrics"]["uar"]["value"] if not cell["error"] else None for cell in told["cells"]]
    assert [row[2] for row in rows] == values
    assert "models: [svm, mlp]" in one["config"]
    for folder in tmp_path.glob("many_models_*"):
        assert not (folder / "report").exists()
    shown = opened(place / "report" / "report.html")
    chosen = ["What was chosen"] if len(estimate["choice"]["chosen"]) > 1 else []
    need_page(shown, "Methods", "All cells", *chosen, "Config and versions")
    column = shown.locator("table.sortable").first.locator("th", has_text="UAR")
    column.locator("button").click()
    shown_values = shown.locator("table.sortable").first.locator("tbody td:nth-child(3)").all_inner_texts()
    assert shown_values == [*(f"{value:.3f}" for value in sorted(v for v in values if v is not None)), "-", "-"]
    before = (place / "report" / "summary.json").read_text(encoding="utf-8")
    again = call("report", place)
    assert again.exit_code == 0, again.output
    assert (place / "report" / "summary.json").read_text(encoding="utf-8") == before
    cell = next(tmp_path.glob("many_models_svm_*"))
    assert call("report", cell, "--no-audio").exit_code == 0
    assert (cell / "report" / "report.html").is_file()


@pytest.mark.slow
@pytest.mark.usefixtures("by_typst")
def test_a_matrix_ends_with_a_report(nasty: Path, tmp_path: Path, opened: Callable[[Path], Any]) -> None:
    base = nasty.parents[1]
    halves = "".join(f"{name} = {base}/db.csv\n{name}.filter = [['gender', '{name}']]\n" for name in ("female", "male"))
    file = tmp_path / "crossed.ini"
    file.write_text(
        f"[EXP]\nname = crossed\nroot = {tmp_path}\ndatabases = ['female', 'male']\n"
        f"[DATA]\n{halves}target = emotion\n[FEATS]\ntype = ['lfcc']\n[MODEL]\ntype = knn\n{ASKED}"
    )
    done = call("multidb", file, "--json")
    assert done.exit_code == 0, done.output
    place, told = tmp_path / "crossed_multidb", json.loads(done.stdout)
    one = need_report(place / "report", done)
    assert [lead["text"] for lead in one["leads"]] == told["cautions"]
    assert one["openings"][0]["big"] == f"UAR {told['means']['cross']:.3f}"
    by = {(*cell["values"].values(),): cell["metrics"]["uar"] for cell in told["cells"]}
    matrix, means = one["parts"][0]["tables"][0]["rows"], told["means"]
    for row, train in zip(matrix, ("female", "male"), strict=False):
        assert [row[0], *(cell["value"] for cell in row[1:3]), row[3]] == [
            train, *(by[train, test]["value"] for test in ("female", "male")), means["by_train"][train],
        ]  # fmt: skip
    assert [cell["value"] for cell in matrix[2][1:3]] == [means["by_test"][test] for test in ("female", "male")]
    assert not (tmp_path / "crossed_female" / "report").exists()
    need_page(opened(place / "report" / "report.html"), "Methods", "Matrix", "All cells", "Config and versions")
    assert call("report", place, "--set", "report.author=You").exit_code == 0
    assert json.loads((place / "report" / "summary.json").read_text(encoding="utf-8"))["author"] == "You"


@pytest.mark.slow
def test_a_search_ends_with_a_report(
    nasty: Path, tmp_path: Path, opened: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    pytest.importorskip("typst")
    monkeypatch.setattr("nk.report.pdf.shutil.which", lambda _: None)
    file = config(nasty, tmp_path, "sought", OPTIM)
    done = call("optim", file, "--nested", "--json")
    assert done.exit_code == 0, done.output
    place, told = tmp_path / "sought_optim", json.loads(done.stdout)
    one = need_report(place / "report", done)
    assert one["leads"][0]["text"] == told["caution"]
    assert one["openings"][0]["big"] == f"UAR {told['nested']['value']:.3f}"
    parts = {part["heading"]: part for part in one["parts"]}
    best, *_ = parts["Trials"]["tables"][0]["rows"]
    assert best[0] == told["best"]["trial"]
    assert parts["The best config"]["text"] == (place / "best.ini").read_text(encoding="utf-8")
    assert "There is no test part" in " ".join(parts["What was searched"]["said"])
    assert [figure["name"] for figure in parts["Trials"]["figures"]] == ["search", "options"]
    shown = opened(place / "report" / "report.html")
    need_page(shown, "Methods", *parts, "Config and versions")
    assert shown.locator("img").count() == 2
    assert call("report", place).exit_code == 0


@pytest.mark.usefixtures("by_typst")
def test_a_check_has_a_report_in_a_folder_of_its_own(
    nasty: Path, tmp_path: Path, opened: Callable[[Path], Any]
) -> None:
    file, place = config(nasty, tmp_path, "looked", ""), tmp_path / "looked_check"
    done = call("check", file, "--json")
    assert done.exit_code == 0, done.output
    one = need_report(place, done, FILES - {"figures"})
    found = json.loads(done.stdout)["findings"]
    assert [(lead["level"], lead["do"]) for lead in one["audit"]] == [(each["level"], each["do"]) for each in found]
    assert (one["data"]["rows"], one["data"]["speakers"], one["task"]["folds"]) == (32, 4, 4)
    assert (one["results"], one["headline"], one["task"]["target"]) == ([], None, "emotion")
    assert "cross-validation: 4 folds" in one["parts"][0]["said"][0]
    assert {path.name for path in tmp_path.iterdir()} == {"looked.ini", "looked_check"}
    need_page(opened(place / "report.html"), "Split", "Data", "Audit", "Config and versions")


def test_what_stops_a_run_is_in_the_report_of_the_check(nasty: Path, tmp_path: Path) -> None:
    file = config(nasty, tmp_path, "strict", "")
    done = call("check", file, "--strict", "--set", "model.loso=False", "--set", "data.db.split_strategy=random",
                "--set", "report.latex=")  # fmt: skip
    assert done.exit_code == DataError.exit_code, done.output
    told = json.loads((tmp_path / "strict_check" / "summary.json").read_text(encoding="utf-8"))["runs"][0]
    assert told["openings"][0]["said"][0].startswith("A run stops here: the audit stops here")
    assert {lead["level"] for lead in told["leads"]} & {"warning", "error"}


def test_the_report_of_a_check_takes_no_other_folder(nasty: Path, tmp_path: Path) -> None:
    file = config(nasty, tmp_path, "own", "")
    (tmp_path / "own_check").mkdir()
    (tmp_path / "own_check" / "mine.txt").write_text("mine")
    done = call("check", file)
    assert done.exit_code == 0, done.output
    assert "there is no report" in done.stderr
    assert [path.name for path in (tmp_path / "own_check").iterdir()] == ["mine.txt"]


def test_without_the_section_there_is_no_report(nasty: Path, tmp_path: Path) -> None:
    file = config(nasty, tmp_path, "none", FLAGS.replace(", 'mlp'", ""))
    file.write_text(file.read_text().replace(ASKED, ""))
    for command in ("flags", "check"):
        assert "report: " not in call(command, file).stderr
    assert not (tmp_path / "none_flags" / "report").exists()
    assert not (tmp_path / "none_check").exists()


def test_a_damaged_folder_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("exp: {name: x}\n")
    (tmp_path / "manifest.json").write_text('{"command": "flags"}')
    (tmp_path / "sweep.json").write_text('{"cells": 3}')
    done = call("report", tmp_path)
    assert done.exit_code == DataError.exit_code
    assert "sweep.json" in done.stderr
    assert "cells" in done.stderr


def test_a_folder_of_a_command_stands_beside_a_run(nasty: Path, tmp_path: Path) -> None:
    file = config(nasty, tmp_path, "both", FLAGS.replace(", 'mlp'", "").replace(", 'minmax'", ""))
    assert call("flags", file, "--set", "report.latex=").exit_code == 0
    place = tmp_path / "out"
    found = reporting.report([tmp_path / "both_flags", nasty], Ui(quiet=True), output=place, audio=False)
    assert [one["name"] for one in found.document["runs"]] == ["both_flags", "nasty"]
    assert found.document["comparison"] is None
    text = found.page.read_text(encoding="utf-8")
    assert text.count('id="r1-part1"') == 1
