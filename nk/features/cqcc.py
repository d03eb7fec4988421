"""Constant-Q cepstral coefficients."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from nk.features._spectral import SpectralExtractor
from nk.registry import Options

if TYPE_CHECKING:
    from nk.audio import Audio
    from nk.features._constant_q import ConstantQ
    from nk.registry import Doubles, Floats

_LINEAR = 16  # points of the linear scale an octave at the lowest frequency, as in the paper


class CqccOptions(Options):
    """Bins and coefficients."""

    n_cqcc: int = Field(40, ge=1, alias="cqcc.n_cqcc", description="number of coefficients, the 0th included (count)")
    n_cqt_bins: int = Field(
        84,
        ge=12,
        le=108,
        alias="cqcc.n_cqt_bins",
        description="bins of the constant-Q transform, 12 an octave, downwards from half the rate (count)",
    )
    frame_period: int = Field(80, ge=1, alias="cqcc.frame_period", description="step between frames (samples)")
    sample_rate: int = Field(
        16000, ge=4000, le=192_000, alias="cqcc.sample_rate", description="rate that recordings are brought to (Hz)"
    )

    @model_validator(mode="after")
    def _fits(self) -> CqccOptions:
        if self.n_cqcc > self.n_cqt_bins:
            raise ValueError(f"`cqcc.n_cqcc` is {self.n_cqcc}, more than `cqcc.n_cqt_bins`, {self.n_cqt_bins}")
        return self


class Cqcc(SpectralExtractor):
    """Constant-Q cepstral coefficients: cosine transform of a constant-Q spectrum in dB on a linear scale of frequency.

    As in Todisco, Delgado, Evans: "Constant Q cepstral coefficients: a spoofing countermeasure for automatic speaker
    verification", Computer Speech & Language 45, 2017, but with 12 bins an octave, from 62.5 Hz, and no deltas. Beyond
    its ends the recording is taken as silent; a bin never falls below -120 dB of full scale.
    """

    name = "cqcc"
    options_type = CqccOptions

    @cached_property
    def _transform(self) -> ConstantQ:
        from nk.features._constant_q import ConstantQ

        return ConstantQ.of(self.options.n_cqt_bins, self.rate)

    @cached_property
    def _cepstrum(self) -> Doubles:
        """From bins to coefficients, shape (bins, coefficients): spline and cosine transform are both linear."""
        import numpy as np
        from scipy.fft import dct
        from scipy.interpolate import CubicSpline

        from nk.features._constant_q import frequencies

        own = frequencies(self.options.n_cqt_bins, self.rate)
        linear = np.arange(own[0], own[-1], own[0] / _LINEAR)
        resampled = CubicSpline(own, np.eye(len(own)))(linear)
        matrix: Doubles = dct(resampled, type=2, norm="ortho", axis=0)[: self.options.n_cqcc].T
        return matrix

    def names(self) -> tuple[str, ...]:
        """The coefficients; the 0th is the mean level."""
        return tuple(f"cqcc_{number}" for number in range(self.options.n_cqcc))

    def extract(self, audio: Audio) -> Floats:
        """Coefficients in dB, shape (frames, coefficients); none for less than a period of the lowest bin."""
        from nk.features._constant_q import frequencies
        from nk.features._frames import decibels, stacked

        lowest = frequencies(self.options.n_cqt_bins, self.rate)[0]
        enough = audio.seconds * lowest >= 1
        powers = self._transform.powers(audio.mono, self.options.frame_period) if enough else ()
        return stacked((decibels(power) @ self._cepstrum for power in powers), self.options.n_cqcc)
