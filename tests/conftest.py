"""What tests share: where the real recordings are, and a cache of their own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Time is not what these properties are about, and the first call imports much.
settings.register_profile("nk", deadline=None)
settings.load_profile("nk")

# As the console script does; it is read when the first library that has threads of OpenMP is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

NO_DATA = "needs real recordings: set NK_TEST_DATA"
# Texts that mean something wherever they are not escaped, and an experiment that is full of them.
NASTY = "<script>alert('x')</script>"
LABELS = (NASTY, r"$x_1$ & 100 % \end{document} #let 悲 ~^{}|`")
CONFIG = """[EXP]
name = nasty
root = {folder}/results
[DATA]
databases = ['db']
db = {folder}/db.csv
target = emotion
[FEATS]
type = ['lfcc']
scale = standard
[MODEL]
type = svm
loso = True
"""


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real recordings; the test is skipped where there is none."""
    folder = os.environ.get("NK_TEST_DATA")
    if not folder:
        pytest.skip(NO_DATA)
    return Path(folder)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests never read or fill the user's cache, nor count as his; one cache serves the whole session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NK_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("NK_DATA", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder full of nasty texts: four speakers, two classes, 32 recordings of 0.5 s."""
    import numpy as np
    import soundfile

    from nk import pipeline
    from nk.config import load_config
    from nk.ui import Ui

    folder = tmp_path_factory.mktemp("nasty")
    draw, time = np.random.default_rng(3), np.arange(8000) / 16000
    lines = ["file,speaker,gender,emotion"]
    for speaker in range(4):
        for number in range(8):
            name = f"{speaker}{number}<b>&\"q'.wav"
            pitch = (110, 220)[number % 2] * draw.normal(1, 0.3)
            wave = 0.3 * np.sign(np.sin(2 * np.pi * pitch * time)) + draw.normal(0, 0.02, len(time))
            soundfile.write(folder / name, wave, 16000)
            cells = (name, f"s{speaker} <i>", ("female", "male")[speaker % 2], LABELS[number % 2])
            lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells))
    (folder / "db.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "exp.ini").write_text(CONFIG.format(folder=folder), encoding="utf-8")
    done = pipeline.run(load_config(folder / "exp.ini"), Ui(quiet=True))
    assert isinstance(done, pipeline.Result)
    return done.folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium of this machine; the test is skipped where there is none."""
    api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs Chromium")
    with api.sync_playwright() as tool:
        opened = tool.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[[Path], Any]]:
    """Opens a page as the browser shows it; nothing but the file may be asked for, and nothing be complained of."""
    said: list[str] = []
    asked: list[str] = []
    pages: list[str] = []
    tabs: list[Any] = []

    def opening(page: Path) -> Any:
        tab = browser.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("dialog", lambda dialog: said.append(dialog.message))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(page.as_uri())
        pages.append(page.as_uri())
        tabs.append(tab)
        return tab

    yield opening
    for tab in tabs:
        tab.close()
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == pages


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last word: how many tests were skipped for want of recordings."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        skipped = [report for report in reporter.getreports("skipped") if NO_DATA in str(report.longrepr)]
        reporter.write_line(f"skipped for want of NK_TEST_DATA: {len(skipped)}")
