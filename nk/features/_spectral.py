"""What the extractors of spectral features have in common as plug-ins."""

from __future__ import annotations

from nk.registry import FeatureExtractor


class SpectralExtractor(FeatureExtractor):
    """Gives a row a frame, from the signal at a rate of its own, so that a column means the same in every file."""

    package = "scipy"

    @property
    def frame_level(self) -> bool:
        """A row a frame."""
        return True

    @property
    def rate(self) -> int:
        """The rate that recordings are brought to, in Hz."""
        return int(self.options.sample_rate)
