"""Numbers and names as they stand in a report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMES = {
    "uar": "UAR",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "auc": "AUC",
    "eer": "EER",
    "ccc": "CCC",
    "pcc": "Pearson's r",
    "mse": "MSE",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "recall": "recall",
    "n_speakers": "speakers",
}
_PLACE = re.compile(r"`(?:[/~]|[A-Za-z]:[/\\])[^`]*[/\\]([^`/\\]+)`")
# Of these less is better.
LOWER = frozenset({"eer", "mse", "rmse", "mae"})


def measure(name: str) -> str:
    """A measure as it is called in a text."""
    return NAMES.get(name, name)


def number(value: float | None, places: int = 3) -> str:
    """A number, `-` where there is none, and never a minus before nought."""
    if value is None:
        return "-"
    return f"{value + 0.0 if round(value, places) else 0.0:.{places}f}"


def probability(p: float | None) -> str:
    """A p value: `.031`, `< .001`, `-` where there is none."""
    return "-" if p is None else "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def interval(low: float | None, high: float | None) -> str:
    """The ends of an interval, `-` where there is none."""
    return "-" if low is None or high is None else f"{number(low)} to {number(high)}"


def counted(count: int, one: str, several: str = "") -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def listed(names: Iterable[str]) -> str:
    """Names in a sentence: `a, b and c`."""
    *first, last = [*names] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def options(found: Mapping[str, object]) -> str:
    """Options with their values, as in `C_val 1, kernel rbf`."""
    return ", ".join(f"{key} {_plain(value)}" for key, value in found.items())


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def without_folders(text: str) -> str:
    """An error for others: a file is called by its name, as folders tell of the machine and of its user."""
    return _PLACE.sub(r"`\1`", text)


def spans(text: str) -> list[tuple[bool, str]]:
    """A text on one line in pieces, each with whether it is code, between backticks; a lone backtick is text."""
    pieces = " ".join(text.split()).split("`")
    if len(pieces) % 2 == 0:
        pieces[-2:] = ["`".join(pieces[-2:])]
    return [(bool(place % 2), piece) for place, piece in enumerate(pieces) if piece]
