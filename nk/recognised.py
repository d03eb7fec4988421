"""A run that would come out as the one in its folder is recognised by all that it depends on, and shown again."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import __version__, evaluations, lock
from nk.audit.finding import Finding
from nk.manifest import versions
from nk.record import config_text
from nk.registry import FeatureTable
from nk.told import Told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nk.registry import Plugin
    from nk.setup import Setup
    from nk.stages.load import Loaded
    from nk.ui import Ui

KEY = "depends_on"
_PACKAGE = Path(__file__).parent
_WARNING = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d warning: (.+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Known(Told):
    """The results that are in a folder: when they were `made`, and what was warned of."""

    made: str
    warnings: Sequence[str]


def depends_on(setup: Setup, loaded: Loaded) -> str:
    """A hash of what the results of a run depend on.

    That is the config with nothing left open, all rows as they were read, with labels, times and the hashes of their
    recordings, what could not be read, tables of features, locks, the code of nk and of plug-ins from elsewhere, and
    the versions of packages. It is not how many cores do the work.
    """
    target = loaded.dataset.target
    parts = [
        config_text(setup),
        repr((target.name, target.labels, loaded.multichannel, loaded.skipped)),
        _of_frame(loaded.dataset.frame),
        *(_of_frame(source.read(setup.ask.resolve)) for source in setup.sources if isinstance(source, FeatureTable)),
        *(f"{name} {lock.text(one)}" for name, one in sorted(setup.locks.items())),
        code(),
        *_elsewhere([*setup.sources, setup.recipe.model]),
        json.dumps([__version__, sys.version, versions()]),
    ]
    found = blake2b(digest_size=16)
    for part in parts:
        found.update(f"{len(part)}:{part}".encode())
    return found.hexdigest()


def known(folder: Path, key: str, skipped: int, measure: str | None, ui: Ui) -> Known | None:
    """The results in a run folder, if they are those of a run that depends on the same.

    Args:
        folder: the run folder
        key: what the run depends on
        skipped: how many rows could not be read; where the run in the folder has lost more, in the features, it is not
            known, as that may go better now
        measure: the main measure
        ui: told of evaluations that cannot be read

    Returns:
        None where there is no such run, or a file of it is gone or damaged
    """
    try:
        about = _json(folder / "manifest.json")
        if about.get(KEY) != key or not all((folder / name).is_file() for name in about["files"]):
            return None
        if _rows(folder / "skipped.csv") != skipped:
            return None
        findings = tuple(_finding(one) for one in _json(folder / "audit.json")["findings"])
        metrics, groups = _json(folder / "metrics.json"), _json(folder / "groups.json")
        said, made = _WARNING.findall((folder / "log.txt").read_text(encoding="utf-8")), about["made"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pl.exceptions.PolarsError):
        return None
    seen = evaluations.again(folder / evaluations.NAME, ui)
    return Known(metrics, groups, measure, findings, seen, made=made, warnings=tuple(said))


def _json(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _finding(told: dict[str, Any]) -> Finding:
    return Finding(**{**told, "examples": tuple(told["examples"])})


def _rows(file: Path) -> int:
    return pl.read_csv(file, infer_schema=False).height


def _of_frame(frame: pl.DataFrame) -> str:
    """A hash of a table: its columns, their types and all values; another version of polars gives another."""
    found = blake2b(repr(frame.schema).encode(), digest_size=16)
    found.update(frame.hash_rows(seed=1).to_numpy().tobytes())
    return found.hexdigest()


@cache
def code() -> str:
    """A hash of the code of nk, which may be worked on between two releases."""
    found = blake2b(digest_size=16)
    for file in sorted(_PACKAGE.rglob("*.py")):
        found.update(f"{file.relative_to(_PACKAGE)}\n".encode() + file.read_bytes())
    return found.hexdigest()


def _elsewhere(plugins: Iterable[Plugin]) -> list[str]:
    """The code of the modules that plug-ins which are not ours stand in."""
    files = {Path(sys.modules[type(one).__module__].__file__ or "") for one in plugins}
    return [file.read_text(encoding="utf-8") for file in sorted(files) if _PACKAGE not in file.parents]
