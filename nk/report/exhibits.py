"""What was explored, as a report shows it: captions, findings and numbers. The folder may come from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nk.report.files import EXPLORE, read_table
from nk.report.tested import WORDS, in_short, is_of_tests

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from nk.report.shapes import Exhibit, Explored

_MOST_ROWS = 30
_MOST_TESTS = 500


def exhibits(folder: Path, explored: Explored | None) -> list[dict[str, Any]]:
    """Each exhibit as a dict, with `said` (caption and notes as sentences) and its numbers.

    These are `table`: `columns`, which of them are `numeric`, the first `rows` as text, and the `total` of rows; tests
    are in a few columns.

    Raises:
        DataError: a table cannot be read
    """
    found = explored.exhibits if explored else ()
    return [
        one.model_dump() | {"said": sentences([one.caption, *one.below, *one.notes]), "table": _table(folder, one)}
        for one in found
    ]


def sentences(texts: Iterable[str]) -> str:
    """Texts as sentences, without those that are empty."""
    bare = [text.strip().rstrip(".") for text in texts]
    return " ".join(f"{text[:1].upper()}{text[1:]}." for text in bare if text)


def exhibit_file(folder: Path, exhibit: Exhibit, kind: str) -> Path | None:
    """The file of an exhibit that is of this kind, without words if there is one; one outside of the folder is none."""
    place = Path(os.path.realpath(folder / EXPLORE))
    for name in (*exhibit.bare, *exhibit.files):
        path = Path(os.path.realpath(place / name))
        if path.suffix == f".{kind}" and path.is_relative_to(place) and os.path.isfile(path):  # noqa: PTH113 - it never raises
            return path
    return None


def _table(folder: Path, exhibit: Exhibit) -> dict[str, Any] | None:
    path = exhibit_file(folder, exhibit, "csv")
    if path is None:
        return None
    frame = read_table(path)
    if is_of_tests(frame):
        return _told(in_short(frame), _MOST_TESTS, [name not in WORDS for name in in_short(frame).columns])
    return _told(frame, _MOST_ROWS, [kind.is_numeric() for kind in frame.dtypes])


def _told(frame: pl.DataFrame, most: int, numeric: list[bool]) -> dict[str, Any]:
    rows = [[_written(value) for value in row] for row in frame.head(most).iter_rows()]
    return {"columns": frame.columns, "numeric": numeric, "rows": rows, "total": frame.height}


def _written(value: object) -> str:
    """A cell: numbers with four digits."""
    if value is None:
        return ""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.4g}"
