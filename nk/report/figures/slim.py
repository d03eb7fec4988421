"""The SVG of matplotlib in fewer bytes, for a page that holds many: nothing that is seen is lost."""

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_UNSEEN = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
_PLACES = re.compile(r'\b(?:d|x|y|width|height)="[^"]*"|translate\([^)]*\)')
_NUMBER = re.compile(r"-?\d*\.\d+")
_BREAK = re.compile(r"\s*\n\s*")
_COMMAND = re.compile(r" ?([MLQCz]) ?")
_SHIFT = re.compile(r' transform="translate\((\S+) 0\)"/>')
_ID = re.compile(r' id="([\w.-]+)"')
_REFERENCE = re.compile(r"#([\w.-]+)")
_STYLE = re.compile(r'="[^"]*: [^"]*"')
# Marks, one behind the other, that look alike.
_MARKS = re.compile(r'<use ([^>]*?) style="([^"]*)"/>(?: *<use [^>]*? style="\2"/>)+')


def slim_file(path: Path) -> None:
    """Make a file of matplotlib's slim."""
    path.write_text(slim(path.read_text(encoding="utf-8")), encoding="utf-8")


def slim(svg: str) -> str:
    """Drop comments, names that nothing refers to and digits beyond a hundredth of a point; say alike styles once."""
    svg = _UNSEEN.sub("", svg)
    svg = _BREAK.sub(" ", svg).replace("> <", "><").strip()
    svg = _PLACES.sub(_shorter, svg)
    svg = _SHIFT.sub(r' x="\1"/>', svg)
    svg = _renamed(svg)
    svg = _MARKS.sub(_once, svg)
    svg = _STYLE.sub(lambda found: found[0].replace(": ", ":").replace("; ", ";"), svg)
    return svg if "'" in svg else svg.replace('"', "'")  # which need no escape in an address


def _renamed(svg: str) -> str:
    """Short names for what is referred to, and none for the rest."""
    used = {*_REFERENCE.findall(svg)}
    there = [name for name in dict.fromkeys(_ID.findall(svg)) if name in used]
    short = {name: f"{ascii_lowercase[place % 26]}{place // 26 or ''}" for place, name in enumerate(there)}
    svg = _ID.sub(lambda found: f' id="{short[found[1]]}"' if found[1] in short else "", svg)
    return _REFERENCE.sub(lambda found: f"#{short.get(found[1], found[1])}", svg)


def _shorter(found: re.Match[str]) -> str:
    text = _NUMBER.sub(_rounded, found[0])
    return _COMMAND.sub(r"\1", text).replace(' "', '"') if text.startswith("d=") else text


def _rounded(found: re.Match[str]) -> str:
    text = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _once(found: re.Match[str]) -> str:
    style = f' style="{found[2]}"'
    return f"<g{style}>{found[0].replace(style, '')}</g>"
