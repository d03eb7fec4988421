"""Fonts for texts of the user's: what matplotlib's own font lacks is written with one of the machine's."""

from __future__ import annotations

import logging
import unicodedata
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nk.report.figures import Pen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Comes with matplotlib, so figures are the same on every machine.
_OWN = "DejaVu Sans"
_MOST = 3
# Fonts that have a sign for every character, and it is a box.
_PLACEHOLDERS = ("Last Resort", ".LastResort", "LastResort", "Adobe Blank")


@contextmanager
def writing(texts: Iterable[str]) -> Iterator[Pen]:
    """Fonts for figures that hold these texts; the pen knows which characters none of them has.

    All else is as matplotlib has it: it would read a `matplotlibrc` of the working directory, whoever has put it there,
    and that can have TeX read any file into a figure.
    """
    from matplotlib import rc_context, rcdefaults, rcParams

    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)  # it tells of weights that a font does not have
    try:
        families, lacking = _covering(texts)
        with rc_context():
            rcdefaults()
            rcParams["font.family"] = families
            yield Pen(frozenset(lacking))
    finally:
        log.setLevel(level)


def _covering(texts: Iterable[str]) -> tuple[list[str], set[str]]:
    """Matplotlib's font with those of the machine that have most of what it lacks, and what is lacking even so."""
    from matplotlib.font_manager import findfont, fontManager

    lacking = {one for text in texts for one in text if unicodedata.category(one)[0] not in "CZ"}
    lacking -= _characters(findfont(_OWN), lacking)
    names = [name for name in sorted(fontManager.get_font_names()) if lacking and not name.startswith(_PLACEHOLDERS)]
    has = {name: _characters(findfont(name), lacking) for name in names}
    families = [_OWN]
    while lacking and len(families) <= _MOST:
        best = max(names, key=lambda name: len(has[name] & lacking), default=_OWN)
        if best == _OWN or not has[best] & lacking:
            break
        families.append(best)
        lacking -= has[best]
    return families, lacking


def _characters(path: str, wanted: set[str]) -> set[str]:
    """Which of these characters a font has; a font that cannot be read has none."""
    from matplotlib.font_manager import get_font

    if not wanted:
        return set()
    try:
        known = get_font(path).get_charmap()
    except (OSError, RuntimeError):
        return set()
    return {one for one in wanted if ord(one) in known}
