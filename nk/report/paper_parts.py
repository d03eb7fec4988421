"""Parts of a report on paper, where fewer columns fit than on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk.report.blocks import Block, Code, Heading, Items, Paragraph, Picture, Table
from nk.report.parts import TEXTS, written
from nk.report.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Told = dict[str, Any]
_MOST_ROWS = 60
_MOST_TEXTS = 3  # columns of text; more are written into one
_MOST_MEASURED = 3  # columns of values with intervals, which are wide; of more the values alone
_MOST_COLUMNS = 12
_ROOM = 0.11  # of the line, for a column of numbers; twice that for a value with its interval
_WIDEST = 0.4
_MANY = 8  # columns, which are then written small


def parts(found: Sequence[Told], pictures: Mapping[str, Picture]) -> Iterator[Block]:
    """The parts, with figures by their names."""
    for one in found:
        yield Heading(2, one["heading"])
        for text in one["said"]:
            yield Paragraph(text)
        for each in one["figures"]:
            if each["name"] in pictures:
                drawn = pictures[each["name"]]
                yield Picture(drawn.path, f"{each['said']} {drawn.caption}".strip())
        for table in one["tables"]:
            yield from _table(table)
        if one["text"]:
            yield Code(one["text"].splitlines())


def _table(table: Told) -> Iterator[Block]:
    kinds = [column["kind"] for column in table["columns"]]
    if len(kinds) > _MOST_COLUMNS:
        yield Paragraph(f"{table['caption']} It has {counted(len(kinds), 'column')}, too many for paper.")
        return
    if kinds.count("measured") > _MOST_MEASURED:
        table, kinds = _without_intervals(table), [kind.replace("measured", "number") for kind in kinds]
    texts = [place for place, kind in enumerate(kinds) if kind in {"text", "option"}]
    numbers = [place for place, kind in enumerate(kinds) if kind not in TEXTS]
    heads = _joined([table["columns"][place]["name"] for place in texts])
    rows = [[*_joined([_cell(table, row, place) for place in texts]), *(_cell(table, row, place) for place in numbers)]
            for row in table["rows"][:_MOST_ROWS]]  # fmt: skip
    head = [*heads, *(table["columns"][place]["name"] for place in numbers)]
    width = min(_WIDEST, (1 - _ROOM * (len(numbers) + kinds.count("measured"))) / max(1, len(heads)))
    yield Table(table["caption"], head, rows, len(heads), [round(width, 2)] * len(heads), small=len(head) > _MANY)
    if table["total"] > _MOST_ROWS:
        yield Paragraph(f"These are the first {_MOST_ROWS} of {counted(table['total'], 'row')}; the page has more.")
    yield from _notes(table, [*_joined_rows(table, texts)])


def _without_intervals(table: Told) -> Told:
    """The table with values alone where they have intervals beside them."""
    wide = [column["kind"] == "measured" for column in table["columns"]]
    columns = [
        column | {"kind": "number"} if one else column for column, one in zip(table["columns"], wide, strict=True)
    ]
    rows = [[cell["value"] if one and cell else cell for cell, one in zip(row, wide, strict=True)]
            for row in table["rows"]]  # fmt: skip
    return {
        **table,
        "caption": f"{table['caption']} On paper the values alone; intervals are below.",
        "columns": columns,
        "rows": rows,
    }


def _joined(cells: Sequence[str]) -> list[str]:
    return [*cells] if len(cells) <= _MOST_TEXTS else [", ".join(cells)]


def _joined_rows(table: Told, texts: Sequence[int]) -> Iterator[str]:
    for row in table["rows"]:
        yield ", ".join(_cell(table, row, place) for place in texts)


def _notes(table: Told, names: Sequence[str]) -> Iterator[Block]:
    """What is there of few rows, such as errors, as a list."""
    for place, column in enumerate(table["columns"]):
        told = [(name, row[place]) for name, row in zip(names, table["rows"], strict=True) if row[place]]
        if column["kind"] == "note" and told:
            left = f" (the first {_MOST_ROWS} of {len(told)})" if len(told) > _MOST_ROWS else ""
            yield Paragraph(f"{column['name'].capitalize()}{left}:")
            yield Items([(f"{name}:", text) for name, text in told[:_MOST_ROWS]])


def _cell(table: Told, row: Sequence[Any], place: int) -> str:
    return written(table["columns"][place]["kind"], row[place])
