"""What whole runs cost: `python benchmarks/runs.py emodb/emodb.csv [--original PYTHON]`.

Emo-DB with eGeMAPS and svm, each in processes of their own and in turn, as often as there are rounds:
- bare: openSMILE's own calls for all recordings, in as many threads as there are cores;
- cold: `nk run` with an empty cache; warm: with what the cache has, under another name; recognised: the same run again;
- floor: a script that only loads the features, fits, scores and draws one figure;
- with `--original`, a Python that has Nkululeko: its run of the same config, cold and warm.
Prints the CPU seconds (user and system) and the wall time of each, and the ratios: the median (least to greatest).
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CONFIG = """[EXP]
root = ./results/
name = exp
runs = 1
epochs = 1
[DATA]
databases = ['emodb']
emodb = {table}
emodb.type = csv
emodb.absolute_path = False
emodb.split_strategy = speaker_split
emodb.test_size = 40
target = emotion
[FEATS]
type = ['os']
set = eGeMAPSv02
scale = standard
{more}
[MODEL]
type = svm
"""
BARE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import opensmile, soundfile
smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02)
def one(path):
    signal, rate = soundfile.read(path, dtype="float32")
    return smile(signal, rate)
with ThreadPoolExecutor(int(sys.argv[2])) as pool:
    list(pool.map(one, sorted(Path(sys.argv[1]).glob("*.wav"))))
"""
FLOOR = """
import polars as pl
from sklearn.metrics import ConfusionMatrixDisplay, recall_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from matplotlib.figure import Figure
rows = pl.read_parquet("results/table/dataset.parquet")
keys = ["database", "file", "start", "end"]
table = rows.select(*keys, "split", "emotion").join(pl.read_parquet("results/table/features.parquet"), on=keys)
train, test = (table.filter(split=part) for part in ("train", "test"))
x, z = (part.drop(*keys, "split", "emotion").to_numpy() for part in (train, test))
scaler = StandardScaler().fit(x)
said = SVC().fit(scaler.transform(x), train["emotion"].to_numpy()).predict(scaler.transform(z))
print(recall_score(test["emotion"], said, average="macro"))
figure = Figure()
ConfusionMatrixDisplay.from_predictions(test["emotion"].to_list(), said.tolist(), ax=figure.subplots())
figure.savefig("floor.png", dpi=150)
"""


@dataclass(frozen=True)
class Time:
    """Seconds of a command."""

    cpu: float
    wall: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the table of Emo-DB, with the recordings in `wav` beside it")
    parser.add_argument("--original", help="a Python that has Nkululeko")
    parser.add_argument("--rounds", type=int, default=3, help="how often all is done")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times = measure(Path(folder), asked.table.resolve(), asked.original, asked.rounds)
    for name, found in times.items():
        cpu, wall = (statistics.median(getattr(one, what) for one in found) for what in ("cpu", "wall"))
        print(f"{name}: {cpu:.2f} CPU s, {wall:.2f} s")
    for text, one, other in (
        ("cold run, to bare calls and a warm run", times["cold"], _sums(times["bare"], times["warm"])),
        ("warm run, to the floor", times["warm"], times["floor"]),
        ("warm run, to a cold one of the original", times["warm"], times.get("original cold", [])),
        ("warm run, to a warm one of the original", times["warm"], times.get("original warm", [])),
        ("cold run, to a cold one of the original", times["cold"], times.get("original cold", [])),
    ):
        if other:
            print(f"{text}: CPU {_ratio(one, other, 'cpu')}, wall {_ratio(one, other, 'wall')}")


def measure(folder: Path, table: Path, original: str | None, rounds: int) -> dict[str, list[Time]]:
    """The times of everything, in the order of the rounds."""
    for name, more in (("exp", ""), ("table", "store_format = parquet")):
        text = CONFIG.format(table=table, more=more).replace("name = exp", f"name = {name}")
        (folder / f"{name}.ini").write_text(text, encoding="utf-8")
    files = {name: folder / f"{name}.py" for name in ("bare", "floor")}
    for name, script in (("bare", BARE), ("floor", FLOOR)):
        files[name].write_text(script, encoding="utf-8")
    jobs = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    nk = [sys.executable, "-m", "nk", "run", "exp.ini", "--quiet"]
    done: dict[str, list[Time]] = {}

    def time_of(name: str, *command: str) -> None:
        done.setdefault(name, []).append(_run(command, folder))

    _run([*nk[:3], "run", "table.ini", "--quiet"], folder)  # writes the features, and compiles what is imported
    _run([sys.executable, str(files["floor"])], folder)
    for number in range(rounds):
        (folder / "cache").rename(folder / f"cache{number}")
        time_of("bare", sys.executable, str(files["bare"]), str(table.parent / "wav"), jobs)
        time_of("cold", *nk)
        time_of("warm", *nk, "--set", f"exp.name=warm{number}")
        time_of("recognised", *nk)
        time_of("floor", sys.executable, str(files["floor"]))
        if original:
            (folder / "results" / "exp").rename(folder / "results" / f"exp{number}")
            time_of("original cold", original, "-m", "nkululeko.nkululeko", "--config", "exp.ini")
            time_of("original warm", original, "-m", "nkululeko.nkululeko", "--config", "exp.ini")
            (folder / "results" / "exp").rename(folder / "results" / f"theirs{number}")
    return done


def _run(command: Sequence[str], folder: Path) -> Time:
    own = {"NK_CACHE": str(folder / "cache"), "NK_DATA": str(folder / "data"), "PYTHONDONTWRITEBYTECODE": ""}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)}\n{ended.stdout}{ended.stderr}")
    return Time(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


def _sums(one: list[Time], other: list[Time]) -> list[Time]:
    return [Time(a.cpu + b.cpu, a.wall + b.wall) for a, b in zip(one, other, strict=True)]


def _ratio(one: list[Time], other: list[Time], what: str) -> str:
    value: Callable[[Time], float] = lambda time: getattr(time, what)  # noqa: E731
    ratios = [value(a) / value(b) for a, b in zip(one, other, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


if __name__ == "__main__":
    main()
