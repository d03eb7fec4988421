"""Where nk keeps what is of all experiments: what it can make again, and what it cannot."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The folder that the environment variable `NK_CACHE` names, else the system's own; it need not exist yet."""
    named = _named("NK_CACHE")
    if named:
        return named
    from platformdirs import user_cache_path

    return user_cache_path("nk")


def data_folder() -> Path:
    """The folder for what nk cannot make again: `NK_DATA`, else the system's own; it need not exist yet."""
    named = _named("NK_DATA")
    if named:
        return named
    from platformdirs import user_data_path

    return user_data_path("nk")


def _named(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value).expanduser().absolute() if value else None
