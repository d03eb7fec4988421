"""Values of a track between its frames, read at once instead of by a call of Praat a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from nk.registry import Doubles


def at(times: Doubles, values: Doubles, track: Any) -> Doubles:
    """Values at times in s, shape (times,), interpolated as Praat does with `Linear`.

    There is a value where the nearest frame has one; where the next nearest has none, the nearest's holds.

    Args:
        times: shape (times,)
        values: the track's, a frame each, shape (frames,); 0 is none
        track: Praat's object, which knows the times of its frames
    """
    known = np.concatenate([[np.nan], np.where(values == 0, np.nan, values), [np.nan]])
    place = (times - track.x1) / track.dx + 1
    nearest = np.floor(place + 0.5)
    next_nearest = nearest + np.sign(place - nearest)
    near, far = (known[np.clip(frame, 0, len(values) + 1).astype(np.int64)] for frame in (nearest, next_nearest))
    between: Doubles = near + np.abs(place - nearest) * (np.where(np.isnan(far), near, far) - near)
    return between
