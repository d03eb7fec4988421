"""Runs that go by a lock, and the count of how often test rows are looked at."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
import soundfile

from nk import lock, pipeline
from nk.config import load_config
from nk.errors import ConfigError, DataError
from nk.evaluations import NAME as SEEN
from nk.stored import find
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIG = """[EXP]
name = first
[DATA]
databases = ['db']
db = db.csv
db.test_size = 40
target = emotion
[FEATS]
set = GeMAPSv01b
scale = standard
[MODEL]
type = bayes
"""
LOCK = ("exp.name=second", "data.db.split_strategy=lock", "data.db.lock=results/first")


def record(path: Path, seed: int) -> None:
    rng, time = np.random.default_rng(seed), np.arange(4800) / 16000
    wave = 0.3 * np.sign(np.sin(2 * np.pi * (220 if seed % 2 else 110) * rng.normal(1, 0.25) * time))
    soundfile.write(path, wave + rng.normal(0, 0.02, len(time)), 16000)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five speakers with four recordings each, and what is counted apart from other tests."""
    rows = [{"file": f"{name}{number}.wav", "speaker": name, "emotion": ("joy", "anger")[number % 2]}
            for name in "abcde" for number in range(4)]  # fmt: skip
    for seed, row in enumerate(rows):
        record(tmp_path / row["file"], seed)
    pl.DataFrame(rows).write_csv(tmp_path / "db.csv")
    (tmp_path / "exp.ini").write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("NK_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*sets: str) -> tuple[pipeline.Result, str]:
    ui = Ui(quiet=True)
    result = pipeline.run(load_config("exp.ini", sets), ui, jobs=1, force=True)
    assert isinstance(result, pipeline.Result)
    return result, "\n".join(line.partition(" ")[2].partition(" ")[2] for line in ui.lines)


def rows(change: Any) -> None:
    change(pl.read_csv("db.csv")).write_csv("db.csv")


def speakers(part: str) -> list[str]:
    """Those of one part, by the lock of the first run."""
    ids = [
        row["id"]
        for row in json.loads(Path("results/first/split.lock.json").read_text())["rows"]
        if row["part"] == part
    ]
    return sorted({name.removeprefix("db/")[0] for name in ids})


def told(text: str) -> str:
    """What was said of the count."""
    return next(line for line in text.splitlines() if line.startswith("the test rows"))


def test_a_lock_gives_the_split_of_its_run(place: Path) -> None:
    first, _ = run()
    kept = lock.read(first.folder)
    assert kept.rows["part"].value_counts(sort=True).rows() == [("train", 12), ("test", 8)]
    assert (first.folder / lock.NAME).read_text() == lock.text(kept)
    second, text = run(*LOCK, "exp.random_seed=7", "data.db.test_size=20", "model.type=tree")
    assert lock.read(second.folder).hash == kept.hash
    assert "lock" not in text.replace("split_strategy", "").split("the test rows")[0]
    shutil.copy(first.folder / lock.NAME, place / "clinic.json")
    third, _ = run(*LOCK, "data.db.lock=clinic.json", "exp.name=third")
    for name in ("predictions.csv", lock.NAME):
        assert (third.folder / name).read_text() == (first.folder / name).read_text()


@pytest.mark.usefixtures("place")
def test_a_new_split_is_what_a_lock_is_not() -> None:
    first, _ = run()
    second, _ = run("exp.name=second", "exp.random_seed=7")
    assert lock.read(second.folder).test != lock.read(first.folder).test


@pytest.mark.parametrize("what", ["audio", "gone"])
def test_another_test_is_refused(what: str, place: Path) -> None:
    run()
    tested, (other, *_) = speakers("test"), speakers("train")
    if what == "audio":
        record(place / f"{tested[0]}1.wav", 99)
        message = (
            rf"the audio of test rows is not what it was when they were locked \(1 row\): `db/{tested[0]}1.wav#0-300`"
        )
    else:
        rows(
            lambda table: table.filter(
                ~pl.col("file").is_in([f"{tested[0]}1.wav", f"{tested[0]}2.wav", f"{other}0.wav"])
            )
        )
        message = rf"test rows of the lock are not there \(2 rows\): `db/{tested[0]}1.wav#0-300`, "
    with pytest.raises(DataError, match=message) as caught:
        run(*LOCK)
    assert "make a new split" in (caught.value.hint or "")
    assert not (place / "results" / "second").exists()


def test_what_has_changed_beside_the_test_is_said(place: Path) -> None:
    run()
    first, second, *_ = speakers("train")
    record(place / f"{first}1.wav", 99)
    record(place / "new.wav", 98)
    new = pl.DataFrame({"file": ["new.wav"], "speaker": ["z"], "emotion": ["joy"]})
    rows(lambda table: pl.concat([table.filter(pl.col("file") != f"{second}0.wav"), new]))
    result, text = run(*LOCK)
    assert f"warning: 1 row with other audio than when it was locked: `db/{first}1.wav#0-300`" in text
    assert f"warning: 1 row of the lock not there to train or choose on: `db/{second}0.wav#0-300`" in text
    assert "warning: 1 row not in the lock, and left out: `db/new.wav#0-300`" in text
    assert result.metrics["metrics"]["test"]["uar"]["n"] == 8
    assert lock.read(result.folder).test == lock.read(place / "results" / "first").test


def test_a_cross_validation_is_locked_with_its_folds(place: Path) -> None:
    folds = "model.k_fold_cross=3"
    first, _ = run(folds)
    assert lock.read(first.folder).folded
    second, text = run(*LOCK, "exp.random_seed=9")
    assert "cross-validation: 3 folds (those of the lock)" in text
    assert told(run(*LOCK)[1]).startswith("the test rows have been looked at 3 times, by 2 different configs")
    for name in ("predictions.csv", lock.NAME):
        there = (second.folder / name).read_text().replace('"seed": 9', '"seed": 42')
        assert there == (first.folder / name).read_text()
    record(place / "a1.wav", 99)
    with pytest.raises(DataError, match=r"the audio of test rows .* `db/a1\.wav#0-300`"):
        run(*LOCK)


@pytest.mark.usefixtures("place")
def test_a_lock_and_the_folds_asked_for_go_together() -> None:
    run()
    with pytest.raises(DataError, match="is of a split, and a cross-validation would train on its test rows"):
        run(*LOCK, "model.loso=True")
    other = ("data.databases=['db', 'more']", "data.more=db.csv", "data.more.as_train=True")
    run("model.loso=True")
    with pytest.raises(DataError, match="and goes for all databases or for none: `more`"):
        run(*LOCK, *other)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("folds", ["", "model.loso=True"])
def test_a_database_of_another_name_is_not_in_the_lock(folds: str) -> None:
    run(*([folds] if folds else []))
    sets = (
        "data.databases=['other']",
        "data.other=db.csv",
        "data.other.split_strategy=lock",
        "data.other.lock=results/first",
    )
    with pytest.raises(DataError, match="the lock .*has no row of") as caught:
        run(*sets)
    assert "had" in (caught.value.hint or "")


@pytest.mark.parametrize(("which", "part"), [("as_train", "train"), ("as_test", "test")])
def test_one_part_of_a_lock(which: str, part: str, place: Path) -> None:
    run()
    strategy = f"data.more.split_strategy={'test' if part == 'train' else 'train'}"
    (gone, *_) = speakers("test" if part == "train" else "train")
    record(place / f"{gone}1.wav", 99)  # it is not asked for
    others = [{"file": f"more{number}.wav", "speaker": f"m{number % 4}", "emotion": ("joy", "anger")[number // 4 % 2]}
              for number in range(16)]  # fmt: skip
    for number, row in enumerate(others):
        record(place / row["file"], 200 + 2 * number + number // 4 % 2)
    pl.DataFrame(others).write_csv("more.csv")
    sets = ("data.databases=['db', 'more']", "data.more=more.csv", strategy, f"data.db.{which}=True")
    result, text = run(*LOCK, *sets)
    assert "when it was locked" not in text
    mine = pl.read_parquet(result.folder / "dataset.parquet").filter(pl.col("database") == "db")
    assert mine["split"].unique().to_list() == [part]


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (["data.db.split_strategy=lock"], "`db.split_strategy` is `lock`, but nothing says which"),
        (["data.db.lock=results/none", "data.db.split_strategy=lock"], "there is no `results/none`"),
    ],
)
def test_a_lock_has_to_be_named(sets: Sequence[str], message: str) -> None:
    with pytest.raises((ConfigError, DataError), match=message):
        run(*sets)


@pytest.mark.usefixtures("place")
def test_a_lock_that_is_not_asked_for_has_no_effect() -> None:
    loaded = load_config("exp.ini", ["data.db.lock=results/none"])
    assert [problem.text for problem in loaded.warnings] == ["[DATA] `db.lock` has no effect"]


def test_looks_are_counted_over_run_folders_and_configs(place: Path) -> None:
    _, text = run()
    assert told(text) == "the test rows are looked at for the first time"
    _, text = run("exp.name=again", "data.db.test_size=50")  # the same two of five speakers
    assert told(text) == "the test rows have been looked at 2 times, by one config"
    result, text = run(*LOCK, "model.type=tree")
    assert told(text).startswith("the test rows have been looked at 3 times, by 2 different configs (uar 0.")
    assert len(result.seen) == 3
    for folder in ("first", "second"):  # the lock and who used it
        assert len((place / "results" / folder / SEEN).read_text().splitlines()) == (2 if folder == "first" else 3)
    _, text = run("exp.name=other", "exp.random_seed=7")
    assert told(text) == "the test rows are looked at for the first time"


def test_a_lock_that_travels_takes_its_count_along(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    monkeypatch.setenv("NK_DATA", str(place / "another machine"))
    assert "2 times" in told(run(*LOCK)[1])
    assert "3 times" in told(run("exp.name=third")[1])


def test_a_run_without_a_place_to_count_is_a_run(place: Path) -> None:
    (place / "data").write_text("in the way")
    result, text = run()
    assert "warning: this evaluation is not counted in the register of evaluations: Not a directory" in text
    assert (result.folder / "manifest.json").exists()
    assert len((result.folder / SEEN).read_text().splitlines()) == 1
    assert "2 times" in told(run()[1])  # by what the run folder has


def test_nk_test_counts_what_the_run_has_tested(place: Path) -> None:
    run()
    table, tested = pl.read_csv("db.csv"), speakers("test")
    table.filter(pl.col("speaker").is_in(tested)).write_csv("held.csv")
    table.filter(pl.col("speaker") == tested[0]).write_csv("some.csv")
    table.drop("emotion").write_csv("unlabelled.csv")
    for file, times in (("held.csv", 2), ("db.csv", 3), ("some.csv", None), ("unlabelled.csv", None)):
        folder, loaded = find(Path("results/first"), ())
        found = pipeline.test(folder, loaded, Ui(quiet=True), files=[file], jobs=1)
        ((name, seen),) = found.seen.items()
        assert name == file.removesuffix(".csv")
        assert len(seen) == (times or (file == "some.csv"))
        assert (found.folder / name / SEEN).exists() == bool(seen)
    kept = (place / "results" / "first" / SEEN).read_text().splitlines()
    assert [json.loads(line)["by"] for line in kept] == ["nk run", "nk test", "nk test"]
    assert len({json.loads(line)["config"] for line in kept}) == 1
    assert told(run()[1]) == "the test rows have been looked at 4 times, by one config"
