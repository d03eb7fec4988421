"""What `praat` costs beside the original's: `python benchmarks/praat.py emodb/wav --original PYTHON`.

Both compute their Praat features of the same recordings, each in a process of its own and in turn, with all cores that
there are: CPU seconds (user and system, with those of their workers) and wall time a file without the imports, and the
ratios: the median (least to greatest). `--original` is a Python that has Nkululeko; ours has an empty cache.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

THEIRS = """
import json, resource, sys, time
import pandas as pd
from nkululeko.feat_extract import feats_praat_core
files = json.load(sys.stdin)
index = pd.MultiIndex.from_arrays(
    [files, pd.to_timedelta([0.0] * len(files), unit="s"), pd.to_timedelta([None] * len(files))],
    names=["file", "start", "end"],
)
def now():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used), time.perf_counter()
before = now()
feats_praat_core.compute_features(index)
after = now()
print(json.dumps([after[0] - before[0], after[1] - before[1]]), file=sys.stderr)
"""
OURS = """
import json, resource, sys, time
import polars as pl
from nk.audio import digest, probe
from nk.execute import cores
from nk.families import features
from nk.stages.extract import extract
from nk.tables import Dataset, Target
from nk.ui import Ui
def now():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used), time.perf_counter()
if __name__ == "__main__":
    files = json.load(sys.stdin)
    before = now()
    rows = {
        "id": files, "file": files, "path": files, "start": [0.0] * len(files), "database": ["db"] * len(files),
        "end": [round(probe(file).seconds, 3) for file in files], "digest": [digest(file) for file in files],
    }
    plugin = features.get("praat")
    made = plugin(plugin.options_type(), name="praat")
    rows = Dataset(pl.DataFrame(rows), Target("emotion", ("joy",)))
    extract(rows, made, channels={"db": "first"}, jobs=cores(), ui=Ui(quiet=True))
    after = now()
    print(json.dumps([after[0] - before[0], after[1] - before[1]]), file=sys.stderr)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the wav files are")
    parser.add_argument("--original", required=True, help="a Python that has Nkululeko")
    parser.add_argument("--every", type=int, default=5, help="take each nth file")
    parser.add_argument("--rounds", type=int, default=3, help="how often all is done")
    asked = parser.parse_args()
    files = [str(file.resolve()) for file in sorted(asked.folder.glob("*.wav"))[:: asked.every]]
    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.rounds):
            ours = _run(sys.executable, OURS, files, Path(folder), f"cache{number}")
            pairs.append((ours, _run(asked.original, THEIRS, files, Path(folder), "none")))
    for place, what in enumerate(("CPU", "wall")):
        both = [[pair[who][place] for pair in pairs] for who in (0, 1)]
        ratios = sorted(a / b for a, b in zip(*both, strict=True))
        each = " and ".join(f"{1000 * statistics.median(some) / len(files):.0f}" for some in both)
        print(f"praat, {what}: {each} ms a file, {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def _run(python: str, script: str, files: list[str], folder: Path, cache: str) -> tuple[float, float]:
    file = folder / "script.py"
    file.write_text(script, encoding="utf-8")
    done = subprocess.run(
        [python, str(file)], input=json.dumps(files), capture_output=True, text=True, check=False,
        env={**os.environ, "NK_CACHE": str(folder / cache)},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    cpu, wall = json.loads(done.stderr.splitlines()[-1])
    return cpu, wall


if __name__ == "__main__":
    main()
