"""Ready-made features from tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from nk.registry import FeatureTable, Options

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import polars as pl


class ImportOptions(Options):
    """Which tables."""

    import_file: tuple[str, ...] = Field(
        (), description="CSV or parquet files with `file`, optional `start` and `end` (s), and a column a feature"
    )
    import_files_append: bool = Field(
        True, description="several files hold different rows; False: different columns of the same rows"
    )


class Import(FeatureTable):
    """Reads features that were computed elsewhere, and finds them by `file`, `start` and `end`."""

    name = "import"
    options_type = ImportOptions

    def read(self, resolve: Callable[[str], Path]) -> pl.DataFrame:
        """See `FeatureTable.read`."""
        from nk.errors import DataError
        from nk.features._tables import beneath, beside, read

        if not self.options.import_file:
            raise DataError(
                "`import` has no `import_file`", hint="name the table: `import_file = features.csv` in [FEATS]"
            )
        tables = [read(resolve(name), name) for name in self.options.import_file]
        return beneath(tables) if self.options.import_files_append else beside(tables)
