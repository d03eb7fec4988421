"""What is counted when test rows are evaluated: by `nk run` the test part, by `nk test` a test set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk import evaluations, lock, record
from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from nk.evaluations import Evaluation
    from nk.lock import Lock
    from nk.setup import Setup
    from nk.testing import Tested
    from nk.ui import Ui


def of_run(setup: Setup, made: Lock, metrics: dict[str, Any], ui: Ui) -> Sequence[Evaluation]:
    """Count a run; returns all evaluations of its test rows, its own the last, none where nothing was measured.

    Args:
        setup: of the run, with the locks that it went by
        made: its own lock
        metrics: the content of `metrics.json`
        ui: told what could not be counted
    """
    config = setup.config
    measured = _main(metrics, config.model.measure)
    if not measured:
        return ()
    locks = [one for one in setup.locks.values() if one.is_tested_by(made.tested)]
    new = evaluations.evaluation(
        [made.test, *(one.test for one in locks)],
        by="nk run",
        name=config.exp.name,
        config=evaluations.config_hash(record.config_text(setup), made.hash),
        target=config.data.target or "",
        **measured,
    )
    beside = [folder / evaluations.NAME for folder in setup.beside_locks]
    return evaluations.count(new, beside, ui, carried=setup.earlier / evaluations.NAME)


def of_test(tested: Tested, rows: pl.DataFrame, place: Path, ui: Ui) -> Sequence[Evaluation]:
    """Count a test of a stored model; what its run has tested counts as another look at that.

    Args:
        tested: what was found
        rows: the test set, those without features too
        place: the folder that its results will be in
        ui: told what could not be counted
    """
    run = tested.run
    measured = _main(tested.metrics, run.config.model.measure)
    if not measured:
        return ()
    known = _lock_of(run.folder, ui)
    again = known is not None and known.is_tested_by(rows)
    config = (run.folder / "config.yaml").read_text(encoding="utf-8")
    new = evaluations.evaluation(
        [lock.identity(rows), *([known.test] if known and again else [])],
        by="nk test",
        name=run.config.exp.name,
        config=evaluations.config_hash(config, known.hash if known else ""),
        target=run.trained.target.name,
        **measured,
    )
    beside = [run.folder / evaluations.NAME] if again else []
    return evaluations.count(new, beside, ui, carried=place / evaluations.NAME)


def _main(metrics: dict[str, Any], measure: str | None) -> dict[str, Any]:
    """The main measure of the test rows and its value."""
    found = metrics["metrics"].get("test")
    if not found:
        return {}
    name = measure if measure in found else next(iter(found))
    return {"measure": name, "value": found[name]["value"]}


def _lock_of(folder: Path, ui: Ui) -> Lock | None:
    """The lock of a run; older ones have none."""
    if not (folder / lock.NAME).is_file():
        return None
    try:
        return lock.read(folder)
    except DataError as error:
        ui.warn(f"{error}: whether its test part is among these rows is not known", error.hint)
        return None
