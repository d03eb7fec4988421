"""Read INI as Python's configparser does, with line numbers, comments after a value, and all problems at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nk.config.source import Entry, Source, unquoted
from nk.errors import Problem

_QUOTED = re.compile(r"""(['"])(.*?)\1[ \t]*(?:[ \t][#;].*)?""", re.DOTALL)
_CLOSING = {")": "(", "]": "[", "}": "{"}


@dataclass(eq=False, repr=False)
class _Reader:
    file: str
    sections: dict[str, int] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    section: str | None = None
    key: str | None = None
    key_line: int = 0
    indent: int = 0
    value: list[str] = field(default_factory=list)

    def line(self, number: int, line: str) -> None:
        text = line.strip(" \t\f\v")
        if not text or text[0] in "#;":
            return
        indent = len(line) - len(line.lstrip(" \t"))
        if self.key is not None and indent > self.indent:
            self.value.append(text)
            return
        self.close()
        self.indent = indent
        if text[0] == "[":
            self.header(number, text)
        else:
            self.pair(number, text)

    def header(self, number: int, text: str) -> None:
        found = re.fullmatch(r"\[([^\]]*)\](?:[ \t]*[#;].*)?", text)
        name = found[1].strip().lower() if found else ""
        self.section = None
        if not name:
            self.wrong(number, f"`{_short(text)}` is not a section", "a section is a name in brackets, as in `[DATA]`")
        elif name in self.sections:
            self.wrong(number, f"[{name.upper()}] is there twice, first in line {self.sections[name]}", "join the two")
            self.section = name
        else:
            self.sections[name] = number
            self.section = name

    def pair(self, number: int, text: str) -> None:
        found = re.match(r"([^=:]*)[=:](.*)", text)
        key = found[1].strip(" \t") if found else ""
        if found is None or not key:
            self.wrong(number, f"`{_short(text)}` is not of the form `key = value`", self.alone(text))
        elif self.section is None:
            if not self.sections and not self.problems:
                yaml = "; if this is YAML, let the file's name end in .yaml" if text.endswith(":") else ""
                hint = f"begin with a section, as in `[EXP]`{yaml}"
                self.wrong(number, f"`{_short(key)}` stands before any section", hint)
        else:
            self.key, self.key_line, self.value = key, number, [found[2].strip(" \t\f\v")]

    def alone(self, text: str) -> str | None:
        """What to do about a line without `=`."""
        if re.fullmatch(r"[\w.-]+", text):
            return f"write `{text} = {'True' if _is_switch(self.section, text) else 'value'}`"
        if self.entries or self.value:
            return "begin a line with blanks if it goes on with the value above"
        return None

    def close(self) -> None:
        if self.key is not None and self.section is not None:
            value = value_of("\n".join(self.value).strip(" \t\n"))
            self.entries.append(Entry(self.section, self.key, value, self.key_line, self.file))
        self.key = None

    def wrong(self, number: int, text: str, hint: str | None) -> None:
        self.problems.append(Problem(self.file, number, text, hint))


def parse(text: str, file: str) -> Source:
    """The entries of an INI text with their lines."""
    reader = _Reader(file)
    for number, line in enumerate(text.split("\n"), start=1):
        reader.line(number, line)
    reader.close()
    return Source(file, reader.sections, reader.entries, reader.problems)


def value_of(text: str) -> str:
    """A value as written, without its comment: plain, or the text that was quoted. `%%` is a per cent sign."""
    text = text.replace("%%", "%")
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        return quoted[2]
    return unquoted(without_comment(text))


def without_comment(text: str) -> str:
    """Text up to a `#` or `;` that follows a blank, outside brackets and the quotes in them."""
    found = _comment(text, brackets=True)
    if found is None:  # brackets that never close are just characters
        found = _comment(text, brackets=False)
    return text[:found].rstrip(" \t\n")


def _comment(text: str, *, brackets: bool) -> int | None:
    """Where a comment begins, the end if there is none; None if brackets stay open."""
    depth: list[str] = []
    quote = ""
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and text[place - 1] != "\\" else quote
        elif depth and sign in "'\"":
            quote = sign
        elif brackets and sign in "([{":
            depth.append(sign)
        elif depth and _CLOSING.get(sign) == depth[-1]:
            depth.pop()
        elif not depth and sign in "#;" and (place == 0 or text[place - 1] in " \t\n"):
            return place
    return None if depth else len(text)


def _is_switch(section: str | None, key: str) -> bool:
    """Whether a key may be `True`."""
    from nk.config.describe import of_type
    from nk.config.field import spots
    from nk.config.whole import SECTIONS, section_type

    spot = spots(section_type(section)).get(key.lower()) if section in SECTIONS else None
    return spot is not None and "`True`" in of_type(spot.field.annotation)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
