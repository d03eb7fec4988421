"""Names of openSMILE's feature sets and levels, with the spellings that users know."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator

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


SetName = Annotated[Set, BeforeValidator(_set)]
LevelName = Annotated[Level, BeforeValidator(_level)]
