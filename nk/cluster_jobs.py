"""Workers as jobs of a queueing system, by way of dask-jobqueue."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nk.config.cluster import Cluster

_CLASSES = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "sge": "SGECluster", "lsf": "LSFCluster"}
_NAME = "nk"


def queued(settings: Cluster) -> Any:
    """A scheduler in this process, and jobs that begin its workers; each that ends is followed by another.

    Raises:
        ValueError: it cannot be begun, as with an interface that is not there
        OSError: as above
    """
    import dask_jobqueue
    from distributed.security import Security

    security = Security()  # what Dask's own settings say
    safely = {"security": security, "protocol": "tls://"} if security.tls_ca_file else {}
    cluster = getattr(dask_jobqueue, _CLASSES[settings.type or ""])(**job(settings), **safely, silence_logs="critical")
    cluster.adapt(minimum_jobs=settings.jobs, maximum_jobs=settings.jobs)
    return cluster


def job(settings: Cluster) -> dict[str, Any]:
    """What a job is like, as dask-jobqueue calls it; what is not set, its own settings say."""
    account = "account" if settings.type in {"slurm", "pbs"} else "project"
    # LSF counts hours and minutes; the others take seconds too.
    walltime = settings.walltime.rpartition(":")[0] if settings.type == "lsf" else settings.walltime
    found = {
        "job_name": _NAME,
        "cores": settings.cores,
        "processes": settings.cores,  # a core a process: features are not computed in threads
        "memory": f"{settings.memory:g}GB",
        "walltime": walltime,
        "queue": settings.queue,
        account: settings.account,
        "job_extra_directives": list(settings.directives),
        "job_script_prologue": list(settings.prologue),
        "python": settings.python or sys.executable,
        "interface": settings.interface,
        "log_directory": settings.logs,
        "local_directory": settings.scratch,
        "scheduler_options": {"dashboard_address": ":0"},  # any port: there may be several schedulers
    }
    return {name: value for name, value in found.items() if value is not None}
