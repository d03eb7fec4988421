"""The picture of a comparison: which runs a line joins, and what is said where no line can."""

from __future__ import annotations

from nk.report.figures import critical
from nk.tables import Metric

NAMES = ["a", "b", "c", "d"]
RUNS = [(name, Metric("uar", 0.8 - place / 10, 0.5, 0.9, 60, 6, "test", "")) for place, name in enumerate(NAMES)]


def test_lines_join_stretches_of_which_no_pair_is_apart() -> None:
    assert critical.joined(NAMES, {("a", "c"), ("a", "d")}) == [(0, 1), (1, 3)]
    assert critical.joined(NAMES, set()) == [(0, 3)]
    assert critical.joined(NAMES, {(one, other) for one in NAMES for other in NAMES}) == []
    # b and c are apart, a and d, far from each other, are not: no line can join them without joining b and c.
    odd = {("a", "c"), ("b", "c"), ("b", "d")}
    assert critical.joined(NAMES, odd) == [(0, 1), (2, 3)]
    assert critical.across(NAMES, odd) == [("a", "d")]


def test_the_numbers_of_the_figure() -> None:
    assert critical.data(RUNS, {("a", "c"), ("a", "d")})["lines"].to_list() == ["1", "1 2", "2", "2"]


def test_what_the_figure_says() -> None:
    figure = critical.draw(RUNS, {("a", "c"), ("b", "c"), ("b", "d")}, measure="uar", basis="6 test speakers")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES
    assert len(axes.lines) == 4 * 2 + 2
    below = figure._supxlabel.get_text()  # type: ignore[attr-defined]
    assert "cannot be told apart with 6 test speakers" in below
    assert "nor can a and d" in below
    alone = critical.draw(RUNS[:1], set(), measure="uar", basis="6 test speakers")
    assert "all pairs" in alone._supxlabel.get_text()  # type: ignore[attr-defined]
