"""Where a path in a config file points to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl


def resolver(config_file: Path) -> Callable[[str], Path]:
    """A function that finds a path of this config: in the working directory first, then beside the config.

    It raises `DataError`, which names both places, where there is nothing in either.
    """
    beside = config_file.parent

    def resolve(path: str) -> Path:
        candidates = [Path(path).expanduser(), beside / path]
        for candidate in candidates:
            if candidate.exists():
                return candidate
        places = f"the working directory (`{Path.cwd()}`) and beside the config (`{beside.resolve()}`)"
        raise DataError(f"there is no `{path}`", hint=f"looked in {places}")

    return resolve


def placed(files: pl.Series, folder: Path) -> pl.Series:
    """The paths of files that are in a folder, unless they are absolute."""
    import polars as pl

    absolute = files.str.contains(r"^(?:/|[A-Za-z]:[/\\]|\\\\)")
    inside = pl.lit(f"{folder}{os.sep}") + files
    return pl.select(pl.when(absolute).then(files).otherwise(inside)).to_series()
