"""Read YAML without resolving anything: plain scalars stay text, lines are kept, size and depth are bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from nk.config.source import Entry, Source
from nk.config.values import Plain
from nk.errors import ConfigError, Problem

DEEPEST = 20
MOST = 20_000


class Map(dict[str, Any]):
    """A mapping that knows the lines of its keys."""

    lines: dict[str, int]


@dataclass
class _Reader:
    """Builds values from the parser's events, on a stack of its own."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, Any] = field(default_factory=dict)
    stack: list[Any] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    count: int = 0
    root: Any = None
    documents: int = 0

    def event(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self.stop(line, "there is more than one document in the file")
        elif isinstance(event, yaml.AliasEvent):
            self.alias(event, line)
        elif isinstance(event, yaml.ScalarEvent):
            self.tag(event, line)
            self.put(Plain(event.value) if event.style is None else event.value, event.anchor, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self.tag(event, line)
            self.open(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
            self.keys.pop()

    def alias(self, event: yaml.AliasEvent, line: int) -> None:
        if event.anchor not in self.anchors:
            raise self.stop(line, f"there is no anchor `{event.anchor}`")
        found = self.anchors[event.anchor]
        if any(found is item for item in self.stack):
            raise self.stop(line, f"the anchor `{event.anchor}` holds itself")
        self.count += _size(found)
        self.put(found, None, line)

    def open(self, event: yaml.CollectionStartEvent, line: int) -> None:
        value: Any = [] if isinstance(event, yaml.SequenceStartEvent) else Map()
        if isinstance(value, Map):
            value.lines = {}
        self.put(value, event.anchor, line)
        self.stack.append(value)
        self.keys.append(None)
        if len(self.stack) > DEEPEST:
            raise self.stop(line, f"values are nested more than {DEEPEST} deep")

    def put(self, value: Any, anchor: str | None, line: int) -> None:
        self.count += 1
        if self.count > MOST:
            raise self.stop(line, f"there are more than {MOST} values in the file", "look for nested aliases")
        if anchor:
            self.anchors[anchor] = value
        if not self.stack:
            self.root = value
        elif isinstance(self.stack[-1], list):
            self.stack[-1].append(value)
        elif self.keys[-1] is None:
            self.name(value, line)
        else:
            self.stack[-1][self.keys[-1]] = value
            self.keys[-1] = None

    def name(self, value: Any, line: int) -> None:
        if not isinstance(value, str):
            raise self.stop(line, "a key is a word, not a list or a mapping")
        lines = self.stack[-1].lines
        same = next((known for known in lines if known.lower() == value.lower()), None)
        if same is not None:
            text = f"`{value}` is there twice, first in line {lines[same]}"
            self.problems.append(Problem(self.file, line, text, "delete one of the two"))
        lines[value] = line
        self.keys[-1] = value

    def tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int) -> None:
        if event.tag is not None and event.tag != "!":
            raise self.stop(line, f"the tag `{event.tag}` is not used in config files", "write the value without a tag")

    def stop(self, line: int, text: str, hint: str | None = None) -> ConfigError:
        return ConfigError([*self.problems, Problem(self.file, line, text, hint)])


def _size(value: Any) -> int:
    if isinstance(value, Map):
        return 1 + sum(map(_size, value.values()))
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1


def parse(text: str, file: str) -> Source:
    """The entries of a YAML text with their lines; mappings are kept as values, the schema decides what nests.

    Raises:
        ConfigError: it is not YAML, or not a mapping of sections
    """
    reader = _Reader(file)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            reader.event(event)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise reader.stop(line, f"this is not YAML: {error.problem}", _syntax_hint(text, line, error)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 0
        raise reader.stop(line, "there is a character that YAML does not allow") from None
    except RecursionError:
        raise reader.stop(0, f"values are nested more than {DEEPEST} deep") from None
    if not isinstance(reader.root, Map):
        raise reader.stop(1, "this is not a mapping of sections", "begin with a section, as in `exp:`")
    return _sections(reader)


def _sections(reader: _Reader) -> Source:
    source = Source(reader.file, {}, [], reader.problems)
    for name, content in reader.root.items():
        line = reader.root.lines[name]
        source.sections[name.lower()] = line
        if isinstance(content, Map):
            for key, value in content.items():
                source.entries.append(Entry(name.lower(), key, value, content.lines[key], reader.file))
        elif not isinstance(content, Plain) or content not in {"", "~", "null"}:
            text = f"[{name.upper()}] is not a mapping of keys"
            source.problems.append(Problem(reader.file, line, text, _section_hint(name.lower(), content)))
    return source


def _syntax_hint(text: str, line: int, error: yaml.MarkedYAMLError) -> str | None:
    """What is wrong in the line where YAML is not, or in the one before."""
    lines = text.split("\n")[max(line - 2, 0) : line]
    if any("\t" in item[: len(item) - len(item.lstrip())] for item in lines):
        return "indent with blanks, not tabs"
    if any(re.match(r"[^:#]*=", item) for item in lines):
        return "write `key: value`; `key = value` is INI, whose files end in .ini"
    if error.problem and ("mapping values" in error.problem or "expected <block end>" in error.problem):
        return "indent keys of one section alike, and put a text with `: ` into quotes"
    return None


def _section_hint(name: str, content: Any) -> str:
    """Where a value belongs that stands beside the name of a section."""
    if isinstance(content, str) and name in {"model", "feats"}:
        return f"write `type: {content}` below it"
    if isinstance(content, str) and name == "data":
        return f"write `databases: {{{Path(content).stem}: {content}}}` below it"
    dash = ", without `- `" if isinstance(content, list) else ""
    return f"write its keys below it, as in `key: value`{dash}"
