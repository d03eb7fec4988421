"""What a run was made with: versions, machine, time."""

from __future__ import annotations

import platform
import time
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from nk import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGES = (
    "numpy", "scipy", "polars", "scikit-learn", "xgboost", "xgboost-cpu", "lightgbm", "opensmile", "praat-parselmouth",
    "soundfile", "soxr", "skops", "imbalanced-learn", "audformat", "matplotlib", "torch", "transformers",
)  # fmt: skip


class Stopwatch:
    """Seconds a stage, in the order in which they ran."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time a block."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = round(self.seconds.get(stage, 0.0) + time.perf_counter() - start, 3)


def manifest(*, seed: int, seconds: dict[str, float], **about: Any) -> dict[str, Any]:
    """The content of `manifest.json`; versions are read from package metadata, nothing is imported for it."""
    return {
        "schema": 1,
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "platform": platform.platform(),
        "nk": __version__,
        "python": platform.python_version(),
        "packages": versions(),
        "seed": seed,
        "seconds": seconds,
        **about,
    }


def versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """The packages as they are installed; if none are named, those that results can depend on."""
    installed = {package: _version(package) for package in packages}
    return {package: number for package, number in installed.items() if number}


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
