"""Start-up: what is imported when, held in fresh processes."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "audformat", "imblearn", "lightgbm", "matplotlib", "numpy", "opensmile", "pandas", "parselmouth", "polars", "scipy",
    "skops", "sklearn", "soundfile", "soxr", "torch", "xgboost",
}  # fmt: skip
LIGHT = ["nk", "nk.cli.main", "nk.config", "nk.registry", "nk.errors", "nk.ui", "nk.families"]


def imported_by(code: str) -> set[str]:
    """The top-level packages that a fresh process has imported after this code."""
    line = f"import sys\n{code}\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")[-2].split())


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_import_nothing_heavy(module: str) -> None:
    assert imported_by(f"import {module}") & HEAVY == set()


def test_a_run_that_is_recognised_needs_not_wait_for_learning_and_figures() -> None:
    assert imported_by("import nk.pipeline, nk.show") & HEAVY == {"numpy", "polars"}


def test_listing_names_imports_no_plugin() -> None:
    code = "from nk.families import models, features\nmodels.names(); features.names()\nimport sys"
    code += "\nassert not [name for name in sys.modules if name.startswith(('nk.models.', 'nk.features.'))]"
    assert imported_by(code) & HEAVY == set()


@pytest.mark.parametrize("family", ["ensembles", "features", "metrics", "models", "readers"])
def test_plugins_import_nothing_heavy_at_their_top(family: str) -> None:
    assert imported_by(f"from nk import families\nfamilies.{family}.all()") & HEAVY == set()
