"""What a look at 100,000 rows of 1,000 speakers costs, with 88 features: seconds of each step, and memory at most.

Counts of one and two columns, the bias table, ten distributions by the importance of a tree, correlations, PCA and all
pictures; recordings are neither heard nor features extracted.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.config import load_config
from nk.explore import bias, feature_views, overview, value_counts
from nk.explore.hearing import BESIDE, HEARD
from nk.explore.material import Material
from nk.exploring import BARE
from nk.report.figures import PEN
from nk.report.pictures import Album
from nk.tables import Dataset, Features, Target
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nk.explore.exhibit import Exhibit

ROWS, SPEAKERS, FEATURES, JOBS = 100_000, 1000, 88, 2
LABELS = ("anger", "joy", "sadness")
CONFIG = """[DATA]
databases = ['db']
db = db.csv
[EXPL]
value_counts = [['gender'], ['age'], ['valence'], ['gender', 'valence'], ['age', 'valence']]
feature_distributions = True
model = ['tree']
scatter = ['pca']
"""


def material(folder: Path) -> Material:
    """Rows in which nothing tells anything, so that no permutation ends early for a small p."""
    random = np.random.default_rng(0)
    speaker = random.integers(0, SPEAKERS, ROWS)
    columns = {
        "id": [f"db/{row:06}#0-1000" for row in range(ROWS)], "path": [str(row) for row in range(ROWS)],
        "start": 0.0, "end": 1.0, "database": "db", "speaker": [f"s{one}" for one in speaker],
        "gender": np.array(["female", "male"])[speaker % 2], "age": 20 + speaker % 50,
        "valence": random.normal(0, 1, ROWS), "emotion": np.array(LABELS)[random.integers(0, 3, ROWS)],
    }  # fmt: skip
    frame = pl.DataFrame(columns)
    heard = frame.select("id", **{name: pl.Series(random.normal(0, 1, ROWS)) for name in (*HEARD, *BESIDE)})
    (folder / "exp.ini").write_text(CONFIG, encoding="utf-8")
    config = load_config(folder / "exp.ini").config
    return Material(Dataset(frame, Target("emotion", LABELS)), heard, False, [], config, JOBS)


def main() -> None:
    """Print a line a step."""
    with tempfile.TemporaryDirectory() as name:
        folder, ui = Path(name), Ui(quiet=True)
        rows = material(folder)
        values = np.random.default_rng(1).normal(size=(ROWS, FEATURES)).astype(np.float32)
        features = Features(tuple(rows.dataset.ids), tuple(f"f{place:02}" for place in range(FEATURES)), values)
        config, start = rows.config, time.perf_counter()
        found: list[Exhibit] = []
        steps: dict[str, Callable[[], Iterable[Exhibit]]] = {
            "overview": lambda: overview.show(rows),
            "value_counts": lambda: value_counts.show(rows, ui),
            "bias": lambda: bias.show(rows),
            "features": lambda: feature_views.views(rows.dataset, features, config.expl, config.plot, 1, JOBS),
        }
        for step, views in steps.items():
            begun = time.perf_counter()
            found += views()
            print(f"{step:12} {time.perf_counter() - begun:6.1f} s")
        begun = time.perf_counter()
        (folder / BARE).mkdir()
        album = Album(folder, config.plot, PEN, bare=BARE)
        for one in found:
            album.add(one.draw(PEN) if one.draw else None, one.table, one.name)
        print(f"{'pictures':12} {time.perf_counter() - begun:6.1f} s")
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{'all':12} {time.perf_counter() - start:6.1f} s, {most:.1f} GiB at most")


if __name__ == "__main__":
    main()
