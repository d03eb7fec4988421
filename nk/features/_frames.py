"""What the spectral features share: frames, power spectra, filterbanks, decibels.

A power is a mean square relative to full scale: a sine that reaches from -1 to 1 has 0.5, which is -3 dB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import rfft

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nk.registry import Doubles, Floats

# dB; about what rounding to 16 bits leaves in a band, so that digital silence is not told apart from it.
FLOOR = -120.0
_BLOCK = 1 << 20  # samples that are worked on at a time, so that memory does not grow with the recording


def blocks(signal: Floats, length: int, hop: int) -> Iterator[Doubles]:
    """All frames that lie within a signal, some at a time.

    Args:
        signal: samples, shape (samples,)
        length: of a frame, in samples
        hop: from one frame to the next, in samples

    Yields:
        shape (frames, length) with any number of frames; nothing where the signal is shorter than one
    """
    if len(signal) < length:
        return
    frames = np.lib.stride_tricks.sliding_window_view(signal, length)[::hop]
    step = max(1, _BLOCK // length)
    for start in range(0, len(frames), step):
        yield frames[start : start + step].astype(np.float64)


def stacked(parts: Iterable[Doubles], width: int) -> Floats:
    """The rows of all parts, shape (rows, width)."""
    empty = np.empty((0, width), dtype=np.float32)
    return np.concatenate([empty, *(part.astype(np.float32) for part in parts)])


def hann(length: int) -> Doubles:
    """A periodic Hann window, shape (length,)."""
    window: Doubles = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return window


def power_spectrum(frames: Doubles, window: Doubles, points: int) -> Doubles:
    """The power of windowed frames by frequency, from 0 to half the sampling rate.

    Args:
        frames: shape (frames, samples)
        window: shape (samples,)
        points: of the Fourier transform; frames are filled up with zeros

    Returns:
        shape (frames, points // 2 + 1); a row sums to the mean square of its frame, weighted by the squared window
        (Parseval)
    """
    spectrum = rfft(frames * window, points)
    power: Doubles = (spectrum.real**2 + spectrum.imag**2) / (points * np.sum(window**2))
    power[:, 1 : (points + 1) // 2] *= 2  # the negative frequencies
    return power


def triangles(edges: Doubles, points: int, rate: int) -> Doubles:
    """Overlapping triangular filters of height 1 over the bins of a Fourier transform.

    Args:
        edges: Hz, rising; a filter goes from one edge over the next, its peak, to the one after
        points: of the Fourier transform
        rate: sampling rate in Hz

    Returns:
        shape (points // 2 + 1, len(edges) - 2)
    """
    bins = np.arange(points // 2 + 1)[:, np.newaxis] * rate / points
    low, peak, high = edges[:-2], edges[1:-1], edges[2:]
    return np.maximum(0.0, np.minimum((bins - low) / (peak - low), (high - bins) / (high - peak)))


def decibels(power: Doubles) -> Doubles:
    """10 log10 of a power, at least `FLOOR`."""
    level: Doubles = 10 * np.log10(np.maximum(power, 10 ** (FLOOR / 10)))
    return level
