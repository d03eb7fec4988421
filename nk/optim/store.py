"""The studies of a folder, in Optuna's own SQLite file: every trial is there from when it begins.

A study is named by a hash of all that its trials depend on, so that one that was stopped goes on, one that is finished
is recognised, and another config or other data has a study of its own beside it.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nk.errors import DataError, MissingDependency
from nk.runfolder import NO_LOCKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from nk.optim.space import Dimension
    from nk.optim.trials import Outcome
    from nk.registry import Doubles

FILE = "study.db"
_STARTUP = 10  # trials that TPE draws by chance before it learns from them
_STATES = {"COMPLETE": "complete", "PRUNED": "stopped", "FAIL": "failed"}  # as Optuna calls them
_ANEW = "move it away to begin anew"
_SIMPLE = (bool, int, float, str)


@dataclass(frozen=True)
class Record:
    """What a trial had on a rung: the measure over all rows and without each speaker, that of each fold, seconds."""

    values: Doubles
    folds: tuple[float, ...]
    seconds: float


@dataclass(frozen=True)
class Trial:
    """A combination of values, and how far it has come.

    `state` is `open`, `complete`, `stopped` (not good enough on few speakers to be tried on more) or `failed`, and
    `rung` the last one that it was tried on, -1 before the first; `records` has a record a rung.
    """

    number: int
    values: Mapping[str, Any]
    state: str
    records: Mapping[int, Record] = field(default_factory=dict)
    error: str = ""
    rung: int = -1


def check_package() -> None:
    """Find out before any work whether Optuna is there.

    Raises:
        MissingDependency: it is not
    """
    if find_spec("optuna") is None:
        raise MissingDependency("`nk optim` needs the package `optuna`", hint="pip install 'nk-speech[tune]'; lists of "
                                "values are also tried by `nk run` with `tuning_params` in [MODEL]")  # fmt: skip


@contextmanager
def opened(file: Path) -> Iterator[Any]:
    """Optuna's storage in a file, which is there afterwards.

    Raises:
        DataError: it cannot be read or written
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    storage = None
    try:
        if not file.exists():  # it is there whole, or not at all
            begun = file.with_name(f"{file.name}.new")
            begun.unlink(missing_ok=True)
            _close(_connected(begun))
            begun.replace(file)
        storage = _connected(file)
        yield storage
    except (SQLAlchemyError, sqlite3.Error, optuna.exceptions.StorageInternalError) as error:
        raise DataError(f"`{file}` cannot be used: {error}", hint=_ANEW) from error
    finally:
        if storage is not None:
            _close(storage)


def connect(file: Path) -> sqlite3.Connection:
    """SQLite's own connection to a file."""
    return sqlite3.connect(file, timeout=60, check_same_thread=False)


def _connected(file: Path) -> Any:
    from optuna.storages import RDBStorage

    try:  # by way of a function, as a path may hold what a URL has another meaning for
        return RDBStorage("sqlite:///study.db", engine_kwargs={"creator": lambda: connect(file)})
    except RuntimeError as error:  # another Optuna has made it
        raise DataError(f"`{file}` cannot be used: {error}", hint=_ANEW) from error


def _close(storage: Any) -> None:
    storage.remove_session()
    storage.engine.dispose()


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """One search at a time in a folder; where the system or the disk has no such locks, as many as like.

    Raises:
        DataError: there is another
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    path = place.with_name(f".{place.name}.searching")
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(f"another `nk optim` is at work in `{place}`", hint="wait for it, or set another `name` "
                            "in [EXP]") from None  # fmt: skip
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise DataError(
                    f"`{path}` cannot be locked: {error.strerror or error}", hint="set `root` in [EXP]"
                ) from error
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


class Study:
    """The trials of one search; numbers count from 0."""

    def __init__(self, storage: Any, name: str, dims: Sequence[Dimension], *, maximize: bool) -> None:
        import optuna

        self._storage, self._dims = storage, {one.key: one for one in dims}
        self._distributions = {one.key: distribution(one) for one in dims}
        way: Literal["maximize", "minimize"] = "maximize" if maximize else "minimize"
        self._study = optuna.create_study(study_name=name, storage=storage, direction=way, load_if_exists=True)
        self._id = storage.get_study_id_from_name(name)
        self.trials = [self._read(one) for one in storage.get_all_trials(self._id)]
        self._ids = [storage.get_trial_id_from_study_id_trial_number(self._id, one.number) for one in self.trials]

    @property
    def others(self) -> int:
        """How many other searches the file has."""
        names = self._storage.get_all_studies()
        return sum(" " not in one.study_name for one in names) - 1  # those of outer folds have one

    def note(self, key: str, told: Any) -> None:
        """Keep something beside the trials."""
        self._storage.set_study_user_attr(self._id, key, told)

    def noted(self, key: str) -> Any:
        """What was kept, None where nothing was."""
        return self._storage.get_study_user_attrs(self._id).get(key)

    def begin(self, combinations: Sequence[Mapping[str, Any]]) -> None:
        """Begin a trial for each of these combinations that has none."""
        known = {repr(dict(one.values)) for one in self.trials}
        for values in combinations:
            if repr(dict(values)) not in known:
                self._begin({key: self._written(key, value) for key, value in values.items()})

    def ask(self, count: int, seed: int) -> None:
        """Begin trials that TPE proposes, each by a seed of its own, so that one that was stopped goes on alike."""
        import optuna

        # In the file a trial is there with all its values, or not at all; Optuna would write them one by one.
        scratch = optuna.create_study(direction=self._study.direction)
        scratch.add_trials(self._storage.get_all_trials(self._id))
        for _ in range(count):
            own = int(np.random.SeedSequence([seed % 2**64, len(self.trials)]).generate_state(1)[0])
            scratch.sampler = optuna.samplers.TPESampler(
                n_startup_trials=_STARTUP, multivariate=True, constant_liar=True, seed=own
            )
            self._begin(scratch.ask(self._distributions).params)

    def _begin(self, written: Mapping[str, Any]) -> None:
        from optuna.trial import TrialState, create_trial

        begun = create_trial(state=TrialState.RUNNING, params=dict(written), distributions=self._distributions)
        self._ids.append(self._storage.create_new_trial(self._id, begun))
        self.trials.append(Trial(len(self.trials), self._values(written), "open"))

    def record(self, outcome: Outcome, speakers: int) -> None:
        """Keep what came of a trial on a rung."""
        number, own = outcome.trial, self._ids[outcome.trial]
        if outcome.values is None:
            self._storage.set_trial_user_attr(own, "error", outcome.error)
            self._storage.set_trial_user_attr(own, "failed_on", outcome.rung)
            self._end(number, "failed", None)
            self.trials[number] = replace(self.trials[number], error=outcome.error, rung=outcome.rung)
            return
        record = Record(outcome.values, outcome.folds, outcome.seconds)
        told = {"values": record.values.tolist(), "folds": list(record.folds), "seconds": record.seconds}
        self._storage.set_trial_user_attr(own, f"rung {outcome.rung}", told)
        self._storage.set_trial_intermediate_value(own, speakers, float(record.values[0]))
        trial = self.trials[number]
        self.trials[number] = replace(trial, records={**trial.records, outcome.rung: record}, rung=outcome.rung)

    def end(self, number: int, *, complete: bool) -> None:
        """A trial was tried on all speakers, or is not worth it."""
        trial = self.trials[number]
        self._end(number, "complete" if complete else "stopped", float(trial.records[trial.rung].values[0]))

    def _end(self, number: int, state: str, value: float | None) -> None:
        from optuna.trial import TrialState

        name = next(name for name, own in _STATES.items() if own == state)
        values = None if value is None else [value]
        self._storage.set_trial_state_values(self._ids[number], state=TrialState[name], values=values)
        self.trials[number] = replace(self.trials[number], state=state)

    def _read(self, frozen: Any) -> Trial:
        """A trial as Optuna has it."""
        attributes = frozen.user_attrs
        records = {
            int(key.removeprefix("rung ")): Record(np.array(one["values"]), tuple(one["folds"]), one["seconds"])
            for key, one in attributes.items() if key.startswith("rung ")
        }  # fmt: skip
        state = _STATES.get(frozen.state.name, "open")
        failed = attributes.get("failed_on", -1) if state == "failed" else -1  # else killed in between
        error = attributes.get("error", "") if state == "failed" else ""
        return Trial(frozen.number, self._values(frozen.params), state, records, error, max([*records, failed]))

    def _values(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """A combination in the order of the config, with values as the options have them."""
        return {key: _nearest(one, written[key]) for key, one in self._dims.items()}

    def _written(self, key: str, value: Any) -> Any:
        return value if self._dims[key].span else _label(value)


def distribution(one: Dimension) -> Any:
    """What Optuna may propose for an option; of values that are no simple ones it knows their text."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    span = one.span
    if span is None:
        return CategoricalDistribution([_label(value) for value in one.values])
    if span.whole:
        return IntDistribution(int(span.low), int(span.high), step=int(span.step or 1))
    return FloatDistribution(span.low, span.high, log=span.log, step=span.step)


def _label(value: Any) -> Any:
    return value if value is None or isinstance(value, _SIMPLE) else repr(value)


def _nearest(one: Dimension, written: Any) -> Any:
    """The value that Optuna means: of steps the exact one, of texts what they stand for."""
    if one.span is None:
        return next(value for value in one.values if repr(_label(value)) == repr(written))
    if one.span.step is not None:
        return min(one.values, key=lambda value: abs(value - written))
    return written
