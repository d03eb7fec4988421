"""How findings are worded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.audit.finding import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 40  # characters of an example


def first(examples: Iterable[str]) -> tuple[str, ...]:
    """The first five, long ones cut."""
    return tuple(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..." for text in list(examples)[:SHOWN])


def counted(number: int, one: str, several: str = "") -> str:
    """A number with its noun, in the plural where need be: `one` with an s, or `several`."""
    return f"{number} {one if number == 1 else several or one + 's'}"
