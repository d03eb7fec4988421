"""Figures: the numbers behind them, what is written on them, and equal bytes for equal figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from nk.errors import DataError
from nk.report.figures import confusion, decimals, sample_text, save, scatter, shorten_label, value_text
from nk.stages.evaluate import evaluate
from nk.tables import Metric, Predictions, Target

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure


def frame(truth: list[object], predicted: list[object]) -> pl.DataFrame:
    size = len(truth)
    return pl.DataFrame(
        {
            "id": [f"db/{number:03}" for number in range(size)],
            "speaker": [f"s{number % 4}" for number in range(size)],
            "split": ["test"] * size,
            "run": [0] * size,
            "truth": truth,
            "predicted": predicted,
        }
    )


@pytest.fixture
def classes() -> Predictions:
    table = frame(["a", "a", "a", "a", "$b$", "$b$", None], ["a", "a", "a", "$b$", "$b$", "a", "a"])
    scores = [
        pl.when(pl.col("predicted") == one).then(0.9).otherwise(0.05).alias(f"p_{one}") for one in ("a", "$b$", "c")
    ]
    return Predictions(table.with_columns(scores), Target("sound", ("a", "$b$", "c")))


@pytest.fixture
def numbers() -> Predictions:
    truth = np.linspace(20, 80, 40)
    return Predictions(frame(list(truth), list(10 + 0.5 * truth)), Target("age"))


def texts(figure: Figure) -> list[str]:
    axes = figure.axes[0]
    return [text.get_text() for text in axes.texts]


def test_confusion_data(classes: Predictions) -> None:
    found = confusion.data(classes)
    assert found.columns == ["truth", "predicted", "count", "percent"]
    assert found["truth"].to_list() == ["a", "a", "a", "$b$", "$b$", "$b$", "c", "c", "c"]
    assert found["predicted"].to_list() == ["a", "$b$", "c"] * 3
    assert found["count"].to_list() == [3, 1, 0, 1, 1, 0, 0, 0, 0]
    assert found["percent"].to_list() == [75, 25, 0, 50, 50, 0, None, None, None]


def test_confusion_drawing(classes: Predictions) -> None:
    metrics = evaluate(classes, split="test")
    figure = confusion.draw(classes, metrics, title="an experiment")
    assert texts(figure) == ["3\n75 %", "1\n25 %", "1\n50 %", "1\n50 %"]
    assert figure.get_suptitle() == f"an experiment\n{value_text(metrics, 'uar', 'test')}"
    assert "[" in value_text(metrics, "uar", "test")
    assert figure.get_supxlabel().startswith("6 recordings of 4 speakers; brackets: 95 % interval\n")
    assert "brackets" not in confusion.draw(classes, []).get_supxlabel()


def test_many_classes_are_colours_alone() -> None:
    labels = tuple(f"speaker number {number}" for number in range(40))
    table = frame(list(labels), list(labels)).with_columns(pl.lit(1 / 40).alias(f"p_{one}") for one in labels)
    figure = confusion.draw(Predictions(table, Target("speaker_id", labels)), [])
    assert texts(figure) == []
    assert "cells" not in figure.get_supxlabel()


@pytest.mark.parametrize(
    ("label", "expected"),
    [("neutral", "neutral"), ("a rather long label number 03", "a rather lon…number 03"), ("x" * 22, "x" * 22)],
)
def test_long_labels(label: str, expected: str) -> None:
    assert shorten_label(label) == expected
    assert len(shorten_label(label)) <= 22


def test_scatter_data(numbers: Predictions) -> None:
    found = scatter.data(numbers)
    assert found.columns == ["id", "speaker", "run", "truth", "predicted"]
    assert found.height == 40


def test_scatter_drawing(numbers: Predictions) -> None:
    figure = scatter.draw(numbers, evaluate(numbers, split="test"))
    axes = figure.axes[0]
    assert [line.get_label() for line in axes.lines] == ["prediction = truth", "least squares, slope 0.50"]
    identity, fit = (np.asarray(line.get_xydata()) for line in axes.lines)
    np.testing.assert_allclose(identity[:, 0], identity[:, 1])
    np.testing.assert_allclose(fit, [[20, 20], [80, 50]])
    assert axes.get_xlim() == axes.get_ylim()
    for name in ("CCC", "PCC", "MAE"):
        assert name in figure.get_suptitle()


def test_scatter_of_a_constant_has_no_fitted_line() -> None:
    same = Predictions(frame([3.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0]), Target("age"))
    figure = scatter.draw(same, evaluate(same, split="test"))
    assert len(figure.axes[0].lines) == 1
    assert "CCC undefined" in figure.get_suptitle()


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "eps", "jpg", "tif"])
def test_equal_figures_give_equal_bytes(classes: Predictions, numbers: Predictions, tmp_path: Path, kind: str) -> None:
    for number in range(2):
        save(confusion.draw(classes, evaluate(classes, split="test")), tmp_path / f"confusion{number}.{kind}")
        save(scatter.draw(numbers, evaluate(numbers, split="test")), tmp_path / f"scatter{number}.{kind}")
    for name in ("confusion", "scatter"):
        one, other = ((tmp_path / f"{name}{number}.{kind}").read_bytes() for number in range(2))
        assert one == other
        assert len(one) > 5000


def test_strange_suffix(numbers: Predictions, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"`x.bmp` is no picture"):
        save(scatter.draw(numbers, []), tmp_path / "x.bmp")


@pytest.mark.parametrize(("value", "expected"), [(0.0, 3), (0.0123, 3), (0.65, 3), (9.99, 2), (10.2, 1), (1234.5, 0)])
def test_decimals(value: float, expected: int) -> None:
    assert decimals(value) == expected


def test_value_text() -> None:
    one = Metric("mae", 10.24, 9.2, 11.36, 40, 4, "test", "")
    assert value_text([one], "mae", "test") == "MAE 10.2 [9.2, 11.4]"
    assert value_text([one], "mae", "dev") == ""
    assert value_text([Metric("uar", 0.5, None, None, 1, 1, "test", "")], "uar", "test") == "UAR 0.500"


def test_sample_text() -> None:
    assert sample_text(1204, 1, 1204) == "1,204 recordings of 1 speaker"
    assert sample_text(4, None, 8) == "4 recordings (8 predictions)"


def test_no_pyplot(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys; from nk.report.figures import blank, save; from pathlib import Path\n"
    code += f"save(blank(2, 2)[0], Path({str(tmp_path / 'x.png')!r})); sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
