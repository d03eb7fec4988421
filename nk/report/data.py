"""How much data there is, and what of it could not be used, as a report says it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.tables import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nk.report import shapes
    from nk.tables import Step, Target

_MOST_REASONS = 10


def data(frame: pl.DataFrame, target: Target, hours: float, *, folded: bool) -> dict[str, Any]:
    """Rows, files, hours and speakers: of all, a part, a database and a class.

    Args:
        frame: the rows, with the target
        target: what is predicted
        hours: of audio
        folded: whether there are folds in place of parts
    """
    parts = [] if folded else [part for part in PARTS if (frame["split"] == part).any()]
    return {
        "rows": frame.height,
        "files": frame.select("database", "file").n_unique(),
        "hours": hours,
        "seconds": _spread(frame["end"] - frame["start"]),
        "speakers": _speakers(frame),
        "unlabelled": frame[target.name].null_count(),
        "parts": [{"part": part, **_part(frame.filter(pl.col("split") == part))} for part in parts],
        "databases": [
            {"database": name, **_part(rows)}
            for (name,), rows in frame.group_by("database", maintain_order=True)
        ],
        "classes": [] if target.is_number else _classes(frame, target, parts),
        "values": _spread(frame[target.name]) if target.is_number else None,
    }  # fmt: skip


def history(steps: Iterable[Step | shapes.Step]) -> list[dict[str, Any]]:
    """What became of the rows, step by step."""
    return [{"what": one.what, "rows_in": one.rows_in, "rows_out": one.rows_out, "told": one.told,
             "lost": one.rows_in - one.rows_out} for one in steps]  # fmt: skip


def skipped(reasons: Sequence[str]) -> dict[str, Any]:
    """How many rows could not be used, and the most frequent reasons."""
    found = Counter(reasons).most_common(_MOST_REASONS)
    return {"rows": len(reasons), "reasons": [{"reason": reason, "rows": rows} for reason, rows in found]}


def _speakers(frame: pl.DataFrame) -> int | None:
    known = frame["speaker"].drop_nulls() if "speaker" in frame.columns else pl.Series()
    return known.n_unique() if known.len() else None


def _part(rows: pl.DataFrame) -> dict[str, Any]:
    return {
        "rows": rows.height,
        "speakers": _speakers(rows),
        "hours": float((rows["end"] - rows["start"]).sum()) / 3600,
    }


def _classes(frame: pl.DataFrame, target: Target, parts: Sequence[str]) -> list[dict[str, Any]]:
    """Rows and speakers a class, and rows of it in each part."""
    found = []
    for label in target.labels:
        rows = frame.filter(pl.col(target.name).cast(pl.String) == label)
        inside = {part: rows.filter(pl.col("split") == part).height for part in parts}
        found.append({"class": label, "rows": rows.height, "speakers": _speakers(rows), "parts": inside})
    return found


def _spread(values: pl.Series) -> dict[str, float | None]:
    """Smallest, mean and largest value."""
    known = values.cast(pl.Float64, strict=False).drop_nulls()
    return {name: pl.select(getattr(pl.lit(known), name)()).item() for name in ("min", "mean", "max")}
