"""What it costs to train `xgb`: `python benchmarks/xgb.py`.

The same 430 rows of 88 features and seven classes, in processes of their own and in turn: nk's plug-in as `nk run`
starts it, and XGBoost's own classifier with eight threads, which is what the original asks for on any machine. CPU
seconds of the fit, and their ratio: the median (least to greatest). `--busy` keeps each core busy meanwhile.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

DATA = """
import os, time
import numpy as np
rng = np.random.default_rng(0)
x, y = rng.normal(size=(430, 88)).astype("float32"), rng.integers(0, 7, 430)
x[:, :7] += np.eye(7)[y]
"""
OURS = """
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the console script does
from nk.execute import cores
from nk.families import models
from nk.registry import Training
import xgboost
plugin = models.get("xgb")
model = plugin(plugin.options_type(), name="xgb")
begin = time.process_time()
model.fit(Training(x=x, y=y, groups=rng.integers(0, 10, 430), classes=7), seed=1, jobs=cores())
"""
THEIRS = """
import xgboost
begin = time.process_time()
xgboost.XGBClassifier(n_jobs=8).fit(x, y)
"""
END = "\nprint(time.process_time() - begin)\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often both are done")
    parser.add_argument("--busy", action="store_true", help="on a machine that has other work")
    asked = parser.parse_args()
    spin = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(spin) for _ in range((os.cpu_count() or 1) * asked.busy)]
    try:
        pairs = [(_seconds(OURS), _seconds(THEIRS)) for _ in range(asked.rounds)]
    finally:
        for other in others:
            other.kill()
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    each = " and ".join(f"{statistics.median(some):.2f}" for some in zip(*pairs, strict=True))
    print(f"xgb, fit: {each} CPU s, {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def _seconds(fit: str) -> float:
    done = subprocess.run([sys.executable, "-c", DATA + fit + END], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout)


if __name__ == "__main__":
    main()
