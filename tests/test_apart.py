"""Work in processes: one that crashes or hangs costs the item that it had, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from nk import apart
from nk.apart import Lost, run_apart
from nk.errors import PluginError

if TYPE_CHECKING:
    from pathlib import Path


def _square(number: int) -> int:
    return number * number


def _bad_at_3(what: str, number: int) -> int:
    if number == 3:
        if what == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if what == "exit":
            os._exit(7)
        if what == "raise":
            raise ZeroDivisionError
        time.sleep(999)
    return number


def _gone(*_: Any) -> None:
    """A process that ends before it begins."""


def _crash(number: int) -> int:
    os._exit(number + 1)


class Bad:
    """A task that goes wrong at 3."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __call__(self, number: int) -> int:
        return _bad_at_3(self.what, number)


def run(task: Any, items: Any, limit: float = 60) -> dict[int, Any]:
    return dict(run_apart(task, items, jobs=2, limit=lambda _: limit, idle=lambda: None))


def test_every_result_comes() -> None:
    assert run(_square, range(50)) == {number: number * number for number in range(50)}
    assert run(_square, []) == {}


@pytest.mark.parametrize(
    ("what", "why"),
    [("crash", "crashed (SIGSEGV)"), ("exit", "crashed (exit code 7)"), ("hang", "did not end in time")],
)
@pytest.mark.parametrize("count", [4, 20])
def test_what_crashes_or_hangs_is_lost_and_the_rest_comes(what: str, why: str, count: int) -> None:
    found = run(Bad(what), range(count), limit=0.5 if what == "hang" else 60)
    assert found.pop(3) == Lost(why)
    assert found == {number: number for number in range(count) if number != 3}


def test_an_error_in_a_task_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        run(Bad("raise"), range(5))


def test_where_everything_crashes_it_is_not_tried_for_ever() -> None:
    with pytest.raises(PluginError, match=r"each of the first 10 recordings crashed \(exit code"):
        run(_crash, range(100))


def script(folder: Path, *lines: str) -> subprocess.CompletedProcess[str]:
    """It has ended when all who can write to its output have: those that it has begun too."""
    (folder / "script.py").write_text("import os, time\nfrom nk.apart import run_apart\n" + "\n".join(lines))
    return subprocess.run([sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, timeout=60)


def test_a_script_needs_no_guard(tmp_path: Path) -> None:
    done = script(tmp_path, "print(*run_apart(abs, [-1], jobs=1, limit=lambda _: 60, idle=int))")
    assert done.stdout == "(-1, 1)\n"
    assert not done.stderr


def test_a_process_that_cannot_begin_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_serve", _gone)
    with pytest.raises(PluginError, match=r"no process for the work could be started \(exit code 0\)"):
        list(run_apart(abs, [-1], jobs=1, limit=lambda _: 60, idle=lambda: None))


def test_processes_end_with_the_one_that_began_them(tmp_path: Path) -> None:
    done = script(
        tmp_path,
        "if __name__ == '__main__':",
        "    results = run_apart(time.sleep, [0.01, 1], jobs=1, limit=lambda _: 900, idle=int)",
        "    print(next(results), flush=True)",
        "    os.kill(os.getpid(), 9)",
    )
    assert done.stdout == "(0.01, None)\n"
    assert done.returncode == -signal.SIGKILL
    assert "Traceback" not in done.stderr


def test_nested_processes_may_begin_some(tmp_path: Path) -> None:
    (tmp_path / "inner.py").write_text(
        "from nk.apart import run_apart\n"
        "def work(item):\n"
        "    return sum(two for _, two in run_apart(abs, [-item, 1], jobs=1, limit=lambda _: 60, idle=int))\n"
    )
    done = script(
        tmp_path,
        "import inner, math",
        "found = run_apart(inner.work, [1, 2, 3], jobs=2, limit=lambda _: math.inf, idle=int, enough=1, nested=True)",
        "print(sorted(found))",
    )
    assert done.stdout == "[(1, 2), (2, 3), (3, 4)]\n", done.stderr
