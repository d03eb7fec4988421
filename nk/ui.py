"""The only printer: data to stdout, everything else to stderr, readable without colour."""

from __future__ import annotations

import os
import sys
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from nk.errors import ConfigError, NkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nk.errors import Problem

_KINDS = {"warning": "yellow", "error": "red"}
_COLOURS = {"red": "31", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}


class Progress:
    """Counts what is done; `tick` moves a bar, and where there is none, `say` gets a line now and then."""

    def __init__(self, what: str, total: int, unit: str, *, say: Callable[[str], None]) -> None:
        self._what, self._total, self._unit, self._say = what, total, unit, say
        self._done, self._start, self._said = 0, time.monotonic(), time.monotonic()
        self.tick: Callable[[], None] | None = None

    def advance(self) -> None:
        """One more is done."""
        self._done += 1
        if self.tick:
            self.tick()
        elif time.monotonic() - self._said >= 10:
            self._said = time.monotonic()
            self._say(self.line())

    def line(self) -> str:
        """How far it is."""
        seconds = time.monotonic() - self._start
        rate = self._done / seconds if seconds else 0.0
        left = f", {(self._total - self._done) / rate:.0f} s left" if rate and self._done < self._total else ""
        return f"{self._what}: {self._done} of {self._total} {self._unit}, {rate:.1f} a second{left}"


class Ui:
    """What a command says, and to whom.

    Args:
        quiet: only errors and data
        verbose: details as well
        data_only: stdout is kept for data (`--json`); tables go to stderr
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False, data_only: bool = False) -> None:
        self.quiet, self.verbose, self.data_only = quiet, verbose, data_only
        self.lines: list[str] = []

    def unheard(self) -> Ui:
        """One that writes into the same log and prints nothing."""
        other = Ui(quiet=True)
        other.lines = self.lines
        return other

    def alone(self) -> Ui:
        """One with a log of its own, for a part of the work that only who asks for details wants to follow."""
        return Ui(quiet=self.quiet or not self.verbose, verbose=self.verbose, data_only=self.data_only)

    @property
    def warnings(self) -> list[str]:
        """What was warned of so far."""
        said = (line.split(" ", 3)[2:] for line in self.lines)
        return [words[1] for words in said if len(words) == 2 and words[0] == "warning:"]

    def out(self, text: str) -> None:
        """Data, to stdout."""
        print(text)

    def log(self, text: str) -> None:
        """A line for `log.txt` alone."""
        self.lines.append(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {_visible(text)}")

    def note(self, text: str) -> None:
        """What happens."""
        self.log(text)
        if not self.quiet:
            _print_line(text)

    def detail(self, text: str) -> None:
        """What only who asks for it wants to know."""
        self.log(text)
        if self.verbose:
            _print_line(text, kind="  ")

    def warn(self, text: str, hint: str | None = None) -> None:
        """What the user should know before he believes the result."""
        self.log(f"warning: {text}")
        if not self.quiet:
            _print_line(text, kind="warning:", colour="yellow")
            _print_hint(hint)

    def has_warned(self, text: str) -> bool:
        """Whether this warning was given before."""
        return any(line.endswith(f" warning: {_visible(text)}") for line in self.lines)

    def problem(self, problem: Problem, *, warning: bool = False) -> None:
        """A problem of a config file, with its place."""
        self.log(str(problem))
        if not (warning and self.quiet):
            _print_line(str(problem), kind="warning:" if warning else "", colour="yellow")
            _print_hint(problem.hint)

    def error(self, error: NkError) -> None:
        """Why the command ends."""
        if isinstance(error, ConfigError):
            for problem in error.problems:
                self.problem(problem)
            return
        _print_line(str(error), kind="error:", colour="red")
        _print_hint(error.hint)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """A table: the first column is a name, the others are numbers or text."""
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(title=Text(_visible(title), style="bold"), title_justify="left", box=None, pad_edge=False)
        for place, column in enumerate(columns):
            table.add_column(Text(column, style="dim"), justify="right" if place else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(_visible(str(cell))) for cell in row))
        self.log(title)
        for line in _aligned([columns, *rows]):
            self.log(f"  {line}")
        if not self.quiet:
            Console(stderr=self.data_only, soft_wrap=True, highlight=False).print(table)

    def panel(self, title: str, items: Sequence[tuple[str, str, str]]) -> None:
        """Items of a kind (`note`, `warning`, `error`), what, and what to do: in a box, or as lines off a terminal."""
        lines = [title, *(line for kind, what, do in items for line in (f"  {kind}: {what}", f"    hint: {do}"))]
        for line in lines:
            self.log(line)
        if self.quiet:
            return
        if items and _is_terminal(sys.stderr):
            _print_panel(title, items)
        else:
            _print_line("\n".join(lines))

    @contextmanager
    def progress(self, what: str, total: int, unit: str) -> Iterator[Progress]:
        """Count `total` items: a bar with rate and time left on a terminal, a line now and then elsewhere."""
        progress = Progress(what, total, unit, say=self.note)
        if self.quiet or not _is_terminal(sys.stderr) or not total:
            yield progress
        else:
            with _bar(what, total, unit) as progress.tick:
                yield progress
        self.log(progress.line())


@contextmanager
def told_in_log(ui: Ui) -> Iterator[None]:
    """What libraries warn of is for the log and for `--verbose`: their authors write for programmers."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: ui.detail(f"a library says: {message}")
        yield


def _aligned(rows: Sequence[Sequence[Any]]) -> list[str]:
    """The rows of a table as lines, the first column to the left and the others to the right."""
    cells = [[_visible(str(cell).replace("\n", " ")) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(paired))
        for paired in (list(zip(row, widths, strict=True)) for row in cells)
    ]


@contextmanager
def _bar(what: str, total: int, unit: str) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Any) -> Text:
            return Text(f"{task.speed:.0f} {unit}/s" if task.speed and task.elapsed > 1 else "", style="dim")

    columns = (
        TextColumn(what, markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


def _print_panel(title: str, items: Sequence[tuple[str, str, str]]) -> None:
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    for kind, what, do in items:
        table.add_row(Text(kind, style=_KINDS.get(kind, "cyan")), Text(_visible(what)))
        table.add_row("", Text(_visible(do), style="dim"))
    Console(stderr=True, highlight=False).print(Panel(table, title=Text(_visible(title)), title_align="left"))


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _paint(text: str, colour: str, stream: TextIO) -> str:
    if not _is_terminal(stream) or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{_COLOURS[colour]}m{text}\033[0m"


def _visible(text: str) -> str:
    """Control characters of names written out, so that a table cannot steer the terminal."""
    return "".join(one if one.isprintable() or one in "\n\t" else repr(one)[1:-1] for one in text)


def _print_line(text: str, *, kind: str = "", colour: str = "dim") -> None:
    start = f"{_paint(kind, colour, sys.stderr)} " if kind else ""
    print(start + _visible(text), file=sys.stderr)


def _print_hint(hint: str | None) -> None:
    if hint:
        _print_line(hint, kind="  hint:", colour="cyan")
