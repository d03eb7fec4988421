"""What a page on paper, or a model card, is made of: headings, paragraphs, lists, tables, figures and code.

Texts may hold code between backticks. How each is written in LaTeX, Typst and Markdown is for the templates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Heading:
    """A heading; `level` 1 is that of a chapter."""

    kind: ClassVar[str] = "heading"
    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True)
class Items:
    """A list; each item may begin with a word that stands out, such as `warning`."""

    kind: ClassVar[str] = "items"
    items: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """A table; the first `texts` columns are text, the others numbers, already written out.

    `widths` are those of the columns of text, as shares of the line; without them the first is wide. `small` is for
    many columns.
    """

    kind: ClassVar[str] = "table"
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1
    widths: Sequence[float] = ()
    small: bool = False

    @property
    def wide(self) -> Sequence[float]:
        """The widths of the columns of text."""
        return self.widths or [0.34 if self.texts == 1 else 0.3, *[0.13] * (self.texts - 1)]


@dataclass(frozen=True)
class Picture:
    """A figure: the path of its file from that of the text, and what it shows."""

    kind: ClassVar[str] = "picture"
    path: str
    caption: str


@dataclass(frozen=True)
class Code:
    """Lines as they are."""

    kind: ClassVar[str] = "code"
    lines: Sequence[str]


Block = Heading | Paragraph | Items | Table | Picture | Code
