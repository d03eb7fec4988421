"""Where work runs: in this process, in processes of its own (`nk/apart.py`), or on a cluster (`nk/cluster.py`)."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from nk.apart import Lost, run_apart
from nk.errors import MissingDependency
from nk.memory import that_fit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nk.config import Config
    from nk.ui import Ui

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")

_IDLE = 0.25  # s


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Executor(ABC):
    """Runs tasks somewhere. All that a task needs is handed to it: what is shared by all, and an item of its own."""

    remote: bool

    @abstractmethod
    def run(
        self,
        task: Callable[[S, T], R],
        shared: S,
        items: Sequence[T],
        *,
        jobs: int,
        limit: Callable[[T], float] | None = None,
        batch: int = 1,
        idle: Callable[[], None] | None = None,
    ) -> Iterator[tuple[T, R | Lost]]:
        """Run `task(shared, item)` for each item and give the results as they come, in any order.

        Args:
            task: a function of a module, or a `partial` of one
            shared: what all tasks need; it is sent once to each worker
            items: what each task is about
            jobs: how many tasks are worked on at once, where that is for this machine to say
            limit: how long an item may take, in s. An item of a task that has a limit is lost where it takes longer or
                ends its process; of other tasks that is not expected
            batch: how many items may be sent together, where sending costs
            idle: called four times a second while no result comes

        Raises:
            PluginError: the processes cannot be started, or all of the first items were lost
            ClusterError: the cluster cannot be used, or was lost
            Exception: what `task` raised
        """

    @abstractmethod
    def check_sees(self, path: str) -> None:
        """Find out whether a file that is here can be read where the work runs.

        Raises:
            ClusterError: it cannot
        """


@dataclass(frozen=True)
class Local(Executor):
    """This machine: threads, or where tasks may crash or hang, processes."""

    remote = False

    def run(
        self,
        task: Callable[[S, T], R],
        shared: S,
        items: Sequence[T],
        *,
        jobs: int,
        limit: Callable[[T], float] | None = None,
        batch: int = 1,  # noqa: ARG002 - to hand an item over costs little here
        idle: Callable[[], None] | None = None,
    ) -> Iterator[tuple[T, R | Lost]]:
        """As `Executor.run`; with a limit there are no more processes than fit into the memory that is free."""
        if limit is None:
            yield from run_all(lambda item: (item, task(shared, item)), items, jobs=jobs, idle=idle)
        else:
            one, jobs = partial(task, shared), that_fit(jobs)
            yield from run_apart(one, items, jobs=jobs, limit=limit, idle=idle or (lambda: None))

    def check_sees(self, path: str) -> None:
        """It can: the work runs here."""


HERE = Local()


@contextmanager
def executor_of(config: Config, ui: Ui) -> Iterator[Executor]:
    """What [EXP] `executor` names, as long as it is entered.

    Raises:
        MissingDependency: a package that it needs is not installed
        ClusterError: there is no scheduler at the address of [CLUSTER]
    """
    if config.exp.executor == "local":
        yield HERE
        return
    _check_installed(config.cluster.type)
    from nk.cluster import Dask

    executor = Dask(config.cluster, ui)
    try:
        if config.cluster.address:
            executor.connect()
        yield executor
    finally:
        executor.close()


def _check_installed(queue: str | None) -> None:
    from importlib.util import find_spec

    for package, needed in (("distributed", True), ("dask_jobqueue", queue is not None)):
        if needed and find_spec(package) is None:
            hint = "pip install 'nk-speech[cluster]'"
            raise MissingDependency(f"`executor = dask` needs `{package.replace('_', '-')}`", hint=hint)


def run_all(
    task: Callable[[T], R],
    items: Iterable[T],
    *,
    jobs: int,
    idle: Callable[[], None] | None = None,
) -> Iterator[R]:
    """Run `task` on each item with `jobs` threads and give the results as they come, in any order.

    Only a few items a thread are under way at once, so that memory does not grow with the number of items. The caller
    may stop early: what has not begun is then dropped. While no result comes, `idle` is called four times a second.
    """
    with ThreadPoolExecutor(jobs, thread_name_prefix="nk") as executor:
        todo = iter(items)
        running: set[Future[R]] = set()
        try:
            while True:
                for item in islice(todo, 4 * jobs - len(running)):
                    running.add(executor.submit(task, item))
                if not running:
                    return
                done, running = wait(running, timeout=_IDLE if idle else None, return_when=FIRST_COMPLETED)
                if idle and not done:
                    idle()
                for future in done:
                    yield future.result()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)
