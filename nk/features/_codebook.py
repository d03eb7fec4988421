"""A codebook of audio words: how it is made, used and stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nk.errors import DataError
from nk.registry import LearntFeatures
from nk.storage import read_record, unreadable, write_record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.registry import Doubles, Floats

RECORD, ARRAYS = "codebook.json", "codebook.npz"
_MOST = 100_000  # frames that words are made from; more change them little and take long
_BLOCK = 4096  # frames at a time, so that distances to all words fit into memory


class _About(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    words: int = Field(ge=1)
    columns: int = Field(ge=1)
    assignments: int = Field(ge=1)


class Codebook(LearntFeatures):
    """Words of shape (words, columns) among frames that `center` and `width` bring to a common scale."""

    learner = "xbow"

    def __init__(self, words: Doubles, center: Doubles, width: Doubles, assignments: int) -> None:
        self.words, self.center, self.width = words, center, width
        self.assignments = min(assignments, len(words))
        self.names = tuple(f"xbow_{number}" for number in range(len(words)))

    def vector(self, frames: Floats) -> Floats:
        """Square roots of the shares of the words, shape (words,): their squares sum to 1."""
        scaled = _scaled(frames, self.center, self.width)
        counts = np.zeros(len(self.words))
        for start in range(0, len(scaled), _BLOCK):
            some = scaled[start : start + _BLOCK]
            # Squared distances but for the frame's own length, which is the same for all words.
            distances = (self.words**2).sum(axis=1) - 2 * some @ self.words.T
            nearest = np.argpartition(distances, self.assignments - 1, axis=1)[:, : self.assignments]
            counts += np.bincount(nearest.ravel(), minlength=len(self.words))
        bag: Floats = np.sqrt(counts / max(1.0, counts.sum())).astype(np.float32)
        return bag

    def save(self, folder: Path) -> None:
        """Write `codebook.json` and `codebook.npz`."""
        about = _About(words=len(self.words), columns=len(self.center), assignments=self.assignments)
        write_record(folder / RECORD, about)
        np.savez(folder / ARRAYS, words=self.words, center=self.center, width=self.width)


def make_codebook(frames: Sequence[Floats], size: int, assignments: int, seed: int) -> Codebook:
    """Cluster frames of shape (frames, columns) each into `size` words.

    Raises:
        DataError: there are fewer frames than words
    """
    from sklearn.cluster import MiniBatchKMeans

    every = np.concatenate([rows.astype(np.float64) for rows in frames])
    if len(every) < size:
        raise DataError(
            f"`xbow` has {len(every)} frames to make {size} words of", hint=f"set `size` to {len(every)} or less"
        )
    drawn = every
    if len(every) > _MOST:
        drawn = every[np.sort(np.random.default_rng(seed).choice(len(every), _MOST, replace=False))]
    usable = np.where(np.isfinite(drawn), drawn, np.nan)
    center, width = np.nan_to_num(np.nanmean(usable, axis=0)), np.nan_to_num(np.nanstd(usable, axis=0))
    width[width == 0] = 1.0
    cluster = MiniBatchKMeans(size, random_state=seed, batch_size=_BLOCK, n_init=1).fit(_scaled(drawn, center, width))
    return Codebook(np.asarray(cluster.cluster_centers_, dtype=np.float64), center, width, assignments)


def load_codebook(folder: Path) -> Codebook:
    """Read what `Codebook.save` has written.

    Raises:
        PluginError: it is missing or damaged
    """
    about = read_record(folder / RECORD, _About)
    path = folder / ARRAYS
    try:
        with np.load(path, allow_pickle=False) as arrays:
            words, center, width = (np.asarray(arrays[name], dtype=np.float64) for name in ("words", "center", "width"))
        shapes = (words.shape, center.shape, width.shape)
        if shapes != ((about.words, about.columns), (about.columns,), (about.columns,)):
            raise ValueError(f"its arrays are not those of `{RECORD}`")
        if not all(np.isfinite(array).all() for array in (words, center, width)) or (width <= 0).any():
            raise ValueError("its arrays are not finite")
    except Exception as error:
        raise unreadable(path, error) from error
    return Codebook(words, center, width, about.assignments)


def _scaled(frames: Floats | Doubles, center: Doubles, width: Doubles) -> Doubles:
    scaled: Doubles = (frames.astype(np.float64) - center) / width
    return np.where(np.isfinite(scaled), scaled, 0.0)
