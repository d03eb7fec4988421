"""Signal-to-noise ratio, estimated from a noisy recording alone.

WADA: Kim and Stern, "Robust signal-to-noise ratio estimation based on waveform amplitude distribution analysis",
Interspeech 2008. Amplitudes of clean speech are taken to be gamma distributed with shape 0.4, noise to be Gaussian. Of
the samples z of their sum, G = ln(mean |z|) - mean(ln |z|) depends on the ratio of powers alone, and grows with it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from nk.registry import FeatureExtractor

if TYPE_CHECKING:
    from nk.audio import Audio
    from nk.registry import Doubles, Floats

_SHAPE = 0.4
_LOWEST, _HIGHEST = -20, 100  # dB; beyond them G hardly changes


class Snr(FeatureExtractor):
    """Signal-to-noise ratio in dB, estimated blindly from the distribution of amplitudes."""

    name = "snr"
    package = "scipy"

    def names(self) -> tuple[str, ...]:
        """One column."""
        return ("snr",)

    def extract(self, audio: Audio) -> Floats:
        """The ratio in dB from -20 to 100, shape (1,)."""
        import numpy as np

        return np.array([np.interp(spread(audio.mono.astype(np.float64)), *curve())], dtype=np.float32)


def spread(samples: Doubles) -> float:
    """G of samples, shape (frames,), that are not all equal: 0 if there is but one amplitude, more if they differ.

    Amplitudes are those above the median, which is the offset of the recording. Samples equal to it are left out: they
    are digital silence, which is neither speech nor noise, or rounded, and have no logarithm.
    """
    import numpy as np

    amplitudes = np.abs(samples - np.median(samples))
    amplitudes = amplitudes[amplitudes > 0]
    return float(np.log(amplitudes.mean()) - np.log(amplitudes).mean())


@cache
def curve() -> tuple[Doubles, Doubles]:
    """G, rising, and the signal-to-noise ratio in dB that belongs to each: shape (points,) both.

    The noise n is standard normal, the amplitude X of speech gamma distributed. For h(x) = E|x + n| or E ln|x + n|,
    E h(X) = h(0) + integral of h'(x) P(X > x) dx. The derivatives are erf(x / sqrt 2), and sqrt 2 times Dawson's
    function of x / sqrt 2.
    """
    import numpy as np
    from scipy.special import dawsn, erf, gammaincc

    ratios = np.arange(_LOWEST, _HIGHEST + 1, dtype=np.float64)
    scales = np.sqrt(10 ** (ratios / 10) / (_SHAPE * (_SHAPE + 1)))
    x = np.geomspace(1e-6, 100 * scales.max(), 2000)
    # P(X > x) dx over steps of ln x; the sum is the integral, as both its ends vanish.
    above = gammaincc(_SHAPE, x / scales[:, None]) * x * np.log(x[1] / x[0])
    mean = np.sqrt(2 / np.pi) + above @ erf(x / np.sqrt(2))
    mean_log = -(np.euler_gamma + np.log(2)) / 2 + above @ dawsn(x / np.sqrt(2)) * np.sqrt(2)
    return np.log(mean) - mean_log, ratios
