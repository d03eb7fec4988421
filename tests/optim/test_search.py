"""The loop: the best is found where it is known, whoever is stopped goes on alike, and what fails is told."""

from __future__ import annotations

import errno
import pickle
from collections import Counter
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import numpy as np
import polars as pl
import pytest

from nk.errors import DataError
from nk.execute import HERE
from nk.optim import store
from nk.optim.aims import aim_of
from nk.optim.material import Material
from nk.optim.nested import best_of, repeated
from nk.optim.search import Strategy, search, strategy, tried, tries, wanted
from nk.optim.space import Dimension, Span
from nk.optim.trials import Bench, Task, bench, evaluate
from nk.registry import Fitted, Model, Options
from nk.stages import train
from nk.stages.fit import rows_of
from nk.stages.grouping import by_hash
from nk.stages.train import Recipe
from nk.tables import Dataset, Features, Target

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

DIMS = (Dimension("x", (0.0, 1.0, 2.0, 3.0, 4.0)), Dimension("kind", ("good", "bad", "worse")))
WIDE = (Dimension("x", (0.0, 5.0), Span(0.0, 5.0)), DIMS[1])
STRATEGIES = ("grid", "random", "halving_grid", "halving_random", "tpe", "grid_cv", "random_cv")


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for the disk: what a test writes need not outlive the machine."""
    own = store.connect

    def connect(file: Path) -> sqlite3.Connection:
        found = own(file)
        found.execute("PRAGMA synchronous = OFF")
        return found

    monkeypatch.setattr(store, "connect", connect)


class Planned(Fitted):
    """Right on a share of the rows that only the options decide; which rows is in the second feature."""

    def __init__(self, share: float) -> None:
        self.share = share

    def predict(self, x: Any) -> Any:
        truth = x[:, 0].astype(int)
        said = np.where(x[:, 1] < self.share, truth, (truth + 1) % 3)
        return np.eye(3)[said] * 0.8 + 0.2 / 3

    def save(self, folder: Path) -> None:
        raise NotImplementedError


class Guessing(Fitted):
    """Guesses by chance, with each seed otherwise."""

    def __init__(self, seed: float) -> None:
        self.seed = seed

    def predict(self, x: Any) -> Any:
        drawn = np.sin(1e4 * x[:, 1:2].astype(float) * np.arange(1, 4) + 78.233 * self.seed) * 43758.5453 % 1
        return drawn / drawn.sum(axis=1, keepdims=True)

    def save(self, folder: Path) -> None:
        raise NotImplementedError


class Planted(Model):
    """A model whose best options are known: `x` of 3 and `kind` of `good`."""

    name = "planted"
    task = "classification"
    options_type = Options

    def __init__(self, x: float, kind: str) -> None:
        super().__init__(Options(), name="planted")
        self.x, self.kind = x, kind

    def fit(self, data: Any, *, seed: int, jobs: int) -> Fitted:  # noqa: ARG002
        if self.kind == "broken":
            raise DataError("it is broken")
        if self.kind == "guessing":
            return Guessing(self.x)
        if self.kind == "faulty":
            raise ZeroDivisionError("oh")
        worse = {"good": 0.0, "bad": 0.2, "worse": 0.3}[self.kind]
        return Planned(max(0.1, 0.9 - 0.1 * abs(self.x - 3) - worse))

    @classmethod
    def load(cls, folder: Path) -> Fitted:
        raise NotImplementedError


def make(values: Mapping[str, Any]) -> Planted:
    return Planted(values["x"], values["kind"])


def place(
    speakers: int = 9,
    rows: int = 30,
    *,
    folds: int = 3,
    rungs: int = 1,
    measure: str = "uar",
    having_z: Collection[str] | None = None,
) -> Bench:
    every = [(speaker, number) for speaker in range(speakers) for number in range(rows)]
    frame = pl.DataFrame(
        {
            "id": [f"d/{speaker:02}-{number:02}" for speaker, number in every],
            "speaker": [f"s{speaker}" for speaker, _ in every],
            "emotion": [
                "xyz"[number % (3 if having_z is None or f"s{speaker}" in having_z else 2)] for speaker, number in every
            ],
        }
    )
    dataset = Dataset(frame, Target("emotion", ("x", "y", "z")))
    draw = np.random.default_rng(5)
    values = np.array([[number % 3, draw.uniform()] for _, number in every], dtype=np.float32)
    features = Features(tuple(dataset.ids), ("truth", "luck"), values)
    recipe = Recipe(Planted(0, "good"), None, "zero", 3, 1)
    found = rows_of(features, dataset, dataset.ids)
    way = train.way_of(found.frame, dataset, recipe)
    return bench(found, np.arange(len(every)), way, aim_of(measure), folds=folds, rungs=rungs)


@contextmanager
def studies(file: Path, how: Strategy, *, maximize: bool = True) -> Iterator[store.Study]:
    with store.opened(file) as storage:
        yield store.Study(storage, "one", how.dims, maximize=maximize)


def searched(
    file: Path, how: Strategy, where: Bench | None = None, *, jobs: int = 1, stop: int = 0
) -> list[store.Trial]:
    """All trials; with `stop`, the process ends after so many."""
    where, count = where or place(rungs=how.rungs), Counter[str]()

    def done() -> None:
        count["done"] += 1
        if count["done"] == stop:
            raise KeyboardInterrupt

    with studies(file, how) as study:
        search(study, where, how, make, jobs=jobs, done=done)
        return tried(study, how)


def told(trials: list[store.Trial]) -> list[Any]:
    """What is to be the same, however it was come by."""
    return [
        (one.number, dict(one.values), one.state, {k: (r.values.tolist(), r.folds) for k, r in one.records.items()})
        for one in trials
    ]


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_best_is_found_where_it_is_known(tmp_path: Path, name: str) -> None:
    how = strategy(name, DIMS, 15, 1)
    assert how.count == 15
    trials = searched(tmp_path / "study.db", how)
    best = best_of(trials, aim_of("uar"))
    if name != "tpe":  # which may try one twice
        assert len({repr(one.values) for one in trials}) == 15
        assert best.values == {"x": 3.0, "kind": "good"}
    assert best.values["kind"] == "good"
    assert best.records[best.rung].values[0] == pytest.approx(0.9, abs=0.12)
    assert all(one.state in {"complete", "stopped"} for one in trials)


def test_a_smaller_error_is_better(tmp_path: Path) -> None:
    how, where = strategy("grid", DIMS, 15, 1), place(measure="eer")
    with studies(tmp_path / "study.db", how, maximize=False) as study:
        search(study, where, how, make, jobs=1, done=lambda: None)
        assert best_of(study.trials, aim_of("eer")).values == {"x": 3.0, "kind": "good"}


def test_tpe_comes_nearer_than_chance(tmp_path: Path) -> None:
    reached = {}
    for name in ("random", "tpe"):
        trials = searched(tmp_path / f"{name}.db", strategy(name, WIDE, 40, 3))
        reached[name] = np.mean([one.records[0].values[0] for one in trials[20:]])
    assert reached["tpe"] > reached["random"] + 0.05


def test_halving_tries_all_on_few_speakers_and_a_third_on_three_times_as_many(tmp_path: Path) -> None:
    how = strategy("halving_grid", DIMS, 50, 1)
    where = place(27, 6, rungs=how.rungs)
    assert [(rung.speakers, len(rung.folds)) for rung in where.rungs] == [(3, 3), (9, 3), (27, 3)]
    assert tries(how, 3) == 15 + 5 + 2
    trials = searched(tmp_path / "study.db", how, where)
    assert Counter(len(one.records) for one in trials) == {1: 10, 2: 3, 3: 2}
    assert Counter(one.state for one in trials) == {"stopped": 13, "complete": 2}
    for rung, count in ((0, 5), (1, 2)):
        scores = sorted((one.records[rung].values[0] for one in trials if rung in one.records), reverse=True)
        gone = [one.records[rung].values[0] for one in trials if rung + 1 in one.records]
        assert sorted(gone, reverse=True) == scores[:count]
    # The few speakers of a rung are among those of the next, and all of a speaker's rows are on one side of a fold.
    few = [
        {*where.rows.frame["speaker"].gather(np.concatenate([one.test for one in rung.folds]))} for rung in where.rungs
    ]
    assert few[0] < few[1] < few[2]
    for inner in (inner for rung in where.rungs for inner in rung.folds):
        sides = [{*where.rows.frame["speaker"].gather(some)} for some in (inner.train, inner.test)]
        assert sides[0] & sides[1] == set()


def test_a_rung_has_every_class_or_is_left_out() -> None:
    assert [rung.speakers for rung in place(9, 6, rungs=3).rungs] == [3, 9]
    late = by_hash([f"s{number}" for number in range(9)], 3)[3:]  # the speakers that the first rung does not have
    assert [rung.speakers for rung in place(9, 6, rungs=3, having_z=late).rungs] == [9]


@pytest.mark.parametrize("name", STRATEGIES[:5])
@pytest.mark.parametrize("stop", [1, 9])
def test_a_search_that_was_stopped_goes_on_to_the_same_end(tmp_path: Path, name: str, stop: int) -> None:
    how = strategy(name, WIDE if name in {"random", "tpe"} else DIMS, 14, 4)
    whole = searched(tmp_path / "whole.db", how)
    with pytest.raises(KeyboardInterrupt):
        searched(tmp_path / "parts.db", how, stop=stop)
    before = tried_in(tmp_path / "parts.db", how)
    assert 0 < sum(len(one.records) for one in before) < sum(len(one.records) for one in whole)
    assert told(searched(tmp_path / "parts.db", how)) == told(whole)
    with pytest.raises(AssertionError, match="done"):  # and then there is nothing to do
        searched_by(tmp_path / "parts.db", how)
    assert told(tried_in(tmp_path / "parts.db", how)) == told(whole)


def tried_in(file: Path, how: Strategy) -> list[store.Trial]:
    with studies(file, how) as study:
        return tried(study, how)


def searched_by(file: Path, how: Strategy) -> None:
    """Fails with `done` if nothing was computed."""
    count = Counter[str]()
    with studies(file, how) as study:
        search(study, place(rungs=how.rungs), how, make, jobs=1, done=lambda: count.update(done=1))
    assert count["done"], "done"


@pytest.mark.parametrize("name", ["random", "tpe", "halving_random"])
def test_the_number_of_cores_changes_nothing(tmp_path: Path, name: str) -> None:
    how = strategy(name, WIDE, 14, 4)
    one, two = (searched(tmp_path / f"{jobs}.db", how, jobs=jobs) for jobs in (1, 2))
    assert told(one) == told(two)


@pytest.mark.parametrize("name", ["random", "tpe"])
def test_more_trials_go_on_from_fewer_and_fewer_are_the_first(tmp_path: Path, name: str) -> None:
    few, many = (strategy(name, WIDE, count, 4) for count in (8, 16))
    first = told(searched(tmp_path / "study.db", few))
    more = told(searched(tmp_path / "study.db", many))
    assert more[:8] == first
    assert len(more) == 16
    assert told(searched(tmp_path / "study.db", few)) == first


def test_what_fails_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    dims = (Dimension("x", (3.0,)), Dimension("kind", ("broken", "bad", "faulty", "good")))
    trials = searched(tmp_path / "study.db", strategy("grid", dims, 50, 1))
    assert [one.state for one in trials] == ["failed", "complete", "failed", "complete"]
    assert trials[0].error == "it is broken"
    assert trials[2].error == "this is a fault of nk: ZeroDivisionError: oh"
    assert best_of(trials, aim_of("uar")).number == 3
    assert told(searched(tmp_path / "study.db", strategy("grid", dims, 50, 1))) == told(trials)
    broken = searched(tmp_path / "other.db", strategy("grid", (dims[0], Dimension("kind", ("broken",))), 50, 1))
    with pytest.raises(DataError, match="none of 1 trials could be trained, first trial 0: it is broken"):
        best_of(broken, aim_of("uar"))


def test_a_halving_with_failures_still_ends(tmp_path: Path) -> None:
    dims = (DIMS[0], Dimension("kind", ("broken", "good", "bad")))
    trials = searched(tmp_path / "study.db", strategy("halving_grid", dims, 50, 1))
    assert Counter(one.state for one in trials) == {"failed": 5, "stopped": 5, "complete": 5}
    assert best_of(trials, aim_of("uar")).values == {"x": 3.0, "kind": "good"}


def test_a_range_may_be_too_narrow_for_so_many(tmp_path: Path) -> None:
    dims = (Dimension("x", (3.0, 3.001), Span(3.0, 3.001)), Dimension("kind", ("good",)))
    how = strategy("random", dims, 20, 1)
    assert len(searched(tmp_path / "study.db", how)) == wanted(how) == 2


def test_a_measure_that_is_not_defined_is_a_failure() -> None:
    where = place()
    found = evaluate(where, Task(0, 0, Planted(3, "good")))
    assert found.error == ""
    assert found.values is not None
    assert len(found.values) == 1 + 9
    assert len(found.folds) == 3


def test_a_task_and_what_it_needs_can_be_sent_elsewhere() -> None:
    where = place()
    there: Any = pickle.loads(pickle.dumps((where, Task(0, 0, Planted(3, "good")))))  # noqa: S301 - our own
    assert evaluate(*there).values == pytest.approx(evaluate(where, Task(0, 0, Planted(3, "good"))).values)


def test_the_value_is_that_of_the_pooled_rows(tmp_path: Path) -> None:
    from sklearn.metrics import balanced_accuracy_score

    where = place()
    found = evaluate(where, Task(0, 0, Planted(3, "good")))
    places = np.concatenate([one.test for one in where.rungs[0].folds])
    x = where.rows.x(places)
    said = Planned(0.9).predict(x).argmax(axis=1)
    assert found.values is not None
    assert found.values[0] == pytest.approx(balanced_accuracy_score(where.rows.y[places], said))
    assert sorted(places.tolist()) == list(range(270))  # every row once
    del tmp_path


def test_two_searches_do_not_meet_in_one_folder(tmp_path: Path) -> None:
    with (
        store.alone(tmp_path / "x_optim"),
        pytest.raises(DataError, match="another `nk optim` is at work"),
        store.alone(tmp_path / "x_optim"),
    ):
        pass
    with store.alone(tmp_path / "x_optim"):
        pass
    assert not list(tmp_path.iterdir())


def test_a_disk_without_locks_is_searched_on_and_one_that_fails_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcntl.flock", Mock(side_effect=OSError(errno.ENOLCK, "No locks available")))
    with store.alone(tmp_path / "x_optim"):
        pass
    monkeypatch.setattr("fcntl.flock", Mock(side_effect=OSError(errno.EIO, "Input/output error")))
    with pytest.raises(DataError, match="cannot be locked: Input/output error"), store.alone(tmp_path / "x_optim"):
        pass


def test_a_damaged_file_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_bytes(b"no database" * 1000)
    with pytest.raises(DataError, match="cannot be used") as caught, store.opened(tmp_path / "study.db"):
        pass
    assert caught.value.hint == "move it away to begin anew"


def test_a_folder_of_any_name_will_do(tmp_path: Path) -> None:
    strange = tmp_path / "a?b=c#d %20 e&f:é"
    strange.mkdir()
    searched(strange / "study.db", strategy("grid", DIMS, 50, 1))
    assert [file.name for file in strange.iterdir()] == ["study.db"]
    assert len(tried_in(strange / "study.db", strategy("grid", DIMS, 50, 1))) == 15


@pytest.mark.slow
def test_where_there_is_nothing_to_find_the_best_looks_good_and_the_nested_value_does_not(tmp_path: Path) -> None:
    best, honest = [], []
    for study in range(4):
        dims = (Dimension("x", tuple(float(100 * study + one) for one in range(30))), Dimension("kind", ("guessing",)))
        how, where = strategy("grid", dims, 50, 1), place()
        found = Material(where.rows, where.way, (), "key")
        setup = SimpleNamespace(executor=HERE)
        asked: Any = SimpleNamespace(how=how, aim=where.aim, folds=3, nested=5, make=make, setup=setup)
        with store.opened(tmp_path / f"{study}.db") as storage:
            main = store.Study(storage, "key", dims, maximize=True)
            search(main, where, how, make, jobs=1, done=lambda: None)
            best.append(best_of(main.trials, where.aim).records[0].values[0])
            nested = repeated(asked, found, storage, main, jobs=1, done=lambda: None)
            assert repeated(asked, found, storage, main, jobs=1, done=lambda: None) == nested
        assert (nested.n, nested.n_speakers, len(nested.chosen)) == (270, 9, 5)
        honest.append(nested.value)
    assert min(best) > 0.37  # chance is a third
    assert np.mean(np.array(honest)) == pytest.approx(1 / 3, abs=0.035)
