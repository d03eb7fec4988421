"""Tasks on a Dask cluster: results as they come, whatever becomes of its workers."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from distributed import Future, KilledWorker
from distributed.comm import CommClosedError

from nk import cluster_worker
from nk.apart import HOPELESS, Lost, hopeless
from nk.cluster_start import INSTALL, Started, begin, check_workers
from nk.cluster_worker import StrangerError, fingerprint
from nk.errors import ClusterError
from nk.execute import Executor
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distributed import Client

    from nk.config.cluster import Cluster

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")

_TICK = 0.25  # s
_LOOK = 2.0  # s between two looks at the workers
_AHEAD = 10  # batches a thread of the cluster that are under way at once: each is 0.02 s on its way
_SHARES = 4  # batches a thread at least, where there are items for them
_ALONE = 30.0  # s without a worker, which are told
_AGAIN = "start the same command again when it is there: what is done is kept"


class Dask(Executor):
    """A cluster, which is begun or connected to when it is first needed.

    Args:
        settings: the section [CLUSTER]
        ui: told what is waited for
    """

    remote = True

    def __init__(self, settings: Cluster, ui: Ui) -> None:
        self.settings, self.ui = settings, ui

    @cached_property
    def _started(self) -> Started:
        return begin(self.settings, self.ui)

    def connect(self) -> None:
        """Begin it now.

        Raises:
            ClusterError: it cannot be reached, or not used
        """
        self._started  # noqa: B018 - it is begun when it is asked for

    @property
    def client(self) -> Client:
        """The connection, with at least one worker that can do the work.

        Raises:
            ClusterError: there is no such cluster
        """
        return self._started.client

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process gets a connection of its own, to the same cluster."""
        return Dask, (self.settings.model_copy(update={"address": self.client.scheduler.address}), Ui(quiet=True))

    def run(
        self,
        task: Callable[[S, T], R],
        shared: S,
        items: Sequence[T],
        *,
        jobs: int,  # noqa: ARG002 - the cluster has as many as it has cores
        limit: Callable[[T], float] | None = None,
        batch: int = 1,
        idle: Callable[[], None] | None = None,
    ) -> Iterator[tuple[T, R | Lost]]:
        """As `Executor.run`. What kills its worker several times, alone, is lost."""
        if not items:
            return
        lost = results = 0
        with _watched(self.client), closing(_Round(self.client, self.ui, task, items, limit, batch)) as round_:
            for item, outcome in round_.results(shared, idle or (lambda: None)):
                lost, results = lost + isinstance(outcome, Lost), results + (not isinstance(outcome, Lost))
                if isinstance(outcome, Lost) and lost >= HOPELESS and not results:
                    raise hopeless(lost, outcome)
                yield item, outcome

    def check_sees(self, path: str) -> None:
        """Find out whether every worker can read a file, so that not each file is a surprise.

        Raises:
            ClusterError: one cannot
        """
        with _watched(self.client):
            found = self.client.run(cluster_worker.sees, path, on_error="return")
        blind = [address for address, seen in found.items() if seen is False]
        if blind:
            hint = "recordings have to be on a file system that all workers share, under the same path"
            raise ClusterError(f"{_named(blind, len(found))} no file `{path}`", hint=hint)

    def close(self) -> None:
        """End what was begun."""
        if "_started" in self.__dict__:
            self._started.close()


@dataclass(frozen=True)
class _Batch(Generic[T]):
    """Items that were sent together, when; and `alone` those that have nothing else beside them in the cluster."""

    items: tuple[T, ...]
    alone: bool = False
    sent: float = field(default_factory=time.monotonic)


class _Round(Generic[S, T, R]):
    """The tasks of one call of `run`."""

    def __init__(
        self,
        client: Client,
        ui: Ui,
        task: Callable[[S, T], R],
        items: Sequence[T],
        limit: Callable[[T], float] | None,
        batch: int,
    ) -> None:
        self.client, self.ui, self.task, self.limit = client, ui, task, limit
        self.running: dict[str, tuple[Future, _Batch[T]]] = {}
        self.begun: dict[str, float] = {}  # when a batch was first seen at work
        self.done: SimpleQueue[Future] = SimpleQueue()
        self.suspects: deque[T] = deque()
        self.fruitful = False
        self.looked = self.manned = time.monotonic()
        self.known: dict[str, int] = client.nthreads()
        size = max(1, min(batch, len(items) // (_SHARES * self.threads)))
        rest = iter(items)
        self.todo = deque(iter(lambda: tuple(islice(rest, size)), ()))
        self.shared: Any = None  # what all tasks need, as Dask knows it

    def results(self, shared: S, idle: Callable[[], None]) -> Iterator[tuple[T, R | Lost]]:
        """Each item with its result, until all are there."""
        self.shared = self._share(shared)
        while self.todo or self.running or self.suspects:
            self._look()
            self._send()
            try:
                future = self.done.get(timeout=_TICK)
            except Empty:
                idle()
                yield from self._overdue()
                continue
            if future.key in self.running:
                yield from self._outcome(future, shared)

    @property
    def threads(self) -> int:
        """How many tasks the cluster works at at once."""
        return max(1, sum(self.known.values(), 0))

    def close(self) -> None:
        """Drop what is under way."""
        if self.running and self.client.status == "running":
            self.client.cancel([future for future, _ in self.running.values()])
        self.running.clear()

    def _share(self, shared: S) -> Any:
        """Send what all tasks need to every worker; where one dies meanwhile, to those that are left."""
        while self.client.status == "running":
            with suppress(OSError, TimeoutError, asyncio.TimeoutError):
                if self.client.nthreads():
                    return self.client.scatter([shared], broadcast=True, hash=False)[0]
            self._look()
            time.sleep(_TICK)
        raise CommClosedError

    def _send(self) -> None:
        # Where nothing has come yet but deaths, it may be that all items are so.
        while self.todo and (self.fruitful or not self.suspects) and len(self.running) < _AHEAD * self.threads:
            self._submit(_Batch(self.todo.popleft()))
        if self.suspects and not self.running:
            self._submit(_Batch((self.suspects.popleft(),), alone=True))

    def _submit(self, batch: _Batch[T]) -> None:
        future = self.client.submit(
            cluster_worker.work, self.task, self.shared, batch.items, fingerprint(), apart=self.limit is not None,
            pure=False,
        )  # fmt: skip
        self.running[future.key] = future, batch
        future.add_done_callback(self.done.put)

    def _outcome(self, future: Future, shared: S) -> Iterator[tuple[T, R | Lost]]:
        """What has become of a batch; a batch that was lost is sent again, or each of its items by itself."""
        _, batch = self.running.pop(future.key)
        if future.status == "error":
            yield from self._error(future.exception(), batch)
            return
        try:
            found = future.result()
        except CancelledError:  # it died with its worker, or what is shared did
            if self.shared.status != "finished":
                self.shared = self._share(shared)
            self._again(batch)
        else:
            self.fruitful = True
            yield from zip(batch.items, found, strict=True)

    def _again(self, batch: _Batch[T]) -> None:
        if batch.alone:
            self.suspects.appendleft(batch.items[0])
        else:
            self.todo.appendleft(batch.items)

    def _error(self, error: BaseException | None, batch: _Batch[T]) -> Iterator[tuple[T, R | Lost]]:
        if isinstance(error, KilledWorker):
            if batch.alone:
                yield batch.items[0], Lost("ended its worker again and again (it crashed, or needs more memory)")
            else:
                self.suspects.extend(batch.items)
        elif isinstance(error, ModuleNotFoundError):
            check_workers(self.client)
            raise ClusterError(f"a worker has no `{error.name}`", hint=INSTALL)
        elif isinstance(error, StrangerError):
            check_workers(self.client)
            self._again(batch)  # who it was has gone meanwhile
        else:
            raise error or CommClosedError

    def _look(self) -> None:
        """Which workers there are now, as they come and go; those that have come get what they need, if they fit."""
        if time.monotonic() - self.looked < _LOOK:
            return
        self.looked = time.monotonic()
        if self.client.status != "running":
            raise CommClosedError
        before, self.known = self.known, self.client.nthreads()
        new = [address for address in self.known if address not in before]
        if new and self.shared is not None:
            check_workers(self.client, new)
            with suppress(OSError, CancelledError):  # one has gone again, or took it along
                self.client.replicate([self.shared])
        if self.known:
            self.manned = self.looked
        elif self.looked - self.manned > _ALONE:
            self.manned = self.looked
            self.ui.warn("the cluster has no worker: waiting for one", "Ctrl-C ends this; what is done is kept")

    def _overdue(self) -> Iterator[tuple[T, R | Lost]]:
        """End the workers that take too long; only those know the time that were at work when somebody looked."""
        if self.limit is None:
            return
        now, limit = time.monotonic(), self.limit
        late = {key: max(map(limit, batch.items)) for key, (_, batch) in self.running.items()}
        late = {key: most for key, most in late.items() if now - self.running[key][1].sent > most}
        if not late:
            return
        for address, keys in self.client.processing().items():
            over = [key for key in keys if key in late and now - self.begun.setdefault(key, now) > late[key]]
            if over:
                yield from self._end(address, over)

    def _end(self, address: str, keys: Sequence[str]) -> Iterator[tuple[T, R | Lost]]:
        """End a worker that does not get on; what it has is run again item by item, or is lost where it was alone."""
        ended = [self.running.pop(key) for key in keys]
        self.client.cancel([future for future, _ in ended])
        try:
            with suppress(KeyError):  # it has gone by itself
                self.client.restart_workers([address])
        except ValueError:
            text = f"a task does not end on the worker `{address}`, which has no nanny that could end it"
            raise ClusterError(text, hint="begin workers by `dask worker`, without `--no-nanny`") from None
        for _, batch in ended:
            if batch.alone:
                yield batch.items[0], Lost("did not end in time")
            else:
                self.suspects.extend(batch.items)


@contextmanager
def _watched(client: Client) -> Iterator[None]:
    """Say what it means that connections end.

    Raises:
        ClusterError: the scheduler was lost
    """
    address = client.scheduler.address
    try:
        yield
    except (CancelledError, OSError, TimeoutError, asyncio.TimeoutError) as error:
        if client.status == "running" and not isinstance(error, CommClosedError | CancelledError):
            raise
        raise ClusterError(f"the scheduler `{address}` is gone", hint=_AGAIN) from error


def _named(addresses: Sequence[str], total: int) -> str:
    """Workers, with the verb of what they do not have."""
    names = ", ".join(f"`{address}`" for address in addresses[:5])
    more = ", ..." if len(addresses) > 5 else ""
    return f"{len(addresses)} of {total} workers ({names}{more}) {'has' if len(addresses) == 1 else 'have'}"
