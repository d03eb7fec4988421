"""Jobs of queueing systems: their scripts, line by line."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("dask_jobqueue")

import dask
import dask_jobqueue

from nk.cluster_jobs import _CLASSES, job, queued
from nk.config import load_config
from nk.config.cluster import Cluster

if TYPE_CHECKING:
    from pathlib import Path

SET: dict[str, Any] = {
    "cores": 4, "memory": 8, "queue": "short", "account": "speech", "walltime": "02:30", "python": "/opt/nk/bin/python",
    "directives": "['--gres=gpu:1']", "prologue": "['module load python', 'export A=1']", "logs": "/logs",
    "scratch": "/scratch",
}  # fmt: skip
HEADS = {
    "slurm": """#SBATCH -J nk
#SBATCH -e /logs/nk-%J.err
#SBATCH -o /logs/nk-%J.out
#SBATCH -p short
#SBATCH -A speech
#SBATCH -n 1
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH -t 02:30:00
#SBATCH --gres=gpu:1""",
    "pbs": """#PBS -N nk
#PBS -q short
#PBS -A speech
#PBS -l select=1:ncpus=4:mem=7630MB
#PBS -l walltime=02:30:00
#PBS -e /logs/
#PBS -o /logs/
#PBS --gres=gpu:1""",
    "sge": """#$ -N nk
#$ -q short
#$ -P speech
#$ -l h_rt=02:30:00
#$ -e /logs/
#$ -o /logs/
#$ -cwd
#$ -j y
#$ --gres=gpu:1""",
    "lsf": """#BSUB -J nk
#BSUB -e /logs/WORKER-%J.err
#BSUB -o /logs/WORKER-%J.out
#BSUB -q short
#BSUB -P "speech"
#BSUB -n 4
#BSUB -R "span[hosts=1]"
#BSUB -M 8000000
#BSUB -W 02:30
#BSUB --gres=gpu:1""",
}
COMMAND = """module load python
export A=1
/opt/nk/bin/python -m distributed.cli.dask_worker ADDRESS --name WORKER --nthreads 1 --memory-limit 1.86GiB \
--nworkers 4 --nanny --death-timeout 60 --local-directory /scratch
"""


def settings(folder: Path, queue: str) -> Cluster:
    lines = [f"{name} = {value}" for name, value in {"type": queue, **SET}.items()]
    (folder / "x.ini").write_text("\n".join(["[CLUSTER]", *lines]))
    return load_config(folder / "x.ini").config.cluster


@pytest.mark.parametrize("queue", ["slurm", "pbs", "sge", "lsf"])
def test_the_script_of_a_job(queue: str, tmp_path: Path) -> None:
    with getattr(dask_jobqueue, _CLASSES[queue])(**job(settings(tmp_path, queue))) as cluster:
        script = cluster.job_script()
    script = re.sub(r"tcp://\S+", "ADDRESS", script).replace("dummy-name", "WORKER")
    assert script.split("\n\n")[0] == "#!/usr/bin/env bash"
    assert script.split("\n\n", 1)[1].strip() == f"{HEADS[queue]}\n{COMMAND}".strip()


def test_certificates_of_dasks_own_settings_are_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def cluster(**about: Any) -> SimpleNamespace:
        made.append(about)
        return SimpleNamespace(adapt=dict)

    monkeypatch.setattr(dask_jobqueue, "SLURMCluster", cluster)
    queued(Cluster(type="slurm"))
    with dask.config.set({"distributed.comm.tls.ca-file": "ca.pem"}):
        queued(Cluster(type="slurm"))
    plain, safe = made
    assert "security" not in plain
    assert (safe["protocol"], safe["security"].tls_ca_file) == ("tls://", "ca.pem")


def test_what_is_not_set_is_left_to_the_system() -> None:
    found = job(Cluster(type="slurm"))
    assert found.keys() & {"queue", "account", "interface", "log_directory", "local_directory"} == set()
    assert (found["cores"], found["processes"], found["memory"], found["walltime"]) == (1, 1, "4GB", "01:00:00")
