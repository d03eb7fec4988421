"""Tasks on a cluster: every result comes, whatever becomes of the workers."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("distributed")

from nk import cluster_start
from nk.apart import Lost
from nk.cluster import Dask
from nk.cluster_start import check_workers
from nk.config.cluster import Cluster
from nk.errors import ClusterError, DataError, PluginError
from nk.execute import HERE, Executor
from nk.ui import Ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cluster.conftest import Machines

pytestmark = pytest.mark.slow


@contextmanager
def dask(machines: Machines, ui: Ui | None = None) -> Iterator[Dask]:
    executor = Dask(Cluster(address=machines.address), ui or Ui(quiet=True))
    try:
        yield executor
    finally:
        executor.close()


def times(shared: int, item: int) -> int:
    return shared * item


def bad(shared: str, item: int) -> int:
    if item == 3:
        if shared == "crash":
            os._exit(7)
        if shared == "raise":
            raise DataError("it is bad", rows=3, hint="leave it out")
        time.sleep(999)
    return item


def slow(folder: str, item: int) -> int:
    time.sleep(0.05)
    Path(folder, str(item)).touch()
    return item


class Counted:
    """Says in a file when it arrives."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        Path(self.folder, f"{os.getpid()}-{time.monotonic_ns()}").touch()


def arrived(shared: Counted, item: int) -> str:
    return f"{shared.folder}{item}"


def test_results_are_those_of_this_machine(machines: Machines) -> None:
    items = range(100)
    with dask(machines) as executor:
        for one in (executor, HERE):
            found = dict(one.run(times, 3, items, jobs=2, batch=7))
            assert found == {item: 3 * item for item in items}
        assert list(executor.run(times, 3, [], jobs=2)) == []


def test_what_is_shared_is_sent_once_a_worker(machines: Machines, tmp_path: Path) -> None:
    with dask(machines) as executor:
        assert len(list(executor.run(arrived, Counted(str(tmp_path)), range(60), jobs=1))) == 60
    pids = {file.name.partition("-")[0] for file in tmp_path.iterdir()} - {str(os.getpid())}
    assert pids <= set(map(str, machines.pids().values()))
    assert len(list(tmp_path.iterdir())) <= 4  # two workers, and the way there


def test_an_error_in_a_task_is_raised_with_its_hint(machines: Machines) -> None:
    with dask(machines) as executor, pytest.raises(DataError, match=r"it is bad \(3 rows\)") as raised:
        list(executor.run(bad, "raise", range(5), jobs=1))
    assert raised.value.hint == "leave it out"


@pytest.mark.parametrize("batch", [1, 4])
def test_what_crashes_again_and_again_is_lost_and_the_rest_comes(machines: Machines, batch: int) -> None:
    with dask(machines) as executor:
        found = dict(executor.run(bad, "crash", range(40), jobs=1, batch=batch, limit=lambda _: 60))
    assert found.pop(3) == Lost("ended its worker again and again (it crashed, or needs more memory)")
    assert found == {item: item for item in range(40) if item != 3}


def test_what_hangs_is_lost_and_the_rest_comes(machines: Machines) -> None:
    with dask(machines) as executor:
        found = dict(executor.run(bad, "hang", range(40), jobs=1, batch=4, limit=lambda _: 1))
    assert found.pop(3) == Lost("did not end in time")
    assert found == {item: item for item in range(40) if item != 3}


@pytest.mark.parametrize("number", [1, 2])
def test_tasks_of_workers_that_are_killed_are_run_again(
    number: int, own_machines: Callable[..., Machines], tmp_path: Path
) -> None:
    """Where all die at once, what is shared dies with them, and is sent again."""
    machines = own_machines(2)
    pids = list(machines.pids().values())[:number]
    with dask(machines) as executor:
        found = []
        for item, outcome in executor.run(slow, str(tmp_path), range(150), jobs=1, batch=2):
            found.append(item)
            assert outcome == item
            if len(found) == 10:
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
    assert sorted(found) == list(range(150))


def test_who_stops_early_leaves_nothing_behind(machines: Machines, tmp_path: Path) -> None:
    with dask(machines) as executor:
        results = executor.run(slow, str(tmp_path), range(500), jobs=1)
        next(results)
        results.close()  # type: ignore[attr-defined]
        time.sleep(1)
        assert machines.busy() == 0
    assert len(list(tmp_path.iterdir())) < 60


def test_a_scheduler_that_is_lost_is_one_error(own_machines: Callable[..., Machines], tmp_path: Path) -> None:
    machines = own_machines(1)
    with dask(machines) as executor:
        results = executor.run(slow, str(tmp_path), range(500), jobs=1)
        next(results)
        machines.scheduler.kill()
        with pytest.raises(ClusterError, match=r"the scheduler `tcp:.+` is gone") as raised:
            list(results)
    assert "what is done is kept" in (raised.value.hint or "")


def test_where_everything_crashes_it_is_not_tried_for_ever(
    own_machines: Callable[..., Machines], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nk.cluster.HOPELESS", 2)
    with dask(own_machines(2)) as executor, pytest.raises(PluginError, match="each of the first 2 recordings ended"):
        list(executor.run(bad, "crash", [3] * 3, jobs=1, limit=lambda _: 60))


def test_no_scheduler_and_no_worker_are_told(
    own_machines: Callable[..., Machines], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_start, "_CONNECT", 1.0)
    monkeypatch.setattr(cluster_start, "_FIRST", 1.0)
    with pytest.raises(ClusterError, match="there is no scheduler at `tcp://127.0.0.1:9`"):
        Dask(Cluster(address="tcp://127.0.0.1:9"), Ui(quiet=True)).connect()
    with dask(own_machines(0)) as executor, pytest.raises(ClusterError, match="has no worker"):
        executor.connect()


def test_a_worker_without_nk_is_named(own_machines: Callable[..., Machines], tmp_path: Path) -> None:
    (tmp_path / "nk.py").write_text("raise ModuleNotFoundError(\"No module named 'nk'\", name='nk')")
    machines = own_machines(1)
    machines.workers(1, PYTHONPATH=str(tmp_path))
    with (
        dask(machines) as executor,
        pytest.raises(ClusterError, match=r"workers cannot do the work: `tcp://127.0.0.1:\d+` has no `nk`"),
    ):
        executor.connect()


def test_a_worker_of_other_versions_is_named_whenever_it_comes(
    own_machines: Callable[..., Machines], tmp_path: Path
) -> None:
    about = tmp_path / "place" / "opensmile-9.9.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: opensmile\nVersion: 9.9\n")
    machines = own_machines(1)
    path = os.pathsep.join([str(about.parent), machines.env["PYTHONPATH"]])
    with dask(machines) as executor:
        results = executor.run(slow, str(tmp_path), range(2000), jobs=1)
        next(results)
        machines.workers(1, PYTHONPATH=path)
        with pytest.raises(ClusterError, match=r"`tcp://127.0.0.1:\d+` has opensmile 9.9 and not"):
            list(results)


def test_workers_that_come_later_work_too(own_machines: Callable[..., Machines], tmp_path: Path) -> None:
    machines = own_machines(1)
    with dask(machines) as executor:
        results = executor.run(who, str(tmp_path), range(300), jobs=1)
        found = {next(results)[1]}
        machines.workers(1)
        assert len(found | {outcome for _, outcome in results}) == 2


def who(folder: str, item: int) -> int:
    slow(folder, item)
    return os.getpid()


class Told:
    """A client whose workers say this."""

    def __init__(self, *answers: dict[str, str]) -> None:
        self.answers = answers

    def run_on_scheduler(self, *_: Any) -> None:
        pass

    def run(self, *_: Any, **__: Any) -> dict[str, dict[str, str]]:
        return {f"tcp://node{place}:1": answer for place, answer in enumerate(self.answers)}


def test_other_versions_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"nk": "1.0", "python": "3.11", "opensmile": "2.6.0", "code of nk": "abc"}
    monkeypatch.setattr(cluster_start, "about", lambda: own)
    check_workers(Told(own, own))
    other = {"nk": "0.9", "python": "3.11", "code of nk": "abd"}
    with pytest.raises(ClusterError) as raised:
        check_workers(Told(own, other))
    assert str(raised.value) == (
        "workers cannot do the work: `tcp://node1:1` has nk 0.9 and not 1.0, opensmile not at all and not 2.6.0,"
        " code of nk abd and not abc"
    )


def test_a_file_that_workers_do_not_see_is_told(machines: Machines, tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with dask(machines) as executor:
        executor.check_sees(str(tmp_path / "a.wav"))
        with pytest.raises(ClusterError, match=r"2 of 2 workers \(`tcp://.+`, `tcp://.+`\) have no file `/no/a.wav`"):
            executor.check_sees("/no/a.wav")


def test_threads_of_a_worker_compute_features_one_at_a_time(
    own_machines: Callable[..., Machines], tmp_path: Path
) -> None:
    machines, ui, place = own_machines(0), Ui(quiet=True), tmp_path / "marks"
    place.mkdir()
    machines.workers(1, threads=3)
    with dask(machines, ui) as executor:
        run: Any = executor.run(beside, str(place), range(12), jobs=1, limit=lambda _: 60)
        assert max(most for _, most in run) == 1
    assert any("several threads" in text for text in ui.warnings)


def beside(folder: str, item: int) -> int:
    """How many are at work now."""
    mark = Path(folder, str(item))
    mark.touch()
    time.sleep(0.02)
    found = len(list(Path(folder).iterdir()))
    mark.unlink()
    return found


def test_there_are_executors() -> None:
    assert issubclass(Dask, Executor)
    assert (Dask.remote, HERE.remote) == (True, False)
