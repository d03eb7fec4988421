"""How often test rows have been looked at: a line an evaluation, kept in two places.

`<data folder>/evaluations/<hash of the test rows>.jsonl` counts what this user does under any name; `evaluations.jsonl`
beside a lock travels with it. Lines have an id, so that both together count each once; they are only ever added.
"""

from __future__ import annotations

import json
import secrets
import time
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nk.cache_folder import data_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from nk.ui import Ui

NAME = "evaluations.jsonl"
_REGISTER = "the register of evaluations"  # its path would name this machine in the log
_HINT = "set the environment variable `NK_DATA` to a folder that can be written"
# What a config says that makes it another one: how to train, and how labels and audio are to be understood. Which rows
# there are, and in which folds, is not among it: the lock tells.
_FREE = {
    "model": {"n_jobs", "save", "loso", "logo", "k_fold_cross"},
    "feats": {"store_format", "no_reuse", "print_feats", "fail_threshold"},
}
_OF_EXP = ("type", "epochs", "runs", "random_seed")
_OF_DATA = ("target", "type", "labels", "bins", "target_divide_by", "channel", "colnames")
_OF_DATABASE = ("channel", "colnames", "mapping", "reverse", "scale")


class Evaluation(BaseModel):
    """One evaluation of test rows.

    `tests` are hashes of sets of rows: those of the run, and the test parts of locks that are among them. `config` is a
    hash of what was trained, `value` that of `measure`.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = Field(default=1, alias="schema")
    id: str
    tests: tuple[str, ...]
    made: str
    by: str
    name: str
    config: str
    target: str
    measure: str
    value: float | None


def evaluation(
    tests: Iterable[str], *, by: str, name: str, config: str, target: str, measure: str, value: float | None
) -> Evaluation:
    """The evaluation that a command (`by`) has just made."""
    return Evaluation(
        id=secrets.token_hex(8),
        tests=tuple(dict.fromkeys(tests)),
        made=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        by=by,
        name=name,
        config=config,
        target=target,
        measure=measure,
        value=value,
    )


def config_hash(text: str, rows: str) -> str:
    """A hash of what is trained, whatever the experiment is called and wherever its files are.

    Args:
        text: the `config.yaml` of a run
        rows: hash of its lock
    """
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)
    data = found.get("data", {})
    databases = data.get("databases", {})
    said = {
        "rows": rows,
        "exp": _some(found.get("exp", {}), _OF_EXP),
        "data": _some(data, _OF_DATA),
        "databases": {name: _some(database, _OF_DATABASE) for name, database in databases.items()},
        **{section: _some(found.get(section, {}), found.get(section, {}).keys() - free)
           for section, free in _FREE.items()},
    }  # fmt: skip
    return blake2b(json.dumps(said, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()


def _some(section: Any, keys: Iterable[str]) -> Any:
    return {key: section[key] for key in keys if key in section} if isinstance(section, dict) else {}


def count(new: Evaluation, beside: Sequence[Path], ui: Ui, *, carried: Path | None = None) -> list[Evaluation]:
    """Count an evaluation, and say which there have been of these test rows, this one the last.

    Args:
        new: the evaluation
        beside: the files beside the locks that were used; it is added to each
        ui: told where it could not be
        carried: a file that has others, as that of the run folder that will be replaced
    """
    registers = _registers(new.tests)
    known = _known(registers, new.tests, ui)
    travelled = _known([*beside, *([carried] if carried else [])], new.tests, ui)
    for register in registers:
        # What another machine, or a register that is gone, has counted.
        lost = [one for key, one in travelled.items() if key not in known and register.stem in one.tests]
        why = _append(register, [*lost, new])
        if why:
            ui.warn(f"this evaluation is not counted in {_REGISTER}: {why}", _HINT)
    for file in beside:
        why = _append(file, [new])
        if why:
            ui.detail(f"this evaluation is not counted beside the lock `{file.parent.name}`: {why}")
    return _in_order({**known, **travelled, **_known(registers, new.tests, ui)}, new)


def again(file: Path, ui: Ui) -> list[Evaluation]:
    """Which evaluations there have been meanwhile of the test rows of a run, its own the last; none where it has none.

    Args:
        file: the evaluations in its folder
        ui: told what cannot be read
    """
    carried = _read(file, ui)
    if not carried:
        return []
    own = carried[-1]
    return _in_order({one.id: one for one in carried} | _known(_registers(own.tests), own.tests, ui), own)


def _in_order(found: Mapping[str, Evaluation], own: Evaluation) -> list[Evaluation]:
    return sorted({**found, own.id: own}.values(), key=lambda one: (one.id == own.id, one.made, one.id))


def _registers(tests: Iterable[str]) -> list[Path]:
    return [data_folder() / "evaluations" / f"{test}.jsonl" for test in tests]


def text(seen: Iterable[Evaluation]) -> str:
    """The evaluations as a file."""
    return "".join(f"{one.model_dump_json(by_alias=True)}\n" for one in seen)


def summary(seen: Sequence[Evaluation]) -> str:
    """How often the test rows have been looked at, and what follows from that; the last is the run's own."""
    last = seen[-1]
    same = [one for one in seen if one.target == last.target]
    others = len(seen) - len(same)
    more = f" ({_times(others)} more for another target)" if others else ""
    if len(same) == 1:
        return f"the test rows are looked at for the first time{more}"
    looked = f"the test rows have been looked at {_times(len(same))}"
    configs = len({one.config for one in same})
    if configs == 1:
        return f"{looked}, by one config{more}"
    values = sorted(one.value for one in same if one.measure == last.measure and one.value is not None)
    spread = f" ({last.measure} {values[0]:.3f} to {values[-1]:.3f})" if len({*values}) > 1 else ""
    return f"{looked}, by {configs} different configs{spread}{more}; a choice among them needs a fresh test set"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _known(files: Iterable[Path], tests: Sequence[str], ui: Ui) -> dict[str, Evaluation]:
    """Those of these tests, by their id."""
    found = [one for file in files for one in _read(file, ui)]
    return {one.id: one for one in found if not {*one.tests}.isdisjoint(tests)}


def _read(file: Path, ui: Ui) -> list[Evaluation]:
    what = f"`{file.parent.name}/{NAME}`" if file.name == NAME else _REGISTER
    try:
        lines = [line for line in file.read_bytes().splitlines() if line.strip()]
    except FileNotFoundError:
        return []
    except OSError as error:
        ui.warn(f"earlier evaluations in {what} are not counted: {error.strerror}")
        return []
    found = [one for one in map(_parsed, lines) if one is not None]
    if len(found) < len(lines):
        ui.warn(f"{len(lines) - len(found)} of {len(lines)} lines in {what} cannot be read, and are not counted")
    return found


def _parsed(line: bytes) -> Evaluation | None:
    try:
        return Evaluation.model_validate_json(line)
    except ValidationError:
        return None


def _append(file: Path, new: Sequence[Evaluation]) -> str | None:
    """Add lines by a single write, which the system puts at the end whoever else writes; why it could not be, if so."""
    line = text(new).encode()
    try:
        if file.name != NAME:
            file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab", buffering=0) as stream:
            return None if stream.write(line) == len(line) else "the disk is full"
    except OSError as error:
        return error.strerror or str(error)
