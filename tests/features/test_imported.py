"""Ready-made features: what tables may look like, and how their rows are found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from nk.audio import Header
from nk.errors import DataError
from nk.families import features
from nk.registry import FeatureTable
from nk.stages.lookup import lookup
from nk.tables import Dataset, Target

if TYPE_CHECKING:
    from nk.stages.assemble import Extracted


@pytest.fixture(autouse=True)
def _all_recordings_take_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nk.stages.lookup.probe", lambda _: Header(1.0, 16000, 1, 16000))


def table(*files: Path, **options: Any) -> FeatureTable:
    plugin = features.get("import")
    made = plugin(plugin.options_type(**{"import_file": tuple(map(str, files)), **options}), name="import")
    assert isinstance(made, FeatureTable)
    return made


def rows(*wanted: tuple[str, float, float], database: str = "db") -> Dataset:
    frame = pl.DataFrame(
        {
            "id": [f"{database}/{file}#{start}-{end}" for file, start, end in wanted],
            "file": [file for file, _, _ in wanted],
            "path": [f"/audio/{file}" for file, _, _ in wanted],
            "start": [float(start) for _, start, _ in wanted],
            "end": [float(end) for _, _, end in wanted],
            "database": [database] * len(wanted),
        }
    )
    return Dataset(frame, Target("emotion", ("joy", "anger")))


def found(data: Dataset, *files: Path, **options: Any) -> Extracted:
    return lookup(data, table(*files, **options), Path)


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_rows_are_found_by_file_and_times(tmp_path: Path) -> None:
    file = written(tmp_path, "f.csv", "file,start,end,x,y\nb.wav,0,1,3,4\na.wav,0.5,1.25,1,2\na.wav,0,0.5,5,6\n")
    got = found(rows(("a.wav", 0.5, 1.2504), ("b.wav", 0, 1), ("c.wav", 0, 1)), file)
    assert got.names == ("x", "y")
    assert [list(values) for values in got.values.values()] == [[1, 2], [3, 4]]
    assert list(got.failed.values()) == ["`import` has no features for it"]


def test_a_row_without_times_is_for_the_whole_file(tmp_path: Path) -> None:
    file = written(tmp_path, "f.csv", "file,x\na.wav,1\nb.wav,2\n")
    got = found(rows(("a.wav", 0, 1.002), ("b.wav", 0, 0.5), ("b.wav", 0.5, 1)), file)
    assert [list(values) for values in got.values.values()] == [[1]]
    assert len(got.failed) == 2


def test_features_of_whole_files_alone_are_said_to_be_none_of_segments(tmp_path: Path) -> None:
    file = written(tmp_path, "f.csv", "file,x\na.wav,1\n")
    with pytest.raises(DataError, match="it knows their files, but not from when to when: `a.wav from 0 to 0.5 s`"):
        found(rows(("a.wav", 0, 0.5), ("a.wav", 0.5, 1)), file)


def test_which_other_rows_there_are_does_not_matter(tmp_path: Path) -> None:
    file = written(tmp_path, "f.csv", "file,x\na.wav,1\nb.wav,2\n")
    part, whole = rows(("a.wav", 0, 0.5), ("b.wav", 0, 1)), rows(("b.wav", 0, 1), database="other")
    got = found(replace(part, frame=pl.concat([part.frame, whole.frame])), file)
    assert {key: list(values) for key, values in got.values.items()} == {"db/b.wav#0-1": [2], "other/b.wav#0-1": [2]}


def test_files_are_found_by_where_they_are_too(tmp_path: Path) -> None:
    file = written(tmp_path, "f.csv", "file,x\n/audio/a.wav,1\n")
    assert [list(values) for values in found(rows(("a.wav", 0, 1)), file).values.values()] == [[1]]


def test_the_database_tells_files_of_one_name_apart(tmp_path: Path) -> None:
    file = written(tmp_path, "f.csv", "file,database,x\na.wav,one,1\na.wav,two,2\n")
    assert [list(values) for values in found(rows(("a.wav", 0, 1), database="two"), file).values.values()] == [[2]]


def test_several_tables_are_put_beneath_or_beside_each_other(tmp_path: Path) -> None:
    one = written(tmp_path, "1.csv", "file,x\na.wav,1\n")
    two = written(tmp_path, "2.csv", "file,x\nb.wav,2\n")
    other = written(tmp_path, "3.csv", "file,y\na.wav,3\n")
    data = rows(("a.wav", 0, 1), ("b.wav", 0, 1))
    assert [list(values) for values in found(data, one, two).values.values()] == [[1], [2]]
    got = found(data, one, other, import_files_append=False)
    assert (got.names, [list(values) for values in got.values.values()]) == (("x", "y"), [[1, 3]])
    with pytest.raises(DataError, match="different columns: `x`, `y`"):
        found(data, one, other)
    with pytest.raises(DataError, match="a row stands in several files"):
        found(data, one, one)
    with pytest.raises(DataError, match="a column of the same name: `x`"):
        found(data, one, two, import_files_append=False)


def test_parquet_with_durations_as_other_tools_write_it(tmp_path: Path) -> None:
    frame = pl.DataFrame({"file": ["a.wav"], "start": [0.25], "end": [1.5], "x": [7.0]})
    times = [pl.duration(microseconds=(pl.col(side) * 1e6).cast(pl.Int64)).alias(side) for side in ("start", "end")]
    frame.with_columns(times).write_parquet(tmp_path / "f.parquet")
    got = found(rows(("a.wav", 0.25, 1.5)), tmp_path / "f.parquet")
    assert [list(values) for values in got.values.values()] == [[7]]


def test_missing_values_are_gaps_and_a_row_of_gaps_is_none(tmp_path: Path) -> None:
    file = written(tmp_path, "f.csv", "file,x,y\na.wav,NaN,2\nb.wav,,\n")
    got = found(rows(("a.wav", 0, 1), ("b.wav", 0, 1)), file)
    (values,) = got.values.values()
    assert np.isnan(values[0])
    assert values[1] == 2
    assert len(got.failed) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("file,x\na.wav,loud\n", "the column `x` of .* is no feature: it has values that are no numbers"),
        ("file,x\na.wav,1\na.wav,2\n", "has rows twice"),
        ("file\na.wav\n", "has no features"),
        ("name,x\na.wav,1\n", "has no column `file`"),
        ("file,x\nz.wav,1\n", "has no features for any row: it has `z.wav`, the data have: `a.wav`"),
    ],
)
def test_tables_that_cannot_be_used_say_why(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        found(rows(("a.wav", 0, 1)), written(tmp_path, "f.csv", text))


def test_a_file_that_is_no_parquet_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        found(rows(("a.wav", 0, 1)), written(tmp_path, "f.parquet", "no"))


def test_no_file_is_said() -> None:
    with pytest.raises(DataError, match="`import` has no `import_file`"):
        found(rows(("a.wav", 0, 1)))
