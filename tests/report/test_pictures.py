"""Which pictures a run leaves, how they are called, and that they say what `metrics.json` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]

from nk.config.output import Plot
from nk.report import fonts
from nk.report.pictures import draw_results
from nk.stages.results import metrics_json
from nk.stages.views import views
from nk.tables import Dataset, Predictions, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LABELS = ("anger", "joy")


def predictions(labels: Sequence[str] = LABELS, *, runs: int = 1, number: bool = False) -> Predictions:
    """Of two parts and two databases, some of them without a truth."""
    size = 60
    generator = np.random.default_rng(0)
    frames = []
    for run in range(runs):
        truth = generator.integers(0, len(labels), size)
        scores = generator.dirichlet(np.ones(len(labels)), size) + 0.3 * np.eye(len(labels))[truth]
        scores /= scores.sum(axis=1, keepdims=True)
        frame = pl.DataFrame(
            {
                "id": [f"{place:03}" for place in range(size)],
                "database": [("one", "two")[place % 2] for place in range(size)],
                "speaker": [f"s{place % 6}" for place in range(size)],
                "split": ["dev" if place < 20 else "test" for place in range(size)],
                "run": run,
                "fold": "split",
                "truth": [None if place % 7 == 0 else labels[one] for place, one in enumerate(truth)],
                "predicted": [labels[one] for one in scores.argmax(axis=1)],
                "uncertainty": generator.beta(2, 2, size),
            }
            | {f"p_{label}": scores[:, place] for place, label in enumerate(labels)}
        )
        frames.append(frame)
    if not number:
        return Predictions(pl.concat(frames), Target("emotion", tuple(labels)))
    ages = [
        (20.0 + pl.col(name).str.len_chars() * 10 + pl.col("uncertainty")).alias(name)
        for name in ("truth", "predicted")
    ]
    return Predictions(pl.concat(frames).with_columns(ages), Target("age"))


def small(some: Predictions) -> Predictions:
    """Of one part and one database."""
    return Predictions(some.frame.filter(split="test", database="one"), some.target)


def drawn(some: Predictions, folder: Path, plot: Plot, counted: Sequence[str] = ()) -> tuple[dict[str, Any], list[str]]:
    """Draw everything; the metrics and what was said."""
    known = {"split": some.frame["truth"]}
    rows = Dataset(some.frame.unique("id").with_columns(pl.lit("male").alias("gender")).sort("id"), some.target)
    bins = ([0.0, 55.0, 100.0], ("young", "old")) if some.target.is_number else None
    looks = views(some, known, rows, plot, bins)
    metrics = metrics_json(some, known, looks)
    whole = Dataset(rows.frame.rename({"truth": some.target.name}), some.target)
    return metrics, draw_results(folder, some, metrics, plot, views=looks, counted=[(name, whole) for name in counted])


def names(folder: Path, kind: str = "png") -> set[str]:
    return {path.stem for path in folder.glob(f"*.{kind}")}


def test_every_figure_of_classes_with_its_numbers(tmp_path: Path) -> None:
    plot = Plot(uncertainty_threshold=0.5, combine_per_speaker="mean")
    metrics, said = drawn(predictions(runs=2), tmp_path, plot, counted=("one",))
    assert said == []
    expected = {
        f"{kind}_{part}{base}"
        for part in ("dev", "test")
        for kind, base in (
            ("confusion", ""), ("uncertainty", ""), ("runs", ""), ("certain", ""), ("database", "_one"),
            ("database", "_two"),
        )
    }  # fmt: skip
    # In test no speaker has one emotion, so there is no decision to be drawn.
    assert {part: bool(told["metrics"]) for part, told in metrics["combined"].items()} == {"dev": True, "test": False}
    assert names(tmp_path) == names(tmp_path, "csv") == expected | {"combined_dev", "value_counts_one"}
    for key, stem in (("metrics", "confusion_test"), ("certain", "certain_test")):
        told = metrics[key]["test"]
        matrix = pl.read_csv(tmp_path / f"{stem}.csv")
        right = matrix.filter(pl.col("truth") == pl.col("predicted"))
        uar = (told["metrics"] if key != "metrics" else told)["uar"]["value"]
        assert right["percent"].mean() == pytest.approx(100 * uar)
    assert pl.read_csv(tmp_path / "certain_test.csv")["count"].sum() == metrics["certain"]["test"]["rows"]
    assert pl.read_csv(tmp_path / "runs_test.csv")["uar"].to_list() == [
        row["uar"] for row in metrics["runs"]["test"]["rows"]
    ]


def test_every_figure_of_numbers_with_its_numbers(tmp_path: Path) -> None:
    metrics, _ = drawn(predictions(number=True), tmp_path, Plot(), counted=("two",))
    kinds = ("scatter_{}", "bins_{}", "database_{}_one", "database_{}_two")
    assert names(tmp_path) == {kind.format(part) for part in ("dev", "test") for kind in kinds} | {"value_counts_two"}
    matrix = pl.read_csv(tmp_path / "bins_test.csv").filter(pl.col("truth") == pl.col("predicted"))
    assert matrix["percent"].mean() == pytest.approx(100 * metrics["bins"]["test"]["metrics"]["uar"]["value"])


def test_one_decision_a_speaker_is_drawn(tmp_path: Path) -> None:
    some = predictions()
    alone = some.frame.with_columns(
        pl.when(pl.col("speaker") < "s3").then(pl.lit("anger")).otherwise(pl.lit("joy")).alias("truth")
    )
    metrics, _ = drawn(Predictions(alone, some.target), tmp_path, Plot(combine_per_speaker="mode"))
    cells = pl.read_csv(tmp_path / "combined_test.csv")
    assert cells["count"].sum() == metrics["combined"]["test"]["metrics"]["uar"]["n"] == 6


@pytest.mark.parametrize("kind", ["png", "jpg", "tif", "svg", "pdf", "eps"])
def test_every_format_is_written_alike_and_quietly(
    kind: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    start = {"png": b"\x89PNG", "jpg": b"\xff\xd8", "tif": b"II*", "svg": b"<?xml", "pdf": b"%PDF", "eps": b"%!PS"}
    for some in (predictions(), predictions(number=True)):
        drawn(small(some), tmp_path, Plot(format=kind, fill_areas=True))
    files = list(tmp_path.glob(f"*.{kind}"))
    assert len(files) == 4
    assert all(file.read_bytes().startswith(start[kind]) for file in files)
    assert all(b"CreationDate" not in file.read_bytes() for file in files)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_titles_and_names_are_as_asked_for(tmp_path: Path) -> None:
    for titles in (True, False):
        (folder := tmp_path / str(titles)).mkdir()
        drawn(small(predictions()), folder, Plot(format="svg", name="mine", titles=titles))
        assert all(name.startswith("mine_") for name in names(folder, "svg"))
    texts = [(tmp_path / str(one) / "mine_confusion_test.svg").read_text() for one in (True, False)]
    with_title, without = (text.count("UAR") for text in texts)
    assert (with_title > 0, without) == (True, 0)


def test_names_of_databases_become_names_of_files(tmp_path: Path) -> None:
    some = predictions()
    strange = {"one": "a/b", "two": "a\\b"}
    frame = some.frame.with_columns(pl.col("database").replace(strange))
    frame = frame.filter(split="test")
    for name in ("é" * 150, ""):
        drawn(Predictions(frame, some.target), tmp_path, Plot(name=name or None))
    found = names(tmp_path)
    assert {"database_test_a_b", "database_test_a_b_2"} <= found
    assert all(len(name.encode()) <= 202 for name in found)
    assert len(found) == 8


# Fonts


def font(path: Path, characters: str, name: str = "Made") -> Path:
    """A font in which these characters are squares."""
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 700), (800, 700), (800, 0)):
        pen.lineTo(point)
    pen.closePath()
    square = pen.glyph()
    glyphs = {".notdef": square} | {f"g{place}": square for place in range(len(characters))}
    build = FontBuilder(1000, isTTF=True)
    build.setupGlyphOrder(list(glyphs))
    build.setupCharacterMap({ord(one): f"g{place}" for place, one in enumerate(characters)})
    build.setupGlyf(glyphs)
    build.setupHorizontalMetrics(dict.fromkeys(glyphs, (900, 100)))
    build.setupHorizontalHeader(ascent=800, descent=-200)
    build.setupNameTable({"familyName": name, "styleName": "Regular"})
    build.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    build.setupPost()
    build.save(path)
    return path


@pytest.fixture
def no_other_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the fonts that come with matplotlib."""
    from matplotlib.font_manager import fontManager

    own = [one for one in fontManager.ttflist if "matplotlib" in str(one.fname)]
    monkeypatch.setattr(fontManager, "ttflist", own)


@pytest.mark.usefixtures("no_other_fonts")
@pytest.mark.filterwarnings("error")
def test_what_no_font_can_write_is_numbered_and_said(tmp_path: Path) -> None:
    _, said = drawn(small(predictions(["悲しみ", "joy"])), tmp_path, Plot(format="svg"))
    (text,) = said
    assert text.startswith("no font of this machine can write `し み 悲`: ")
    assert "class 1" in (tmp_path / "confusion_test.svg").read_text()
    assert "悲しみ" in (tmp_path / "confusion_test.csv").read_text()


@pytest.mark.usefixtures("no_other_fonts")
@pytest.mark.filterwarnings("error")
def test_a_font_of_the_machine_that_can_is_used(tmp_path: Path) -> None:
    from matplotlib.font_manager import fontManager

    fontManager.addfont(font(tmp_path / "made.ttf", "悲しみ"))
    _, said = drawn(small(predictions(["悲しみ", "joy"])), tmp_path, Plot(format="svg"))
    assert said == []
    assert "悲しみ" in (tmp_path / "confusion_test.svg").read_text()


def test_plain_texts_ask_for_nothing() -> None:
    with fonts.writing(["joy", "Ärger", "a b\n", "ﻉ"]) as pen:
        assert pen.lacking == frozenset()
