"""What is found while a config is checked: problems, warnings, and what is not built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nk.errors import Problem

if TYPE_CHECKING:
    from nk.config.source import Entry


@dataclass(frozen=True)
class Unbuilt:
    """Something that is asked for and known but not built.

    `section` is the one that needs it, `name` what to call it, `key` what `nk config explain` knows, `hint` the way
    out.
    """

    section: str
    name: str
    problem: Problem
    key: str
    hint: str

    @property
    def place(self) -> str:
        """File and line, the file alone for what came by `--set`."""
        return f"{self.problem.file}:{self.problem.line}" if self.problem.line else self.problem.file


@dataclass(eq=False, repr=False)
class Findings:
    """Gathers; nothing is raised before everything is seen."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    unbuilt: list[Unbuilt] = field(default_factory=list)

    def wrong(self, entry: Entry, text: str, hint: str | None = None) -> None:
        """A mistake of an entry; `text` follows its place."""
        self.problems.append(Problem(entry.file, entry.line, f"{entry.place} {text}", hint))

    def odd(self, entry: Entry, text: str, hint: str | None = None) -> None:
        """A warning of an entry."""
        self.warnings.append(Problem(entry.file, entry.line, f"{entry.place} {text}", hint))

    def not_built(self, entry: Entry, section: str, name: str | None = None, hint: str | None = None) -> None:
        """An entry that asks for what is not built; `name` if it is a value, `hint` says what is built instead."""
        what = f"[{entry.section.upper()}] `{name or entry.key}`"
        problem = Problem(entry.file, entry.line, f"{what} is not built yet")
        key = f"{entry.section}.{entry.key}"
        hint = hint or f"leave it out; `nk config explain {key}` says what it is for"
        self.unbuilt.append(Unbuilt(section, what, problem, key, hint))

    def not_built_section(self, entry: Entry) -> None:
        """A section that is not built at all, at its first entry."""
        what = f"[{entry.section.upper()}]"
        problem = Problem(entry.file, entry.line, f"{what} is not built yet")
        hint = f"leave the section out; `nk config explain {entry.section}` says what it is for"
        self.unbuilt.append(Unbuilt(entry.section, what, problem, entry.section, hint))

    def ordered(self) -> tuple[list[Problem], list[Problem], list[Unbuilt]]:
        """Everything, by lines, nothing twice."""
        unbuilt = {item.problem: item for item in self.unbuilt}
        return (
            _unique(self.problems),
            _unique(self.warnings),
            [unbuilt[problem] for problem in _unique(list(unbuilt))],
        )


def _unique(problems: list[Problem]) -> list[Problem]:
    first = {(item.file, item.line, item.text): item for item in reversed(problems)}
    return [first[place] for place in sorted(first)]
