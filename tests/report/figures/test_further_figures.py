"""Figures beside the main one: uncertainty, runs, and classes by gender."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from nk.report.figures import Pen, confusion, runs, uncertainty, value_counts
from nk.tables import Dataset, Predictions, Target

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def doubtful(correct: list[float], wrong: list[float]) -> Predictions:
    size = len(correct) + len(wrong)
    frame = pl.DataFrame(
        {
            "id": [f"{number:05}" for number in range(size)],
            "speaker": ["s"] * size,
            "split": ["test"] * size,
            "run": [0] * size,
            "truth": ["a"] * size,
            "predicted": ["a"] * len(correct) + ["b"] * len(wrong),
            "uncertainty": [*correct, *wrong],
        }
    )
    return Predictions(frame, Target("sound", ("a", "b")))


def inside(figure: Figure) -> None:
    """Nothing leaves the figure, and there is something on it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert 0 <= drawn.x0 < drawn.x1 <= width
    assert 0 <= drawn.y0 < drawn.y1 <= height
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    assert (pixels[..., :3] < 250).any(axis=2).mean() > 0.005


# Uncertainty


def test_the_density_is_that_of_scipy_reflected() -> None:
    from scipy.stats import gaussian_kde

    values, grid = np.random.default_rng(0).beta(1, 4, 400).round(3), np.linspace(0, 1, 201)
    found = uncertainty.density(values, grid)
    width = values.std(ddof=1) * len(values) ** -0.2
    other = gaussian_kde(values, bw_method=width / values.std(ddof=1))
    assert found == pytest.approx(other(grid) + other(-grid) + other(2 - grid), rel=1e-9)
    assert np.trapezoid(found, grid) == pytest.approx(1, abs=1e-4)


def test_many_rows_are_densities_and_few_are_counted() -> None:
    generator = np.random.default_rng(1)
    many = doubtful(generator.beta(2, 5, 90).tolist(), generator.beta(5, 2, 40).tolist())
    assert uncertainty.data(many).columns == ["uncertainty", "correct", "wrong"]
    few = uncertainty.data(doubtful([0.0, 0.05, 0.1, 1.0], [0.95]))
    assert few.columns == ["low", "high", "correct", "wrong"]
    assert few["correct"].to_list() == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert few["wrong"].to_list() == [0] * 9 + [1]


def test_what_is_drawn_is_what_is_in_the_table() -> None:
    generator = np.random.default_rng(1)
    many = doubtful(generator.beta(2, 5, 90).tolist(), generator.beta(5, 2, 40).tolist())
    figure = uncertainty.draw(many, title="emotion, test", fill=True)
    table = uncertainty.data(many)
    lines = figure.axes[0].lines
    assert [line.get_label() for line in lines] == ["correct (90)", "wrong (40)"]
    for line, name in zip(lines, ("correct", "wrong"), strict=True):
        np.testing.assert_array_equal(np.asarray(line.get_ydata()), table[name].to_numpy())
    assert len(figure.axes[0].collections) == 2
    assert not uncertainty.draw(many).axes[0].collections
    assert "Cohen's d of wrong against correct: " in figure.get_supxlabel()
    assert "(large)" in figure.get_supxlabel()
    inside(figure)


def test_bars_are_per_cent_of_each() -> None:
    figure = uncertainty.draw(doubtful([0.0, 0.05, 0.1, 1.0], [0.95]))
    heights = [bar.get_height() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert heights == [50, 25, 0, 0, 0, 0, 0, 0, 0, 25, *[0] * 9, 100]
    assert "Cohen's d undefined" in figure.get_supxlabel()
    inside(figure)


@pytest.mark.parametrize(("correct", "wrong"), [([0.3] * 50, []), ([0.0] * 50, [0.0] * 50), ([], [0.5])])
def test_strange_distributions_are_drawn(correct: list[float], wrong: list[float]) -> None:
    inside(uncertainty.draw(doubtful(correct, wrong)))


# Runs


def repeated(*values: float | None) -> dict[str, Any]:
    known = [one for one in values if one is not None]
    whole = len(known) == len(values)
    return {
        "rows": [{"run": number, "n": 9, "n_speakers": 3, "uar": one} for number, one in enumerate(values)],
        "mean": {"uar": float(np.mean(known)) if whole else None},
        "std": {"uar": float(np.std(known, ddof=1)) if whole else None},
    }


def test_runs_that_differ() -> None:
    figure = runs.draw(repeated(0.5, 0.6, 0.7), "uar", title="emotion, test")
    assert figure.get_suptitle() == "emotion, test\nUAR over 3 runs: mean 0.600, deviation 0.100"
    points, mean, low, high = figure.axes[0].lines
    assert np.asarray(points.get_xydata()).tolist() == [[0, 0.5], [1, 0.6], [2, 0.7]]
    for line, value in ((mean, 0.6), (low, 0.5), (high, 0.7)):
        assert np.asarray(line.get_ydata()) == pytest.approx([value, value])
    inside(figure)


def test_runs_that_are_equal_say_so() -> None:
    figure = runs.draw(repeated(*[0.5] * 5), "uar")
    assert figure.get_suptitle() == "UAR 0.500: equal in all 5 runs"
    assert len(figure.axes[0].lines) == 2
    inside(figure)


def test_a_run_without_a_value_is_no_point() -> None:
    figure = runs.draw(repeated(0.5, None), "uar")
    assert figure.get_suptitle() == "UAR is not defined in every run"
    assert len(figure.axes[0].lines) == 1
    inside(figure)


def test_a_hundred_runs() -> None:
    inside(runs.draw(repeated(*np.random.default_rng(0).normal(0.6, 0.01, 100).tolist()), "uar"))


# Classes by gender


def people(**columns: Any) -> Dataset:
    frame = {
        "database": ["db"] * 6 + ["other"],
        "split": ["train"] * 3 + ["test"] * 4,
        "emotion": ["joy", "anger", "joy", "joy", None, "joy", "anger"],
        "gender": ["male", "female", "female", None, "male", "male", "male"],
    }
    return Dataset(pl.DataFrame(frame | columns), Target("emotion", ("joy", "anger")))


def test_classes_are_counted_in_every_part_by_gender() -> None:
    assert value_counts.data(people(), "db").rows() == [
        ("train", "joy", "female", 1),
        ("train", "joy", "male", 1),
        ("train", "anger", "female", 1),
        ("test", "joy", "male", 1),
        ("test", "joy", None, 1),
        ("test", None, "male", 1),
    ]


def test_bars_are_stacked() -> None:
    figure = value_counts.draw(people(), "db", title="emotion in db")
    train, test = figure.axes
    assert (train.get_title(), test.get_title()) == ("train: 3", "test: 3")
    assert [label.get_text() for label in train.get_yticklabels()] == ["joy", "anger", "no emotion"]
    widths = {bars.get_label(): [bar.get_width() for bar in bars] for bars in test.containers}
    assert widths == {"female": [0, 0, 0], "male": [1, 0, 1], "not known": [1, 0, 0]}
    assert [text.get_text().strip() for text in test.texts] == ["2", "0", "1"]
    assert figure.get_supxlabel() == "6 recordings\n1 recording without a gender"
    inside(figure)


def test_without_parts_there_is_one_panel() -> None:
    data = people()
    figure = value_counts.draw(Dataset(data.frame.drop("split"), data.target), "db")
    assert [axes.get_title() for axes in figure.axes] == ["all: 6"]
    inside(figure)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (Dataset(people().frame.drop("gender"), people().target), "the tables have no column gender"),
        (people(gender=[None] * 7), "the column gender is empty"),
    ],
)
def test_what_is_missing_is_said(data: Dataset, said: str) -> None:
    figure = value_counts.draw(data, "db")
    assert said in figure.get_supxlabel()
    assert not figure.legends
    inside(figure)


def test_numbers_are_counted_in_ranges() -> None:
    data = Dataset(people(age=[20.0, 30.0, 29.9, 41.0, None, 70.0, 20.0]).frame, Target("age"))
    found = value_counts.data(data, "db").group_by("class").agg(pl.col("count").sum()).sort("class", nulls_last=True)
    assert found.rows() == [
        ("20 to 25", 1),
        ("25 to 30", 1),
        ("30 to 35", 1),
        ("40 to 45", 1),
        ("65 to 70", 1),
        (None, 1),
    ]
    inside(value_counts.draw(data, "db"))


def test_numbers_that_are_not_known_are_counted() -> None:
    data = Dataset(people(age=pl.Series([None] * 7, dtype=pl.Float64)).frame, Target("age"))
    assert value_counts.data(data, "db")["class"].to_list() == [None] * 4
    inside(value_counts.draw(data, "db"))


# Labels of every kind


@pytest.mark.parametrize(
    "labels",
    [
        ["a", "b"],
        ["a very long name of a class in a table", "another very long name of a class"],
        [f"klasse {number}" for number in range(12)],
        [f"speaker number {number}" for number in range(40)],
        [f"id{number:05}" for number in range(100)],
        ["$x$", "a\nb", "\t", "ﻉ", "x" * 60],
    ],
    ids=["2", "long", "12", "40", "100", "strange"],
)
def test_labels_fit_and_do_not_touch(labels: list[str]) -> None:
    size = len(labels) * 4
    truth = labels * 4
    frame = pl.DataFrame(
        {"id": [f"{number:05}" for number in range(size)], "speaker": ["s"] * size, "split": ["test"] * size,
         "run": [0] * size, "truth": truth, "predicted": truth[1:] + truth[:1]}
    )  # fmt: skip
    some = Predictions(frame, Target("a rather long name of a target", tuple(labels)))
    figure = confusion.draw(
        some, [], title="a rather long title, test, one decision a speaker (mode)", notes=["x" * 40]
    )
    inside(figure)
    for ticks in (figure.axes[0].get_xticklabels(), figure.axes[0].get_yticklabels()):
        boxes = [tick.get_window_extent() for tick in ticks]
        for one, other in pairwise(boxes):
            assert ticks[0].get_rotation() == 45 or not one.overlaps(other)


def test_labels_that_no_font_can_write_are_numbered() -> None:
    pen = Pen(frozenset("悲"))
    assert pen.labels(["joy", "悲しみ", "$"]) == ["joy", "class 2", r"\$"]
    assert pen.text("悲しみ") == "?しみ"
