"""What do views of the features of a large set cost: importance by a tree, ten distributions, correlations, PCA?

Features are drawn at random, ten of them going with the class. Prints seconds, CPU seconds and the largest memory.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from nk.config.output import Plot
from nk.config.work import Expl
from nk.explore.feature_views import views
from nk.report.figures import PEN, save
from nk.tables import Dataset, Features, Target

LABELS = tuple("abcd")


def main() -> None:
    """Print what it takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--features", type=int, default=88)
    parser.add_argument("--speakers", type=int, default=500)
    parser.add_argument("--models", nargs="+", default=["tree"], help="models that tell how important features are")
    parser.add_argument("--scatter", nargs="+", default=["pca"], choices=["pca", "tsne", "umap"])
    options = parser.parse_args()
    dataset, features = made(options.rows, options.features, options.speakers, np.random.default_rng(0))
    expl = Expl(feature_distributions=True, model=tuple(options.models), scatter=tuple(options.scatter))
    start, cpu = time.perf_counter(), time.process_time()
    found = views(dataset, features, expl, Plot(), 42, 2)
    middle = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for one in found:
            one.table.write_csv(Path(folder) / f"{one.name}.csv")
            if one.draw:
                save(one.draw(PEN), Path(folder) / f"{one.name}.png")
    end, memory = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(found)} views: computed in {middle - start:.1f} s, written in {end - middle:.1f} s, ", end="")
    print(f"{time.process_time() - cpu:.1f} CPU s, {memory:,.0f} MiB at most")


def made(rows: int, columns: int, speakers: int, random: np.random.Generator) -> tuple[Dataset, Features]:
    """Rows of as many speakers, with features that differ between these, ten of them between classes too."""
    speaker, label = random.integers(0, speakers, rows), random.integers(0, len(LABELS), rows)
    values = random.normal(size=(rows, columns)) + 0.5 * random.normal(size=(speakers, columns))[speaker]
    values[:, :10] += label[:, None] * np.linspace(0.1, 1, 10)[:columns]
    ids = [f"d/{row:07}.wav#0-1000" for row in range(rows)]
    names = pl.Series(LABELS)
    frame = pl.DataFrame(
        {
            "id": ids,
            "file": ids,
            "speaker": [f"s{number}" for number in speaker],
            "gender": [("female", "male")[number % 2] for number in speaker],
            "emotion": names.gather(label),
        }
    )
    given = Features(tuple(ids), tuple(f"f{place}" for place in range(columns)), values.astype(np.float32))
    return Dataset(frame, Target("emotion", LABELS)), given


if __name__ == "__main__":
    main()
