"""The wording of every kind of mistake: tests/golden/config_errors/ holds the files and what is said of them.

`NK_GOLDEN=write python -m pytest tests/config/test_golden.py` writes what is said now.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "golden" / "config_errors"
FILES = sorted([*FOLDER.glob("*.ini"), *FOLDER.glob("*.yaml")])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_wrong_file_is_told_so(file: Path) -> None:
    command = [sys.executable, "-m", "nk", "config", "validate", file.name]
    path = os.pathsep.join([str(FOLDER.parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 2
    said = f"{done.stderr}{done.stdout}"
    golden = file.with_suffix(".txt")
    if os.environ.get("NK_GOLDEN") == "write":
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")


def test_there_are_golden_files() -> None:
    assert len(FILES) >= 6
    assert {file.stem for file in FILES} == {file.stem for file in FOLDER.glob("*.txt")}
