"""Where a path in a config file points to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl


_LOOKED = "paths_from"  # in the manifest of a run
_OURS = ("config.yaml", "best.ini", "best.yaml")  # configs beside such a manifest


def resolver(config_file: Path) -> Callable[[str], Path]:
    """A function that finds a path of this config: in the working directory first, then beside the config.

    For the config in a run folder it is also looked for where the run has looked, so far as the run folder can tell.
    The function raises `DataError`, which names all places, where there is nothing in any.
    """
    beside, earlier = config_file.parent, _looked(config_file)

    def resolve(path: str) -> Path:
        candidates = [Path(path).expanduser(), *(place / path for place in (*earlier, beside))]
        for candidate in candidates:
            if candidate.exists():
                return candidate
        places = f"the working directory (`{Path.cwd()}`) and beside the config (`{beside.resolve()}`)"
        more = (
            f", and where its run looked ({', '.join(f'`{place.resolve()}`' for place in earlier)})" if earlier else ""
        )
        raise DataError(f"there is no `{path}`", hint=f"looked in {places}{more}")

    return resolve


def looked_from(folder: Path, config_file: Path) -> dict[str, list[str]]:
    """Where the paths of a config are looked for, for the manifest of the run in `folder`: the ways that lead there.

    What is outside of the working directory is left out, as the way to it would name folders of this machine.
    """
    final, earlier = Path(os.path.realpath(folder)), _looked(config_file)
    here = [Path.cwd(), *([] if earlier else [config_file.parent])]
    places = [os.path.realpath(place) for place in (*earlier, *(place for place in here if _is_ours(place, final)))]
    return {_LOOKED: [Path(os.path.relpath(place, final)).as_posix() for place in dict.fromkeys(places)]}


def way_to(place: Path, folder: Path) -> str:
    """The way from a folder to a place, empty where it would name folders outside of the working directory."""
    final, there = Path(os.path.realpath(folder)), Path(os.path.realpath(place))
    return Path(os.path.relpath(there, final)).as_posix() if _is_ours(there, final) else ""


def _is_ours(place: Path, final: Path) -> bool:
    """Whether a folder and the run folder are in the working directory, which is not the root of all."""
    work = Path.cwd()
    return work != work.parent and all(Path(os.path.realpath(one)).is_relative_to(work) for one in (place, final))


def _looked(config_file: Path) -> list[Path]:
    """Where a run has looked for the paths of its config; for a config that is in no run folder nowhere."""
    folder = config_file.parent
    try:
        found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))[_LOOKED]
        return [folder / place for place in found if config_file.name in _OURS]
    except (OSError, ValueError, LookupError, TypeError):  # an older run, or none
        return []


def placed(files: pl.Series, folder: Path) -> pl.Series:
    """The paths of files that are in a folder, unless they are absolute."""
    import polars as pl

    absolute = files.str.contains(r"^(?:/|[A-Za-z]:[/\\]|\\\\)")
    inside = pl.lit(f"{folder}{os.sep}") + files
    return pl.select(pl.when(absolute).then(files).otherwise(inside)).to_series()
