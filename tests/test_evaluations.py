"""The count of evaluations: once each, whoever writes at the same time, and never in the way of a run."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from nk.cache_folder import data_folder
from nk.evaluations import NAME, Evaluation, config_hash, count, evaluation, summary, text
from nk.ui import Ui


def one(tests: str = "t", config: str = "c", **more: Any) -> Evaluation:
    about = {"by": "nk run", "name": "exp", "target": "emotion", "measure": "uar", "value": 0.5, **more}
    return evaluation(list(tests), config=config, **about)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NK_DATA", str(tmp_path / "data"))
    return tmp_path


def register(test: str = "t") -> Path:
    return data_folder() / "evaluations" / f"{test}.jsonl"


def test_each_is_counted_once_and_the_last_is_the_new_one(place: Path) -> None:
    ui, beside = Ui(quiet=True), [place / NAME]
    first, second = one(), one()
    assert count(first, beside, ui) == [first]
    assert count(second, beside, ui, carried=place / NAME) == [first, second]
    assert register().read_text() == text([first, second]) == (place / NAME).read_text()
    assert ui.lines == []


def test_rows_are_told_apart_and_a_run_may_count_for_two(place: Path) -> None:
    ui = Ui(quiet=True)
    both, other = one("st"), one("u")
    assert count(both, [place / NAME], ui) == [both]
    assert count(other, [place / NAME], ui) == [other]
    last = one("t")
    assert count(last, [place / NAME], ui) == [both, last]
    assert register("s").read_text() == text([both])


def test_what_travelled_beside_a_lock_is_counted_here_too(place: Path) -> None:
    ui, theirs = Ui(quiet=True), [one(), one(config="d"), one("u")]
    (place / NAME).write_text(text(theirs))
    mine = one(config="e")
    assert count(mine, [], ui, carried=place / NAME) == [*sorted(theirs[:2], key=lambda it: (it.made, it.id)), mine]
    (place / NAME).unlink()
    assert len(count(one(), [], ui)) == 4


def _count(times: int, folder: str) -> None:
    for number in range(times):
        count(one(config=str(number)), [Path(folder) / NAME], Ui(quiet=True))


def test_two_processes_that_count_at_once_lose_nothing(place: Path) -> None:
    started = [multiprocessing.get_context("spawn").Process(target=_count, args=(40, str(place))) for _ in range(2)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0, 0]
    ui = Ui(quiet=True)
    found = count(one(config="0"), [], ui)
    assert len({it.id for it in found}) == len(found) == 81
    assert summary(found).startswith("the test rows have been looked at 81 times, by 40 different configs; a choice")
    assert len((place / NAME).read_text().splitlines()) == 80
    assert ui.lines == []


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind")
def test_a_folder_without_permission(place: Path) -> None:
    (place / "data").mkdir(mode=0o500)
    ui = Ui(quiet=True)
    assert len(count(one(), [], ui)) == 1
    assert "is not counted in the register of evaluations: Permission denied" in ui.lines[0]


def test_a_count_that_cannot_be_kept_is_said_and_nothing_breaks(place: Path) -> None:
    (place / "data").write_text("a file stands in the way")
    ui, new = Ui(quiet=True), one()
    assert count(new, [place / "gone" / NAME], ui) == [new]
    assert [line.split(" ", 2)[2] for line in ui.lines] == [
        "warning: earlier evaluations in the register of evaluations are not counted: Not a directory",
        "warning: this evaluation is not counted in the register of evaluations: Not a directory",
        "this evaluation is not counted beside the lock `gone`: No such file or directory",
        "warning: earlier evaluations in the register of evaluations are not counted: Not a directory",
    ]
    assert str(place) not in "".join(ui.lines)


def test_damaged_lines_are_counted_as_such() -> None:
    first, ui = one(), Ui(quiet=True)
    register().parent.mkdir(parents=True)
    register().write_bytes(b'{"half a li\n\xff\xfe\n\n' + text([first]).encode())
    assert len(count(one(), [], ui)) == 2
    assert "2 of 3 lines in the register of evaluations cannot be read, and are not counted" in ui.lines[0]


def test_what_is_said_of_them() -> None:
    assert summary([one()]) == "the test rows are looked at for the first time"
    assert summary([one(target="age"), one()]).endswith("for the first time (once more for another target)")
    assert summary([one(), one()]) == "the test rows have been looked at 2 times, by one config"
    found = [one(value=0.25), one(config="d", measure="accuracy", value=0.9), one(config="d", value=0.75)]
    told = "the test rows have been looked at 3 times, by 2 different configs (uar 0.250 to 0.750); "
    assert summary(found) == told + "a choice among them needs a fresh test set"
    assert "configs; a choice" in summary([one(value=None), one(config="d", value=0.5)])


CONFIG = """
exp: {name: a, root: ./results/, type: classification, random_seed: 42, runs: 1}
data:
  databases: {db: {path: db.csv, split_strategy: lock, lock: results/a, mapping: {a: b}, type: csv}}
  target: emotion
feats: {type: [os], set: eGeMAPSv02, no_reuse: false}
model: {type: svm, C_val: 1, n_jobs: 2, save: true}
plot: {format: png}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [("name: a", "name: b"), ("./results/", "there"), ("path: db.csv", "path: x/db.csv"), ("n_jobs: 2, ", ""),
     ("results/a", "results/b"), ("no_reuse: false", "no_reuse: true"), ("png", "pdf"), ("save: true", "save: false"),
     ("model: {", "model: {loso: true, ")],
)  # fmt: skip
def test_names_and_places_make_no_other_config(old: str, new: str) -> None:
    assert old in CONFIG
    assert config_hash(CONFIG.replace(old, new), "rows") == config_hash(CONFIG, "rows")


@pytest.mark.parametrize(
    ("old", "new"),
    [("C_val: 1", "C_val: 2"), ("svm", "knn"), ("[os]", "[praat]"), ("a: b", "a: c"), ("42", "43"),
     ("runs: 1", "runs: 2"), ("emotion", "age"), ("eGeMAPSv02", "ComParE_2016")],
)  # fmt: skip
def test_whatever_changes_the_model_makes_another_config(old: str, new: str) -> None:
    assert old in CONFIG
    assert config_hash(CONFIG.replace(old, new), "rows") != config_hash(CONFIG, "rows")


def test_other_rows_make_another_config() -> None:
    assert config_hash(CONFIG, "rows") != config_hash(CONFIG, "others")
