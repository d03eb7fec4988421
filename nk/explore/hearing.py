"""What is heard of every recording: how long, how loud, how clean; the audit listens the same way, so nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from nk.audit.cues import measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nk.audio import Channel
    from nk.tables import Dataset
    from nk.ui import Ui

# What each column is called in sentences and figures, and its unit.
HEARD = {
    "duration": ("duration", "s"),
    "loudness": ("loudness", "dB"),
    "snr": ("speech above the noise in the pauses", "dB"),
    "noise": ("noise in the pauses", "dB"),
    "silence": ("silence at start and end", "s"),
    "clipped": ("clipped samples", "%"),
    "rate": ("sampling rate", "Hz"),
    "channels": ("channels", ""),
    "bandwidth": ("bandwidth in the pauses", "Hz"),
}


# Further cues of how a recording was made, which are looked at for bias alone.
BESIDE = ("silence_before", "silence_after", "offset", "channel_difference")


def hear(dataset: Dataset, *, channels: Mapping[str, Channel], jobs: int, ui: Ui, fresh: bool = False) -> pl.DataFrame:
    """Listen to the recordings, or take from the cache what was heard before.

    Args:
        dataset: the rows, with `path` and `digest`
        channels: which channel is used, a database
        jobs: how many files to work on at once
        ui: where progress is shown
        fresh: listen again, whatever the cache has

    Returns:
        `id` and a column for each of `HEARD` and `BESIDE`, null where it is not defined or the file cannot be decoded;
        a row each. `snr` is the level of the louder half of the windows minus that of the pauses, see `nk.audit.cues`
    """
    cues = measure(dataset, channels=channels, jobs=jobs, ui=ui, fresh=fresh)
    found = cues.with_columns(
        (pl.col("loudness") - pl.col("noise")).alias("snr"),
        (pl.col("silence_before") + pl.col("silence_after")).alias("silence"),
        pl.col("clipped") * 100,
        (dataset.frame["end"] - dataset.frame["start"]).alias("duration"),
    )
    return found.select("id", *HEARD, *BESIDE)
