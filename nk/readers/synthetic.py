"""The built-in teaching corpus, spoken by a synthesiser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from nk.registry import Options, Reader

if TYPE_CHECKING:
    import polars as pl

    from nk.registry import Request


Fault = Literal["none", "speaker_leak", "duplicates", "channel_confound", "gender_bias"]


class SyntheticOptions(Options):
    """Which corpus."""

    seed: int = Field(default=1, ge=0, le=2**31 - 1, description="another number gives other speakers and utterances")
    fault: Fault = Field(
        default="none",
        description="a mistake that is planted, to see what it does. `speaker_leak`: by the table's own `split` every "
        "speaker is in train and test; `duplicates`: three in five recordings of the test speakers are copies of "
        "training speakers' recordings; `channel_confound`: nearly every recording comes by a channel that its emotion "
        "has for itself; `gender_bias`: anger and neutral speech come nearly only from men, joy and sadness from women",
    )


class SyntheticReader(Reader):
    """Gives 240 acted utterances: 12 speakers, 4 emotions, 5 sentences (see `nk.corpus`); it needs no path.

    They are spoken by the synthesiser inside Praat when first asked for, and then kept in the cache folder. A `fault`
    makes of them what must not be trusted (see `nk.corpus.faults`).
    """

    name = "synthetic"
    requires = ("parselmouth",)
    options_type = SyntheticOptions

    def read(self, request: Request) -> pl.DataFrame:  # noqa: ARG002
        """The corpus' table, see `Reader.read`.

        It has `speaker`, `gender`, `age` (years), `emotion`, `sentence`, `text`, and a `split` (train or test).

        Raises:
            PluginError: the synthesiser fails
        """
        from nk.corpus.store import corpus

        return corpus(self.options.seed, self.options.fault)
