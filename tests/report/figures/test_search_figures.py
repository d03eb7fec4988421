"""The pictures of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from nk.report.figures import save, search

if TYPE_CHECKING:
    from pathlib import Path

TABLE = pl.DataFrame(
    {
        "trial": [0, 1, 2, 3, 4],
        "C_val": [0.01, 0.1, 1.0, 10.0, 100.0],
        "kernel": ["rbf", "linear", "rbf", "linear", "rbf"],
        "state": ["failed", "complete", "stopped", "complete", "complete"],
        "value": [None, 0.4, 0.9, 0.3, 0.5],
    }
)


@pytest.mark.parametrize(("greater", "told"), [(True, [None, 0.4, 0.4, 0.4, 0.5]), (False, [None, 0.4, 0.4, 0.3, 0.3])])
def test_the_best_so_far_is_of_those_tried_on_all_speakers(greater: bool, told: list[float | None]) -> None:
    assert search.data(TABLE, greater=greater)["best_so_far"].to_list() == told


def test_every_trial_is_drawn(tmp_path: Path) -> None:
    figure = search.draw(search.data(TABLE, greater=True), measure="uar", title=["a search"])
    drawn = [len(line.get_xdata()) for line in figure.axes[0].lines]  # type: ignore[arg-type]
    assert drawn == [3, 1, 4, 1]  # complete, stopped, the best so far, failed
    save(figure, tmp_path / "search.png")
    options: dict[str, list[Any]] = {"C_val": list(range(20)), "kernel": ["linear", "rbf"]}
    figure = search.draw_options(TABLE, options, measure="uar", best=4, title=["a search"])
    assert [axes.get_xlabel() for axes in figure.axes] == ["C_val", "kernel"]
    assert [axes.get_xscale() for axes in figure.axes] == ["log", "linear"]
    assert [text.get_text() for text in figure.axes[1].get_xticklabels()] == ["linear", "rbf"]
    save(figure, tmp_path / "options.svg")
