"""The only writer of results: a run folder appears whole, or not at all."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

# What nk writes; anything else in an old run folder is the user's and is carried over.
OURS = (
    "config.yaml", "manifest.json", "dataset.parquet", "predictions.csv", "metrics.json", "per_class.csv",
    "per_speaker.csv", "skipped.csv", "log.txt", "figures", "model",
)  # fmt: skip
_STALE = 24 * 3600  # seconds after which the leavings of a killed run are removed


@dataclass(frozen=True)
class RunFolder:
    """A folder that is being written; `path` is where it is until it is complete."""

    path: Path

    def folder(self, name: str) -> Path:
        """Make a folder in it."""
        folder = self.path / name
        folder.mkdir()
        return folder

    def text(self, name: str, text: str) -> None:
        """Write a text file."""
        (self.path / name).write_text(text, encoding="utf-8")

    def json(self, name: str, content: dict[str, Any]) -> None:
        """Write a JSON file: numbers that JSON has no word for become null."""
        self.text(name, json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n")

    def csv(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table as CSV."""
        frame.write_csv(self.path / name)

    def parquet(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table as parquet."""
        frame.write_parquet(self.path / name)


@contextmanager
def writing(root: Path, name: str) -> Iterator[RunFolder]:
    """A new folder that takes the place of `<root>/<name>` when the block ends well; else the old one stays.

    Raises:
        DataError: `<root>/<name>` is not a run folder of nk, or cannot be written
    """
    final = root / name
    check_place(root, name)
    try:
        root.mkdir(parents=True, exist_ok=True)
        _clean_up(root, name)
        partial = Path(tempfile.mkdtemp(prefix=f".{name}.partial-", dir=root))
    except OSError as error:
        raise DataError(f"`{final}` cannot be written: {error.strerror}", hint="set `root` in [EXP]") from error
    try:
        partial.chmod(0o755)  # mkdtemp lets nobody else read
        yield RunFolder(partial)
        _swap(partial, final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_place(root: Path, name: str) -> None:
    """Make sure that a run folder may be written there, before any work.

    Raises:
        DataError: something that is not ours is in the way, or the folder cannot be written
    """
    above = root.absolute()
    while not above.exists():
        above = above.parent
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        why = "it is no folder" if not above.is_dir() else "there is no permission"
        raise DataError(f"results cannot be written to `{root}`: {why} (`{above}`)", hint="set `root` in [EXP]")
    final = root / name
    if final.exists() and not (final.is_dir() and ((final / "manifest.json").is_file() or not any(final.iterdir()))):
        raise DataError(f"`{final}` is there already and was not written by nk",
                        hint="choose another `name` or `root` in [EXP], or move it away")  # fmt: skip


def _swap(partial: Path, final: Path) -> None:
    if not final.exists():
        partial.rename(final)
        return
    for item in final.iterdir():
        if item.name not in OURS:
            _copy(item, partial / item.name)
    old = final.with_name(f".{final.name}.old-{os.getpid()}")
    final.rename(old)
    try:
        partial.rename(final)
    except OSError:
        old.rename(final)
        raise
    shutil.rmtree(old)


def _copy(source: Path, goal: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, goal, symlinks=True)
    else:
        shutil.copy2(source, goal)


def _clean_up(root: Path, name: str) -> None:
    """Mend what a killed run left: half-written folders, and a good one that was just being replaced."""
    for left in root.glob(f".{name}.partial-*"):
        if time.time() - left.stat().st_mtime > _STALE:
            shutil.rmtree(left, ignore_errors=True)
    for old in root.glob(f".{name}.old-*"):
        if (root / name).exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(root / name)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
