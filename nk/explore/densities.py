"""How numbers are spread, as curves to be drawn: kernel densities or histograms, of all values however many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nk.registry import Doubles

_POINTS = 512
_BINS = 25
_TAILS = 0.0005  # share of values at either end that a picture may leave out, where it is far from the others


@dataclass(frozen=True)
class Spread:
    """Curves of some groups over the same values `x`; `heights` are densities of shape (points,)."""

    x: Doubles
    heights: Mapping[str, Doubles]
    medians: Mapping[str, float]
    counts: Mapping[str, int]
    steps: bool


def spread(groups: Mapping[str, Doubles], limits: tuple[float, float], *, steps: bool) -> Spread:
    """The curves of groups of numbers, those without a value left out.

    Args:
        groups: the values of each
        limits: from where to where
        steps: histograms instead of Gaussian kernel densities with Scott's bandwidth
    """
    groups = {name: values for name, values in groups.items() if len(values)}
    low, high = limits
    bins = _BINS if steps else _POINTS
    edges = np.linspace(low, high, bins + 1)
    heights = {name: _steps(values, edges) if steps else _smooth(values, edges) for name, values in groups.items()}
    medians = {name: float(np.median(values)) for name, values in groups.items()}
    return Spread(
        (edges[1:] + edges[:-1]) / 2, heights, medians, {name: len(one) for name, one in groups.items()}, steps
    )


def limits_of(values: Doubles) -> tuple[float, float]:
    """From where to where values are drawn."""
    if not len(values):
        return 0.0, 1.0
    low, high = (float(one) for one in np.quantile(values, (_TAILS, 1 - _TAILS)))
    pad = 0.15 * (high - low) or max(abs(low) * 0.1, 0.5)
    return low - pad, high + pad


def _steps(values: Doubles, edges: Doubles) -> Doubles:
    counts = np.histogram(values, edges)[0]
    found: Doubles = counts / max(len(values), 1) / (edges[1] - edges[0])
    return found


def _smooth(values: Doubles, edges: Doubles) -> Doubles:
    """A kernel density of values that were counted in fine steps first, which costs the same however many there are."""
    step = edges[1] - edges[0]
    width = max(float(values.std()) * len(values) ** -0.2, 1.5 * step)
    reach = np.arange(-_POINTS, _POINTS + 1) * step
    kernel = np.exp(-0.5 * (reach / width) ** 2)
    found: Doubles = np.convolve(_steps(values, edges), kernel / kernel.sum())[_POINTS : 2 * _POINTS]
    return found
