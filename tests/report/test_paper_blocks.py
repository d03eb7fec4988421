"""What stands on paper: tests in few columns with the rules that chose them, and all that stands beside the result."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from nk.explore.statistics.numbers import compare
from nk.explore.statistics.result import as_table
from nk.report.beside import beside, databases
from nk.report.blocks import Block, Items, Paragraph, Table
from nk.report.paper import _explored, _more
from nk.report.tested import in_short, is_of_tests, on_paper
from nk.report.words import number


def made(feature: str = "") -> pl.DataFrame:
    draw = np.random.default_rng(0)
    group, speaker = np.repeat(["a", "b", "c"], 40), np.tile([f"s{one}" for one in range(10)], 12)
    values = draw.normal(size=120) + (group == "a")
    table = as_table(compare(pl.Series(group), pl.Series(values), pl.Series(speaker), ["a", "b", "c"]))
    return table.select(pl.lit(feature).alias("feature"), pl.all()) if feature else table


def test_a_test_is_a_line_with_the_numbers_of_the_table() -> None:
    table = made()
    assert is_of_tests(table)
    short = in_short(table)
    assert short.height == table.height
    for one, line in zip(table.iter_rows(named=True), short.iter_rows(named=True), strict=True):
        assert line["compared"] == one["of"]
        assert float(line["value"]) == round(one["effect"], 2)
        ends = "-" if one["low"] is None else f"{number(one['low'], 2)} to {number(one['high'], 2)}"
        assert line["95 % interval"] == ends
        assert line["p"] == "< .001" if one["p_holm"] < 0.001 else float(line["p"]) == round(one["p_holm"], 3)
        assert line["statistic (df)"].startswith(f"{one['statistic']:.4g}")


def test_a_damaged_table_of_tests_has_dashes_and_is_no_traceback() -> None:
    table = made().with_columns(pl.lit("x").alias("effect"), pl.lit(None, pl.String).alias("p_holm"))
    assert in_short(table).select("p", "value").unique().rows() == [("-", "-")]


def test_on_paper_pairs_of_features_are_left_out_where_all_classes_are_tested_together() -> None:
    short = in_short(pl.concat([made("f0"), made("f1")]))
    shown = on_paper(short.columns, [[*row] for row in short.rows()])
    assert shown.head[: shown.texts] == ["feature", "compared", "test", "effect"]
    assert [row[:2] for row in shown.rows["rows"]] == [["f0", "all"], ["f1", "all"]]
    assert [row[:2] for row in shown.rows["speakers"]] == [["f0", "all"], ["f1", "all"]]
    assert any("3 groups" in why for why in shown.why)


def told(**more: Any) -> dict[str, Any]:
    measured = {"measure": "uar", "value": 0.5, "low": 0.4, "high": 0.6, "n": 7, "n_speakers": 3, "method": "m",
                "guesses": {"chance": 0.25}}  # fmt: skip
    view = {"rows": 7, "left_out": 2, "threshold": 0.5, "wanted": None, "by": "speaker", "rule": "mode",
            "labels": ["low", "high"], "measured": measured}  # fmt: skip
    beside = [{"what": what, **view} for what in ("decided", "certain", "combined", "bins")]
    result = {
        "part": "test", "n": 9, "n_speakers": 3, "method": "m", "measures": [measured], "guesses": ["chance"],
        "classes": [], "speakers": [], "speakers_left_out": 0, "folds": [{"fold": "1", "n": 4, "uar": 0.3}],
        "runs": {"rows": [{}, {}], "mean": {"uar": 0.45}, "std": {"uar": 0.01}}, "beside": beside,
        "databases": [{"database": "one", **view}], "risk": None,
        "calibration": {"score": 0.7, "right": 0.6, "ece": 0.1, "perfect": 0.02, "perfect_high": 0.05},
        "sets": {"why": None, "wanted": 0.9, "held": 0.91, "mean_size": 1.5},
    }  # fmt: skip
    return result | more


def test_every_view_stands_beside_the_result() -> None:
    said = beside(told())
    starts = ("Over 2 runs", "The surest rows", "Uncertainty below 0.500", "One decision a speaker (mode, 2 left out",
              "In 2 bins (low and high", "Scores say 0.700", "Sets of classes")  # fmt: skip
    assert len(said) == len(starts)
    assert all(text.startswith(start) for text, start in zip(said, starts, strict=True))
    assert all("UAR 0.500 (0.400 to 0.600), chance 0.250" in text for text in said[1:3])  # n is said before
    assert all("UAR 0.500 (0.400 to 0.600), n 7, chance 0.250" in text for text in said[3:5])
    assert databases(told()) == ["one: UAR 0.500 (0.400 to 0.600), n 7, chance 0.250"]


def test_what_cannot_be_scored_and_sets_that_cannot_be_learnt_say_so() -> None:
    one = {**told()["beside"][2], "measured": None, "rows": 0}
    said = beside(told(beside=[one], runs=None, calibration=None, sets={"why": "too few speakers"}))
    assert said == [
        "One decision a speaker (mode, 2 left out with several truths): nothing is left to be scored",
        "No sets of classes: too few speakers",
    ]


def test_paper_has_the_views_the_folds_and_the_tests() -> None:
    blocks: list[Block] = [*_more(told())]
    assert any(isinstance(block, Table) and "by fold" in block.caption for block in blocks)
    assert sum(len(block.items) for block in blocks if isinstance(block, Items)) == 8
    short = in_short(made())
    table = {"columns": short.columns, "rows": [[*row] for row in short.rows()], "total": short.height}
    exhibit = {"title": "t", "lead": None, "name": "n", "said": "s", "table": table}
    blocks = [*_explored({"explored": [exhibit]}, {})]
    tables = [block for block in blocks if isinstance(block, Table)]
    assert [table.caption for table in tables] == ["By rows.", "By speakers."]
    assert all("unit" not in table.head and "why" not in table.head for table in tables)
    assert any(isinstance(block, Paragraph) and block.text.startswith("Chosen by rule: ") for block in blocks)
