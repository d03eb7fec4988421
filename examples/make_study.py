"""Write a study as a student has it: a folder of recordings and two tables, from the corpus that nk brings along.

python examples/make_study.py writes `study/` with `wav/`, `first.csv` (what was recorded at first: anger and neutral
speech nearly only of men) and `all.csv` (what was recorded in the end).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import polars as pl

from nk.corpus.store import corpus

COLUMNS = ("file", "speaker", "gender", "age", "emotion")


def main(folder: Path) -> None:
    """Copy the recordings and write the tables."""
    (folder / "wav").mkdir(parents=True, exist_ok=True)
    table = corpus(seed=1)
    for path in table["path"]:
        shutil.copyfile(path, folder / "wav" / Path(path).name)
    first = corpus(seed=1, fault="gender_bias")
    for name, rows in (("first", first), ("all", table)):
        file = ("wav/" + rows["file"]).alias("file")
        rows.select(file, pl.col(COLUMNS[1:])).write_csv(folder / f"{name}.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "study"))
