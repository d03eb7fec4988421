"""Parts of a report: how values are written and sorted, how much a page and a paper hold."""

from __future__ import annotations

from typing import Any

import pytest

from nk.report.blocks import Items, Paragraph, Picture, Table
from nk.report.frame import frame
from nk.report.html import Page, html
from nk.report.paper_parts import parts
from nk.report.parts import MOST_ROWS, Kind, figure, measured, order, part, table, written


@pytest.mark.parametrize(
    ("kind", "value", "text", "key"),
    [
        ("text", None, "-", ""),
        ("note", None, "", ""),
        ("option", 0.00012345678, "0.0001235", ""),
        ("option", None, "None", ""),
        ("option", True, "True", ""),
        ("count", 12, "12", "12"),
        ("number", 0.123456, "0.123", "0.123456"),
        ("number", None, "-", ""),
        ("seconds", 2.34, "2.3", "2.34"),
        ("interval", [0.1, 0.9], "0.100 to 0.900", "0.1"),
        ("interval", [0.001, 1506910708315.2], "0.001 to 1.51e+12", "0.001"),
        ("interval", None, "-", ""),
        ("measured", measured(0.5, 0.25, 0.75, " *"), "0.500 (0.250 to 0.750) *", "0.5"),
        ("measured", measured(None, None, None, " failed"), "- failed", ""),
        ("measured", measured(0.5, None, None), "0.500", "0.5"),
    ],
)
def test_a_value_is_written_by_its_kind_and_sorted_unrounded(kind: Kind, value: Any, text: str, key: str) -> None:
    assert (written(kind, value), order(kind, value)) == (text, key)


def test_a_page_has_so_many_rows_and_says_so() -> None:
    long = table("Long.", [("a", "count")], [[place] for place in range(MOST_ROWS + 3)])
    assert (len(long["rows"]), long["total"]) == (MOST_ROWS, MOST_ROWS + 3)
    told = frame("many", "2026-01-01", parts=[part("Part", tables=[long])])
    text = html({"title": "t", "author": "a", "comparison": None}, [Page(told)])
    assert f"These are the first {MOST_ROWS} of {MOST_ROWS + 3} rows" in text


def test_a_report_has_no_other_keys() -> None:
    with pytest.raises(TypeError, match="part_s"):
        frame("x", "", part_s=[])


def test_on_paper_many_texts_are_one_column_and_notes_a_list() -> None:
    columns: list[tuple[str, Kind]] = [(name, "option") for name in "abcd"]
    told = table("All.", [*columns, ("UAR", "number"), ("error", "note")],
                 [[1, 2.5, None, "x", 0.5, None], [2, 3.5, True, "y", None, "no `z`"]])  # fmt: skip
    found = [*parts([part("P", ["Said."], tables=[told], figures=[figure("f", "F"), figure("g", "G")])],
                    {"f": Picture("figures/f.pdf", "")})]  # fmt: skip
    (grid,) = [one for one in found if isinstance(one, Table)]
    assert grid.head == ["a, b, c, d", "UAR"]
    assert [*map(list, grid.rows)] == [["1, 2.5, None, x", "0.500"], ["2, 3.5, True, y", "-"]]
    assert grid.texts == 1
    assert [one.items for one in found if isinstance(one, Items)] == [[("2, 3.5, True, y:", "no `z`")]]
    assert [one.caption for one in found if isinstance(one, Picture)] == ["F"]


def test_on_paper_a_wide_matrix_goes_without_intervals_and_a_wider_one_is_left_to_the_page() -> None:
    def blocks(count: int) -> list[Any]:
        columns: list[tuple[str, Kind]] = [("trained on", "text")]
        columns += [(str(place), "measured") for place in range(count)]
        row = ["x", *[measured(0.5, 0.4, 0.6)] * (count - 1), None]
        return [*parts([part("P", tables=[table("M.", columns, [row])])], {})]

    few, many, most = blocks(3), blocks(4), blocks(30)
    assert few[-1].rows[0][1] == "0.500 (0.400 to 0.600)"
    assert (many[-1].rows[0], "the values alone" in many[-1].caption) == (["x", *["0.500"] * 3, "-"], True)
    assert isinstance(most[-1], Paragraph)
    for one in (few[-1], many[-1]):
        assert sum(one.wide) + 0.1 * (len(one.head) - 1) <= 1.05
