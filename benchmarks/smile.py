"""What extraction with openSMILE costs beside the package's own call: `python benchmarks/smile.py FOLDER`.

Both get each recording in the folder, in the same thread one after the other, who is first changing from file to file.
Prints CPU seconds of the thread as ratios: all files in each of the rounds, their median, least and greatest; and which
share of ours is openSMILE's own run and its reset. Values are compared bit by bit on the way.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING, Any

import numpy as np
from opensmile.core.lib import OpenSMILE

from nk.audio import read
from nk.execute import run_all
from nk.features.os import OpenSmile, OsOptions

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
    parser.add_argument("--jobs", type=int, default=1, help="threads")
    asked = parser.parse_args()
    recordings = [read(str(file)) for file in sorted(asked.folder.rglob("*.wav"))[:: asked.every]]
    _watch("run")
    _watch("reset")
    for name in asked.sets:
        extractor = OpenSmile(OsOptions(set=name), name="os")
        for audio in recordings[: 2 * asked.jobs]:  # the first ones import and start
            _both(extractor, audio, first=True)
        rounds = [_round(extractor, recordings, asked.jobs) for _ in range(asked.rounds)]
        _show(name, len(recordings), rounds)


def _show(name: str, files: int, rounds: list[dict[str, float]]) -> None:
    ratios = [one["ours"] / one["stock"] for one in rounds]
    shares = {part: statistics.median(one[part] / one["ours"] for one in rounds) for part in ("run", "reset")}
    stock = statistics.median(one["stock"] for one in rounds) / files * 1000
    print(
        f"{name}: {statistics.median(ratios):.3f} of the package's CPU ({min(ratios):.3f} to {max(ratios):.3f}; "
        f"{len(rounds)} rounds of {files} files, {stock:.1f} ms a file there); "
        f"of ours {shares['run']:.0%} run, {shares['reset']:.0%} reset"
    )


def _round(extractor: OpenSmile, recordings: list[Audio], jobs: int) -> dict[str, float]:
    def task(place: int) -> dict[str, float]:
        return _both(extractor, recordings[place], first=bool(place % 2))

    done = list(run_all(task, range(len(recordings)), jobs=jobs))
    if extractor.notes:
        raise SystemExit(extractor.notes[0])
    return {part: sum(one[part] for one in done) for part in done[0]}


def _both(extractor: OpenSmile, audio: Audio, *, first: bool) -> dict[str, float]:
    """CPU seconds of both calls, and what ours spends in which part."""
    values: dict[str, Any] = {}
    seconds: dict[str, float] = {}

    def ours() -> None:
        vars(INSIDE).update(run=0.0, reset=0.0)
        seconds["ours"] = _seconds(lambda: values.update(ours=extractor.extract(audio)))
        seconds.update(vars(INSIDE))

    def stock() -> None:
        seconds["stock"] = _seconds(lambda: values.update(stock=extractor._smile(audio.mono, audio.rate)))

    for call in (ours, stock) if first else (stock, ours):
        call()
    if values["ours"].tobytes() != np.asarray(values["stock"], dtype=np.float32).tobytes():
        raise SystemExit("the values differ")
    return seconds


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
