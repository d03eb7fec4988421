"""How the built-in corpus is written: one channel, 16 bits."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np

from nk.corpus.recipe import RATE

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Samples = npt.NDArray[np.float64]


def write(path: Path, recording: Samples, rate: int = RATE) -> None:
    """Write samples between -1 and 1 at a rate in Hz.

    Raises:
        ValueError: a sample does not fit
    """
    if np.abs(recording).max() >= 1:
        raise ValueError(f"{path.name} is too loud for 16 bits")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(np.round(recording * 32_767).astype("<i2").tobytes())
