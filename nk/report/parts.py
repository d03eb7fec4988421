"""Parts of a report that any command may have: sentences, tables, figures and a text, in a form that needs no other.

A table has `columns` (`name` and `kind`) and `rows` of values; the kind says how a value is written, on screen and on
paper. So numbers stay numbers in the summary, and no template knows what the table is of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nk.report.words import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Texts: `note` is one that is there in few rows, as an error, and `option` a value of a config, whatever it is.
# Numbers: whole, with three places, of seconds, both ends of an interval; `measured` has an interval and a mark beside.
Kind = Literal["text", "option", "note", "count", "number", "seconds", "interval", "measured"]
TEXTS = ("text", "option", "note")
MOST_ROWS = 500
_LARGE = 1e5


def part(
    heading: str,
    said: Iterable[str] = (),
    *,
    tables: Iterable[dict[str, Any]] = (),
    figures: Iterable[dict[str, str]] = (),
    text: str = "",
) -> dict[str, Any]:
    """A part.

    Args:
        heading: of it
        said: sentences, with code between backticks
        tables: as `table` gives them
        figures: as `figure` gives them
        text: lines to be copied, as a config
    """
    return {"heading": heading, "said": [*said], "tables": [*tables], "figures": [*figures], "text": text}


def figure(name: str, said: str) -> dict[str, str]:
    """A figure: what it is called among those that are drawn, and what it shows."""
    return {"name": name, "said": said}


def table(
    caption: str, columns: Sequence[tuple[str, Kind]], rows: Sequence[Sequence[Any]], *, sortable: bool = True
) -> dict[str, Any]:
    """A table, of which so many rows are kept as a page can have."""
    return {
        "caption": caption,
        "columns": [{"name": name, "kind": kind} for name, kind in columns],
        "rows": [[*row] for row in rows[:MOST_ROWS]],
        "total": len(rows),
        "sortable": sortable,
    }


def measured(value: float | None, low: float | None, high: float | None, mark: str = "") -> dict[str, Any]:
    """A value of the kind `measured`."""
    return {"value": value, "low": low, "high": high, "mark": mark}


def sentences(lines: Iterable[str]) -> list[str]:
    """Lines as sentences; they may begin with a label, which stays as it is."""
    return [f"{line}." for line in lines]


def written(kind: Kind, value: Any) -> str:
    """A value as it is read."""
    if kind == "option":
        return f"{value:.4g}" if isinstance(value, float) else str(value)
    if value is None or value == "":
        return "" if kind == "note" else "-"
    if kind == "interval":
        return _ends(*value)
    if kind == "measured":
        beside = f" ({_ends(value['low'], value['high'])})" if value["low"] is not None else ""
        return f"{_short(value['value'])}{beside}{value['mark']}"
    if kind == "seconds":
        return number(value, 1)
    return _short(value) if kind == "number" else str(value)


def _ends(low: float | None, high: float | None) -> str:
    """The ends of an interval, `-` where there is none."""
    return "-" if low is None or high is None else f"{_short(low)} to {_short(high)}"


def _short(value: float | None) -> str:
    """A number that has room in a table, however large."""
    return f"{value:.3g}" if value is not None and abs(value) >= _LARGE else number(value)


def order(kind: Kind, value: Any) -> str:
    """What a number is sorted by, which is never rounded; a text is sorted as it is read."""
    if value is None or kind in TEXTS:
        return ""
    found = value[0] if kind == "interval" else value["value"] if kind == "measured" else value
    return "" if found is None else repr(found)
