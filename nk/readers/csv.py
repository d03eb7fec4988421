"""Databases in a CSV file, a line a recording or segment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from nk.errors import DataError
from nk.registry import Options, Reader

if TYPE_CHECKING:
    import polars as pl

    from nk.registry import Request


_NAME = r"[^/\\]*$"  # the last part of a path
_ROUNDABOUT = r"[/\\]\.{0,2}[/\\]"


class CsvOptions(Options):
    """Where the audio files are."""

    absolute_path: bool = Field(
        default=True,
        description="whether `file` may also be relative to the working directory; false: to the CSV's folder alone",
    )
    audio_path: str = Field(default="", description="folder that is put before every `file`")


class CsvReader(Reader):
    """Reads a CSV file with a column `file`, optionally `start` and `end`, and any others.

    An audio file is looked for in the CSV's folder, then in the working directory, both with `audio_path` behind.
    """

    name = "csv"
    options_type = CsvOptions

    def read(self, request: Request) -> pl.DataFrame:
        """Read the table, see `Reader.read`; `csvtable.read_table` says what it may look like.

        Raises:
            DataError: the table cannot be read, or has a row twice
        """
        from nk.csvtable import LINE, read_table

        path, table = request.path, request.resolve(request.path)
        if os.path.isdir(table):  # noqa: PTH112 - says no where the folder above may not be entered
            raise DataError(f"`{path}` of `{request.database}` is a folder", hint="name the CSV file in it")
        frame = read_table(table, path)
        _no_reserved(frame, path)
        frame = _with_times(frame)
        frame = _with_paths(frame, self._folders(table))
        _no_doubles(frame, path)
        frame = frame.drop(LINE)
        return frame.select("file", "path", "start", "end", *_others(frame))

    def _folders(self, table: Path) -> list[Path]:
        """Where audio may be, in the order of looking; absolute, so that a worker elsewhere finds it too."""
        places = [table.parent, Path()] if self.options.absolute_path else [table.parent]
        folders = [Path(os.path.abspath(place / self.options.audio_path)) for place in places]  # noqa: PTH100
        return list(dict.fromkeys(folders))


def _others(frame: pl.DataFrame) -> list[str]:
    return [column for column in frame.columns if column not in ("file", "path", "start", "end")]


def _no_reserved(frame: pl.DataFrame, name: str) -> None:
    if "path" in frame.columns:
        hint = "rename it; `file` says where the recordings are"
        raise DataError(f"`{name}` has a column `path`, a name that nk needs itself", hint=hint)


def _with_times(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    missing = [column for column in ("start", "end") if column not in frame.columns]
    return frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(column) for column in missing)


def _no_doubles(frame: pl.DataFrame, name: str) -> None:
    """A row is told by recording, start and end; no start is the file's own, which is 0."""
    import polars as pl

    from nk.csvtable import LINE

    frame = frame.with_columns(_one_spelling(frame["path"]), pl.col("start").fill_null(0))
    keys = frame.select("path", "start", "end")
    double = frame.filter(keys.is_duplicated()).sort("path", "start", "end", LINE)
    if double.height:
        examples = [f"line {line}: {file}" for line, file in double.select(LINE, "file").head(6).iter_rows()]
        hint = "a recording or segment may stand in the table once"
        raise DataError(f"`{name}` has rows twice", rows=double.height, examples=examples, hint=hint)


def _one_spelling(paths: pl.Series) -> pl.Series:
    """Paths without `.`, `..` and `//`; links among the folders are followed, as `..` is meant behind them."""
    folders = paths.str.replace(_NAME, "")
    if not folders.str.contains(_ROUNDABOUT).any():
        return paths
    real = {folder: os.path.join(os.path.realpath(folder), "") for folder in folders.unique()}  # noqa: PTH118
    return (folders.replace_strict(real) + paths.str.extract(f"({_NAME})")).alias(paths.name)


def _with_paths(frame: pl.DataFrame, folders: list[Path]) -> pl.DataFrame:
    """Add `path`: the first place where a file is, else the first place."""
    import polars as pl

    from nk.paths import placed

    found = placed(frame["file"], folders[0])
    for folder in folders[1:]:
        missing = ~_exist(found)
        if missing.any():
            other = placed(frame["file"], folder)
            found = pl.select(pl.when(missing & _exist(other)).then(other).otherwise(found)).to_series()
    return frame.with_columns(found.alias("path"))


def _exist(paths: pl.Series) -> pl.Series:
    """Whether there are such files; a folder's list is read once, as a look at each file takes seconds a million."""
    import polars as pl

    there = pl.DataFrame({"path": paths, "folder": paths.str.replace(_NAME, "")})
    present = [f"{folder}{name}" for folder in there["folder"].unique() for name in _listed(folder)]
    return there["path"].is_in(pl.Series(present, dtype=pl.String).implode())


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names alone
    except OSError:  # the recordings in it are reported one by one when they are read
        return []
