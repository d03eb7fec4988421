"""A real scheduler and real workers, as processes of this machine that talk over the loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest.importorskip("distributed")

ROOT = Path(__file__).parents[2]
_START = 60  # s


class Machines:
    """A scheduler and its workers; they begin elsewhere, with no cache of their own."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder, self.processes = folder, list[subprocess.Popen[bytes]]()
        self.env = {
            **os.environ,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
            "NK_CACHE": "/nonexistent",
            **env,
        }
        self.env["DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"] = "1"  # a worker takes a second to come again
        self.file = folder / f"{time.monotonic_ns()}.json"
        self.scheduler = self._begin("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self._until(self.file.is_file)
        self.address: str = json.loads(self.file.read_text())["address"]

    def _begin(self, what: str, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--scheduler-file", str(self.file)]
        with (self.folder / f"{what}.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, *arguments], cwd="/", env={**self.env, **env}, stdout=log, stderr=log, start_new_session=True
            )  # fmt: skip
        self.processes.append(process)
        return process

    def workers(self, number: int, *, threads: int = 1, **env: str) -> subprocess.Popen[bytes]:
        """Begin workers, and wait until they are there."""
        before = len(self.nthreads())
        more = ("--nworkers", str(number), "--nthreads", str(threads), "--no-dashboard", "--host", "127.0.0.1")
        process = self._begin("worker", *more, **env)
        self._until(lambda: len(self.nthreads()) == before + number)
        return process

    def nthreads(self) -> dict[str, int]:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            found: dict[str, int] = client.nthreads()
            return found

    def pids(self) -> dict[str, int]:
        """Those of the processes that work, by address."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            found: dict[str, int] = client.run(os.getpid)
            return found

    def busy(self) -> int:
        """How many tasks are at work or waiting."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            return sum(map(len, client.processing().values()))

    def _until(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + _START
        while not done():
            assert time.monotonic() < end, "".join(log.read_text() for log in self.folder.glob("*.log"))
            time.sleep(0.1)

    def end(self) -> None:
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """A scheduler and two workers, which no test may end for good."""
    with ExitStack() as stack:
        found = Machines(tmp_path_factory.mktemp("machines"))
        stack.callback(found.end)
        found.workers(2)
        yield found


@pytest.fixture
def own_machines(tmp_path: Path) -> Iterator[Callable[..., Machines]]:
    """To begin schedulers of a test's own."""
    with ExitStack() as stack:

        def begin(workers: int, **env: str) -> Machines:
            folder = tmp_path / f"machines{time.monotonic_ns()}"
            folder.mkdir()
            found = Machines(folder, **env)
            stack.callback(found.end)
            if workers:
                found.workers(workers)
            return found

        yield begin
