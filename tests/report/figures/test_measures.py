"""The figure of measures beside guessing: what it draws is what was measured, and all of it is inside."""

from __future__ import annotations

import pytest

from nk.report.figures import measures
from nk.tables import Metric

GUESSES: dict[str, dict[str, float | None]] = {
    "chance": {"uar": 0.25, "eer": 0.5, "ccc": 0.0},
    "majority": {"uar": 0.25, "eer": 0.5, "ccc": None},
}


def found(*names: str) -> list[Metric]:
    return [Metric(name, 0.7, 0.6, 0.8, 40, 4, "test", "made up") for name in names]


def test_measures_that_have_no_common_axis_are_left_out() -> None:
    table = measures.data(found("uar", "mse", "eer"), GUESSES)
    assert table["measure"].to_list() == ["uar", "eer"]
    assert table["chance"].to_list() == [0.25, 0.5]


@pytest.mark.parametrize(("names", "low"), [(("uar", "eer"), 0), (("ccc",), -1)])
def test_every_value_and_guess_is_a_mark_on_the_axis(names: tuple[str, ...], low: int) -> None:
    figure = measures.draw(found(*names), GUESSES, title="test")
    (axes,) = figure.axes
    assert axes.get_xlim() == (low, 1)
    lines = {line.get_label(): [float(x) for x in line.get_xdata()] for line in axes.lines}  # type: ignore[arg-type, union-attr]
    assert lines["result, 95 % interval"] == [0.7] * len(names)
    assert lines["chance"] == [GUESSES["chance"][name] for name in names]
    assert sum(values == [0.6, 0.8] for values in lines.values()) == len(names)
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert 0 <= drawn.x0 < drawn.x1 <= width
    assert 0 <= drawn.y0 < drawn.y1 <= height
