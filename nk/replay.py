"""A run repeated from its folder: where the repetition goes, and whether it has predicted the same."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.differences import differences
from nk.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

NAME = "replay.json"
_CLOSE = 1e-6
_AGAIN = "\nagain"  # no class is called so
_KEYS = ["id", "split", "run"]
_RUN_ANEW = "name a folder that `nk run` has written whole"


@dataclass(frozen=True)
class Replay:
    """The folder of a run, and the one that its repetition is written to."""

    run: Path
    folder: Path


@dataclass(frozen=True)
class Outcome:
    """Whether two runs have predicted the same.

    `rows` is how many predictions both have, `alone` how many one of them has; of the common ones `labels` have another
    label, `largest` is the largest difference of scores (of values, for numbers: relative where they are above 1), and
    `exact` says that all are equal to the last bit. `other_classes` says that the two do not know the same classes,
    `differs` are sentences on what they were made with and of.
    """

    rows: int
    alone: int
    labels: int
    largest: float
    exact: bool
    other_classes: bool
    differs: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether labels are equal, scores within 1e-6."""
        return not (self.alone or self.labels or self.other_classes) and self.largest <= _CLOSE

    def as_dict(self, run: Path) -> dict[str, Any]:
        """The content of `replay.json`; a difference that is no number is None there."""
        return {"schema": 1, "run": run.name, "same": self.same, **vars(self)}

    def lines(self) -> list[str]:
        """The verdict, and what differs."""
        return [self._verdict(), *self._reasons()]

    def _verdict(self) -> str:
        if self.exact and self.same:
            return f"the same predictions for all {self.rows} rows, to the last bit"
        if self.same:
            return (
                f"the same predictions for all {self.rows} rows: labels are equal, scores within {_CLOSE:g}, "
                f"but not to the last bit (up to {self.largest:.1g})"
            )
        found = [f"{self.labels} of {self.rows} labels {_verb(self.labels)}"] if self.labels else []
        if self.other_classes:
            found.append("classes differ")
        elif not isfinite(self.largest):
            found.append("scores are missing")
        elif self.largest > _CLOSE:
            found.append(f"scores differ by up to {self.largest:.2g}")
        if self.alone:
            found.append(f"{self.alone} prediction{' is' if self.alone == 1 else 's are'} in one of them alone")
        return f"not the same predictions: {', '.join(found)}"

    def _reasons(self) -> list[str]:
        if self.differs:
            return [f"what differs{' all the same' if self.exact else ''}: {one}" for one in self.differs]
        if self.exact:
            return []
        return ["nothing differs that nk keeps a record of; the processor and the number of cores may"]


def place_of(run: Path) -> Replay:
    """Where the repetition of a run is written: beside it, so that nothing of it is written over.

    Raises:
        DataError: it is no run, or what stands in that place is no repetition
    """
    for name in ("manifest.json", "config.yaml", "predictions.csv"):
        if not (run / name).is_file():
            raise DataError(f"`{run}` is no run that can be replayed: it has no `{name}`", hint=_RUN_ANEW)
    named = run if run.name and run.name != ".." else run.resolve()
    folder = named.with_name(f"{named.name}-replay")
    if (folder / "manifest.json").exists() and not (folder / NAME).exists():
        text = f"the replay would be written to `{folder}`, which is a run of its own"
        raise DataError(text, hint=f"rename that, or copy `{run}` to another place")
    return Replay(run, folder)


def compare(run: Path, again: Path) -> Outcome:
    """Compare two run folders.

    Raises:
        DataError: one of them cannot be read
    """
    try:
        first, second = _predictions(run), _predictions(again)
        differs = tuple(differences(run, again))
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise DataError(f"`{run}` and its replay cannot be compared: {error}", hint=_RUN_ANEW) from error
    both = first.join(second, on=_KEYS, how="inner", suffix=_AGAIN)
    alone = first.height + second.height - 2 * both.height
    classes, told = ({one for one in frame.columns if one.startswith("p_")} for frame in (first, second))
    labels = int((both["predicted"] != both[f"predicted{_AGAIN}"]).sum()) if classes or told else 0
    values = (classes & told) or ({"predicted"} if not classes | told else set())
    equal = all((both[one] == both[f"{one}{_AGAIN}"]).all() for one in {"predicted", *values})
    largest = max((_largest(both, one) for one in values), default=0.0)
    exact = equal and classes == told and not alone
    return Outcome(both.height, alone, labels, largest, exact, classes != told, differs)


def _predictions(folder: Path) -> pl.DataFrame:
    """The predictions as text, which has every bit of a number."""
    found = pl.read_csv(folder / "predictions.csv", infer_schema=False)
    return found.select(*_KEYS, "predicted", pl.col("^p_.*$"))


def _largest(both: pl.DataFrame, column: str) -> float:
    """The largest difference of two columns of numbers; infinite where one is no number."""
    first, second = (both[name].cast(pl.Float64) for name in (column, f"{column}{_AGAIN}"))
    size = 1.0 if column.startswith("p_") else first.abs().clip(lower_bound=1.0)
    apart = ((first - second).abs() / size).set(both[column] == both[f"{column}{_AGAIN}"], 0.0)
    found = apart.fill_nan(float("inf")).fill_null(float("inf")).max()
    return float(found) if isinstance(found, float) else 0.0


def _verb(number: int) -> str:
    return "differs" if number == 1 else "differ"
