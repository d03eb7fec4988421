"""Predictions of several runs side by side: the same rows, or what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nk.comparing import compare
from nk.ensembling import method_of
from nk.errors import DataError
from nk.members import matched, named, read
from nk.stages.ensemble import combine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LABELS = ("anger", "joy", "sadness")


def table(seed: int, *, rows: int = 60, speakers: int | None = 6, skill: float = 1.0) -> pl.DataFrame:
    """A table of predictions; truths and speakers are the same for every seed."""
    truth = np.random.default_rng(99).integers(0, 3, rows)
    generator = np.random.default_rng(seed)
    scores = generator.dirichlet(np.ones(3), rows) + skill * np.eye(3)[truth]
    scores /= scores.sum(axis=1, keepdims=True)
    names = [f"s{row % speakers}" if speakers else None for row in range(rows)]
    return pl.DataFrame(
        {
            "id": [f"db/{row:03}.wav#0-1500" for row in range(rows)],
            "file": [f"{row:03}.wav" for row in range(rows)],
            "start": 0.0,
            "end": 1.5,
            "database": "db",
            "speaker": pl.Series(names, dtype=pl.String),
            "split": "test",
            "run": 0,
            "fold": "split",
            "truth": [LABELS[place] for place in truth],
            "predicted": [LABELS[place] for place in scores.argmax(axis=1)],
            **{f"p_{label}": scores[:, place] for place, label in enumerate(LABELS)},
        }
    )


def write(folder: Path, **tables: pl.DataFrame) -> list[Path]:
    for name, frame in tables.items():
        frame.write_csv(folder / f"{name}.csv")
    return [folder / f"{name}.csv" for name in tables]


def together(folder: Path, **tables: pl.DataFrame) -> Any:
    return matched(named([read(place) for place in write(folder, **tables)]))


@given(st.randoms())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
def test_shuffling_the_rows_of_one_changes_nothing(tmp_path: Path, random: Any) -> None:
    one, other = table(1), table(2)
    order = list(range(other.height))
    random.shuffle(order)
    apart = write(tmp_path, a=one, b=other)
    first, joined = compare(apart).as_dict(), combine(method_of("mean", {}), _predictions(apart))
    write(tmp_path, b=other[order])
    assert compare(apart).as_dict() == first
    assert combine(method_of("mean", {}), _predictions(apart)).predictions.frame.equals(joined.predictions.frame)


def _predictions(places: Sequence[Path]) -> Any:
    return [one.predictions for one in matched(named([read(place) for place in places]))]


def test_rows_that_one_lacks_are_shown(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"in `a` alone are some \(2 rows\): `db/058.wav#0-1500`, `db/059.wav#0-1500`"):
        together(tmp_path, a=table(1), b=table(2)[:58])
    with pytest.raises(DataError, match=r"in `b` alone are some \(1 row\): `db/000.wav#0-1500`"):
        together(tmp_path, a=table(1)[1:], b=table(2))


def test_other_truths_and_speakers_are_shown(tmp_path: Path) -> None:
    first = pl.col("file") == "000.wav"
    for column in ("truth", "speaker"):
        other = table(2).with_columns(pl.when(first).then(pl.lit("joy")).otherwise(column).alias(column))
        old = table(1)[column][0]
        with pytest.raises(DataError, match=rf"other {column}s of the same rows \(1 row\): `.*#0-1500: {old} / joy`"):
            together(tmp_path, a=table(1), b=other)


def test_other_classes_are_shown(tmp_path: Path) -> None:
    other = table(2).rename({"p_joy": "p_fun"})
    with pytest.raises(DataError, match="in one of them alone are: `fun`, `joy`"):
        together(tmp_path, a=table(1), b=other)


def test_classes_in_another_order_and_another_name_of_the_database_are_the_same(tmp_path: Path) -> None:
    other = table(2).with_columns(database=pl.lit("again"), id="again/" + pl.col("file"))
    other = other.select(*other.columns[:-3], "p_sadness", "p_anger", "p_joy")
    one, two = together(tmp_path, a=table(1), b=other)
    assert one.predictions.target == two.predictions.target
    assert one.predictions.frame["id"].equals(two.predictions.frame["id"])
    assert two.predictions.scores == pytest.approx(table(2).select("p_anger", "p_joy", "p_sadness").to_numpy())


def test_files_of_one_name_in_two_databases_are_two_rows(tmp_path: Path) -> None:
    def twice(seed: int) -> pl.DataFrame:
        more = table(seed + 10).with_columns(database=pl.lit("more"), id="more/" + pl.col("file"))
        return pl.concat([table(seed), more])

    one, two = together(tmp_path, a=twice(1), b=twice(2)[::-1])
    assert one.predictions.frame.height == 120
    assert one.predictions.frame["id"].equals(two.predictions.frame["id"])


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rows of `a` stand there twice \(120 rows\)"):
        together(tmp_path, a=pl.concat([table(1), table(1)]), b=table(2))
    with pytest.raises(DataError, match="lacks columns: `end`, `predicted`"):
        together(tmp_path, a=table(1).drop("end", "predicted"), b=table(2))
    with pytest.raises(DataError, match="`a` has no test row with a truth"):
        together(tmp_path, a=table(1).with_columns(truth=pl.lit(None, pl.String)), b=table(2))
    with pytest.raises(DataError, match="is no run folder: it has no `predictions.csv`"):
        read(tmp_path)
    (tmp_path / "c.csv").write_text("id,file,start,end,predicted,p_a\n1,a,zero,1,a,1\n")
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "c.csv")
    with pytest.raises(DataError, match="a run is named twice"):
        named([read(tmp_path / "b.csv"), read(tmp_path / "b.csv")])
