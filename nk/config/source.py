"""From a file to entries: section, key, value as written, line. Nothing is interpreted yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk.config.values import Plain
from nk.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST = 1_000_000


@dataclass(frozen=True)
class Entry:
    """A key of a file: `section` in lower case, `key` as written.

    `value` is a `Plain`, a text that was quoted, a list or a mapping; `line` 0 means that it came by `--set`.
    """

    section: str
    key: str
    value: Any
    line: int
    file: str

    @property
    def place(self) -> str:
        """Section and key, for messages."""
        return f"[{self.section.upper()}] `{self.key}`"


@dataclass(frozen=True)
class Source:
    """What a file holds: sections with the line of their header, entries, and what could not be read."""

    file: str
    sections: dict[str, int]
    entries: list[Entry]
    problems: list[Problem]


def is_yaml(file: Path | str) -> bool:
    """Whether a file is read as YAML, by its ending."""
    return Path(file).suffix.lower() in {".yaml", ".yml"}


def read(file: Path | str) -> Source:
    """Read a config file.

    Raises:
        ConfigError: it is not there, not a file, not text, or too large
    """
    text = _text(file)
    if not text.strip():
        raise ConfigError([Problem(str(file), 0, "the file is empty", "`nk config defaults` writes one to start from")])
    if is_yaml(file):
        from nk.config.yaml import parse
    else:
        from nk.config.ini import parse
    return parse(text, str(file))


def _text(file: Path | str) -> str:
    return decoded(_bytes(file), str(file)).replace("\r\n", "\n").replace("\r", "\n")


def _bytes(file: Path | str) -> bytes:
    path = Path(file)
    try:
        if path.is_dir():
            raise ConfigError([Problem(str(file), 0, "this is a folder, not a config file")])
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise ConfigError([Problem(str(file), 0, "there is no such file")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is no file name"
        raise ConfigError([Problem(str(file), 0, f"the file cannot be read: {reason}")]) from None
    if len(data) > LARGEST:
        raise ConfigError([Problem(str(file), 0, "the file is larger than 1 MB, which no config file is")])
    return data


def decoded(data: bytes, file: str) -> str:
    """Bytes as UTF-8 text, with or without byte order mark.

    Raises:
        ConfigError: they are not; with the line
    """
    if b"\0" in data:
        raise ConfigError([Problem(file, 0, "the file is not text", "save it as UTF-8 text")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = f"the byte 0x{data[error.start]:02x} is not UTF-8"
        raise ConfigError([Problem(file, line, text, "save the file as UTF-8 text")]) from None


def overrides_of(overrides: Sequence[str]) -> tuple[list[Entry], list[Problem]]:
    """The entries of `--set section.key=value`, and what is wrong with these."""
    from nk.config.ini import value_of

    entries: list[Entry] = []
    problems = []
    for text in overrides:
        place, equals, value = text.partition("=")
        section, dot, key = (part.strip() for part in place.partition("."))
        if equals and dot and section and key:
            entries.append(Entry(section.lower(), key, value_of(value.strip(" \t")), 0, "--set"))
        else:
            hint = _override_hint(place.strip(), value.strip()) if equals else f"give it a value: `--set {text}=value`"
            problems.append(Problem("--set", 0, f"`{text}` is not of the form `section.key=value`", hint))
    return entries, problems


def _override_hint(key: str, value: str) -> str:
    """The same with the section that has such a key; `type` is first of all the model's."""
    from nk.config.data import Database
    from nk.config.field import spots
    from nk.config.spaces import spot_of
    from nk.config.whole import SECTIONS

    order = ("model", *(name for name in SECTIONS if name != "model"))
    section = next((name for name in order if spot_of(name, key)), None)
    if section is None and key.lower() in spots(Database):
        section = "data.<database>"
    example = f"{section}.{key}={value}" if section else "model.type=svm"
    return f"name the section, as in `--set {example}`"


def unquoted(text: str) -> str:
    """A scalar as text if it was quoted, else as plain scalar."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return Plain(text)
