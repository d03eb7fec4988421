"""`value_counts`: how a column, or two, are spread over the target, or alone where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nk.errors import DataError
from nk.explore.columns import WORDS_OF_TARGET, Column, column_of, need, thirds
from nk.explore.exhibit import Exhibit
from nk.explore.pictures import draw_one, draw_relation
from nk.explore.relation import said, sample, table, tests
from nk.explore.statistics.result import Result, as_table, corrected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import polars as pl

    from nk.config.work import Expl
    from nk.explore.material import Material
    from nk.ui import Ui

TESTS = "_tests"
_ESTIMATED = "_pred"


def check(columns: Collection[str], expl: Expl) -> None:
    """Make sure, before any recording is listened to, that there is what the entries name.

    Raises:
        DataError: a column is not there, or an entry names more than two
    """
    for names in expl.value_counts or ():
        if len(names) > 2:
            raise DataError("`value_counts` is for one column or two", examples=list(names),
                            hint="write `[['a'], ['a', 'b']]`")  # fmt: skip
        for name in names:
            if "," in name and name not in columns:
                several = ", ".join(f"['{one.strip()}']" for one in name.split(","))
                raise DataError(f"there is no column `{name}`, which `value_counts` names", hint=f"write `[{several}]`")
            if not name.endswith(_ESTIMATED):
                need(name, columns)


def show(material: Material, ui: Ui) -> Iterator[Exhibit]:
    """The exhibits of every entry, in their order.

    Raises:
        DataError: a column is not there, or an entry names more than two
    """
    check([*material.frame.columns, *([WORDS_OF_TARGET] if material.target else [])], material.config.expl)
    for names in material.config.expl.value_counts or ():
        absent = [name for name in names if name.endswith(_ESTIMATED) and name not in material.frame.columns]
        if absent:
            shown = ", ".join(f"`{name}`" for name in absent)
            ui.warn(
                f"value_counts: there is no column {shown}, so it is left out", "estimate it, and add it to the table"
            )
            continue
        name = "_".join(["value_counts", *dict.fromkeys(names)])
        yield from _shown(name, [column_of(material, one) for one in dict.fromkeys(names)], material)


def _shown(name: str, columns: Sequence[Column], material: Material) -> Iterator[Exhibit]:
    target = column_of(material, material.target) if material.target else None
    if target and any(column.name == target.name for column in columns):
        columns = [*(column for column in columns if column.name != target.name), target][:2]
        target = None
    if target and len(columns) == 1:
        columns, target = [target, *columns], None
    if len(columns) == 1:
        yield alone(name, columns[0], material)
    elif target is None:
        yield from _related(name, columns[0], columns[1], material)
    else:
        yield from _within(name, columns[0], columns[1], target, material)


def alone(name: str, column: Column, material: Material) -> Exhibit:
    """A column by itself."""
    numbers = table(material.frame, [column], parted=material.parted)
    caption = f"{sample(material.frame, [column])}."
    draw = draw_one(column, material, caption)
    return Exhibit(name, column.text, numbers, caption, draw, _notes([column]))


def _related(name: str, one: Column, other: Column, material: Material) -> Iterator[Exhibit]:
    """Two columns, the target being one of them where there is one."""
    speaker = _speaker(material, one, other)
    found = tests(one, other, speaker)
    title = f"{one.text} and {other.text}"
    caption = f"{sample(material.frame, [one, other])}. {said(found, speakers=speaker is not None)}".strip()
    numbers = table(material.frame, [one, other], parted=material.parted)
    draw = draw_relation(one, other, material, title, caption)
    yield Exhibit(name, title, numbers, caption, draw, _notes([one, other]))
    yield from _tests(name, title, found)


def _within(name: str, one: Column, other: Column, target: Column, material: Material) -> Iterator[Exhibit]:
    """Two columns in each class of the target, or each third of it."""
    classes = thirds(target) if target.is_number else target
    speaker = _speaker(material, one, other)
    found = tests(one, other, speaker)
    title = f"{one.text} and {other.text} by {target.text}"
    caption = f"{sample(material.frame, [one, other, target])}. {said(found, speakers=speaker is not None)}".strip()
    numbers = table(material.frame, [classes, one, other], parted=material.parted)
    draw = draw_relation(one, other, material, title, caption, classes)
    inside = _inside(one, other, classes, material)
    yield Exhibit(name, title, numbers, caption, draw, _notes([one, other, target]))
    yield from _tests(name, title, [*found, *inside])


def _inside(one: Column, other: Column, classes: Column, material: Material) -> list[Result]:
    """The main test within each class, corrected for their number."""
    speaker, found = _speaker(material, one, other), []
    for label in classes.shown:
        rows = (classes.values == label).fill_null(value=False)
        some = [replace(column, values=column.values.filter(rows)) for column in (one, other)]
        own = tests(some[0], some[1], None if speaker is None else speaker.filter(rows))
        for unit in ("rows", "speakers"):
            found += [replace(test, of=f"{test.of}, {label}") for test in own if test.unit == unit][:1]
    return [test for unit in ("rows", "speakers") for test in corrected([one for one in found if one.unit == unit])]


def _speaker(material: Material, *columns: Column) -> pl.Series | None:
    """The speakers of all rows, where they are known and are not looked at themselves."""
    if not material.dataset.has_speakers or any(column.name == "speaker" for column in columns):
        return None
    return material.frame["speaker"]


def _tests(name: str, title: str, found: Sequence[Result]) -> Iterator[Exhibit]:
    if found:
        caption = "p values of pairs are corrected after Holm; the rule that has chosen a test is given with it."
        yield Exhibit(f"{name}{TESTS}", f"{title}: tests", as_table(found), caption)


def _notes(columns: Sequence[Column]) -> tuple[str, ...]:
    many = [column for column in columns if column.is_names]
    return tuple(
        f"{column.name} has {len(column.labels)} values: the picture has the most frequent, and nothing is tested"
        for column in many
    )
