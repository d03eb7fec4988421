"""Where nk keeps what it can make again."""

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
