"""All that docs/concepts/speed.md says of speed: `python benchmarks/speed.py emodb [--original PYTHON]`.

Runs the benchmarks of which each line of that page is made, one after the other, each in a process of its own. It takes
most of an hour on two cores; what compares with the original is left out where no Python with Nkululeko is given.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Run them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("emodb", type=Path, help="Emo-DB: the folder with `emodb.csv` and `wav`")
    parser.add_argument("--original", help="a Python that has Nkululeko")
    asked = parser.parse_args()
    theirs = ["--original", asked.original] if asked.original else []
    wav = str(asked.emodb / "wav")
    _run("startup.py")
    _run("smile.py", wav, "--rounds", "2")
    _run("runs.py", str(asked.emodb / "emodb.csv"), "--rounds", "3", *theirs)
    if theirs:
        _run("praat.py", wav, "--every", "2", "--rounds", "2", *theirs)
    _run("xgb.py")
    _run("xgb.py", "--busy")
    _run("metrics.py")
    _run("scale.py")


def _run(script: str, *arguments: str) -> None:
    print(f"# {' '.join((script, *arguments))}", flush=True)
    subprocess.run([sys.executable, str(HERE / script), *arguments], check=True)


if __name__ == "__main__":
    main()
