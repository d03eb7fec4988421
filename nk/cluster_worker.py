"""What runs on a worker of a cluster: a batch of tasks, and the question what is installed there."""

from __future__ import annotations

import json
import platform
from contextlib import nullcontext
from functools import cache
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")

# What the numbers of features and models depend on.
_PACKAGES = (
    "numpy", "scipy", "polars", "scikit-learn", "xgboost", "xgboost-cpu", "lightgbm", "opensmile", "praat-parselmouth",
    "soundfile", "soxr", "imbalanced-learn",
)  # fmt: skip


class StrangerError(Exception):
    """This worker is not made of what the client is made of."""


# Code that may crash is not made for several threads either.
_ALONE = Lock()


def work(task: Callable[[S, T], R], shared: S, items: Sequence[T], made_of: str, *, apart: bool) -> list[R]:
    """Run a task for each item, here.

    Args:
        task: what to do
        shared: what all items need
        items: each a task's own
        made_of: `fingerprint` of the client
        apart: whether only one thread of this process may work at such tasks

    Raises:
        StrangerError: this worker has another one
        Exception: what `task` raised
    """
    if fingerprint() != made_of:
        raise StrangerError
    _one_thread()
    with _ALONE if apart else nullcontext():
        return [task(shared, item) for item in items]


def about() -> dict[str, str]:
    """What results depend on here: versions of nk, Python and packages, and a hash of nk's code."""
    from nk import __version__
    from nk.manifest import versions
    from nk.recognised import code

    python = ".".join(platform.python_version_tuple()[:2])
    return {"nk": __version__, "python": python, **versions(_PACKAGES), "code of nk": code()[:8]}


def sees(path: str) -> bool:
    """Whether there is this file, for this worker."""
    return Path(path).is_file()


@cache
def fingerprint() -> str:
    """A hash of `about`."""
    return blake2b(json.dumps(about(), sort_keys=True).encode(), digest_size=8).hexdigest()


@cache
def _one_thread() -> None:
    """From now on one thread of linear algebra in this process: a worker has as many tasks at once as it has cores."""
    from nk.stages.fit import threads

    threads(1, "blas")
