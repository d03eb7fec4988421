"""The folders of commands that make many runs, each read and told by a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nk.report import crossed, searched, swept
from nk.report.files import read_json
from nk.report.shapes import Made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nk.report.drawings import Drawing
    from nk.report.drawn import Kind


class Several(Protocol):
    """What such a command has found."""

    def told(self, name: str, made: Made, config: str) -> dict[str, Any]:
        """All that there is to say, as `nk.report.frame.frame` has it."""
        ...

    def draw(self, folder: Path, kind: Kind) -> dict[str, Drawing]:
        """Draw the figures that it tells of into a folder."""
        ...


# By the name of the command, as the manifest has it.
_READERS: dict[str, Callable[[Path], Several]] = {
    "flags": swept.Swept,
    "multidb": crossed.Crossed,
    "optim": searched.Searched,
}

FOUND = (swept.NAME, crossed.NAME, searched.NAME)


def is_of_command(folder: Path) -> bool:
    """Whether a folder is that of such a command.

    Raises:
        DataError: its manifest cannot be read
    """
    return _reader(folder) is not None


def read_several(folder: Path) -> Several | None:
    """What such a command has found, None where the folder is another.

    Raises:
        DataError: a file cannot be read
    """
    reader = _reader(folder)
    return reader(folder) if reader else None


def _reader(folder: Path) -> Callable[[Path], Several] | None:
    manifest = folder / "manifest.json"
    return _READERS.get(read_json(manifest, Made).command) if manifest.is_file() else None
