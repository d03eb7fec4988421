"""Frames -> one vector a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nk.registry import Doubles, Floats

_FUNCTIONS: dict[str, Callable[..., Doubles]] = {
    "mean": np.mean, "std": np.std, "min": np.min, "max": np.max, "median": np.median,
}  # fmt: skip


@dataclass(frozen=True)
class Pooling:
    """Statistics of every column over the frames of a recording: `mean`, `std`, `min`, `max`, `median`."""

    how: tuple[str, ...]

    def names(self, names: Sequence[str]) -> tuple[str, ...]:
        """The columns that come of columns of these names."""
        return tuple(f"{name}_{how}" for how in self.how for name in names)

    def __call__(self, frames: Floats) -> Floats:
        """The vector of frames of shape (frames, features).

        Computed in float64: over the frames of an hour, a sum in float32 would lose its last digits.
        """
        wide = frames.astype(np.float64)
        return np.concatenate([_FUNCTIONS[how](wide, axis=0) for how in self.how]).astype(np.float32)
