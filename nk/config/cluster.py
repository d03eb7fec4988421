"""The section [CLUSTER]: where tasks run with `executor = dask`."""

# Annotations are not kept as text here: pydantic would compile each again, which is a fifth of the start-up.
import re
from typing import Annotated, Any, Literal

from nk.config.data import Names
from nk.config.field import Section, key
from nk.config.values import Form, MisfitError, as_text

_ADDRESS = re.compile(r"(?:(tcp|tls|ws|wss)://)?([^\s:/]+|\[[0-9a-fA-F:]+\]):([0-9]{1,5})/?")
_TIME = re.compile(r"[0-9]{1,4}:[0-5][0-9](?::[0-5][0-9])?")


def _address(value: Any) -> str:
    """`node1:8786` is what `tcp://node1:8786` is."""
    found = _ADDRESS.fullmatch(as_text(value).strip())
    if not found or int(found[3]) > 65535:
        raise MisfitError("`dask scheduler` prints it when it begins")
    return f"{found[1] or 'tcp'}://{found[2]}:{found[3]}"


def _time(value: Any) -> str:
    text = as_text(value).strip()
    if not _TIME.fullmatch(text):
        raise MisfitError
    return text if text.count(":") == 2 else f"{text}:00"


def _line(value: Any) -> str:
    text = as_text(value).strip()
    if not text or "\n" in text:
        raise MisfitError
    return text


Address = Annotated[str, Form(_address, "an address with its port, as `tcp://node1:8786`", like=str)]
Time = Annotated[str, Form(_time, "hours and minutes, as `02:30`", like=str)]
Line = Annotated[str, Form(_line, "one line", like=str)]


class Cluster(Section):
    """The section [CLUSTER]: the machines of `executor = dask`; without `address` and `type` the cores of this one."""

    address: Address | None = key(None, "a Dask scheduler that runs; it goes before the rest of this section")
    type: Literal["slurm", "pbs", "sge", "lsf"] | None = key(None, "queueing system that is asked for workers, as jobs")
    jobs: int = key(1, "jobs that are kept running; each has `cores` workers", ge=1, le=10_000)
    cores: int = key(
        1, "cores of a job; with `sge` they are asked for in `directives` too, as `-pe smp 4`", ge=1, le=1024
    )
    memory: float = key(4.0, "memory of a job, for all of its cores together", unit="GB", ge=0.5, le=100_000)
    walltime: Time = key("01:00:00", "how long a job may run; another one follows it while there is work")
    queue: Line | None = key(None, "queue or partition; without it the system's own")
    account: Line | None = key(None, "account or project that is charged")
    directives: Names = key((), "more lines for the head of the job, without the sign they begin with: `--gres=gpu:1`")
    prologue: Names = key((), "lines that a job runs before its workers, as `module load python`")
    python: Line | None = key(None, "Python of the workers; without it that of this nk, which they then have to see")
    interface: Line | None = key(None, "network interface between the machines, as `ib0`; without it the system's own")
    logs: Line | None = key(None, "folder for what jobs say; without it where the system puts it")
    scratch: Line | None = key(None, "folder on each machine for what workers have to put aside; without it its own")
