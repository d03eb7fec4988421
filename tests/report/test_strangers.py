"""A run folder comes from a stranger, and its report goes to others: nothing outside of it is read or replaced."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest

from nk import reporting
from nk.errors import DataError
from nk.report import fonts, pdf
from nk.report.exhibits import exhibit_file
from nk.report.figures import blank
from nk.report.figures.bare import save_bare
from nk.report.files import read_json, read_table, read_text
from nk.report.shapes import Exhibit, Groups, Measure
from nk.report.shapes_of_many import Ran
from nk.report.words import without_folders
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def run(nasty: Path, tmp_path: Path) -> Path:
    """A run folder of a stranger's."""
    shutil.copytree(nasty, tmp_path / "mail" / "exp")
    return tmp_path / "mail" / "exp"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder of ours."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "secret.csv").write_text("reason,n\nsecret,1\n")
    return folder


def made(run: Path, **options: Any) -> reporting.Report:
    return reporting.report([run], Ui(quiet=True), audio=False, **options)


def explored(run: Path, **exhibit: Any) -> None:
    told = {"exhibits": [{"name": "a", "title": "A", "caption": "n", **exhibit}]}
    (run / "explore").mkdir(exist_ok=True)
    (run / "explore" / "explore.json").write_text(json.dumps(told), encoding="utf-8")


@pytest.mark.parametrize("name", ["skipped.csv", "metrics.json", "config.yaml", "dataset.parquet", "evaluations.jsonl"])
def test_a_link_out_of_the_folder_is_not_followed(name: str, run: Path, mine: Path) -> None:
    shutil.move(run / name, mine / name)
    (run / name).symlink_to(mine / name)
    with pytest.raises(DataError, match=f"{name}` is a link that leads out of its folder"):
        made(run)


def test_a_link_within_the_folder_is(run: Path) -> None:
    (run / "skipped.csv").rename(run / "real.csv")
    (run / "skipped.csv").symlink_to("real.csv")
    assert made(run).page.is_file()


def test_a_look_at_the_data_is_not_elsewhere_either(run: Path, mine: Path) -> None:
    explored(run, files=["secret.csv"])
    shutil.move(run / "explore" / "explore.json", mine)
    shutil.rmtree(run / "explore")
    (run / "explore").symlink_to(mine)
    with pytest.raises(DataError, match="explore` is a link"):
        made(run)


def test_a_pipe_is_no_file(run: Path) -> None:
    (run / "metrics.json").unlink()
    os.mkfifo(run / "metrics.json")
    with pytest.raises(DataError, match="it is no file"):
        made(run)


@pytest.mark.parametrize("read", [read_text, read_table])
def test_what_is_read_is_checked(read: Callable[[Path], Any], tmp_path: Path, mine: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "x.csv").symlink_to(mine / "secret.csv")
    with pytest.raises(DataError, match="leads out"):
        read(tmp_path / "mail" / "x.csv")


def test_a_wildcard_is_a_name(tmp_path: Path, mine: Path) -> None:
    (tmp_path / "*.csv").write_text("a\n1\n")
    (tmp_path / "b.csv").symlink_to(mine / "secret.csv")
    assert read_table(tmp_path / "*.csv").to_dicts() == [{"a": 1}]


def test_names_of_no_picture_are_none(run: Path) -> None:
    explored(run)
    (run / "explore" / "loop.svg").symlink_to("loop.svg")
    (run / "explore" / "real.txt").touch()
    (run / "explore" / "other.svg").symlink_to("real.txt")
    for name in (".svg", "loop.svg", "other.svg", "../manifest.svg", str(run / "x.svg"), "x" * 300 + ".svg"):
        assert exhibit_file(run, Exhibit(name="a", title="", caption="", bare=(name,)), "svg") is None
    explored(run, bare=["a\0.svg"])
    with pytest.raises(DataError, match=r"explore\.json` cannot be read"):
        made(run)


def test_a_picture_that_is_no_text_is_an_error_that_names_it(run: Path) -> None:
    explored(run, bare=["a.svg"])
    (run / "explore" / "a.svg").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"a\.svg` cannot be read"):
        made(run)


def test_a_link_in_place_of_the_report_is_not_followed(run: Path, mine: Path) -> None:
    (mine / "report.html").write_text("mine")
    (mine / "manifest.json").write_text('{"files": ["report.html"]}')
    (run / "report").symlink_to(mine)
    with pytest.raises(DataError, match="report` is a link") as caught:
        made(run)
    assert "--output" in str(caught.value.hint)
    assert (mine / "report.html").read_text() == "mine"
    assert made(run, output=run.parent / "new").page.is_file()


def test_an_old_report_that_is_damaged_is_replaced(run: Path) -> None:
    (run / "report").mkdir()
    (run / "report" / "report.html").touch()
    (run / "report" / "manifest.json").write_text("[" * 100_000)
    assert made(run).page.stat().st_size


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"fewest": Infinity, "gaps": {}}', '{"fewest": 1' + "0" * 300 + ', "gaps": {}}', "[]",
     '{"fewest": 1, "gaps": {}, "\\ud800": {}}', '{"fewest": 1, "gaps": {}, "x": 3}'],
)  # fmt: skip
def test_groups_that_are_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "groups.json").write_text(text)
    with pytest.raises(DataError, match=r"groups\.json` cannot be read"):
        read_json(tmp_path / "groups.json", Groups)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1e999"])
def test_a_measure_is_a_number(value: str) -> None:
    told = f'{{"value": {value}, "low": null, "high": null, "n": 1, "n_speakers": null, "method": ""}}'
    with pytest.raises(ValueError, match="finite"):
        Measure.model_validate_json(told)


@pytest.mark.parametrize("part", ["/../../x", "x/y", "..", "é", ""])
def test_a_part_names_files_and_so_is_a_word(part: str, run: Path) -> None:
    text = (run / "metrics.json").read_text(encoding="utf-8").replace('"test"', json.dumps(part))
    (run / "metrics.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"metrics\.json` cannot be read"):
        made(run)


def test_an_error_has_no_control_characters(run: Path) -> None:
    text = (run / "metrics.json").read_text(encoding="utf-8").replace('"test"', r'"\u001b[2J\n"')
    (run / "metrics.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        made(run)
    assert str(caught.value).isprintable()


_NAMES = ("-shell-escape", "&latex", "a b", 'x"y', "$HOME", "größe",
          "null^^5cdocumentclass{article}^^5cbegin{document}no^^5cend{document}")  # fmt: skip


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", _NAMES)
def test_the_name_of_the_paper_is_a_name_alone(name: str, tmp_path: Path) -> None:
    source = tmp_path / f"{name}.tex"
    source.write_text("\\documentclass{article}\\begin{document}yes\\end{document}")
    assert pdf.by_tex(source) is None
    assert {one.name for one in tmp_path.iterdir()} == {f"{name}.tex", f"{name}.pdf"}


def test_errors_for_others_name_no_folder() -> None:
    assert without_folders("`/home/me/a b/x.csv` is `a/b.wav`") == "`x.csv` is `a/b.wav`"
    assert without_folders(r"`C:\Users\me\x.csv` and `~/x.csv`: no") == "`x.csv` and `x.csv`: no"
    cell: dict[str, Any] = {
        "name": "a",
        "target": "",
        "measure": "",
        "metrics": {},
        "seconds": None,
        "error": "no `/home/me/x`",
    }
    assert Ran.model_validate(cell).error == "no `x`"


def test_no_settings_of_the_working_directory_are_used() -> None:
    """Matplotlib reads a `matplotlibrc` there, by which TeX could read any file into a figure."""
    with mpl.rc_context({"text.usetex": True, "svg.fonttype": "none"}):
        with fonts.writing(["a"]):
            assert (mpl.rcParams["text.usetex"], mpl.rcParams["svg.fonttype"]) == (False, "path")
            assert mpl.rcParams["font.family"] == ["DejaVu Sans"]
        assert mpl.rcParams["text.usetex"]


@pytest.mark.parametrize("name", ["--><script>", "]]>", ' id="a" #a', 'd="1.23456"', "translate(1.234 0)", "a: b; c"])
def test_a_label_leaves_nothing_in_a_slim_picture(name: str, tmp_path: Path) -> None:
    """Labels are drawn as outlines, and stand in comments alone, so that `slim` changes nothing but marks."""

    def picture(label: str) -> str:
        with fonts.writing([label]) as pen:
            figure, axes = blank(3, 3)
            axes.plot([0, 1, 2], [0.1234, 0.2, 0.3], "o", label=pen.text(label))
            figure.legend()
            save_bare(figure, tmp_path, "a", ("svg",))
        return (tmp_path / "a.svg").read_text(encoding="utf-8")

    found = picture(name)
    tags = {one.tag.split("}")[1] for one in ET.fromstring(found).iter()}  # noqa: S314 - it is ours
    assert name not in found
    assert "<!--" not in found
    assert not {"script", "text"} & tags
