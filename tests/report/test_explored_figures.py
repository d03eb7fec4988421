"""Figures of what was explored, in a report and alone: each word stands once."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from nk import pipeline, reporting
from nk.config import load_config
from nk.explore.tree import Node
from nk.report import drawings
from nk.report.exhibits import exhibits
from nk.report.figures import Pen, tree
from nk.report.files import read_explored, read_run
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

    from nk.report.shapes import Explored


@pytest.fixture(scope="module")
def look(nasty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an experiment that was looked at, and not run."""
    root = tmp_path_factory.mktemp("look")
    sets = [f"exp.root={root}", "expl.value_counts=[['gender']]"]
    pipeline.explore(load_config(nasty.parent.parent / "exp.ini", sets), Ui(quiet=True))
    return root / "nasty"


def found(look: Path) -> Explored:
    explored = read_explored(look)
    assert explored
    return explored


def older(look: Path, folder: Path) -> Path:
    """The same as an earlier version left it."""
    (folder / "explore").mkdir(parents=True)
    for path in (look / "explore").iterdir():
        if path.is_file():
            (folder / "explore" / path.name).write_bytes(path.read_bytes())
    told = json.loads((folder / "explore" / "explore.json").read_text(encoding="utf-8"))
    told["exhibits"] = [{key: one[key] for key in one.keys() - {"bare", "below"}} for one in told["exhibits"]]
    (folder / "explore" / "explore.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def page(folder: Path, place: Path) -> str:
    return reporting.report([folder], Ui(quiet=True), output=place).page.read_text(encoding="utf-8")


def test_on_the_page_every_word_stands_once_and_every_figure_is_svg(look: Path, tmp_path: Path) -> None:
    text = page(look, tmp_path / "report")
    drawn = [one for one in found(look).exhibits if one.bare]
    assert len(drawn) > 3
    assert text.count('src="data:image/svg+xml,') == len(drawn)
    assert 'src="data:image/png' not in text
    for one in drawn:
        said = html.escape(one.caption.rstrip("."), quote=False).replace("'", "&#39;")
        count = re.sub(r"</?code>", "`", text).count(said)
        assert count == 1 if len(said) > 50 else count, one.name
        assert not re.search(r"<!--|<text|title", (look / "explore" / one.bare[0]).read_text(encoding="utf-8"))


def test_what_explains_the_marks_stands_in_the_text(look: Path) -> None:
    told = {one["name"]: one["said"] for one in exhibits(look, found(look))}
    assert told["recordings"].endswith("Curves are of the same height; line: median; dots: means of speakers.")
    assert told["bias"].count("ine: down to the score less its standard error") == 1


def test_on_paper_figures_are_pdf(look: Path) -> None:
    figures = drawings.explored(look, found(look), ("pdf", "png"))
    assert figures
    assert {one.path.suffix for one in figures.values()} == {".pdf"}


def test_an_older_folder_is_shown_with_what_it_has(look: Path, tmp_path: Path) -> None:
    folder = older(look, tmp_path / "old")
    text = page(folder, tmp_path / "report")
    assert text.count('src="data:image/png') == sum(bool(one.bare) for one in found(look).exhibits)
    figures = drawings.explored(folder, found(folder), ("pdf", "png"))
    assert {one.path.suffix for one in figures.values()} == {".png"}


def test_a_figure_alone_says_what_it_leaves_out(tmp_path: Path) -> None:
    rows = pl.DataFrame({"file": [f"{row}.wav" for row in range(80)], "kind": [f"k{row % 40}" for row in range(80)]})
    rows.write_csv(tmp_path / "db.csv")
    text = "[DATA]\ndatabases = ['db']\ndb = db.csv\ndb.type = csv\ntarget = kind\n[PLOT]\nformat = svg\n"
    (tmp_path / "exp.ini").write_text(f"[EXP]\nroot = {tmp_path}\nname = x\n{text}", encoding="utf-8")
    pytest.importorskip("soundfile")
    _write_sounds(tmp_path, 80)
    pipeline.explore(load_config(tmp_path / "exp.ini"), Ui(quiet=True), jobs=1)
    written = (tmp_path / "x" / "explore" / "target_kind.svg").read_text(encoding="utf-8")
    assert "the picture has the most frequent" in written


def _write_sounds(folder: Path, count: int) -> None:
    import numpy as np
    import soundfile

    for row in range(count):
        soundfile.write(folder / f"{row}.wav", np.random.default_rng(row).normal(0, 0.1, 4000), 8000)


def test_classes_that_no_font_can_write_are_told_apart_in_a_tree() -> None:
    nodes = [
        Node(0, 0, "f", 0.5, 1, 2, 4, "怒", 0.5),
        Node(1, 1, "", 0, -1, -1, 2, "怒", 1),
        Node(2, 1, "", 0, -1, -1, 2, "喜", 1),
    ]
    figure = tree.draw(nodes, ("喜", "怒"), title="", caption="", pen=Pen(frozenset("怒喜")))
    written: list[Any] = [text.get_text() for text in figure.axes[0].texts]
    assert any("class 2\n100 %" in text for text in written)
    assert any("class 1\n100 %" in text for text in written)
    assert not any("?" in text.replace("≤ 0.500?", "") for text in written)


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_what_figures_of_results_say_is_text(kind: Any, nasty: Path, tmp_path: Path) -> None:
    run = read_run(nasty, load_config(nasty / "config.yaml", roots=False).config)
    figures = {one.path.stem: one for one in drawings.draw(run, tmp_path, kind)}
    value = run.metrics.metrics["test"]["uar"].value
    assert figures["confusion_test"].said.startswith(f"Confusion matrix (test). UAR {value:.3f}")
    assert "speakers" in figures["measures_test"].said
    assert all(one.path.is_file() and one.path.suffix == f".{kind}" for one in figures.values())
