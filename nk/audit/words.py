"""How findings are worded."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from nk.audit.finding import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

_START, _END = 26, 14  # characters that are shown of a long example


def first(examples: Iterable[str]) -> tuple[str, ...]:
    """The first five."""
    return tuple(islice(examples, SHOWN))


def short(text: str) -> str:
    """A long text without its middle: a file is known by its name, a sentence by how it begins."""
    return text if len(text) <= _START + _END + 3 else f"{text[:_START]}...{text[-_END:]}"


def counted(number: int, one: str, several: str = "") -> str:
    """A number with its noun, in the plural where need be: `one` with an s, or `several`."""
    return f"{number} {one if number == 1 else several or one + 's'}"
