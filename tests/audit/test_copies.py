"""Copies are found however they were made, and no two recordings are taken for copies."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from nk.audit import copies
from nk.audit.copies import Match, candidates, compare, count_bits, search
from nk.audit.fingerprint import Prints, gathered

from .test_fingerprint import printed, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nk.audit.fingerprint import Words

BENCHMARK: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "duplicates.py"))
WAYS = [name for name in BENCHMARK["COPIES"] if name != "mp3 8 kbit/s"]
"""E
echo; sed -n 1,40p tests/features/test_praat.py | head -40; ls tests/__init__.py tests/audit 2>&1; grep -rn "^from tests\|^from \." tests | head
