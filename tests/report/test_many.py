"""What a sweep, a matrix and a search have found, as a plain dict: every number is that of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from nk.errors import DataError
from nk.report import crossed, searched, swept
from nk.report.commands import read_several
from nk.report.html import Page, html
from nk.report.paper import first, paper
from nk.report.shapes import Made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NASTY = "<script>alert('x')</script>"
MADE = Made(made="2026-11-23T10:00:00+0000", nk="0.1", python="3.11")


def metric(value: float | None, low: float | None = None, high: float | None = None, speakers: int = 5) -> Any:
    return {"value": value, "low": low, "high": high, "n": 90, "n_speakers": speakers, "method": "jackknife"}


def cell(name: str, value: float | None, error: str | None = None, **values: str) -> Any:
    metrics = {} if error else {"uar": metric(value, value and value - 0.1, value and value + 0.1)}
    guesses, measure = ({}, "") if error else ({"chance": 0.25}, "uar")
    return {"name": name, "values": values, "folder": name, "target": "emotion", "measure": measure,
            "metrics": metrics, "guesses": guesses, "error": error, "seconds": 1.25}  # fmt: skip


SWEEP: dict[str, Any] = {
    "schema": 1,
    "cells": [cell("x_svm", 0.7, model="svm", scale="none"), cell("x_knn", 0.6, model="knn", scale="minmax"),
              cell("x_mlp", None, "not built: `mlp`", model="mlp", scale="none")],
    "estimates": [
        {"target": "emotion", "measure": "uar", "runs": 2, "best": {"name": "x_svm", **metric(0.7, 0.6, 0.8)},
         "not_apart_from_best": 1, "why_not": None, "words": ["emotion: chosen `so`"], "caution": "`x_svm` is the best",
         "choice": {"by": "other speakers", "cross_validated": True, "metric": metric(0.65, 0.5, 0.8),
                    "chosen": {"x_svm": 4, "x_knn": 1}},
         "comparison": {"basis": "5 test speakers", "apart": [],
                        "runs": [{"name": "svm", **metric(0.7, 0.6, 0.8)}, {"name": "knn", **metric(None)}]}},
    ],
}  # fmt: skip


def crossing(train: str, test: str, value: float | None, speakers: int = 5) -> Any:
    found = cell(f"x_{train}_{test}", value, None if value else "no row", train=train, test=test)
    if value:
        found["metrics"]["uar"]["n_speakers"] = speakers
    return found


MATRIX: dict[str, Any] = {
    "schema": 1,
    "measure": "uar",
    "means": {"all": None, "self": 0.75, "cross": None, "by_train": {"a": 0.6, "b": None}, "by_test": {"a": None}},
    "words": ["means of cells: self 0.750"],
    "cautions": ["too few speakers are tested: `x_a_a`"],
    "cells": [crossing("a", "a", 0.8, 2), crossing("a", "b", 0.4), crossing("b", "a", None), crossing("b", "b", 0.7)],
}


def trial(number: int, value: float | None, state: str = "complete", speakers: int = 9, **values: Any) -> Any:
    return {"trial": number, "state": state, "speakers": speakers, "measure": "uar", "value": value, "low": None,
            "high": None, "spread": 0.05, "seconds": 0.5, "error": "it broke" if state == "failed" else None,
            "values": values}  # fmt: skip


STUDY: dict[str, Any] = {
    "schema": 1, "model": "svm", "strategy": "random", "measure": "uar", "inner_folds": 3, "file": "best.ini",
    "speakers": 9, "target": "emotion", "greater_is_better": True, "folded": False, "compared_with_best": 1,
    "not_apart_from_best": 1, "why_not_nested": None, "words": ["best: C_val = 10"], "caution": "0.7 is the best of 4",
    "plan": ["search on the training part", "options: `C_val`"],
    "options": [{"key": "C_val", "tried": "0.1 to 10 by ratio", "values": [], "varied": True},
                {"key": "kernel", "tried": "rbf, linear", "values": ["rbf", "linear"], "varied": True}],
    "best": {"trial": 1, "values": {"C_val": 10.0, "kernel": "rbf"}, **metric(0.7, 0.6, 0.8), "spread": 0.1},
    "nested": {**metric(0.62, 0.5, 0.7, 9),
               "chosen": [{"fold": "1", "values": {"C_val": 3.0, "kernel": "rbf"}, "inner": 0.7},
                          {"fold": "2", "values": {"C_val": 1.0, "kernel": "rbf"}, "inner": 0.6}]},
    "trials": [trial(0, 0.6, C_val=0.1, kernel="linear"), trial(1, 0.7, C_val=10.0, kernel="rbf"),
               trial(2, 0.9, "stopped", 3, C_val=1.0, kernel="rbf"), trial(3, None, "failed", C_val=2.0, kernel="rbf")],
}  # fmt: skip
COMMANDS = {"sweep.json": "flags", "matrix.json": "multidb", "study.json": "optim"}
FILES = {"sweep.json": SWEEP, "matrix.json": MATRIX, "study.json": STUDY}


def written(folder: Path, name: str, content: Any) -> Path:
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps({"command": COMMANDS[name]}))
    (folder / "best.ini").write_text(f"[MODEL]\ntype = {NASTY}\n", encoding="utf-8")
    return folder


def told(folder: Path, name: str, **changed: Any) -> dict[str, Any]:
    found = read_several(written(folder, name, {**FILES[name], **changed}))
    assert found
    return found.told("x", MADE, "config")


def tables(found: dict[str, Any], heading: str) -> list[Any]:
    return [table for one in found["parts"] if one["heading"] == heading for table in one["tables"]]


def test_a_sweep_says_what_the_choice_is_worth_and_has_every_cell(tmp_path: Path) -> None:
    found = told(tmp_path, swept.NAME)
    (opening,) = found["openings"]
    assert (opening["big"], opening["small"]) == (
        "UAR 0.650", "95 % interval 0.500 to 0.800 · chance 0.250 · emotion: what choosing among 2 runs reaches",
    )  # fmt: skip
    assert opening["said"] == ["emotion: chosen `so`.", "UAR of the best by its own test rows: 0.700 (0.600 to 0.800)."]
    assert [one["text"] for one in found["leads"]] == ["`x_svm` is the best", "1 of 3 cells failed"]
    (cells,) = tables(found, "All cells")
    assert [one["name"] for one in cells["columns"]] == [
        "model", "scale", "UAR", "95 % interval", "rows", "speakers", "seconds", "error",
    ]  # fmt: skip
    assert cells["rows"][0] == ["svm", "none", 0.7, [pytest.approx(0.6), pytest.approx(0.8)], 90, 5, 1.25, None]
    assert cells["rows"][2] == ["mlp", "none", None, None, None, None, None, "not built: `mlp`"]
    assert tables(found, "What was chosen")[0]["rows"] == [["x_svm", 4], ["x_knn", 1]]
    for part in ("model (svm, knn, mlp) and scale (none, minmax)", "3 cells in all, of which 1 failed",
                 "reach 0.650", "on 90 recordings of 5 speakers", "its own test rows had a UAR of 0.700"):  # fmt: skip
        assert part in found["methods"], part


def test_a_sweep_without_an_estimate_gives_no_number_to_report(tmp_path: Path) -> None:
    one = {**SWEEP["estimates"][0], "comparison": None, "words": ["emotion: cannot be said: too few"]}
    del one["choice"]
    found = told(tmp_path, swept.NAME, estimates=[one])
    assert found["openings"][0]["big"] == "No estimate"
    assert found["openings"][0]["said"][0] == "emotion: cannot be said: too few."
    assert all(not part["figures"] for part in found["parts"])
    alone = told(tmp_path, swept.NAME, estimates=[{**one, "runs": 1, "words": [], "caution": ""}])
    assert (alone["openings"][0]["big"], alone["openings"][0]["small"]) == (
        "UAR 0.700",
        "emotion: 1 run · chance 0.250",
    )
    assert [lead["text"] for lead in alone["leads"]] == ["1 of 3 cells failed"]


def test_intervals_over_utterances_are_called_too_narrow(tmp_path: Path) -> None:
    one = {**SWEEP["estimates"][0], "best": {"name": "x", **metric(0.7, 0.6, 0.8, speakers=2)}}
    found = told(tmp_path, swept.NAME, estimates=[one])
    assert "too narrow" in found["leads"][1]["text"]


def test_every_target_of_a_sweep_has_its_estimate_and_figure(tmp_path: Path) -> None:
    other = {**SWEEP["estimates"][0], "target": "gender", "measure": "accuracy"}
    found = told(tmp_path, swept.NAME, estimates=[*SWEEP["estimates"], other])
    assert [one["big"] for one in found["openings"]] == ["UAR 0.650", "accuracy 0.650"]
    assert [one["name"] for one in found["parts"][0]["figures"]] == ["comparison_1", "comparison_2"]
    several = read_several(tmp_path)
    assert several
    drawn = several.draw(tmp_path, "svg")
    pages = {name: one.path.read_text(encoding="utf-8") for name, one in drawn.items()}
    assert [*pages] == ["comparison_1", "comparison_2"]
    assert all(page.startswith("<svg") and "runs on the same rows" not in page for page in pages.values())


def test_what_stood_below_a_figure_is_said_beside_it_once(tmp_path: Path) -> None:
    for name, figure, said in (
        (swept.NAME, "comparison_1", "Thin: 95 % interval of each; thick lines join runs"),
        (crossed.NAME, "heatmap", "Below each value its 95 % interval"),
        (searched.NAME, "search", "Line: the best so far"),
    ):
        found = told(tmp_path, name)
        several = read_several(tmp_path)
        assert several
        drawn = several.draw(tmp_path, "svg")
        assert drawn[figure].said.startswith(said)
        page = html({"title": "t", "author": "a", "date": "d", "comparison": None, "runs": [found]},
                    [Page(found, (), exhibits=drawn)])  # fmt: skip
        assert page.count(said) == 1
        (tmp_path / name).unlink()


def test_a_matrix_has_every_pair_its_means_and_its_marks(tmp_path: Path) -> None:
    found = told(tmp_path, crossed.NAME)
    assert found["openings"][0]["big"] == "No mean across"  # a cell of it failed
    assert found["openings"][0]["small"].endswith("on the same one 0.750")
    assert found["leads"][0]["text"] == "too few speakers are tested: `x_a_a`"
    (matrix,) = tables(found, "Matrix")
    assert [one["name"] for one in matrix["columns"]] == ["trained on", "a", "b", "mean"]
    assert not matrix["sortable"]
    values = [[row[0], *(one and (one["value"], one["mark"]) for one in row[1:3]), row[3]] for row in matrix["rows"]]
    assert values == [
        ["a", (0.8, " *"), (0.4, ""), 0.6], ["b", (None, " failed"), (0.7, ""), None], ["mean", None, None, None],
    ]  # fmt: skip
    (cells,) = tables(found, "All cells")
    assert [row[:3] for row in cells["rows"]] == [["a", "a", 0.8], ["a", "b", 0.4], ["b", "a", None], ["b", "b", 0.7]]
    assert cells["rows"][2][-1] == "no row"
    assert "a model was trained on each and tested on each" in found["methods"]
    assert "0.750 on the same" in found["methods"]


def test_a_matrix_that_leaves_one_out_says_so(tmp_path: Path) -> None:
    means = {"all": 0.5, "self": None, "cross": 0.5, "by_train": {"all others": 0.5}, "by_test": {"a": 0.4, "b": 0.6}}
    cells = [crossing("all others", "a", 0.4), crossing("all others", "b", 0.6)]
    found = told(tmp_path, crossed.NAME, cells=cells, means=means, cautions=[])
    assert found["openings"][0]["big"] == "UAR 0.500"
    assert "on the same" not in found["openings"][0]["small"]
    assert found["openings"][0]["said"][-1].startswith("across from 0.400 (all others, tested on a) to 0.600")
    assert "each was left out once" in found["methods"]


def test_a_search_says_what_it_is_worth_and_ranks_its_trials(tmp_path: Path) -> None:
    found = told(tmp_path, searched.NAME)
    assert found["openings"][0]["big"] == "UAR 0.620"
    assert "nested, what such a search reaches" in found["openings"][0]["small"]
    assert [one["text"] for one in found["leads"]] == ["0.7 is the best of 4", "1 of 4 trials failed"]
    (trials,) = tables(found, "Trials")
    assert [row[0] for row in trials["rows"]] == [1, 0, 2, 3]  # the third is better, but on few speakers
    assert [row[-1] for row in trials["rows"]] == ["", "", "stopped", "failed: it broke"]
    assert trials["rows"][0][1:3] == [10.0, "rbf"]
    (options,) = tables(found, "What was searched")
    assert options["rows"][0] == ["C_val", "0.1 to 10 by ratio", 10.0]
    assert tables(found, "Nested search")[0]["rows"] == [["1", 3.0, "rbf", 0.7], ["2", 1.0, "rbf", 0.6]]
    assert found["parts"][-1]["text"].startswith("[MODEL]")
    for part in ("3 inner folds of the training part", "had 0.700 (95 % interval", "(C_val 10, kernel rbf)",
                 "Repeated in 2 outer folds, such a search reaches 0.620"):  # fmt: skip
        assert part in found["methods"], part


def test_without_a_nested_value_the_best_is_called_too_good(tmp_path: Path) -> None:
    found = told(tmp_path, searched.NAME, nested=None, folded=True, greater_is_better=False)
    assert found["openings"][0]["big"] == "UAR 0.700"
    assert "the best of 4 trials by inner folds, so too good" in found["openings"][0]["small"]
    assert [row[0] for row in tables(found, "Trials")[0]["rows"]] == [0, 1, 2, 3]
    assert "There is no test part" in " ".join(found["parts"][0]["said"])
    assert "such a search" not in found["methods"]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([f"text {number}" for number in range(30)], {"search"}),  # too many texts for a figure
        ([1, "a", None, [1, 2]] * 2, {"search", "options"}),  # of several kinds: texts
        ([0.1 * number for number in range(1, 40)], {"search", "options"}),  # a scale
    ],
)
def test_options_of_any_values_are_drawn_or_left_out(values: list[Any], names: set[str], tmp_path: Path) -> None:
    texts = [str(one) for one in values] if None in values else values
    options = [{"key": "o", "tried": "", "values": texts[:20] if len(texts) < 20 else [], "varied": True}]
    trials = [trial(number, 0.5, o=value) for number, value in enumerate(values)]
    best = {**STUDY["best"], "values": {"o": values[1]}}
    found = read_several(written(tmp_path, "study.json", {**STUDY, "trials": trials, "options": options, "best": best}))
    assert found
    assert {*found.draw(tmp_path, "svg")} == names


def without(*keys: str) -> Callable[[dict[str, Any]], Any]:
    return lambda told: {key: value for key, value in told.items() if key not in keys}


@pytest.mark.parametrize(
    ("name", "harm", "why"),
    [
        ("sweep.json", lambda _: "{", "EOF"),
        ("sweep.json", without("estimates"), "estimates"),
        ("sweep.json", lambda told: {**told, "cells": []}, "cells"),
        ("sweep.json", lambda told: {**told, "estimates": [without("caution")(told["estimates"][0])]}, "caution"),
        ("sweep.json", lambda told: json.dumps(told).replace("1.25", "NaN"), "finite"),
        ("matrix.json", lambda told: {**told, "measure": 3}, "measure"),
        ("matrix.json", lambda told: {**told, "cells": [cell("x", 0.5, train="a")]}, "test"),
        ("study.json", lambda told: {**told, "file": "../../secret"}, "file"),
        ("study.json", lambda told: {**told, "trials": [trial(10**9, 0.5)]}, "trial"),
        ("study.json", lambda told: {**told, "best": {**told["best"], "value": "high"}}, "best.value"),
    ],
)
def test_a_damaged_file_is_an_error_that_names_it(name: str, harm: Any, why: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=name) as caught:
        read_several(written(tmp_path, name, harm(FILES[name])))
    assert why in str(caught.value)


def test_a_file_of_that_name_in_a_run_folder_is_the_users(tmp_path: Path) -> None:
    written(tmp_path, "sweep.json", SWEEP)
    (tmp_path / "manifest.json").write_text("{}")
    assert read_several(tmp_path) is None


def test_a_search_whose_best_config_is_gone_is_an_error(tmp_path: Path) -> None:
    written(tmp_path, "study.json", STUDY)
    (tmp_path / "best.ini").unlink()
    with pytest.raises(DataError, match=r"best\.ini"):
        read_several(tmp_path)


def hostile(value: Any) -> Any:
    """The same with hostile texts wherever a user's may stand."""
    kept = ("uar", "emotion", "other speakers", "complete", "stopped", "failed", "best.ini", "all", "self")
    if isinstance(value, dict):
        return {key: hostile(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return f"{value} {NASTY}" if isinstance(value, str) and value and value not in kept else value


@pytest.mark.parametrize("name", FILES)
def test_no_text_of_a_file_is_run_on_the_page_and_all_stand_on_paper(name: str, tmp_path: Path) -> None:
    found = read_several(written(tmp_path, name, hostile(FILES[name])))
    assert found
    told = found.told(NASTY, MADE, NASTY)
    text = html({"title": "t", "author": "a", "comparison": None}, [Page(told, exhibits=found.draw(tmp_path, "svg"))])
    assert NASTY not in text
    assert "&lt;script&gt;" in text
    assert text.count("<script") == 1
    assert text.count("<img") == len(found.draw(tmp_path, "svg")) > 0
    blocks = [*paper(told, [], {}, None)]
    assert blocks[: len([*first(told)])] == [*first(told)]
