"""Log-mel spectrogram."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import Field

from nk.features._spectral import SpectralExtractor
from nk.registry import Options

if TYPE_CHECKING:
    from nk.audio import Audio
    from nk.registry import Doubles, Floats


class SpectraOptions(Options):
    """How fine the spectrogram is."""

    fft_win_dur: float = Field(25.0, ge=1, le=1000, description="length of a window (ms)")
    fft_hop_dur: float = Field(10.0, ge=1, le=1000, description="step between windows (ms)")
    fft_nbands: int = Field(64, ge=1, le=512, description="number of mel bands, from 0 to half the rate (count)")
    sample_rate: int = Field(
        16000, ge=4000, le=192_000, alias="spectra.sample_rate", description="rate that recordings are brought to (Hz)"
    )


class Spectra(SpectralExtractor):
    """Log-mel spectrogram: energies in dB of triangular bands, equally wide on the mel scale.

    The scale is 2595 log10(1 + f / 700), that of HTK (Young et al.: "The HTK Book", 5.4, 2006). Windows are Hann's and
    lie within the recording; a band never falls below -120 dB of full scale.
    """

    name = "spectra"
    options_type = SpectraOptions

    @property
    def _length(self) -> int:
        return self._samples(self.options.fft_win_dur)

    def _samples(self, milliseconds: float) -> int:
        return round(milliseconds * self.rate / 1000)

    @cached_property
    def _bank(self) -> tuple[int, Doubles]:
        """Points of the Fourier transform, and the filters: shape (bins, bands)."""
        import numpy as np

        from nk.features._frames import triangles

        top = 2595 * np.log10(1 + self.rate / 2 / 700)
        edges = 700 * (10 ** (np.linspace(0, top, self.options.fft_nbands + 2) / 2595) - 1)
        # Bins must be as close as the lowest edges, or a low band might hold none.
        points = 1 << int(np.ceil(np.log2(max(self._length, self.rate / edges[1]))))
        return points, triangles(edges, points, self.rate)

    def names(self) -> tuple[str, ...]:
        """The bands, from low to high."""
        return tuple(f"mel_{number}" for number in range(self.options.fft_nbands))

    def extract(self, audio: Audio) -> Floats:
        """Energies in dB, shape (frames, bands); no frames where the recording is shorter than a window."""
        from nk.features._frames import blocks, decibels, hann, power_spectrum, stacked

        points, bank = self._bank
        window, hop = hann(self._length), self._samples(self.options.fft_hop_dur)
        frames = blocks(audio.mono, len(window), hop)
        return stacked((decibels(power_spectrum(some, window, points) @ bank) for some in frames), bank.shape[1])
