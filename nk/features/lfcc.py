"""Linear-frequency cepstral coefficients."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from nk.features._spectral import SpectralExtractor
from nk.registry import Options

if TYPE_CHECKING:
    from nk.audio import Audio
    from nk.registry import Doubles, Floats

_FILTERS = 128


class LfccOptions(Options):
    """Frames, filters and coefficients."""

    n_lfcc: int = Field(
        40, ge=1, le=_FILTERS, alias="lfcc.n_lfcc", description="number of coefficients, the 0th included (count)"
    )
    frame_length: int = Field(
        400, ge=2, le=65_536, alias="lfcc.frame_length", description="length of a frame (samples)"
    )
    frame_period: int = Field(80, ge=1, alias="lfcc.frame_period", description="step between frames (samples)")
    fft_length: int = Field(
        512, ge=4, le=65_536, alias="lfcc.fft_length", description="length of the Fourier transform (samples)"
    )
    sample_rate: int = Field(
        16000, ge=4000, le=192_000, alias="lfcc.sample_rate", description="rate that recordings are brought to (Hz)"
    )

    @property
    def filters(self) -> int:
        """How many filters there are: 128, or fewer where the transform is too short for a bin in each."""
        return min(_FILTERS, self.fft_length // 4)

    @model_validator(mode="after")
    def _fits(self) -> LfccOptions:
        if self.frame_length > self.fft_length:
            raise ValueError(f"`lfcc.frame_length` is {self.frame_length}, but `lfcc.fft_length` {self.fft_length}")
        if self.n_lfcc > self.filters:
            text = (
                f"`lfcc.n_lfcc` is {self.n_lfcc}, but `lfcc.fft_length` {self.fft_length} makes {self.filters} filters"
            )
            raise ValueError(text)
        return self


class Lfcc(SpectralExtractor):
    """Linear-frequency cepstral coefficients: cosine transform of the energies in dB of equally wide bands.

    As in Sahidullah, Kinnunen, Hanilçi: "A comparison of features for synthetic speech detection", Interspeech 2015,
    but with 128 triangular filters from 0 to half the rate, and no deltas. Windows are Hann's and lie within the
    recording; a band never falls below -120 dB of full scale; the cosine transform is the orthonormal DCT-II.
    """

    name = "lfcc"
    options_type = LfccOptions

    @cached_property
    def _bank(self) -> Doubles:
        """The filters, shape (bins, filters)."""
        import numpy as np

        from nk.features._frames import triangles

        edges = np.linspace(0, self.rate / 2, self.options.filters + 2)
        return triangles(edges, self.options.fft_length, self.rate)

    def names(self) -> tuple[str, ...]:
        """The coefficients; the 0th is the mean level."""
        return tuple(f"lfcc_{number}" for number in range(self.options.n_lfcc))

    def extract(self, audio: Audio) -> Floats:
        """Coefficients in dB, shape (frames, coefficients); no frames where the recording is shorter than one."""
        from nk.features._frames import blocks, hann, stacked

        window = hann(self.options.frame_length)
        frames = blocks(audio.mono, len(window), self.options.frame_period)
        return stacked((self._cepstrum(some, window) for some in frames), self.options.n_lfcc)

    def _cepstrum(self, frames: Doubles, window: Doubles) -> Doubles:
        from scipy.fft import dct

        from nk.features._frames import decibels, power_spectrum

        energies = decibels(power_spectrum(frames, window, self.options.fft_length) @ self._bank)
        cepstrum: Doubles = dct(energies, type=2, norm="ortho", axis=1)[:, : self.options.n_lfcc]
        return cepstrum
