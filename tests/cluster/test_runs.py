"""Whole commands by way of a cluster: the results of this machine, and what becomes of those that are cut off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("distributed")

import soundfile

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster.conftest import Machines

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EMODB = ROOT / "examples" / "emodb.ini"
CONFIG = """[EXP]
name = exp
[DATA]
databases = ['db']
db = db.csv
target = emotion
[FEATS]
type = ['os']
scale = standard
[MODEL]
type = svm
"""
FLAGS = "loso = True\n[FLAGS]\nmodels = ['svm', 'knn', 'bayes']\nscale = ['none', 'standard']\n"
MULTIDB = """[EXP]
name = cross
databases = ['one', 'two']
[DATA]
databases = ['one', 'two']
one = one.csv
two = two.csv
target = emotion
[FEATS]
type = ['os', 'lfcc']
[MODEL]
type = knn
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Twelve speakers of two classes, ten recordings each, one of which cannot be used."""
    draw, table = np.random.default_rng(3), []
    for speaker in range(12):
        for number in range(10):
            name, emotion = f"{speaker}_{number}.wav", ("calm", "cross")[number % 2]
            wave = np.cumsum(draw.normal(0, 0.02, 16000)) * (0.1 + 0.1 * (number % 2)) + draw.normal(0, 0.02, 16000)
            soundfile.write(tmp_path / name, np.clip(wave, -0.9, 0.9), 16000)
            table.append(f"{name},s{speaker},{emotion}")
    soundfile.write(tmp_path / "0_0.wav", np.zeros(20), 16000)
    for name, some in {"db": table, "one": table[:60], "two": table[60:]}.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(["file,speaker,emotion", *some]))
    (tmp_path / "exp.ini").write_text(CONFIG)
    (tmp_path / "many.ini").write_text(CONFIG.replace("= exp", "= many") + FLAGS)
    (tmp_path / "cross.ini").write_text(MULTIDB)
    return tmp_path


def environment(folder: Path, cache: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "NK_CACHE": str(folder / cache), "NK_DATA": str(folder / "kept")}


def nk(folder: Path, *words: str, cache: str = "cache", **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nk", *words]
    return subprocess.run(
        command, cwd=folder, env={**environment(folder, cache), **env}, capture_output=True, text=True, timeout=300
    )


def predictions(folder: Path) -> dict[str, bytes]:
    found = {file.parent.name: file.read_bytes() for file in folder.glob("*/predictions.csv")}
    assert found
    return found


def both(folder: Path, machines: Machines, *words: str) -> str:
    """Do it here and there, each with an empty cache, and see that both come to the same."""
    here = nk(folder, *words, "--set", "exp.root=here", cache="one")
    there = nk(folder, *words, "--set", "exp.root=there", "--address", machines.address, cache="two")
    assert (here.returncode, there.returncode) == (0, 0), here.stderr + there.stderr
    assert predictions(folder / "here") == predictions(folder / "there")
    for file in (folder / "here").glob("*/skipped.csv"):
        assert file.read_bytes() == (folder / "there" / file.parent.name / file.name).read_bytes()
    assert here.stdout == there.stdout
    return there.stderr


@pytest.mark.parametrize(
    "sets",
    [
        (),
        ("model.loso=True", "model.type=xgb", "exp.runs=2", "feats.balancing=smote"),
        ("model.k_fold_cross=3", "model.tuning_params=['C_val']", "model.C_val=[0.1, 1]", "feats.type=['os', 'xbow']"),
        ("exp.traindevtest=True", "model.tuning_params=['C_val']", "model.C_val=[0.1, 1]", "feats.type=['praat']"),
        (
            "model.type=forest",
            "feats.type=['snr', 'lfcc']",
            "model.tuning_params=['max_depth']",
            "model.max_depth=[2, 5]",
        ),
    ],
)
def test_a_run_comes_to_the_same(place: Path, machines: Machines, sets: tuple[str, ...]) -> None:
    said = both(place, machines, "run", "exp.ini", *(word for one in sets for word in ("--set", one)))
    assert f"cluster `{machines.address}`: 2 workers" in said
    config = (place / "there" / "exp" / "config.yaml").read_text()
    assert "executor" not in config
    assert config == (place / "here" / "exp" / "config.yaml").read_text().replace("root: here", "root: there")


def test_a_run_is_recognised_wherever_it_was_made(place: Path, machines: Machines) -> None:
    wave = np.random.default_rng(9).normal(0, 0.02, 16000)
    soundfile.write(place / "0_0.wav", wave, 16000)  # a run that has lost a recording is tried again
    assert nk(place, "run", "exp.ini", "--address", machines.address).returncode == 0
    made = (place / "results" / "exp" / "manifest.json").read_bytes()
    assert nk(place, "run", "exp.ini").returncode == 0
    assert (place / "results" / "exp" / "manifest.json").read_bytes() == made


def test_cells_come_to_the_same(place: Path, machines: Machines) -> None:
    both(place, machines, "flags", "many.ini")


def test_a_matrix_comes_to_the_same(place: Path, machines: Machines) -> None:
    both(place, machines, "multidb", "cross.ini")


def test_emodb_comes_to_the_same(data: Path, tmp_path: Path, machines: Machines) -> None:
    both(tmp_path, machines, "run", str(EMODB), "--set", f"data.emodb={data / 'emodb' / 'emodb.csv'}")


def begun(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A command that is at work on features."""
    process = subprocess.Popen([sys.executable, "-m", "nk", *words], cwd=folder, env=environment(folder, "cache"),
                               stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
    end = time.monotonic() + 60
    while not list((folder / "cache" / "features").glob("praat*.sqlite")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(1.5)
    return process


SLOW = ("run", "exp.ini", "--set", "feats.type=['praat']", "--set", "model.loso=True")


def test_a_run_whose_scheduler_is_lost_goes_on_with_another(place: Path, own_machines: Callable[..., Machines]) -> None:
    machines = own_machines(2)
    process = begun(place, *SLOW, "--address", machines.address)
    machines.scheduler.kill()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert f"error: the scheduler `{machines.address}` is gone" in said
    assert "hint: start the same command again when it is there: what is done is kept" in said
    assert "Traceback" not in said
    assert not (place / "results" / "exp").exists()
    second = nk(place, *SLOW, "--address", own_machines(1).address)
    assert second.returncode == 0, second.stderr
    assert ", 0 of 119 in the cache" not in second.stderr
    assert nk(place, *SLOW, "--set", "exp.root=here", cache="one").returncode == 0
    assert predictions(place / "here") == predictions(place / "results")


def test_a_run_survives_a_worker_that_is_killed(place: Path, own_machines: Callable[..., Machines]) -> None:
    machines = own_machines(2)
    process = begun(place, *SLOW, "--address", machines.address)
    os.kill(next(iter(machines.pids().values())), signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert nk(place, *SLOW, "--set", "exp.root=here", cache="one").returncode == 0
    assert predictions(place / "here") == predictions(place / "results")


def test_ctrl_c_leaves_nothing_to_the_cluster(place: Path, own_machines: Callable[..., Machines]) -> None:
    machines = own_machines(1)
    process = begun(place, *SLOW, "--address", machines.address)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    time.sleep(1)
    assert machines.busy() == 0


def test_processes_of_this_machine_are_a_cluster_too(place: Path) -> None:
    there = nk(place, "run", "exp.ini", "--executor", "dask", "--set", "exp.root=there", cache="two")
    assert there.returncode == 0, there.stderr
    assert "cluster `tcp://127.0.0.1:" in there.stderr
    assert nk(place, "run", "exp.ini", "--set", "exp.root=here", cache="one").returncode == 0
    assert predictions(place / "here") == predictions(place / "there")


SBATCH = """#!/bin/sh
# Runs the job here, as SLURM would elsewhere.
cp "$1" "$PLACE/job$$.sh"
setsid sh "$PLACE/job$$.sh" > "$PLACE/job$$.log" 2>&1 < /dev/null &
echo $! > "$PLACE/job$$.pid"
echo "Submitted batch job $$"
"""
SCANCEL = '#!/bin/sh\nkill -- -"$(cat "$PLACE/job$1.pid")"\necho "$1" >> "$PLACE/cancelled"\n'


@pytest.mark.skipif(sys.platform != "linux", reason="needs `setsid`")
def test_jobs_of_slurm_are_begun_and_cancelled(place: Path) -> None:
    pytest.importorskip("dask_jobqueue")
    jobs, commands = place / "jobs", place / "commands"
    for folder in (jobs, commands):
        folder.mkdir()
    for name, text in {"sbatch": SBATCH, "scancel": SCANCEL}.items():
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    (place / "exp.ini").write_text(f"{CONFIG}[CLUSTER]\ntype = slurm\njobs = 2\nmemory = 2\nwalltime = 00:10\n")
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    there = nk(place, "run", "exp.ini", "--executor", "dask", "--set", "exp.root=there", PATH=path, PLACE=str(jobs))
    assert there.returncode == 0, there.stderr
    assert "asking `slurm` for 2 jobs of 1 worker each" in there.stderr
    assert nk(place, "run", "exp.ini", "--set", "exp.root=here", cache="one").returncode == 0
    assert predictions(place / "here") == predictions(place / "there")
    begun_jobs = {file.stem.removeprefix("job") for file in jobs.glob("job*.sh")}
    assert len(begun_jobs) >= 2
    assert set((jobs / "cancelled").read_text().split()) == begun_jobs
