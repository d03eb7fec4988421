"""What extraction with openSMILE costs beside the package's own call: `python benchmarks/smile.py FOLDER`.

The call: both get each recording in the folder, in the same thread one after the other, who is first changing from
file to file. CPU seconds of the thread as ratios, all files in each of the rounds: the median (least to greatest); and
which share of ours is openSMILE's own run and its reset. Values are compared bit by bit on the way.

The stage: all that a run does for features, with an empty cache (reading, hashing, storing), beside the package's bare
calls on samples that are read already, in as many threads, in turn: wall time and CPU as ratios, ours with the start of
the processes that it works in.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING, Any

import numpy as np
import opensmile
import polars as pl
from opensmile.core.lib import OpenSMILE

from nk.audio import digest, read
from nk.execute import cores, run_all
from nk.features.os import OpenSmile, OsOptions
from nk.stages.extract import extract
from nk.tables import Dataset, Target
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable

    from nk.audio import Audio

SETS = ("eGeMAPSv02", "ComParE_2016")
INSIDE = local()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the wav files are")
    parser.add_argument("--sets", nargs="+", default=SETS, help="feature sets")
    parser.add_argument("--rounds", type=int, default=3, help="how often all files are done")
    parser.add_argument("--every", type=int, default=1, help="take each nth file")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes of the stage, and threads of the calls")
    asked = parser.parse_args()
    files = sorted(asked.folder.rglob("*.wav"))[:: asked.every]
    recordings = [read(str(file)) for file in files]
    _watch("run")
    _watch("reset")
    for name in asked.sets:
        smile = opensmile.Smile(name)
        _show_call(name, [_calls(name, smile, recordings) for _ in range(asked.rounds)])
        _show_stage(name, asked.jobs, [_stage(name, smile, files, recordings, asked.jobs) for _ in range(asked.rounds)])


def _show_call(name: str, rounds: list[dict[str, float]]) -> None:
    shares = {part: statistics.median(one[part] / one["ours"] for one in rounds) for part in ("run", "reset")}
    ratio = _ratio([one["ours"] / one["stock"] for one in rounds])
    print(f"{name}, call: CPU {ratio} of the package's; of ours {shares['run']:.0%} run, {shares['reset']:.0%} reset")


def _show_stage(name: str, jobs: int, rounds: list[tuple[float, float]]) -> None:
    wall, cpu = (_ratio(list(column)) for column in zip(*rounds, strict=True))
    print(f"{name}, stage, {jobs} at once: wall {wall}, CPU {cpu} of the package's bare calls")


def _ratio(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"


def _calls(name: str, smile: opensmile.Smile, recordings: list[Audio]) -> dict[str, float]:
    extractor = OpenSmile(OsOptions(set=name), name="os")
    _both(extractor, smile, recordings[0], first=True)  # imports
    done = [_both(extractor, smile, audio, first=bool(place % 2)) for place, audio in enumerate(recordings)]
    if extractor.notes:
        raise SystemExit(extractor.notes[0])
    return {part: sum(one[part] for one in done) for part in done[0]}


def _both(extractor: OpenSmile, smile: opensmile.Smile, audio: Audio, *, first: bool) -> dict[str, float]:
    """CPU seconds of both calls, and what ours spends in which part."""
    values: dict[str, Any] = {}
    seconds: dict[str, float] = {}

    def ours() -> None:
        vars(INSIDE).update(run=0.0, reset=0.0)
        seconds["ours"] = _seconds(lambda: values.update(ours=extractor.extract(audio)))
        seconds.update(vars(INSIDE))

    def stock() -> None:
        seconds["stock"] = _seconds(lambda: values.update(stock=smile(audio.mono, audio.rate)))

    for call in (ours, stock) if first else (stock, ours):
        call()
    if values["ours"].tobytes() != np.asarray(values["stock"], dtype=np.float32).tobytes():
        raise SystemExit("the values differ")
    return seconds


def _stage(
    name: str, smile: opensmile.Smile, files: list[Path], recordings: list[Audio], jobs: int
) -> tuple[float, float]:
    """Wall and CPU time of the stage, as ratios to those of the bare calls."""
    extractor = OpenSmile(OsOptions(set=name), name="os")
    rows = _rows(files, recordings)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NK_CACHE"] = folder
        ours = _times(lambda: extract(rows, extractor, channels={"db": "first"}, jobs=jobs, ui=Ui(quiet=True)))
    stock = _times(lambda: list(run_all(lambda audio: smile(audio.mono, audio.rate), recordings, jobs=jobs)))
    return ours[0] / stock[0], ours[1] / stock[1]


def _rows(files: list[Path], recordings: list[Audio]) -> Dataset:
    row = {
        "id": [f"db/{file.name}" for file in files],
        "path": [str(file) for file in files],
        "start": [0.0] * len(files),
        "end": [round(audio.seconds, 3) for audio in recordings],
        "digest": [digest(file) for file in files],
        "database": ["db"] * len(files),
    }
    return Dataset(pl.DataFrame(row).with_columns(file=pl.col("path")), Target("emotion", ("joy",)))


def _times(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), _cpu()
    work()
    return time.perf_counter() - wall, _cpu() - cpu


def _cpu() -> float:
    """Seconds of this process and of those that it has begun and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _watch(name: str) -> None:
    """Count what the thread spends in a method of openSMILE."""
    do = getattr(OpenSMILE, name)

    def watched(self: OpenSMILE) -> None:
        spent = _seconds(lambda: do(self))
        vars(INSIDE)[name] = vars(INSIDE).get(name, 0.0) + spent

    setattr(OpenSMILE, name, watched)


def _seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


if __name__ == "__main__":
    main()
