"""Feature sets of openSMILE (Eyben, Wöllmer, Schuller: "openSMILE", ACM Multimedia 2010)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from nk.features._smile import LevelName, SetName
from nk.registry import FeatureExtractor, Options

if TYPE_CHECKING:
    from nk.audio import Audio
    from nk.features._smile_kept import KeptSmile
    from nk.registry import Floats


# What writes the functionals of the sets that have more than a thousand.
_CONCAT = {
    "ComParE_2016": "is13_funcconcat",
    "IS13": "is13_funcconcat",
    "IS12": "funcconcat",
    "IS11": "funcconcat",
    "IS10": "funcconcat",
}


class OsOptions(Options):
    """What to compute."""

    set: SetName = Field("eGeMAPSv02", description="feature set of openSMILE")
    level: LevelName = Field(
        "functionals",
        description="`functionals`: one vector a recording; `lld`: one a frame, `lld_de`: its deltas (not for GeMAPS)",
    )

    @model_validator(mode="after")
    def _has_deltas(self) -> OsOptions:
        if self.level == "lld_de" and "GeMAPS" in self.set:
            raise ValueError(f"the set `{self.set}` has no level `lld_de`")
        return self


class OpenSmile(FeatureExtractor):
    """Runs openSMILE on one recording at its own sampling rate."""

    name = "os"
    options_type = OsOptions
    package = "opensmile"
    workers = "processes"  # a crash of its native code costs one recording

    @property
    def frame_level(self) -> bool:
        """Low-level descriptors come a frame at a time."""
        return bool(self.options.level != "functionals")

    @cached_property
    def _smile(self) -> Any:
        import opensmile

        levels = {"functionals": "Functionals", "lld": "LowLevelDescriptors", "lld_de": "LowLevelDescriptors_Deltas"}
        return opensmile.Smile(
            opensmile.FeatureSet[self.options.set.replace("v01a", "")],  # the package calls v01a by the bare name
            opensmile.FeatureLevel[levels[self.options.level]],
        )

    @cached_property
    def _kept(self) -> KeptSmile:
        from nk.features._smile_kept import KeptSmile

        return KeptSmile(self._smile, None if self.frame_level else _CONCAT.get(self.options.set))

    @property
    def notes(self) -> tuple[str, ...]:
        """That openSMILE's instances could not be kept, and why."""
        why = self._kept.trouble
        return (f"openSMILE starts anew for each recording, which is slower: {why}",) if why else ()

    def names(self) -> tuple[str, ...]:
        """The names that openSMILE gives its columns."""
        return tuple(self._smile.feature_names)

    def extract(self, audio: Audio) -> Floats:
        """Functionals, shape (features,), or descriptors, shape (frames, features); NaN where it is too short."""
        import numpy as np

        # openSMILE takes 16-bit samples, and a full-scale 1.0 would wrap round to the negative end.
        frames = self._kept(np.clip(audio.mono, -1.0, 32767 / 32768, dtype=np.float32), audio.rate)
        first: Floats = frames[0]
        return frames if self.frame_level else first
