"""Bags of audio words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from nk.features._smile import SetName
from nk.registry import FeatureLearner, Options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.registry import FeatureExtractor, Floats, LearntFeatures


class XbowOptions(Options):
    """Which frames, and how many words."""

    set: SetName = Field(
        "eGeMAPSv02", description="feature set of openSMILE whose low-level descriptors are the frames"
    )
    size: int = Field(500, ge=2, le=100_000, description="words in the codebook (count)")
    assignments: int = Field(10, ge=1, description="words that a frame counts for: the nearest ones (count)")
    with_os: bool = Field(False, description="put the functionals of eGeMAPSv02 beside the bag")


class Xbow(FeatureLearner):
    """Bag of audio words over openSMILE's low-level descriptors (Schmitt, Schuller: "openXBOW", JMLR 18, 2017).

    Frames of the training rows, brought to mean 0 and deviation 1, are clustered by k-means; the centres are the words.
    A recording's features are the square roots of the shares of its frames' assignments that fall on each word.
    """

    name = "xbow"
    options_type = XbowOptions

    def frames(self) -> FeatureExtractor:
        """The low-level descriptors of `set`."""
        from nk.features.os import OpenSmile, OsOptions

        return OpenSmile(OsOptions(set=self.options.set, level="lld"), name="os")

    def beside(self) -> tuple[FeatureExtractor, ...]:
        """The functionals, where they are asked for."""
        from nk.features.os import OpenSmile, OsOptions

        return (OpenSmile(OsOptions(), name="os"),) if self.options.with_os else ()

    def learn(self, frames: Sequence[Floats], *, seed: int) -> LearntFeatures:
        """Make the codebook from the frames of training rows, at most 100,000 of them.

        Raises:
            DataError: there are fewer frames than words
        """
        from nk.features._codebook import make_codebook

        return make_codebook(frames, self.options.size, self.options.assignments, seed)

    @classmethod
    def load(cls, folder: Path) -> LearntFeatures:
        """Read a codebook, see `FeatureLearner.load`."""
        from nk.features._codebook import load_codebook

        return load_codebook(folder)
