"""Data to stdout, everything else to stderr, readable without colour; the log keeps all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nk.errors import ConfigError, DataError, Problem
from nk.ui import Ui

if TYPE_CHECKING:
    from _pytest.capture import CaptureFixture


def speak(ui: Ui) -> None:
    ui.out("data")
    ui.note("note")
    ui.detail("detail")
    ui.warn("careful [EXP] `x`", "way out")
    ui.table("title", ("", "value"), [("uar", "0.5")])
    ui.error(DataError("bad", rows=7, examples=list("abcdefg"), hint="mend it"))


@pytest.mark.parametrize(
    ("settings", "said", "unsaid"),
    [
        ({}, ["note", "warning: careful [EXP] `x`", "  hint: way out"], ["detail"]),
        ({"verbose": True}, ["note", "detail"], []),
        ({"quiet": True}, [], ["note", "detail", "careful", "title"]),
    ],
)
def test_who_hears_what(
    settings: dict[str, bool], said: list[str], unsaid: list[str], capsys: CaptureFixture[str]
) -> None:
    ui = Ui(**settings)
    speak(ui)
    out, err = capsys.readouterr()
    assert out.startswith("data\n")
    for text in said:
        assert text in err
    for text in unsaid:
        assert text not in err + out
    assert "error: bad (7 rows): `a`, `b`, `c`, `d`, `e`, ...\n  hint: mend it\n" in err
    assert "\033" not in out + err
    assert {"note", "detail"} <= {line[20:] for line in ui.lines}


def test_with_data_only_the_tables_leave_stdout(capsys: CaptureFixture[str]) -> None:
    speak(Ui(data_only=True))
    out, err = capsys.readouterr()
    assert out == "data\n"
    assert "title" in err


def test_problems_come_in_the_order_of_their_lines(capsys: CaptureFixture[str]) -> None:
    Ui().error(ConfigError([Problem("x.ini", 10, "two"), Problem("x.ini", 9, "one", "do it")]))
    assert capsys.readouterr().err == "x.ini:9: one\n  hint: do it\nx.ini:10: two\n"


def test_progress_counts_and_is_logged() -> None:
    ui = Ui()
    with ui.progress("features os", 3, "files") as progress:
        for _ in range(3):
            progress.advance()
    assert "features os: 3 of 3 files" in ui.lines[-1]


def test_long_work_without_a_terminal_says_a_line_now_and_then(
    capsys: CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(0, 1000, 6))
    monkeypatch.setattr("nk.ui.time.monotonic", lambda: float(next(seconds)))
    with Ui().progress("features os", 10, "files") as progress:
        for _ in range(5):
            progress.advance()
    said = capsys.readouterr().err.splitlines()
    assert said
    assert all(line.startswith("features os: ") and "a second" in line and "s left" in line for line in said)


def test_examples_in_an_error_are_the_first_five() -> None:
    assert str(DataError("bad", examples=[1, 2])) == "bad: `1`, `2`"


def test_a_name_cannot_steer_the_terminal(capsys: CaptureFixture[str]) -> None:
    ui = Ui()
    ui.warn("class `\x1b[31mred`", "file \x1b]0;title\x07")
    ui.table("t", ("", "n"), [("\x1b[2Jgone", 1)])
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err + "".join(ui.lines)
    assert "\\x1b[31mred" in err
    assert "\\x1b[2Jgone" in out
