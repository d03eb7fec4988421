"""How a cluster begins: a scheduler that runs, jobs of a queueing system, or processes of this machine."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distributed import Client

from nk import cluster_worker
from nk.cluster_worker import about
from nk.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.config.cluster import Cluster
    from nk.ui import Ui

_CONNECT = 10.0  # s
_CLOSE = 10.0  # s
_FIRST = 60.0  # s to wait for a worker of a scheduler that runs
_REMIND = 60.0  # s between two lines about what is waited for
_MISSING = re.compile(r"No module named '([^']+)'")
INSTALL = "install there what is here (`pip install -c constraints.txt '.[cluster]'`), and begin its workers from there"


@dataclass(frozen=True)
class Started:
    """The connection, and what has to be done at the end."""

    client: Client
    stack: ExitStack

    def close(self) -> None:
        """Leave the cluster, and end it where it was begun here."""
        self.stack.close()


def begin(settings: Cluster, ui: Ui) -> Started:
    """Connect to a cluster, begun here where there is none, and make sure that its workers can do the work.

    Raises:
        ClusterError: it cannot be reached, has no worker, or one that cannot do the work
    """
    _silence()
    with ExitStack() as stack:
        cluster = None if settings.address else _begun(settings, ui)
        if cluster is not None:
            stack.callback(cluster.close, timeout=_CLOSE)
        client = _connected(settings.address or cluster)
        stack.callback(client.close, timeout=_CLOSE)
        _wait(client, settings, ui)
        check_workers(client)
        _say(client, ui)
        return Started(client, stack.pop_all())


def _silence() -> None:
    """What happens in a cluster is told by nk, once; Dask would tell it of every task and connection."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in {"distributed", "tornado"}:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _connected(to: Any) -> Client:
    try:
        return Client(to, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        hint = "begin one by `dask scheduler`, and look at the address that it prints"
        raise ClusterError(f"there is no scheduler at `{to}` ({error})", hint=hint) from None


def _begun(settings: Cluster, ui: Ui) -> Any:
    """A cluster that is begun here."""
    if settings.type is None:
        return _local()
    from nk.cluster_jobs import queued

    try:
        cluster = queued(settings)
    except (OSError, ValueError, RuntimeError) as error:
        raise ClusterError(f"`{settings.type}` jobs cannot be begun: {error}", hint="look at [CLUSTER]") from None
    many = f"{settings.jobs} job{'' if settings.jobs == 1 else 's'}"
    ui.note(f"asking `{settings.type}` for {many} of {settings.cores} worker{'' if settings.cores == 1 else 's'} each")
    return cluster


def _local() -> Any:
    from distributed import LocalCluster

    from nk.execute import cores
    from nk.memory import that_fit

    workers = that_fit(cores())
    return LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL
    )


def _wait(client: Client, settings: Cluster, ui: Ui) -> None:
    """Wait for the first worker."""
    start = said = time.monotonic()
    while not client.nthreads():
        if settings.address and time.monotonic() - start > _FIRST:
            hint = f"begin one by `dask worker {settings.address} --nworkers auto --nthreads 1`"
            raise ClusterError(f"the scheduler `{settings.address}` has no worker", hint=hint)
        if time.monotonic() - said > _REMIND:
            said = time.monotonic()
            ui.note(f"waiting for the first worker, {(said - start) / 60:.0f} min so far")
        time.sleep(0.25)


def _say(client: Client, ui: Ui) -> None:
    threads = client.nthreads()
    ui.note(f"cluster `{client.scheduler.address}`: {len(threads)} worker{'' if len(threads) == 1 else 's'}")
    if max(threads.values()) > 1:
        hint = "begin workers by `dask worker ... --nworkers <cores> --nthreads 1`"
        ui.warn("workers have several threads each, of which only one computes features at a time", hint)


def check_workers(client: Client, some: Sequence[str] | None = None) -> None:
    """Find out whether all workers have what the client has, and the scheduler, which unpacks the tasks, an nk.

    Args:
        client: the connection
        some: addresses of workers; without them all

    Raises:
        ClusterError: one has not
    """
    own, wrong = about(), []
    try:
        client.run_on_scheduler(cluster_worker.about)
    except Exception as error:  # noqa: BLE001 - whatever it is that it cannot do
        wrong += [f"the scheduler has {why}" for why in [_why(own, error)] if why]
    for address, found in client.run(cluster_worker.about, workers=some, on_error="return").items():
        why = _why(own, found)
        if why:
            wrong.append(f"`{address}` has {why}")
    if wrong:
        more = f", and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise ClusterError(f"workers cannot do the work: {'; '.join(wrong[:5])}{more}", hint=INSTALL)


def _why(own: Mapping[str, str], found: Mapping[str, str] | Exception) -> str:
    """In what a worker differs."""
    if isinstance(found, OSError | TimeoutError | asyncio.TimeoutError):
        return ""  # it has gone meanwhile
    if isinstance(found, Exception):
        missing = _MISSING.search(str(found))  # Dask hands on the words of an error that it could not read
        if missing:
            return f"no `{missing[1]}`"
        return f"an nk that cannot say what it is ({found})"
    different = [name for name in {**own, **found} if own.get(name) != found.get(name)]
    told = [f"{name} {found.get(name, 'not at all')} and not {own.get(name, 'none')}" for name in different]
    return ", ".join(told[:4])
