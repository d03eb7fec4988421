"""Where nk keeps what is of all experiments: what it can make again, and what it cannot."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The folder that the environment variable `NK_CACHE` names, else the system's own; it need not exist yet."""
    named = os.environ.get("NK_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("nk")


def data_folder() -> Path:
    """The folder for what nk cannot make again: that of `NK_CACHE` where it is set, else the system's own for data."""
    if os.environ.get("NK_CACHE"):
        return cache_folder()
    from platformdirs import user_data_path

    return user_data_path("nk")
