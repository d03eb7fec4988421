"""Every error that a user can see, one type a remedy.

The message is one sentence with backticks round literals; `hint` is the way out. `str(error)` is the message alone; the
command line prints both and leaves with `exit_code`. Anything that is not an `NkError` is a bug of ours (exit 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class NkError(Exception):
    """A mistake that the user can mend.

    Args:
        message: one sentence, without a full stop
        hint: what to do about it
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong (or, as a warning, odd) in a config file.

    `file` and `line` say where, `line` 0 means the file as a whole; `text` is one sentence, `hint` the way out.
    """

    file: str
    line: int
    text: str
    hint: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.text}"


class ConfigError(NkError):
    """The config file is wrong; `problems` holds everything that is, in the order of the lines."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class DataError(NkError):
    """The data does not allow what was asked for.

    Args:
        message: what is wrong
        rows: how many rows or files it concerns, if that can be counted
        examples: some of them, of which the message shows the first five
        hint: what to do about it
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        rows: int | None = None,
        examples: Sequence[object] = (),
        hint: str | None = None,
    ) -> None:
        count = f" ({rows} row{'' if rows == 1 else 's'})" if rows is not None else ""
        first = ", ".join(f"`{example}`" for example in list(examples)[:5])
        more = ", ..." if len(examples) > 5 else ""
        super().__init__(f"{message}{count}" + (f": {first}{more}" if first else ""), hint=hint)
        self.rows = rows
        self.examples = tuple(examples)


class NoTargetError(DataError):
    """A database does not have what is to be learnt; where a stored model is tested, it need not."""


class AudioError(NkError):
    """A recording cannot be used; the message is a short reason that names no path, as it goes into a list of files."""

    exit_code = 3


class MissingDependency(NkError):  # noqa: N818 - it is the dependency that is missing
    """A package that the config needs is not installed."""

    exit_code = 4


class NotBuilt(NkError):  # noqa: N818 - as above
    """A name or key that nk knows but cannot do yet."""

    exit_code = 4


class ClusterError(NkError):
    """The cluster that the work is to run on is not there, was lost, or has workers that cannot do the work."""

    exit_code = 4


class PluginError(NkError):
    """A plug-in broke its contract or failed on its input."""

    exit_code = 5
