"""What all measures with intervals cost: 100,000 rows, 500 speakers, 10 classes (and numbers), in CPU seconds."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import polars as pl

from nk.stages.evaluate import evaluate, per_class, per_speaker
from nk.stages.groups import groups_json
from nk.stages.results import metrics_json
from nk.tables import Dataset, Predictions, Target


def predictions(rows: int, speakers: int, classes: int) -> tuple[Predictions, Predictions]:
    """Random predictions that are right more often than not, of classes and of numbers."""
    rng = np.random.default_rng(0)
    labels = tuple(f"class{number:03}" for number in range(classes))
    truth = rng.integers(0, classes, rows)
    scores = rng.dirichlet(np.ones(classes), rows) + 0.5 * np.eye(classes)[truth]
    scores /= scores.sum(axis=1, keepdims=True)
    names = np.array(labels)
    frame = pl.DataFrame(
        {
            "id": [f"db/{number:07}.wav#0-1000" for number in range(rows)],
            "file": [f"{number:07}.wav" for number in range(rows)],
            "start": 0.0,
            "end": 1.0,
            "database": "db",
            "fold": "split",
            "speaker": [f"s{number}" for number in rng.integers(0, speakers, rows)],
            "split": ["test"] * rows,
            "run": [0] * rows,
            "uncertainty": 1 - scores.max(axis=1),
            "truth": names[truth].tolist(),
            "predicted": names[scores.argmax(axis=1)].tolist(),
            **{f"p_{label}": scores[:, number] for number, label in enumerate(labels)},
        }
    )
    values = rng.normal(size=rows)
    noisy = values + rng.normal(size=rows)
    numbers = frame.with_columns(truth=pl.Series(values), predicted=pl.Series(noisy))
    return Predictions(frame, Target("emotion", labels)), Predictions(numbers, Target("age"))


def described(data: Predictions) -> Dataset:
    """The rows with what groups are made of: gender and age."""
    number = pl.col("speaker").str.slice(1).cast(pl.Int64)
    rows = data.frame.select(
        "id", "file", "start", "end", "database", "speaker", pl.col("truth").alias(data.target.name),
        pl.when(number % 2 == 0).then(pl.lit("female")).otherwise(pl.lit("male")).alias("gender"),
        (20 + number % 50).alias("years"),
    )  # fmt: skip
    return Dataset(rows if "age" in rows.columns else rows.rename({"years": "age"}), data.target)


def main() -> None:
    """Print a line a task."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("rows", 100_000), ("speakers", 500), ("classes", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    some = predictions(options.rows, options.speakers, options.classes)
    for data, name in zip(some, ("classes", "numbers"), strict=True):
        rows, truth = described(data), data.frame["truth"]
        metrics_json(replace(data, frame=data.frame.head(1000)), {"split": truth})  # imports
        start = time.process_time()
        metrics_json(data, {"split": truth})
        groups_json(data, rows)
        print(f"{name}, all that a run measures, groups too: {time.process_time() - start:.2f} CPU s")
        for what, job in (("evaluate", evaluate), ("per class", per_class), ("per speaker", per_speaker)):
            start = time.process_time()
            job(data, split="test")
            print(f"{name}, {what}: {time.process_time() - start:.2f} CPU s")


if __name__ == "__main__":
    main()
