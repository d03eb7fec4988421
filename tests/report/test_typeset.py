"""The report on paper and the model card: whatever the texts are, they are typeset and mean nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nk import reporting
from nk.report import pdf, typeset
from nk.report.blocks import Block, Code, Heading, Items, Paragraph, Table
from nk.ui import Ui

if TYPE_CHECKING:
    from pathlib import Path

NASTY = (
    '\\input{/etc/passwd} $x_1$ & 100 % # ~ ^ {} [a] <b> | "q" \'r\' `c` \\end{document} #read("x") *_*; -- ``` \n$$'
)
EVERY = "".join(map(chr, [*range(0x20, 0x250), *range(0x2010, 0x2050), 0x20AC, 0x2122, 0x60B2, 0x1F600, 0x301, 0xFEFF]))
NEEDS_TEX = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs TeX")
NEEDS_POPPLER = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext")


def pieces(text: str) -> list[str]:
    return [text[start : start + 60] for start in range(0, len(text), 60)]


def blocks(text: str) -> list[Block]:
    return [
        Heading(1, text), Heading(2, text), Heading(3, text), Paragraph(text), Items([(text, text), ("", text)]),
        Table(text, (text, text, text), [(text, text, text), ("", "[", "]")], texts=3),
        Code(["", "  x", *pieces(text)]),
    ]  # fmt: skip


def document(text: str) -> dict[str, Any]:
    return {"title": text, "author": text, "date": "2026-11-23"}


def text_of(file: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True).stdout


@NEEDS_TEX
@pytest.mark.slow
@pytest.mark.parametrize("text", [NASTY, EVERY, ""], ids=["nasty", "every", "none"])
def test_tex_typesets_any_text(text: str, tmp_path: Path) -> None:
    source = tmp_path / "a.tex"
    source.write_text(typeset.tex(document(text[:60]), blocks(text)), encoding="utf-8")
    assert pdf.by_tex(source) is None
    assert {path.name for path in tmp_path.iterdir()} == {"a.tex", "a.pdf"}


@pytest.mark.parametrize("text", [NASTY, EVERY, ""], ids=["nasty", "every", "none"])
def test_typst_typesets_any_text(text: str, tmp_path: Path) -> None:
    pytest.importorskip("typst")
    assert pdf.by_typst(typeset.typst(document(text), blocks(text)), tmp_path / "a.pdf") is None
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


@NEEDS_TEX
@NEEDS_POPPLER
def test_what_is_read_in_the_pdf_is_the_text(tmp_path: Path) -> None:
    pytest.importorskip("typst")
    said = r"\input{x} $x_1$ & 100 % # ~ ^ {} <b> | Ärger #read *_* -- end"
    (tmp_path / "a.tex").write_text(typeset.tex(document("t"), [Paragraph(said)]), encoding="utf-8")
    assert pdf.by_tex(tmp_path / "a.tex") is None
    assert pdf.by_typst(typeset.typst(document("t"), [Paragraph(said)]), tmp_path / "b.pdf") is None
    for name in ("a.pdf", "b.pdf"):
        assert said in text_of(tmp_path / name)


@given(st.text())
def test_nothing_in_tex_is_left_to_mean_something(text: str) -> None:
    written = typeset.escape_tex(text.replace("`", ""))
    for known in sorted({*typeset._TEX.values(), "{[}U+", "{]}"}, key=len, reverse=True):
        written = written.replace(known, "")
    assert not {*written} & {*"\\{}$&#%_^~"}


@given(st.text())
def test_a_literal_of_typst_ends_where_it_should(text: str) -> None:
    inside = typeset._literal(text)[1:-1]
    assert '"' not in inside
    assert inside.count("\\") == inside.count("\\u{")


@given(st.text(alphabet=st.sampled_from("<>&`*_[]()!|#\\ ab\n")))
def test_markdown_has_no_tags_outside_of_code(text: str) -> None:
    written = typeset.escape_markdown(text)
    outside = re.sub(r"\\[\\`*_\[\]#|~]|`[^`]*`", "", written)
    assert not {*outside} & {*"<>`*_[]#|"}
    assert "\n" not in written


def test_a_lone_backtick_is_text() -> None:
    assert typeset.escape_markdown("a`b `c` d") == r"a`b `c\` d"


def test_the_card_is_markdown_behind_yaml_with_the_numbers_of_the_run(nasty: Path, tmp_path: Path) -> None:
    found = reporting.report([nasty], Ui(quiet=True), output=tmp_path / "r", audio=False)
    _, head, body = (found.folder / reporting.CARD).read_text(encoding="utf-8").split("---\n", 2)
    told = yaml.safe_load(head)
    (run,) = found.document["runs"]
    (index,) = told["model-index"]
    values = {one["type"]: one["value"] for one in index["results"][0]["metrics"]}
    assert values == {one["measure"]: one["value"] for one in run["results"][0]["measures"]}
    assert told["pipeline_tag"] == "audio-classification"
    assert {"type", "name", "split"} == set(index["results"][0]["dataset"])
    assert "<script" not in body
    for heading in ("What it is for", "Data", "Results", "Groups", "Limits", "Licences"):
        assert f"## {heading}\n" in body


def test_by_typst_where_there_is_no_tex_and_by_nothing_where_there_is_neither(
    nasty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("typst")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    ui, sets = Ui(quiet=True), ["report.latex=thesis"]
    found = reporting.report([nasty], ui, output=tmp_path / "r", audio=False, overrides=sets)
    assert (found.folder / "thesis.pdf").read_bytes().startswith(b"%PDF")
    assert "thesis.pdf is made by Typst: pdflatex is not installed" in "\n".join(ui.lines)
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    found = reporting.report([nasty], ui, output=tmp_path / "r", audio=False, overrides=sets)
    assert (found.folder / "thesis.tex").is_file()
    assert not (found.folder / "thesis.pdf").exists()
    assert "there is no thesis.pdf: pdflatex is not installed, typst is not installed" in "\n".join(ui.lines)


@NEEDS_TEX
@pytest.mark.slow
def test_the_pdf_of_a_run_comes_by_tex_and_by_typst(nasty: Path, tmp_path: Path) -> None:
    ui = Ui(quiet=True)
    sets = ["report.latex=thesis", "report.title=My 100 % thesis", "report.author=Me & you"]
    found = reporting.report([nasty], ui, output=tmp_path / "r", overrides=sets)
    assert (found.folder / "thesis.pdf").read_bytes().startswith(b"%PDF")
    assert "made by Typst" not in "\n".join(ui.lines)
    if shutil.which("pdftotext"):
        text = text_of(found.folder / "thesis.pdf")
        value = found.document["runs"][0]["headline"]["value"]
        for part in ("My 100 % thesis", "Me & you", f"UAR {value:.3f}", "<script>", "Confusion matrix"):
            assert part in text, part
