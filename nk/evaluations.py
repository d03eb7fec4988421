"""How often the same test rows have been evaluated: a line an evaluation, kept in two places.

`<data folder>/evaluations/<hash of the test rows>.jsonl` counts what this user does under any name; `evaluations.jsonl`
beside a lock travels with it. Lines have an id, so that both together count each once; they are only ever added.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from nk.cache_folder import data_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from nk.tables import Predictions
    from nk.ui import Ui

NAME = "evaluations.jsonl"
_DECIMALS = 6  # of scores that count as the same


class Evaluation(BaseModel):
    """One evaluation of a test part.

    `tests` are hashes of test rows: those of the run, and those of the locks that it used. `predictions` is a hash of
    what was predicted of them, `value` that of `measure`.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    tests: tuple[str, ...]
    made: str
    name: str
    target: str
    model: str
    features: tuple[str, ...]
    measure: str
    value: float | None
    predictions: str


def evaluation(predictions: Predictions, tests: Iterable[str], *, measure: str, value: float | None, **about: Any
               ) -> Evaluation:  # fmt: skip
    """The evaluation that a run has just made; `about` has `name`, `model` and `features`."""
    return Evaluation(
        id=secrets.token_hex(8),
        tests=tuple(dict.fromkeys(tests)),
        made=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        target=predictions.target.name,
        measure=measure,
        value=value,
        predictions=_what(predictions),
        **about,
    )


def _what(predictions: Predictions) -> str:
    """A hash of what is predicted of the test rows, whatever they are called; the last digits of scores are left out."""
    frame = predictions.part("test").frame.sort("id", "run", "fold")
    said = frame.select("predicted", *(f"p_{label}" for label in predictions.target.labels))
    rounded = said.with_columns(pl.col(pl.Float64).round(_DECIMALS))
    return blake2b(rounded.write_csv().encode(), digest_size=16).hexdigest()


def note(new: Evaluation, beside: Sequence[Path], ui: Ui, *, old: Path | None = None) -> list[Evaluation]:
    """Count an evaluation, and say which there have been of these test rows, this one the last.

    Args:
        new: the evaluation
        beside: the files beside the locks that were used; it is added to each
        ui: told where it could not be
        old: the file in the run folder that will be replaced; what it has is not lost
    """
    registers = [data_folder() / "evaluations" / f"{test}.jsonl" for test in new.tests]
    known = _known(registers, new.tests, ui)
    travelled = _known([*beside, *([old] if old else [])], new.tests, ui)
    for register in registers:
        # What another machine, or a register that is gone, has counted.
        lost = [one for key, one in travelled.items() if key not in known and register.stem in one.tests]
        with suppress(OSError):  # the next one tells
            register.parent.mkdir(parents=True, exist_ok=True)
        _append(register, [*lost, new], ui.warn)
    for file in beside:
        _append(file, [new], ui.detail)  # a lock that cannot be written is counted in the register
    found = {**known, **travelled, **_known(registers, new.tests, ui), new.id: new}
    return sorted(found.values(), key=lambda one: (one.id == new.id, one.made, one.id))


def text(seen: Iterable[Evaluation]) -> str:
    """The evaluations as a file."""
    return "".join(f"{one.model_dump_json()}\n" for one in seen)


def summary(seen: Sequence[Evaluation], what: str) -> str:
    """How often `what` has been evaluated, and what follows from that; the last is the run's own."""
    last = seen[-1]
    same = [one for one in seen if one.target == last.target]
    others = len(seen) - len(same)
    more = f" ({_times(others)} more for another target)" if others else ""
    if len(same) == 1:
        return f"{what} is evaluated for the first time{more}"
    count = f"{what} has been evaluated {_times(len(same))}"
    results = len({one.predictions for one in same})
    if results == 1:
        return f"{count}, always with the same predictions{more}"
    values = sorted(one.value for one in same if one.measure == last.measure and one.value is not None)
    spread = f" ({last.measure} {values[0]:.3f} to {values[-1]:.3f})" if values else ""
    return f"{count}, with {results} different results{spread}{more}: the best of several looks better than it is"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _known(files: Iterable[Path], tests: Sequence[str], ui: Ui) -> dict[str, Evaluation]:
    """Those of these tests, by their id."""
    found = [one for file in files for one in _read(file, ui)]
    return {one.id: one for one in found if not {*one.tests}.isdisjoint(tests)}


def _read(file: Path, ui: Ui) -> list[Evaluation]:
    lines: list[bytes] = []
    try:
        with suppress(FileNotFoundError):
            lines = [line for line in file.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        ui.warn(f"earlier evaluations in `{file}` are not counted: {error.strerror}")
    found = [one for one in map(_parsed, lines) if one is not None]
    if len(found) < len(lines):
        ui.warn(f"{len(lines) - len(found)} of {len(lines)} lines in `{file}` cannot be read, and are not counted")
    return found


def _parsed(line: bytes) -> Evaluation | None:
    try:
        return Evaluation.model_validate_json(line)
    except ValidationError:
        return None


def _append(file: Path, new: Sequence[Evaluation], say: Any) -> None:
    """Add lines by a single write, which the system puts at the end whoever else writes."""
    try:
        with file.open("ab", buffering=0) as stream:
            stream.write(text(new).encode())
    except OSError as error:
        say(f"this evaluation is not counted in `{file}`: {error.strerror}")
