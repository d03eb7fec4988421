"""Databases in audformat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from nk.errors import DataError
from nk.registry import Options, Reader

if TYPE_CHECKING:
    import polars as pl

    from nk.registry import Request


class AudformatOptions(Options):
    """Which of the tables and columns."""

    columns: tuple[str, ...] = Field(
        default=(), description="schemes or columns to read besides the target, speaker, gender and age"
    )
    label: str | None = Field(
        default=None, description="scheme or column that is the target, if it is called otherwise here"
    )
    target_tables: tuple[str, ...] = Field(
        default=(), description="tables with the target; without them all that have it"
    )
    target_tables_append: bool = Field(
        default=False,
        description="stack the tables with the target row by row; false: join them, where what is said of a whole "
        "recording holds for each of its segments",
    )
    files_tables: tuple[str, ...] = Field(
        default=(), description="more tables whose rows are read; they are asked first for other columns"
    )
    train_tables: tuple[str, ...] = Field(
        default=(), description="tables that make the training part, for the strategy `specified`"
    )
    dev_tables: tuple[str, ...] = Field(default=(), description="tables that make the dev part")
    test_tables: tuple[str, ...] = Field(default=(), description="tables that make the test part")


class AudformatReader(Reader):
    """Reads a folder in audformat, such as audb gives: `db.yaml`, and a CSV or parquet file a table."""

    name = "audformat"
    options_type = AudformatOptions

    def read(self, request: Request) -> pl.DataFrame:
        """Read what there is of the target, see `Reader.read`; `nk.audtables` says which rows and columns.

        Raises:
            DataError: it is no folder in audformat, is damaged, or does not have what is asked for
        """
        from nk.audtables.folder import open_folder
        from nk.audtables.rows import read_rows
        from nk.paths import placed

        folder = open_folder(request.resolve(request.path), request.path)
        frame = read_rows(folder, self.options, request)
        if frame.is_empty():
            raise DataError(f"the tables of `{request.path}` have no rows", hint="name others: `target_tables`")
        frame = frame.with_columns(placed(frame["file"], folder.root).alias("path"))
        first = ("file", "path", "start", "end")
        return frame.select(*first, *(column for column in frame.columns if column not in first))
