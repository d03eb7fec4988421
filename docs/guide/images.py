"""Make the pictures of `from-csv-to-report.md` by the commands of that page: python docs/guide/images.py [folder].

The screen of the report needs playwright and Chromium; without them it stays as it is.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

HERE = Path(__file__).parent
PAGE = HERE / "from-csv-to-report.md"
COLOURS = 160
FIGURES = {
    "gender": "first/explore/value_counts_gender.png",
    "bias": "first/explore/bias.png",
    "confusion": "study/figures/confusion_test.png",
    "groups": "study/explore/groups.png",
}


def main(target: Path) -> None:
    """Run the page in a folder that is thrown away, and keep the pictures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "examples").symlink_to(HERE.parents[1] / "examples")
        environment = os.environ | {"NK_DATA": str(folder / "counts")}  # nothing was looked at before
        text = PAGE.read_text(encoding="utf-8")
        for config in re.findall(r"^```ini\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            (folder / config.split()[1]).write_text(config, encoding="utf-8")
        for command in re.findall(r"^(?:nk|python) .*$", text, re.MULTILINE):
            program, *words = shlex.split(command)
            start = [sys.executable, "-m", "nk"] if program == "nk" else [sys.executable]
            subprocess.run([*start, *words], cwd=folder, env=environment, check=True, capture_output=True)
        results = folder / "results"
        (first,) = sorted(results.glob("study/explore/importance.csv"))
        feature = first.read_text(encoding="utf-8").splitlines()[1].split(",")[0]
        for picture, place in {**FIGURES, "feature": f"study/explore/feature_{feature}.png"}.items():
            small(results / place, target / f"{picture}.png")
        screen(results / "study" / "report" / "report.html", target / "report.png")


def small(source: Path, target: Path) -> None:
    """The same picture with few colours, which is a third of the bytes."""
    with Image.open(source) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


def screen(page: Path, target: Path) -> None:
    """The first screen of a page."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program or find_spec("playwright") is None:
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1000, "height": 640})
        tab.goto(page.as_uri())
        tab.screenshot(path=target)
        browser.close()
    small(target, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "images")
