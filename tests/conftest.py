"""What tests share: where the real recordings are, and a cache of their own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# Time is not what these properties are about, and the first call imports much.
settings.register_profile("nk", deadline=None)
settings.load_profile("nk")

# As the console script does; it is read when the first library that has threads of OpenMP is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

NO_DATA = "needs real recordings: set NK_TEST_DATA"


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


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last word: how many tests were skipped for want of recordings."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        skipped = [report for report in reporter.getreports("skipped") if NO_DATA in str(report.longrepr)]
        reporter.write_line(f"skipped for want of NK_TEST_DATA: {len(skipped)}")
