"""`nk report` and the section [REPORT] as a user meets them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import polars as pl
import pytest
from typer.testing import CliRunner

from nk import comparing, pipeline, reporting
from nk.cli.main import app
from nk.config import load_config
from nk.errors import DataError
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def run(nasty: Path, tmp_path: Path) -> Path:
    """A run folder of our own, without recordings."""
    shutil.copytree(nasty, tmp_path / "exp")
    return tmp_path / "exp"


def nk(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["report", *words])
    return done.exit_code, done.stdout, done.stderr


def test_the_report_is_in_the_run_folder_and_takes_its_own_place(run: Path) -> None:
    for _ in range(2):
        code, out, said = nk(str(run))
        assert (code, out) == (0, "")
        assert f"report: {run / 'report' / 'report.html'}" in said.replace("\n", "")
    assert {path.name for path in (run / "report").iterdir()} == {
        "report.html", "model_card.md", "summary.json", "manifest.json",
    }  # fmt: skip


def test_json_is_what_the_report_says(run: Path) -> None:
    code, out, _ = nk(str(run), "--json", "--no-audio", "--set", "report.author=Me", "--set", "report.show=True")
    told = json.loads(out)
    assert code == 0
    assert told == json.loads((run / "report" / "summary.json").read_text(encoding="utf-8"))
    assert told["author"] == "Me"


def test_show_prints_the_result(run: Path) -> None:
    _, out, _ = nk(str(run), "--no-audio", "--set", "report.show=True")
    value = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["metrics"]["test"]["uar"]["value"]
    assert f"UAR {value:.3f} (95 % interval" in out


def test_several_runs_are_compared(run: Path) -> None:
    other = run.parent / "other"
    shutil.copytree(run, other)
    text = (other / "metrics.json").read_text(encoding="utf-8")
    metrics = json.loads(text)
    metrics["metrics"]["test"]["uar"]["value"] -= 0.25
    (other / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    told = reporting.report([run, other], Ui(quiet=True), audio=False).document
    found = told["comparison"]
    assert found["rows"] == "All have tested the same 32 rows."
    (uar,) = [one["each"] for one in found["measures"] if one["measure"] == "uar"]
    assert uar[0]["difference"] is None
    assert uar[1]["difference"] == pytest.approx(-0.25)
    page = (run.parent / "comparison" / "report.html").read_text(encoding="utf-8")
    assert "-0.250" in page
    paired = comparing.compare([run, other])
    assert found["pairs"] == [*comparing.lines(paired), *paired.cautions]
    frame = pl.read_csv(other / "predictions.csv").head(20)
    frame.write_csv(other / "predictions.csv")
    told = reporting.report([run, other], Ui(quiet=True), audio=False).document
    assert told["comparison"]["rows"] == "They have not tested the same rows: 20 of 32 are common to all."
    (why,) = told["comparison"]["pairs"]
    assert why.startswith("no pair was tested: ")


def test_what_is_no_report_is_not_replaced(run: Path) -> None:
    before = sorted(path.name for path in run.iterdir())
    code, _, said = nk(str(run), "--no-audio", "--output", str(run))
    assert code == DataError.exit_code
    assert "is no report" in said
    assert sorted(path.name for path in run.iterdir()) == before


@pytest.mark.parametrize(
    ("what", "part"),
    [
        ("nothing", "there is no"),
        (".", "is no run folder"),
        ("old", "is of an earlier nk"),
        ("made", "is a report already"),
        ("made/report.html", "is no config file"),
        ("made/explore", "is a look in the folder of an experiment hint: name that, `made`"),
    ],
)
def test_where_there_is_no_run_it_says_so_in_one_sentence(what: str, part: str, tmp_path: Path) -> None:
    (tmp_path / "made" / "explore").mkdir(parents=True)
    (tmp_path / "old").mkdir()
    for name in ("old/sweep.json", "made/report.html", "made/explore/explore.json", "made/explore/config.yaml"):
        (tmp_path / name).write_text("{}\n{}\n", encoding="utf-8")
    code, _, said = nk(str(tmp_path / what))
    assert code == DataError.exit_code
    assert part in " ".join(said.split())
    assert said.count("error:") == said.count("hint:") == 1


def test_a_section_in_the_config_makes_a_report_at_the_end_of_the_run(nasty: Path, tmp_path: Path) -> None:
    config = nasty.parent.parent / "exp.ini"
    sets = [f"exp.root={tmp_path}", "report.title=Mine", "report.audio=False"]
    first = pipeline.run(load_config(config, sets), Ui(quiet=True))
    assert isinstance(first, pipeline.Result)
    assert first.report
    assert first.report.page == tmp_path / "nasty" / "report" / "report.html"
    assert reporting.report([first.folder], Ui(quiet=True)).document == first.report.document
    sets[1] = "report.title=Another"
    again = pipeline.run(load_config(config, sets), Ui(quiet=True))
    assert isinstance(again, pipeline.Result)
    assert again.made  # a title changes no result, so nothing is computed
    assert "Another" in first.report.page.read_text(encoding="utf-8")
    pipeline.run(load_config(config, sets[:1]), Ui(quiet=True), force=True)
    assert not (tmp_path / "nasty" / "report").exists()  # it was of the run before


def test_what_was_explored_is_shown_and_what_is_outside_of_its_folder_is_not(run: Path) -> None:
    (run / "explore").mkdir()
    exhibits = [
        {
            "name": "in",
            "title": "Inside",
            "caption": "n 3",
            "lead": "gender tells emotion",
            "files": ["in.svg", "in.csv"],
        },
        {"name": "out", "title": "Outside", "caption": "n 4", "files": ["../secret.png", "link.png"]},
    ]
    (run / "explore" / "explore.json").write_text(json.dumps({"schema": 1, "exhibits": exhibits}), encoding="utf-8")
    (run / "explore" / "in.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    (run / "secret.png").write_bytes(b"secret")
    (run / "explore" / "link.png").symlink_to(run / "secret.png")
    found = reporting.report([run], Ui(quiet=True), audio=False)
    assert found.document["runs"][0]["leads"][-1]["text"] == "gender tells emotion"
    text = found.page.read_text(encoding="utf-8")
    assert text.index("gender tells emotion") < text.index("Methods")
    assert 'src="data:image/png' not in text
    assert "alert(1)" in text  # it is in a picture, where a browser runs nothing
    assert "alert(1)" not in re.sub(r'<img src="[^"]*"', "", text)
    assert text.count("<img") == text.count("data:image/svg+xml") == 6


def test_a_look_at_the_data_without_a_run(run: Path) -> None:
    folder = run.parent / "look"
    (folder / "explore").mkdir(parents=True)
    told = {"schema": 1, "name": "look", "rows": 3, "exhibits": [{"name": "one", "title": "One", "caption": "n 3"}]}
    (folder / "explore" / "explore.json").write_text(json.dumps(told), encoding="utf-8")
    (folder / "explore" / "manifest.json").write_text(json.dumps({"made": "2026-11-23T10:00:00"}), encoding="utf-8")
    config = load_config(run / "config.yaml", ["report.title=A look", "report.latex=look"]).config
    found = reporting.at_the_end(folder, config, Ui(quiet=True))
    assert found
    assert found.folder == folder / "report"
    assert "A look" in found.page.read_text(encoding="utf-8")
    assert (found.folder / "look.tex").is_file()


def test_the_templates_are_in_the_package() -> None:
    code = "from nk.report.html import TEMPLATES; print(len([*TEMPLATES.iterdir()]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 8


def test_tests_of_the_stored_model_are_in_the_report(run: Path, nasty: Path) -> None:
    loaded = load_config(run / "config.yaml", ["report.audio=False"])
    tests = pipeline.test(run, loaded, Ui(quiet=True), files=[str(nasty.parent.parent / "db.csv")])
    assert tests.report
    (told,) = tests.report.document["runs"][0]["tests"]
    found = json.loads((run / "tests" / "db" / "metrics.json").read_text(encoding="utf-8"))["metrics"]["test"]
    assert {one["measure"]: one["value"] for one in told["measures"]} == {
        key: one["value"] for key, one in found.items()
    }
    leads = [one["text"] for one in tests.report.document["runs"][0]["leads"]]
    assert any(text.startswith("test on db: ") for text in leads)  # its speakers are those that it was trained on


def test_a_run_is_complete_without_its_report(nasty: Path, tmp_path: Path) -> None:
    (tmp_path / "nasty").mkdir()
    shutil.copytree(nasty, tmp_path / "nasty", dirs_exist_ok=True)
    (tmp_path / "nasty" / "report").mkdir()
    (tmp_path / "nasty" / "report" / "mine.txt").write_text("not to be lost")
    ui = Ui(quiet=True)
    sets = [f"exp.root={tmp_path}", "report.title=Mine", "report.audio=False"]
    done = pipeline.run(load_config(nasty.parent.parent / "exp.ini", sets), ui)
    assert isinstance(done, pipeline.Result)
    assert done.report is None
    assert any("there is no report: " in line and "is no report" in line for line in ui.lines)
    assert (tmp_path / "nasty" / "report" / "mine.txt").read_text() == "not to be lost"


def test_a_look_at_the_data_ends_with_its_report_and_a_run_with_both(nasty: Path, tmp_path: Path) -> None:
    sets = [f"exp.root={tmp_path}", "report.title=Look", "report.audio=False", "expl.value_counts=[['gender']]"]
    loaded = load_config(nasty.parent.parent / "exp.ini", sets)
    look = pipeline.explore(loaded, Ui(quiet=True))
    assert look.report
    (told,) = look.report.document["runs"]
    assert [one["name"] for one in told["explored"]] == [one.name for one in look.exhibits]
    assert look.report.page.read_text(encoding="utf-8").count("data:image/svg+xml") > 1
    by_folder = reporting.report([tmp_path / "nasty"], Ui(quiet=True)).document
    assert by_folder == look.report.document
    assert by_folder["title"] == "Look"
    assert "value_counts" in by_folder["runs"][0]["config"]
    done = pipeline.run(loaded, Ui(quiet=True))
    assert isinstance(done, pipeline.Result)
    assert done.report
    assert done.report.page == look.report.page
    (both,) = done.report.document["runs"]
    assert both["explored"] == told["explored"]
    assert both["headline"]


def test_what_the_audit_warns_of_is_not_said_twice(run: Path) -> None:
    (run / "explore").mkdir()
    leads = [
        {"check": check, "about": about, "text": f"{about} tells"}
        for check, about in (
            ("telling_traits", "gender"), ("telling_traits", "age"), ("shortcuts", "noise"), ("groups", "gender"),
        )
    ]  # fmt: skip
    exhibits = [{"name": "bias", "title": "Bias", "caption": "n", "lead": "all of it", "leads": leads}]
    (run / "explore" / "explore.json").write_text(json.dumps({"schema": 1, "exhibits": exhibits}), encoding="utf-8")
    (run / "audit.json").write_text(json.dumps({"findings": []}), encoding="utf-8")

    def said() -> list[str]:
        told = reporting.report([run], Ui(quiet=True), audio=False).document["runs"][0]["leads"]
        return [one["text"] for one in told if one["level"] == "finding"]

    assert said() == ["gender tells age tells noise tells"]
    findings = [
        {"check": check, "level": "warning", "count": 1, "examples": [], "what": what, "do": "mend it"}
        for check, what in (("telling_traits", "`gender` alone tells `emotion`"), ("shortcuts", "the way of recording"))
    ]
    (run / "audit.json").write_text(json.dumps({"findings": findings}), encoding="utf-8")
    assert said() == ["age tells"]


def test_a_comparison_ends_with_a_report_where_a_config_asks_for_one(run: Path, nasty: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(run, other)
    asking = tmp_path / "asking.ini"
    asking.write_text(
        (nasty.parent.parent / "exp.ini").read_text("utf-8").replace("name = nasty", "name = exp"), "utf-8"
    )
    text = asking.read_text(encoding="utf-8").replace(f"root = {nasty.parent}", f"root = {tmp_path}")
    for section, made in (("", False), ("[REPORT]\ntitle = Both\naudio = False\n", True)):
        asking.write_text(text + section, encoding="utf-8")
        done = CliRunner().invoke(app, ["compare", str(asking), str(other)])
        assert done.exit_code == 0, done.output
        assert (tmp_path / "comparison" / "report.html").is_file() is made
    assert "Both" in (tmp_path / "comparison" / "report.html").read_text(encoding="utf-8")
    table = other / "predictions.csv"
    done = CliRunner().invoke(app, ["compare", str(asking), str(table)])
    assert done.exit_code == 0, done.output
    assert "there is no report: " in done.stderr
