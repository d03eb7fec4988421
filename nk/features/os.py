"""Feature sets of openSMILE (Eyben, Wöllmer, Schuller: "openSMILE", ACM Multimedia 2010)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from nk.registry import FeatureExtractor, Options

if TYPE_CHECKING:
    from nk.audio import Audio
    from nk.registry import Floats

# The native library ends the process on a name it does not know, so names are checked here, before it sees them.
Set = Literal[
    "eGeMAPSv02", "eGeMAPSv01b", "eGeMAPSv01a", "GeMAPSv01b", "GeMAPSv01a", "ComParE_2016", "emobase",
    "IS09", "IS10", "IS11", "IS12", "IS13",
]  # fmt: skip
Level = Literal["functionals", "lld", "lld_de"]

_LEVELS = {
    "functional": "functionals",
    "func": "functionals",
    "frame": "lld",
    "lowleveldescriptors": "lld",
    "lowleveldescriptors_deltas": "lld_de",
}
_SETS = {name.lower(): name for name in get_args(Set)}
# By these names the package means the first version, which hardly anyone who writes them has in mind.
_BARE = {"egemaps": ("eGeMAPSv01a", "eGeMAPSv02"), "gemaps": ("GeMAPSv01a", "GeMAPSv01b")}


def _set(value: Any) -> Any:
    if str(value).lower() in _BARE:
        meant, present = _BARE[str(value).lower()]
        raise ValueError(f"write `{present}`, the present one, or `{meant}`, which openSMILE means by the bare name")
    return _SETS.get(str(value).lower(), value)


def _level(value: Any) -> Any:
    return _LEVELS.get(str(value).lower(), str(value).lower())


class OsOptions(Options):
    """What to compute."""

    set: Annotated[Set, BeforeValidator(_set)] = Field("eGeMAPSv02", description="feature set of openSMILE")
    level: Annotated[Level, BeforeValidator(_level)] = Field(
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

    def names(self) -> tuple[str, ...]:
        """The names that openSMILE gives its columns."""
        return tuple(self._smile.feature_names)

    def extract(self, audio: Audio) -> Floats:
        """Functionals, shape (features,), or descriptors, shape (frames, features); NaN where it is too short."""
        import numpy as np

        # openSMILE takes 16-bit samples, and a full-scale 1.0 would wrap round to the negative end.
        signal = np.clip(audio.mono, -1.0, 32767 / 32768, dtype=np.float32)
        frames: Floats = np.asarray(self._smile(signal, audio.rate), dtype=np.float32)[0].T
        first: Floats = frames[0]
        return frames if self.frame_level else first
