"""What do tasks cost, and what do more workers bring? Bare loop, threads, processes and Dask, in one run.

Run it as `python benchmarks/execute.py`; it begins its Dask workers itself, as processes of this machine.
"""

from __future__ import annotations

import argparse
import math
import operator
import time
from contextlib import ExitStack
from functools import partial
from hashlib import pbkdf2_hmac
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from distributed import LocalCluster

from nk.cluster import Dask
from nk.config.cluster import Cluster
from nk.execute import HERE
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Way = Callable[[Any, Any, Sequence[Any]], object]

HEAVY = partial(pbkdf2_hmac, "sha256", b"nk")  # one core, in C, without the interpreter's lock
_STEPS = 150_000


def main() -> None:
    """Print tasks a second, and times beside those of a bare loop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=2000)
    rounds, number = parser.parse_args().rounds, parser.parse_args().tasks
    matrix = np.random.default_rng(1).normal(size=(25_000, 1000)).astype(np.float32)
    work = {"empty": (operator.add, 1, range(number)), "heavy": (HEAVY, b"salt", [_STEPS] * 40),
            "share": (np.take, matrix, range(8))}  # fmt: skip
    found: dict[tuple[str, str], float] = {}
    with ExitStack() as stack:
        every = dict(ways(stack))
        # By turns, and the least of all rounds: other work on the machine only adds to it.
        for _ in range(rounds):
            for (name, run), (what, about) in product(every.items(), work.items()):
                found[name, what] = min(seconds(run, *about), found.get((name, what), math.inf))
    print(f"{'':32} {'empty tasks/s':>14} {'heavy: s':>9} {'to the loop':>12} {'100 MB shared: s':>17}")
    for name in every:
        empty, heavy, share = (found[name, what] for what in work)
        ratio = heavy / found["bare loop", "heavy"]
        print(f"{name:32} {number / empty:14.0f} {heavy:9.2f} {ratio:12.2f} {share:17.2f}")


def ways(stack: ExitStack) -> Iterator[tuple[str, Way]]:
    """What runs tasks, by its name."""
    yield "bare loop", bare
    for jobs in (1, 2):
        yield f"threads, {jobs}", partial(listed, partial(HERE.run, jobs=jobs))
    for jobs in (1, 2):
        yield f"processes, {jobs}", partial(listed, partial(HERE.run, jobs=jobs, limit=lambda _: 600.0))
    for workers in (1, 2):
        cluster = stack.enter_context(LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0"))
        executor = Dask(Cluster(address=cluster.scheduler_address), Ui(quiet=True))
        stack.callback(executor.close)
        for batch in (1, 16):
            name = f"Dask, {workers} worker{'s' if workers > 1 else ''}, batches of {batch}"
            yield name, partial(listed, partial(executor.run, jobs=1, batch=batch))


def bare(task: Callable[[Any, Any], object], shared: Any, items: Sequence[Any]) -> object:
    """What there is to do, and nothing else."""
    return [task(shared, item) for item in items]


def listed(run: Callable[..., Iterable[object]], *about: Any) -> object:
    """All results."""
    return list(run(*about))


def seconds(run: Way, *about: Any) -> float:
    """How long it takes."""
    start = time.perf_counter()
    run(*about)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
