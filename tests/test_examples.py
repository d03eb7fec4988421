"""Every example is a valid config; those that need nothing from outside are run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nk.config import load_config

EXAMPLES = Path(__file__).parent.parent / "examples"
FILES = sorted([*EXAMPLES.rglob("*.ini"), *EXAMPLES.rglob("*.yaml")])


def run(config: str, folder: Path, *more: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "nk", "run", str(EXAMPLES / config), "--json", *more]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_there_are_examples() -> None:
    assert len(FILES) >= 4


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_examples_are_valid_without_a_warning(file: Path) -> None:
    assert load_config(file).warnings == ()


@pytest.mark.slow
def test_the_first_example_gives_equal_numbers_in_both_spellings(tmp_path: Path) -> None:
    ini, yaml = (run(f"first.{spelling}", tmp_path) for spelling in ("ini", "yaml"))
    assert ini == yaml
    uar = ini["metrics"]["test"]["uar"]
    assert uar["n"] == 240
    assert uar["n_speakers"] == 12
    assert 0.5 < uar["low"] < uar["value"] < uar["high"] < 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "tested"), [("emodb_age.ini", 535), ("emodb_audformat.ini", 231), ("two_databases.ini", 222)]
)
def test_the_examples_with_real_recordings_run(config: str, tested: int, data: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(data)
    found = run(config, tmp_path)
    assert next(iter(found["metrics"]["test"].values()))["n"] == tested
