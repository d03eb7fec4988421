"""The constant-Q transform, each filter applied directly to the frames.

After Brown: "Calculation of a constant Q spectral transform", Journal of the Acoustical Society of America 89, 1991. A
filter is a complex exponential under a Hann window that is Q periods long. None is cut short or run at a lower rate, so
all octaves are equally exact; those of an octave are one matrix, which makes it fast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nk.features._frames import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nk.registry import Doubles, Floats

BINS_PER_OCTAVE = 12
Q = 1 / (2 ** (1 / BINS_PER_OCTAVE) - 1)


@dataclass(frozen=True)
class ConstantQ:
    """Filters of `bins` bins, 12 an octave, at `rate` Hz. The next bin above the highest would be at half the rate."""

    bins: int
    rate: int
    kernels: tuple[Doubles, ...]

    @classmethod
    def of(cls, bins: int, rate: int) -> ConstantQ:
        """Make the filters; those of an octave form a matrix, the lowest octave first."""
        found = frequencies(bins, rate)
        octaves = [found[start : start + BINS_PER_OCTAVE] for start in range(0, bins, BINS_PER_OCTAVE)]
        return cls(bins, rate, tuple(_kernels(octave, rate) for octave in octaves))

    def powers(self, signal: Floats, hop: int) -> Iterator[Doubles]:
        """The power in each bin around every `hop`-th sample; beyond its ends the signal is zero.

        Yields:
            shape (frames, bins) with any number of frames, ceil(samples / hop) in all; a sine at the frequency of a bin
            has its own power there
        """
        half = len(self.kernels[0]) // 2
        for frames in blocks(np.pad(signal, half), 2 * half + 1, hop):
            yield np.hstack([_power(frames, kernels) for kernels in self.kernels])


def frequencies(bins: int, rate: int) -> Doubles:
    """The frequencies of the bins in Hz, shape (bins,)."""
    lowest = rate / 2 / 2 ** (bins / BINS_PER_OCTAVE)
    found: Doubles = lowest * 2 ** (np.arange(bins) / BINS_PER_OCTAVE)
    return found


def _kernels(octave: Doubles, rate: int) -> Doubles:
    """Real parts, then imaginary parts of the filters, centred: shape (samples, 2 * bins)."""
    half = int(np.ceil(Q * rate / octave[0] / 2)) - 1
    periods = np.arange(-half, half + 1)[:, np.newaxis] * octave / rate
    window = np.where(np.abs(periods) < Q / 2, 0.5 + 0.5 * np.cos(2 * np.pi * periods / Q), 0.0)
    window *= np.sqrt(2) / window.sum(axis=0)  # a sine has half its amplitude at either side of 0 Hz
    return np.hstack([window * np.cos(2 * np.pi * periods), window * np.sin(2 * np.pi * periods)])


def _power(frames: Doubles, kernels: Doubles) -> Doubles:
    aside = (frames.shape[1] - len(kernels)) // 2
    parts = (frames[:, aside : aside + len(kernels)] @ kernels).reshape(len(frames), 2, -1)
    power: Doubles = (parts**2).sum(axis=1)
    return power
