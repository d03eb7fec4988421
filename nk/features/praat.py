"""Measures of the voice by Praat (Boersma: "Praat, a system for doing phonetics by computer", Glot International 2001).

What each of them is, with its unit and source, stands in `docs/reference/praat.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import model_validator

from nk.config.field import key
from nk.registry import FeatureExtractor, Options

if TYPE_CHECKING:
    from nk.audio import Audio
    from nk.registry import Floats

NAMES = (
    "duration", "meanF0Hz", "stdevF0Hz", "HNR",
    "localJitter", "localabsoluteJitter", "rapJitter", "ppq5Jitter", "ddpJitter",
    "localShimmer", "localdbShimmer", "apq3Shimmer", "apq5Shimmer", "apq11Shimmer", "ddaShimmer",
    "f1_mean", "f2_mean", "f3_mean", "f4_mean", "f1_median", "f2_median", "f3_median", "f4_median",
    "nsyll", "npause", "phonationtime_s", "speechrate_nsyll_dur", "articulation_rate_nsyll_phonationtime",
    "ASD_speakingtime_nsyll", "proportion_pause_duration",
    "pause_lognorm_mu", "pause_lognorm_sigma", "pause_lognorm_ks_pvalue",
    "pause_mean_duration", "pause_std_duration", "pause_cv",
    "fdisp", "avgFormant", "mff", "fitch_vtl", "delta_f", "vtl_delta_f",
)  # fmt: skip


class PraatOptions(Options):
    """How to measure."""

    f0_min: float = key(
        75.0, "lowest fundamental frequency that is looked for", unit="Hz", ge=20, le=500, alias="praat.f0_min"
    )
    f0_max: float = key(
        300.0, "highest fundamental frequency that is looked for", unit="Hz", ge=50, le=2000, alias="praat.f0_max"
    )
    formant_ceiling: float = key(
        5000.0,
        "formants are looked for below it: about 5000 suits men, 5500 women, 8000 children",
        unit="Hz",
        ge=1000,
        le=20_000,
        alias="praat.formant_ceiling",
    )
    n_formants: int = key(5, "number of formants below the ceiling", ge=4, le=8, alias="praat.n_formants")
    silence: float = key(
        -25.0,
        "level of silence, relative to that of the loudest hundredth of the recording",
        unit="dB",
        ge=-100,
        lt=0,
        alias="praat.silence",
    )
    min_pause: float = key(0.3, "shortest silence that is a pause", unit="s", gt=0, le=10, alias="praat.min_pause")
    min_dip: float = key(
        2.0, "least fall of the level between two syllables", unit="dB", ge=0, le=50, alias="praat.min_dip"
    )

    @model_validator(mode="after")
    def _has_a_range(self) -> PraatOptions:
        if self.f0_min >= self.f0_max:
            raise ValueError(f"`praat.f0_min` {self.f0_min:g} is not below `praat.f0_max` {self.f0_max:g}")
        return self


class Praat(FeatureExtractor):
    """Duration, pitch, jitter, shimmer, formants, vocal tract, syllables and pauses, as Praat measures them."""

    name = "praat"
    options_type = PraatOptions
    requires = ("parselmouth",)
    package = "praat-parselmouth"
    workers = "processes"  # parselmouth holds the interpreter's lock

    def names(self) -> tuple[str, ...]:
        """Names of the measures."""
        return NAMES

    def extract(self, audio: Audio) -> Floats:
        """The measures, shape (features,): NaN where the recording does not define one, or none but its duration."""
        import numpy as np

        from nk.features._praat_recording import measures

        found = measures(audio, self.options)
        return np.array([found.get(name, np.nan) for name in NAMES], dtype=np.float32)
