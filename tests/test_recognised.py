"""A run that would come out the same is recognised and shown again; whatever it depends on, a change is computed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from nk import pipeline, ready, recognised
from nk.config import load_config
from nk.manifest import Stopwatch
from nk.setup import prepare
from nk.stages import train
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = """[EXP]
name = exp
root = results
[DATA]
databases = ['db']
db = db.csv
[FEATS]
type = ['import']
import_file = features.csv
scale = standard
[MODEL]
type = bayes
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with recordings, their features in a table, and `exp.ini`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NK_DATA", str(tmp_path / "evaluations"))
    return fill(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(fill(tmp_path_factory.mktemp("exp")))
        return run().folder.resolve()


def fill(tmp_path: Path) -> Path:
    draw = np.random.default_rng(3)
    rows, values = ["file,speaker,emotion"], ["file,height,level"]
    for number in range(24):
        soundfile.write(tmp_path / f"{number}.wav", draw.normal(0, 0.1, 4000), 16000)
        rows.append(f"{number}.wav,s{number % 6},{('joy', 'anger')[number % 2]}")
        values.append(f"{number}.wav,{draw.normal() + number % 2},{draw.normal()}")
    (tmp_path / "db.csv").write_text("\n".join(rows))
    (tmp_path / "features.csv").write_text("\n".join(values))
    (tmp_path / "exp.ini").write_text(CONFIG)
    return tmp_path


def run(*sets: str, force: bool = False, jobs: int = 1, ui: Ui | None = None) -> pipeline.Result:
    outcome = pipeline.run(load_config(Path("exp.ini"), sets), ui or Ui(quiet=True), force=force, jobs=jobs)
    assert isinstance(outcome, pipeline.Result)
    return outcome


def test_the_same_run_is_shown_again_and_nothing_is_computed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run()
    before = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")}

    def never(*_: Any) -> None:
        raise AssertionError("it trains")

    monkeypatch.setattr(train, "cross", never)
    again = run(jobs=2)
    assert first.made is None
    assert again.made == json.loads((place / "results/exp/manifest.json").read_text())["made"]
    assert again.metrics == json.loads((place / "results/exp/metrics.json").read_text())
    assert (again.groups, tuple(again.findings)) == (first.groups, tuple(first.findings))
    assert again.seen == first.seen
    assert {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")} == before


def test_what_was_warned_of_is_said_again_once(place: Path) -> None:
    (place / "3.wav").write_bytes(b"no audio")
    ways = ("feats.fail_threshold=0.5",)
    first, second = Ui(quiet=True), Ui(quiet=True)
    run(*ways, ui=first)
    assert run(*ways, ui=second).made
    said = [[line[20:] for line in ui.lines if line[20:].startswith("warning: ")] for ui in (first, second)]
    assert len(said[0]) > 1
    assert said[0] == said[1]
    assert sum("1 of 24 rows skipped" in line for line in said[1]) == 1


@pytest.mark.usefixtures("place")
def test_evaluations_since_are_counted() -> None:
    run()
    run("model.type=tree", "exp.name=other")
    again = run()
    assert again.made
    assert len(again.seen) == 2
    assert again.seen[-1].name == "exp"


def edit(file: str, old: str, new: str) -> Callable[[], None]:
    def act() -> None:
        text = Path(file).read_text()
        assert old in text
        Path(file).write_text(text.replace(old, new, 1))

    return act


CHANGES: dict[str, Callable[[], None]] = {
    "label": edit("db.csv", "5.wav,s5,anger", "5.wav,s5,joy"),
    "speaker": edit("db.csv", "5.wav,s5,", "5.wav,s6,"),
    "table of features": edit("features.csv", "5.wav,", "5.wav,1"),
    "config": edit("exp.ini", "scale = standard", "scale = minmax"),
    "option of the model": edit("exp.ini", "[MODEL]", "[MODEL]\nset_coverage = .8"),
    "audio": lambda: soundfile.write("5.wav", np.zeros(4000), 16000),
}


def key(*sets: str) -> str:
    setup = prepare(load_config(Path("exp.ini"), sets), 1)
    return recognised.depends_on(setup, ready.read(setup, Ui(quiet=True), Stopwatch()))


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_another_run(change: str) -> None:
    before = key()
    assert before == key()
    CHANGES[change]()
    assert key() != before


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("what", ["versions", "code", "__version__"])
def test_other_code_is_another_run(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    changed: Any = "9.9" if what == "__version__" else lambda: "9.9"
    monkeypatch.setattr(recognised, what, changed)
    assert key() != before


def test_a_plugin_from_elsewhere_counts_with_its_code(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, code = key(), recognised.code()
    monkeypatch.setattr(recognised, "_PACKAGE", place)  # all plug-ins are from elsewhere then
    monkeypatch.setattr(recognised, "_code", lambda: code)
    assert key() != before


def test_a_lock_is_of_the_key(place: Path) -> None:
    ways, keys = ("data.db.split_strategy=lock", "data.db.lock=split.lock.json"), set[str]()
    for seed in (1, 2):
        run(f"exp.random_seed={seed}")
        shutil.copy("results/exp/split.lock.json", place)
        keys.add(key(*ways))
    assert len(keys) == 2


def rewrite(file: str, old: str, new: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1))

    return act


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "a file is gone": lambda folder: (folder / "per_class.csv").unlink(),
    "a file is damaged": lambda folder: (folder / "metrics.json").write_text("{"),
    "a table is empty": lambda folder: (folder / "skipped.csv").write_text(""),
    "the time is gone": rewrite("manifest.json", '"made"', '"when"'),
    "a file has less": lambda folder: (folder / "audit.json").write_text("{}"),
    "features were lost": rewrite("skipped.csv", "reason\n", "reason\ndb,9.wav,0,1,crashed\n"),
    "the manifest is older": rewrite("manifest.json", '"depends_on"', '"nothing"'),
    "the manifest is no object": lambda folder: (folder / "manifest.json").write_text("[]"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_not_known(damage: str, folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "exp"
    shutil.copytree(folder, copy)
    wanted = json.loads((copy / "manifest.json").read_text())["depends_on"]
    assert recognised.known(copy, wanted, 0, None, Ui(quiet=True))
    assert not recognised.known(copy, wanted[::-1], 0, None, Ui(quiet=True))
    DAMAGES[damage](copy)
    assert not recognised.known(copy, wanted, 0, None, Ui(quiet=True))


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("way", ["feats.no_reuse=True", "exp.save_test=out.csv"])
def test_who_asks_for_work_gets_it(way: str) -> None:
    run(way)
    assert run(way).made is None


@pytest.mark.usefixtures("place")
def test_force_computes_anew() -> None:
    run()
    assert run(force=True).made is None
    assert run().made
