"""Work in processes of its own, each at one item: where one crashes or hangs, that item is lost and nothing else."""

from __future__ import annotations

import signal
import sys
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nk.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

T = TypeVar("T")
R = TypeVar("R")

_TICK = 0.25  # s
_ASLEEP = 1.0  # s; what is longer than that between two looks is time in which this process did not run
_AHEAD = 2  # items that a process has: one that it works at, and the next
_ENOUGH = 8  # items for which another process is worth its start
HOPELESS = 10  # items that are lost before there is one result


@dataclass(frozen=True)
class Lost:
    """There is no result, and `why`: a verb and its object."""

    why: str


def run_apart(
    task: Callable[[T], R],
    items: Sequence[T],
    *,
    jobs: int,
    limit: Callable[[T], float],
    idle: Callable[[], None],
    enough: int = _ENOUGH,
    nested: bool = False,
    what: str = "recordings",
) -> Iterator[tuple[T, R | Lost]]:
    """Run `task` on each item in processes of one core each and give the results as they come, in any order.

    Args:
        task: what to do; it and the items go to the processes by way of a pipe
        items: on what
        jobs: how many processes there may be
        limit: how long an item may take, in s, not counting those in which this process was suspended
        idle: called four times a second while no result comes
        enough: items for which another process is worth its start
        nested: whether the processes may begin some themselves
        what: what the items are, for messages

    Raises:
        PluginError: the processes cannot be started, or all of the first items were lost
        Exception: what `task` raised
    """
    number = min(jobs, -(-len(items) // enough))
    todo, workers = deque(items), [_Worker[T, R](task, nested=nested) for _ in range(number)]
    results = lost = 0
    try:
        while todo or any(worker.items for worker in workers):
            for worker in workers:
                worker.take(todo)
            for place, outcome in _outcomes(workers, limit, idle):
                results, lost = results + (not isinstance(outcome, Lost)), lost + isinstance(outcome, Lost)
                item = workers[place].items.popleft()
                if isinstance(outcome, Lost):
                    if lost >= HOPELESS and not results:
                        raise hopeless(lost, outcome, what)
                    todo.extendleft(reversed(workers[place].items))
                    workers[place] = _Worker(task, nested=nested)
                workers[place].take(todo)
                yield item, outcome
    finally:
        for worker in workers:
            worker.end()


def hopeless(lost: int, last: Lost, what: str = "recordings") -> PluginError:
    """The error that the first items have all been lost."""
    return PluginError(f"each of the first {lost} {what} {last.why}")


class _Worker(Generic[T, R]):
    """A process; `items` are those that it has, the first of which it has worked at for `seconds`."""

    def __init__(self, task: Callable[[T], R], *, nested: bool) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, task), daemon=not nested)
        self.items: deque[T] = deque()
        self.seconds = 0.0
        self.begun = False
        with _unheard(), _without_main():
            self.process.start()
        theirs.close()

    def take(self, todo: deque[T]) -> None:
        """Give it what it may have of what is to be done."""
        while todo and len(self.items) < _AHEAD:
            self.items.append(todo.popleft())
            with suppress(OSError):  # it has ended, which is seen when its result is asked for
                self.connection.send(self.items[-1])

    def results(self) -> list[R | Lost]:
        """What it has sent: the result for its first item, or nothing where that was the word that it has begun.

        Raises:
            PluginError: it has ended before it began
            Exception: what the task raised
        """
        try:
            found: list[Any] = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            ending = _ending(self.process.exitcode)
            if not self.begun:
                hint = "there may be too little memory: `--jobs 1` begins one process alone"
                raise PluginError(f"no process for the work could be started ({ending})", hint=hint) from None
            return [Lost(f"crashed ({ending})")]
        self.seconds, self.begun = 0.0, True
        if found and isinstance(found[0], Exception):
            raise found[0]
        return found

    def end(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def _outcomes(
    workers: Sequence[_Worker[T, R]], limit: Callable[[T], float], idle: Callable[[], None]
) -> Iterator[tuple[int, R | Lost]]:
    """Wait a moment; then what has come, and of which worker."""
    start = time.monotonic()
    ready = connection.wait([worker.connection for worker in workers], timeout=_TICK)
    if not ready:
        idle()
    passed = min(time.monotonic() - start, _ASLEEP)
    for place, worker in enumerate(workers):
        if worker.connection in ready:
            yield from ((place, found) for found in worker.results())
        elif worker.begun and worker.items:
            worker.seconds += passed
            if worker.seconds > limit(worker.items[0]):
                worker.end()
                yield place, Lost("did not end in time")


def _serve(theirs: Connection, task: Callable[[Any], Any]) -> None:
    """The process: it ends when the one that has begun it does."""
    from threadpoolctl import threadpool_limits

    # A core a process: threads of linear algebra beside them would only wait for each other.
    with threadpool_limits(1, user_api="blas"), suppress(EOFError, OSError):
        theirs.send([])
        while True:
            theirs.send([_result(task, theirs.recv())])


def _result(task: Callable[[T], R], item: T) -> R | Exception:
    try:
        return task(item)
    except Exception as error:  # noqa: BLE001 - it is raised where the results are asked for
        return error


@contextmanager
def _unheard() -> Iterator[None]:
    """What is started here does not hear of Ctrl-C: who has started it does, and ends it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # begun with the first process otherwise, and lets the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_main() -> Iterator[None]:
    """What is started here does not import the script that runs: work is defined in modules, and that takes time.

    A script that calls nk would even do all it does again, in the process too.
    """
    own = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = own


def _ending(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
