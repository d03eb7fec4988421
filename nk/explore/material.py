"""What is looked at: rows with what was heard of their recordings, and how the config wants them shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from nk.config import Config
    from nk.stages.folds import Fold
    from nk.tables import Dataset


@dataclass(frozen=True)
class Material:
    """The rows to look at.

    Args:
        dataset: the rows; its target has no name where nothing is to be learnt
        heard: `id` and a column for each thing that was heard of a recording, see `nk.explore.hearing`; a row each
        parted: whether the rows have parts, in the column `split`
        folds: those of a cross-validation that the config asks for
        config: the whole config, of which views read EXPL, PLOT and what else they need
        jobs: how many cores to use
    """

    dataset: Dataset
    heard: pl.DataFrame
    parted: bool
    folds: Sequence[Fold]
    config: Config
    jobs: int

    @property
    def frame(self) -> pl.DataFrame:
        """The rows with what was heard of them; a user's column of that name goes first."""
        known = {*self.dataset.frame.columns} - {"id"}
        return self.dataset.frame.join(self.heard.drop(known & {*self.heard.columns}), on="id", maintain_order="left")

    @property
    def recorded(self) -> pl.DataFrame:
        """The same, what was heard going first."""
        heard = [name for name in self.heard.columns if name != "id"]
        return self.dataset.frame.drop(heard, strict=False).join(self.heard, on="id", maintain_order="left")

    @property
    def unbinned(self) -> Material:
        """The same without numbers being cut into bins."""
        plain = self.config.expl.model_copy(update={"bin_reals": False, "column_bin_reals": {}})
        return replace(self, config=self.config.replaced(expl=plain))

    @property
    def target(self) -> str:
        """The column that is to be learnt, "" where there is none."""
        return self.dataset.target.name

    @property
    def seed(self) -> int:
        """What random choices go by."""
        return self.config.exp.random_seed
