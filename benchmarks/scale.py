"""What large databases cost: `python benchmarks/scale.py [--segments N] [--files N]`.

Segments: rows of a table that name segments of 500 recordings are loaded, filtered, split, audited and written, without
a look at the sound. Files: recordings of 0.2 s each are run through all of `nk run` with `lfcc` and `bayes`; what is
neither decoding, nor the extractor, nor the audit's fingerprints and cues is overhead, in ms a file. Each in a process
of its own, which prints CPU seconds and the memory that it had at most.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

from nk import audio, lock, pipeline, ready, recognised
from nk.config import load_config
from nk.manifest import Stopwatch
from nk.setup import prepare
from nk.stages import audit, extract
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDINGS = 500
LABELS = ("anger", "boredom", "joy", "sadness")
CONFIG = """[EXP]
name = exp
[DATA]
databases = ['db']
db = db.csv
target = emotion
{more}
[FEATS]
type = ['lfcc']
scale = standard
[MODEL]
type = bayes
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segments", type=int, default=1_000_000, help="rows of the table (0: leave this out)")
    parser.add_argument("--files", type=int, default=100_000, help="short files (0: leave this out)")
    parser.add_argument("--part", choices=("segments", "files"), help="do this alone, in the folder at hand")
    asked = parser.parse_args()
    if asked.part:
        {"segments": segments, "files": files}[asked.part]()
        return
    for part, make, count in (("segments", make_segments, asked.segments), ("files", make_files, asked.files)):
        if count:
            with tempfile.TemporaryDirectory() as folder:
                make(Path(folder), count)
                own = {"NK_CACHE": f"{folder}/cache", "NK_DATA": f"{folder}/data"}
                command = [sys.executable, str(Path(__file__).resolve()), "--part", part]
                subprocess.run(command, cwd=folder, check=True, env={**os.environ, **own})


def make_segments(folder: Path, count: int) -> None:
    """Recordings of silence, which FLAC makes small, and a table of their segments."""
    each = -(-count // RECORDINGS)
    wave = np.zeros(8000 * (each // 2 + 1), dtype=np.int16)
    for number in range(RECORDINGS):
        wave[0] = number
        soundfile.write(folder / f"{number}.flac", wave, 8000)
    rng = np.random.default_rng(0)
    with (folder / "db.csv").open("w") as table:
        table.write("file,start,end,speaker,gender,age,emotion\n")
        for row in range(count):
            number, place = divmod(row, each)
            label = LABELS[rng.integers(4)]
            table.write(
                f"{number}.flac,{place / 2},{place / 2 + 0.5},s{number},{'mf'[number % 2]},{20 + row % 50},{label}\n"
            )
    (folder / "exp.ini").write_text(CONFIG.format(more="db.filter = {'gender': ['m', 'f']}"))


def make_files(folder: Path, count: int) -> None:
    """Recordings of noise, each other than all others, and their table."""
    rng = np.random.default_rng(0)
    with (folder / "db.csv").open("w") as table:
        table.write("file,speaker,gender,emotion\n")
        for number in range(count):
            (folder / f"{number // 1000}").mkdir(exist_ok=True)
            name = f"{number // 1000}/{number}.wav"
            soundfile.write(folder / name, rng.normal(0, 0.1, 1600), 8000)
            table.write(f"{name},s{number % 500},{'mf'[number % 2]},{LABELS[number // 500 % 4]}\n")
    (folder / "exp.ini").write_text(CONFIG.format(more=""))


def segments() -> None:
    """All that is done to rows."""
    ui, watch, seconds = Ui(quiet=True), Stopwatch(), dict[str, float]()
    begin = time.process_time()

    def lap(name: str) -> None:
        seconds[name] = time.process_time() - begin - sum(seconds.values())

    setup = prepare(load_config("exp.ini"), None)
    read = ready.read(setup, ui, watch)
    recognised.depends_on(setup, read)
    lap("load")
    start = ready.divide(read, setup, ui, watch)
    lap("filter and split")
    audit.of_tables(start.dataset, start.folds)
    lap("audit")
    Path("split.lock.json").write_text(
        lock.text(lock.made(start.dataset, start.folds, seed=setup.config.exp.random_seed))
    )
    start.dataset.frame.write_parquet("dataset.parquet")
    lap("write")
    parts = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    print(f"{len(start.dataset):,} segments: {sum(seconds.values()):.1f} CPU s ({parts}), {_memory():.2f} GiB")


def files() -> None:
    """A whole run; what decodes, extracts and listens is timed in its threads."""
    spent: dict[str, float] = {}
    guard, seen = Lock(), set[type]()

    def timed(name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **more: Any) -> Any:
            begin = time.thread_time()
            try:
                return do(*args, **more)
            finally:
                with guard:
                    spent[name] = spent.get(name, 0.0) + time.thread_time() - begin

        return run

    values = vars(extract)["_values"]

    def watched(extractor: Any, work: extract.Work) -> Any:
        kind = type(extractor)
        with guard:
            if kind not in seen:
                seen.add(kind)
                kind.extract = timed(extractor.called, kind.extract)
        return values(extractor, work)

    vars(extract).update(read=timed("decoding", audio.read), _values=watched)
    begin = time.process_time()
    result = pipeline.run(load_config("exp.ini"), Ui(quiet=True))
    whole = time.process_time() - begin
    rows = result.metrics["metrics"]["test"]["accuracy"]["n"] if isinstance(result, pipeline.Result) else 0
    count = sum(1 for _ in Path().glob("*/*.wav"))
    parts = ", ".join(f"{name} {1000 * value / count:.2f}" for name, value in spent.items())
    over = 1000 * (whole - sum(spent.values())) / count
    print(f"{count:,} files, {rows:,} tested: ms a file: {parts}, overhead {over:.2f}; {_memory():.2f} GiB")


def _memory() -> float:
    """The most that this process had, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
