"""The docs are true: their configs are valid, their commands run, their links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from nk.config import load_config

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
WITH_COMMANDS = [page for page in PAGES if re.search(r"^nk ", page.read_text(encoding="utf-8"), re.MULTILINE)]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"^# (\S+\.(?:ini|yaml))( \(has mistakes\))?$", re.MULTILINE)
RUN = ("nk ", "python examples/")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, *kinds: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")) if kind in kinds]


def configs(page: Path) -> list[tuple[str, str, bool]]:
    """File name, text, and whether it is a bad example."""
    found = []
    for text in blocks(page, "ini", "yaml"):
        named = NAMED.match(text)
        assert named, f"the first line of a config in {page.name} has to be `# <file name>`"
        found.append((named[1], text, bool(named[2])))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_configs_are_valid_and_bad_examples_are_not(page: Path, tmp_path: Path) -> None:
    for file, text, bad in configs(page):
        (tmp_path / file).write_text(text, encoding="utf-8")
        if bad:
            with pytest.raises(Exception, match=file):
                load_config(tmp_path / file)
        else:
            assert load_config(tmp_path / file).warnings == ()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if not link.startswith("http"):
            assert (page.parent / link).exists(), link


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name)
def test_commands_run(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    text = page.read_text(encoding="utf-8")
    if "data/emodb" in text or "data/fsdd" in text:
        (tmp_path / "data").symlink_to(request.getfixturevalue("data"))
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for file, config, _ in configs(page):
        (tmp_path / file).write_text(config, encoding="utf-8")
    commands = [line for block in blocks(page, "sh") for line in block.splitlines() if line.startswith(RUN)]
    for command in commands:
        program, *words = shlex.split(command)
        words = [sys.executable, *(["-m", "nk"] if program == "nk" else []), *words]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stderr}"


@pytest.mark.slow
def test_the_pictures_of_the_guide_are_made_by_its_commands(tmp_path: Path) -> None:
    """Another machine speaks another corpus: the pictures have the same names and about the same size."""
    guide = ROOT / "docs" / "guide"
    subprocess.run([sys.executable, guide / "images.py", tmp_path], check=True)
    made = {path.name: path for path in tmp_path.iterdir()}
    named = {*re.findall(r'src="images/([^"]+)"', (guide / "from-csv-to-report.md").read_text(encoding="utf-8"))}
    assert named == {path.name for path in (guide / "images").iterdir()}
    assert named - {"report.png"} <= {*made}
    for name, path in made.items():
        with Image.open(path) as now, Image.open(guide / "images" / name) as before:
            assert now.width == pytest.approx(before.width, rel=0.1), name
            assert now.height == pytest.approx(before.height, rel=0.2), name
        assert path.stat().st_size < 60_000, name
