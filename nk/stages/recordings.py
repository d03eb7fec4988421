"""What is known of recordings before they are decoded: how long they are, their bytes, and which cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from nk.audio import Header, digest, probe
from nk.errors import AudioError, DataError
from nk.execute import run_all
from nk.tables import Skip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nk.audio import Channel
    from nk.ui import Ui

# Columns that live in this file alone, under names that no table can have.
_SECONDS, _CHANNELS, _REASON = "\nseconds", "\nchannels", "\nreason"
_AT_ONCE = 32  # files that a thread takes together: to look at one takes less time than to hand it over
_SLACK = 0.05  # s by which a segment may end after its recording, as `nk.audio.read` allows


@dataclass(frozen=True)
class _Seen:
    """What was found of a file: its header and size in bytes, or its digest, or the reason why it cannot be used."""

    path: str
    header: Header | None = None
    size: int | None = None
    digest: str | None = None
    reason: str | None = None


def with_headers(
    frame: pl.DataFrame, channels: Mapping[str, Channel], jobs: int, ui: Ui
) -> tuple[pl.DataFrame, list[Skip], int]:
    """Look at the header of every file; `channels` says which one is used, a database.

    Returns:
        the rows that can be, with `start` and `end` (s, to 1 ms) and `size` (bytes of the file); the others, each with
        its reason; and how many recordings have more than one channel
    """
    seen = _each_file(frame, "looking at files", _header, jobs, ui)
    table = pl.DataFrame(
        {
            "path": [item.path for item in seen],
            "size": [item.size for item in seen],
            _SECONDS: [item.header.seconds if item.header else None for item in seen],
            _CHANNELS: [item.header.channels if item.header else None for item in seen],
            _REASON: [item.reason for item in seen],
        },
        schema={"path": pl.String, "size": pl.Int64, _SECONDS: pl.Float64, _CHANNELS: pl.Int64, _REASON: pl.String},
    )
    frame = frame.join(table, on="path", how="left")
    frame = frame.with_columns(pl.coalesce(_REASON, _outside(), _no_channel(channels)).alias(_REASON))
    frame, skipped = _parted(frame)
    frame = frame.with_columns(
        pl.col("start").fill_null(0.0).round(3), pl.coalesce("end", _SECONDS).round(3).alias("end")
    )
    multichannel = sum(1 for item in seen if item.header and item.header.channels > 1)
    return frame.drop(_SECONDS, _CHANNELS), skipped, multichannel


def with_digests(frame: pl.DataFrame, jobs: int, ui: Ui) -> tuple[pl.DataFrame, list[Skip]]:
    """Read the bytes of every file: the rows with `digest`, and those whose file cannot be read, with the reason."""
    seen = _each_file(frame, "reading files", _digest, jobs, ui)
    table = pl.DataFrame(
        {
            "path": [item.path for item in seen],
            "digest": [item.digest for item in seen],
            _REASON: [item.reason for item in seen],
        },
        schema={"path": pl.String, "digest": pl.String, _REASON: pl.String},
    )
    return _parted(frame.join(table, on="path", how="left", maintain_order="left"))


def check_skips(skipped: Sequence[Skip], total: int, threshold: float, places: Mapping[str, str] | None = None) -> None:
    """Stop where too much of the data cannot be used.

    Args:
        skipped: the rows that cannot be used
        total: how many rows there are in all
        threshold: the share of them above which it is an error
        places: where a file was looked for, by its name in the table

    Raises:
        DataError: the share of skipped rows is above `threshold`
    """
    if len(skipped) <= threshold * total:
        return
    examples = list(dict.fromkeys(f"{skip.file}: {skip.reason}" for skip in skipped))
    hints = ["mend the files or the table"]
    first = skipped[0].file
    if places and first in places:
        hints.append(f"`{first}` was looked for as `{places[first]}`")
    if any("\\" in skip.file for skip in skipped):
        hints.append("write `/` for `\\` in file names")
    if len(skipped) < total:
        hints.append(f"or raise `fail_threshold` in [FEATS] above {threshold:g}")
    raise DataError(f"{len(skipped)} of {total} rows cannot be used", examples=examples, hint="; ".join(hints))


def _each_file(frame: pl.DataFrame, what: str, task: Callable[[str], _Seen], jobs: int, ui: Ui) -> list[_Seen]:
    paths = frame["path"].unique(maintain_order=True).to_list()
    batches = [paths[start : start + _AT_ONCE] for start in range(0, len(paths), _AT_ONCE)]
    found = []
    with ui.progress(what, len(paths), "files") as progress:
        for seen in run_all(lambda batch: [task(path) for path in batch], batches, jobs=jobs):
            found += seen
            for _ in seen:
                progress.advance()
    return found


def _header(path: str) -> _Seen:
    try:
        return _Seen(path, header=probe(path), size=Path(path).stat().st_size)
    except AudioError as error:
        return _Seen(path, reason=str(error))


def _digest(path: str) -> _Seen:
    try:
        return _Seen(path, digest=digest(path))
    except AudioError as error:
        return _Seen(path, reason=str(error))


def _parted(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Skip]]:
    bad = pl.col(_REASON).is_not_null()
    skipped = [
        Skip(row["database"], row["file"], row["start"], row["end"], row[_REASON])
        for row in frame.filter(bad).iter_rows(named=True)
    ]
    return frame.filter(~bad).drop(_REASON), skipped


def _outside() -> pl.Expr:
    """Why the segment of a row cannot be, null where it can."""
    start, end = pl.col("start").fill_null(0.0), pl.coalesce("end", _SECONDS)
    beyond = (start < 0) | (start >= pl.col(_SECONDS)) | (end > pl.col(_SECONDS) + _SLACK)
    where = pl.format(
        "the segment from {} to {} s is outside the recording of {} s", start, end, pl.col(_SECONDS).round(3)
    )
    return (
        pl.when(end == start)
        .then(pl.lit("its segment has no length"))
        .when(end < start)
        .then(pl.lit("its segment ends before it starts"))
        .when(beyond)
        .then(where)
    )


def _no_channel(channels: Mapping[str, Channel]) -> pl.Expr:
    """Why the channel that a row's database asks for cannot be used, null where it can."""
    numbers = {name: channel if isinstance(channel, int) else 0 for name, channel in channels.items()}
    asked = pl.col("database").replace_strict(numbers, return_dtype=pl.Int64)
    one = pl.format("there is no channel {}: its only channel is 0", asked)
    several = pl.format("there is no channel {}: its {} channels are 0 to {}", asked, _CHANNELS, pl.col(_CHANNELS) - 1)
    reason = pl.when(pl.col(_CHANNELS) == 1).then(one).otherwise(several)
    return pl.when(asked >= pl.col(_CHANNELS)).then(reason)
