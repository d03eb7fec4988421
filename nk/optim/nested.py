"""What a search is worth: repeated in each of several outer folds, and measured on speakers that it has not heard.

The best of many inner values is best by merit and by luck. In a nested cross-validation (Varma and Simon, BMC
Bioinformatics 7, 2006) the whole search is part of the training: in each outer fold it goes by the other speakers
alone, and the model that it chooses is trained on these and tested on those of the fold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nk.errors import DataError
from nk.optim.search import search, tried
from nk.optim.store import Study
from nk.optim.trials import bench, combined, predicted
from nk.stages.evaluate import or_null

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nk.optim.material import Material
    from nk.optim.setting import Setting
    from nk.optim.store import Trial
    from nk.registry import Doubles, Measure
    from nk.stages.inner import Inner


@dataclass(frozen=True)
class Nested:
    """The measure over the rows of all outer folds with its interval, and what was chosen in each of them."""

    value: float | None
    low: float | None
    high: float | None
    method: str
    n: int
    n_speakers: int | None
    chosen: tuple[Mapping[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "chosen": [dict(one) for one in self.chosen]}


def best_of(trials: Sequence[Trial], aim: Measure[Any]) -> Trial:
    """The best trial that was tried on all speakers, the first of equals.

    Raises:
        DataError: there is none
    """
    complete = [one for one in trials if one.state == "complete"]
    if not complete:
        failed = next(one for one in trials if one.state == "failed")
        raise DataError(f"none of {len(trials)} trials could be trained, first trial {failed.number}: {failed.error}",
                        hint="`nk run` with its values in the config says more")  # fmt: skip
    sign = -1 if aim.greater_is_better else 1
    return min(complete, key=lambda one: (sign * one.records[one.rung].values[0], one.number))


def name_of(setting: Setting, found: Material) -> str:
    """What a nested search is called beside the one that it repeats."""
    folds = "own" if found.folds and setting.nested is True else f"{int(setting.nested)} dealt"
    return f"nested {folds} {setting.how.count}"


def repeated(
    setting: Setting, found: Material, storage: Any, main: Study, *, jobs: int, done: Callable[[], None]
) -> Nested:
    """Repeat the search in each outer fold; what was done before is not done again.

    Args:
        setting: what is searched
        found: the rows
        storage: where the studies are
        main: the study that is repeated
        jobs: how many cores to use
        done: called after each outer fold

    Raises:
        DataError: there are no two speakers, or no trial of a fold could be trained
    """
    outer, name = found.outer(setting.nested), name_of(setting, found)
    if told := main.noted(name):
        return Nested(**{**told, "chosen": tuple(told["chosen"])})
    if not outer:
        raise DataError(f"a nested search needs two {found.way.kind}", hint="choose another split")
    said, chosen = [], []
    for number, fold in enumerate(outer, 1):
        where = bench(found.rows, fold.train, found.way, setting.aim, folds=setting.folds, rungs=setting.how.rungs)
        own = f"{found.key} {name} {number}"
        study = Study(storage, own, setting.how.dims, maximize=setting.aim.greater_is_better)
        search(study, where, setting.how, setting.make, jobs=jobs, done=_nothing, executor=setting.setup.executor)
        best = best_of(tried(study, setting.how), setting.aim)
        said.append(predicted(where, fold, setting.make(best.values)))
        chosen.append({"fold": fold.where.removeprefix(" of "), "values": dict(best.values),
                       "inner": float(best.records[best.rung].values[0])})  # fmt: skip
        done()
    result = _result(found, setting.aim, outer, said, chosen)
    main.note(name, result.as_dict())
    return result


def _nothing() -> None:
    """Only whole outer folds are told."""


def _result(
    found: Material, aim: Measure[Any], outer: Sequence[Inner], said: Sequence[Doubles], chosen: list[dict[str, Any]]
) -> Nested:
    values, ends, groups = combined(found.rows, found.way, aim, outer, said)
    speakers = len(groups) if groups.kind == "speaker" else None
    return Nested(or_null(values[0]), ends.low, ends.high, ends.method, len(groups.numbers), speakers, tuple(chosen))
