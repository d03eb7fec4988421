"""Work in threads; `nk/apart.py` is for work in processes."""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")

_IDLE = 0.25  # s


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
