"""Damaged configs, tables and recordings, some of them; `docs/concepts/speed.md` says how many were tried by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("limits memory as Linux does", allow_module_level=True)

FUZZ = Path(__file__).parent / "fuzz.py"


@pytest.mark.parametrize(("kind", "count"), [("configs", 400), ("tables", 1500), ("recordings", 1500)])
def test_damaged_input_is_refused_in_words(kind: str, count: int, tmp_path: Path) -> None:
    command = [sys.executable, str(FUZZ), kind, str(tmp_path), "--count", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert f"{count} inputs" in done.stdout
    assert "inputs, 0 refused" not in done.stdout
