"""What the audit costs, on real recordings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST = 15.0  # per cent of a cold extraction


@pytest.mark.slow
def test_it_costs_a_fraction_of_a_cold_extraction(data: Path, tmp_path: Path) -> None:
    """By the benchmark; on a busy machine a second look is allowed."""
    (tmp_path / "data").symlink_to(data)
    command = [sys.executable, str(ROOT / "benchmarks" / "audit.py"), str(ROOT / "examples" / "emodb.ini")]
    for _ in range(2):
        said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        found = re.search(r"audit: ([\d.]+)%", said)
        assert found, said
        if float(found[1]) <= MOST:
            return
    pytest.fail(f"the audit costs more than {MOST:g} % of a cold extraction: {said}")
