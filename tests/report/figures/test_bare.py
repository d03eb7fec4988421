"""Figures without their words, SVG in fewer bytes, and words in lines that fit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from nk.config.output import Plot
from nk.explore.colours import Colours, colours_of
from nk.report.figures import PEN, blank, clouds, distribution, projection, regression, save, write_caption, write_title
from nk.report.figures.bare import add_below, as_drawn, lines_below, save_bare
from nk.report.figures.slim import slim
from nk.report.figures.wrapping import wrapped
from nk.report.pictures import Album
from nk.tables import Features

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

WORDS = "535 recordings of 10 speakers; Kruskal-Wallis test, H(6) = 169.1, p < .001, n = 535 rows."


def figure(points: int = 3) -> Figure:
    made, axes = blank(5, 3)
    random = np.random.default_rng(0)
    axes.scatter(random.normal(size=points), random.normal(size=points))
    axes.set_xlabel("below the axis")
    write_title(made, ["a title"])
    write_caption(made, [WORDS, "line: median"])
    return made


def size(path: Path) -> tuple[float, float]:
    (box,) = re.findall(r"viewBox=.0 0 ([\d.]+) ([\d.]+).", path.read_text())
    return float(box[0]) / 72, float(box[1]) / 72


def texts(path: Path) -> str:
    """What is written in a figure; matplotlib says it in comments too."""
    return " ".join(re.findall("<!-- (.*?) -->", path.read_text()))


def test_a_bare_figure_has_no_words_and_not_their_room_and_the_user_has_both(tmp_path: Path) -> None:
    made = figure()
    assert lines_below(made) == [WORDS, "line: median"]
    assert save_bare(made, tmp_path, "bare") == ["bare.svg", "bare.pdf"]
    save(made, tmp_path / "whole.svg")
    (_, low), (width, high) = size(tmp_path / "bare.svg"), size(tmp_path / "whole.svg")
    assert (width, high) == (5, 3)
    assert 1.5 < low < 2.5
    assert "a title" in texts(tmp_path / "whole.svg")
    assert "line: median" in texts(tmp_path / "whole.svg")
    glyphs = [(tmp_path / f"{name}.svg").read_text().count("<use") for name in ("bare", "whole")]
    assert glyphs[0] < glyphs[1] - 80
    assert (tmp_path / "bare.pdf").read_bytes().startswith(b"%PDF")


def test_a_title_that_is_not_wanted_leaves_no_room_for_it(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    tops = []
    for titles in (True, False):
        made = figure()
        Album(tmp_path, Plot(titles=titles), PEN, bare="bare").add(made, pl.DataFrame({"x": [1]}), str(titles))
        tops.append(made.axes[0].get_position().y1)
    assert tops[0] < tops[1] - 0.05


def test_many_points_are_an_image(tmp_path: Path) -> None:
    for count in (4000, 4001):
        save_bare(figure(count), tmp_path, str(count))
    few, many = ((tmp_path / f"{count}.svg").read_text() for count in (4000, 4001))
    assert "<image" not in few
    assert "<image" in many
    assert len(many) < 120_000


@pytest.mark.parametrize("kind", ["strip", "swarm"])
def test_a_distribution_of_many_points_stays_small(kind: str, tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=8000)
    frame = pl.DataFrame({"value": values, "class": [str(row % 8) for row in range(8000)], "gender": ""})
    save_bare(distribution.draw(frame, kind, label="x", title="", caption="", seed=0), tmp_path, "a")
    assert (tmp_path / "a.svg").stat().st_size < 250_000


def test_lines_are_added_below_and_the_figure_grows(tmp_path: Path) -> None:
    made = figure()
    add_below(made, [as_drawn("of `x` the $ first", PEN).replace("$", r"\$")])
    assert lines_below(made)[-1] == "of x the $ first"
    assert made.get_figheight() > 3
    save(made, tmp_path / "whole.svg")
    assert "of x the $ first" in texts(tmp_path / "whole.svg").replace("\\", "")


def test_slim_svg_has_the_same_pieces_and_fewer_bytes(tmp_path: Path) -> None:
    save(figure(300), tmp_path / "a.svg")
    raw = (tmp_path / "a.svg").read_text()
    small = slim(raw)
    count = [len(re.findall(r"<(?:use|path|image)\b", text)) for text in (raw, small)]
    assert count[0] == count[1] > 300
    assert len(small) < 0.6 * len(raw)
    names = re.findall(" id='(.*?)'", small)
    assert len(names) == len({*names})
    assert {*re.findall("href='#(.*?)'", small), *re.findall(r"url\(#(.*?)\)", small)} == {*names}
    assert slim(small) == small


def test_lines_fit_and_what_belongs_together_stays() -> None:
    assert wrapped("one two p < .001, three", 12, len) == ["one two", "p < .001,", "three"]
    assert wrapped("悲しみと喜び", 3, len) == ["悲しみ", "と喜び"]
    assert wrapped("a-very-long-word b", 5, len) == ["a-very-long-word", "b"]
    assert wrapped("", 5, len) == [""]


def groups(names: list[str]) -> tuple[np.ndarray[Any, Any], Colours]:
    rows = pl.DataFrame({"id": [str(row) for row in range(len(names))], "kind": names})
    values = np.random.default_rng(0).normal(size=(2, len(names)))
    return values, colours_of("kind", rows, Features((), (), np.empty((0, 0), np.float32)))


def test_the_rest_is_grey_and_behind_and_every_mark_of_a_legend_can_be_seen() -> None:
    (x, y), colours = groups([f"{row % 40:02}" for row in range(3000)])
    made = projection.draw((x, y), colours, ("a", "b"), title="", caption="")
    (axes,), (legend,) = made.axes, made.legends
    assert axes.collections[-1].get_zorder() < axes.collections[0].get_zorder()
    assert clouds.look(colours, len(colours.names) - 1) == ("o", "0.75")
    assert all(one.get_alpha() is None and one.get_markersize() == 6 for one in legend.legend_handles)  # type: ignore[union-attr]


def test_a_legend_has_the_dashes_of_the_lines() -> None:
    (x, y), colours = groups(["a", "b"] * 10)
    lines = [(name, x[:2], y[:2]) for name in colours.names]
    made = regression.draw(x, y, colours, lines, labels=("x", "y"), title="", caption="n 20")
    styles = [one.get_linestyle() for one in made.legends[0].legend_handles]  # type: ignore[union-attr]
    assert styles == ["-", "--"]
    assert lines_below(made) == ["n 20", "line: least squares"]
