"""The built-in teaching corpus, spoken by a synthesiser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from nk.registry import Options, Reader

if TYPE_CHECKING:
    import polars as pl

    from nk.registry import Request


class SyntheticOptions(Options):
    """Which corpus."""

    seed: int = Field(default=1, ge=0, le=2**31 - 1, description="another number gives other speakers and utterances")


class SyntheticReader(Reader):
    """Gives 240 acted utterances: 12 speakers, 4 emotions, 5 sentences (see `nk.corpus`); it needs no path.

    They are spoken by the synthesiser inside Praat when first asked for, and then kept in the cache folder.
    """

    name = "synthetic"
    requires = ("parselmouth",)
    options_type = SyntheticOptions

    def read(self, request: Request) -> pl.DataFrame:  # noqa: ARG002
        """The corpus' table, see `Reader.read`: `speaker`, `gender`, `age` (years), `emotion`, `sentence` and `text`.

        Raises:
            PluginError: the synthesiser fails
        """
        from nk.corpus.store import corpus

        return corpus(self.options.seed)
