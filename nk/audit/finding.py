"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["note", "warning", "error"]
LEVELS: tuple[Level, ...] = ("note", "warning", "error")
SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One thing that was found, as a line of `audit.json`.

    `check` is the name of the check, `count` how many cases there are, `examples` the first five of them, `what` a
    sentence that says it, and `do` what to do about it. `scores` are the numbers behind it, where it weighs some.
    """

    check: str
    level: Level
    count: int
    examples: tuple[str, ...]
    what: str
    do: str
    scores: Mapping[str, Any] | None = None
