"""The folders of commands that make many runs, each read and told by a file of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nk.report import crossed, searched, swept

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nk.report.drawings import Drawing, Kind
    from nk.report.shapes import Made


class Several(Protocol):
    """What such a command has found."""

    def told(self, name: str, made: Made, config: str) -> dict[str, Any]:
        """All that there is to say, as `nk.report.frame.frame` has it."""
        ...

    def draw(self, folder: Path, kind: Kind) -> dict[str, Drawing]:
        """Draw the figures that it tells of into a folder."""
        ...


_READERS: dict[str, Callable[[Path], Several]] = {
    swept.NAME: swept.Swept,
    crossed.NAME: crossed.Crossed,
    searched.NAME: searched.Searched,
}


def is_of_command(folder: Path) -> bool:
    """Whether a folder is that of such a command."""
    return any((folder / name).is_file() for name in _READERS)


def read_several(folder: Path) -> Several | None:
    """What such a command has found, None where the folder is another.

    Raises:
        DataError: a file cannot be read
    """
    reader = next((one for name, one in _READERS.items() if (folder / name).is_file()), None)
    return reader(folder) if reader else None
