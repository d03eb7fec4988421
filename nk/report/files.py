"""A run folder as a report needs it: its files read and checked, as they may come from elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl
from pydantic import BaseModel, ValidationError

from nk import evaluations
from nk.errors import DataError
from nk.report.shapes import Audit, Explored, Groups, Joined, Made, Manifest, Metrics
from nk.runfolder import TESTS
from nk.tables import Predictions, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.config import Config
    from nk.evaluations import Evaluation
    from nk.report.shapes import Finding

M = TypeVar("M", bound=BaseModel)
EXPLORE, LOOK, ENSEMBLE = "explore", "explore.json", "ensemble.json"
CONFIG, ROWS = "config.yaml", "dataset.parquet"
_AGAIN = "run it anew"
_LONGEST = 100  # of a place in a file, in an error
_TEXTS = ("id", "file", "database", "speaker", "split", "fold")
_TOLD = ("truth", "predicted")
_NUMBERS = {"start": pl.Float64, "end": pl.Float64, "run": pl.Int64, "uncertainty": pl.Float64}


@dataclass(frozen=True)
class Test:
    """What a test of the stored model on other recordings has found."""

    name: str
    metrics: Metrics
    findings: Sequence[Finding]


@dataclass(frozen=True)
class Run:
    """What a run has left, but for the model; `tests` are those of it.

    For an ensemble, which has no config, `joined` says what it is, and `config` is that of a member. `config_file` is
    where relative paths in the config are looked up from.
    """

    folder: Path
    config: Config
    config_file: Path
    config_text: str
    manifest: Manifest
    metrics: Metrics
    groups: Groups
    findings: Sequence[Finding]
    rows: pl.DataFrame
    predictions: Predictions
    skipped: pl.DataFrame
    seen: Sequence[Evaluation]
    explored: Explored | None = None
    tests: Sequence[Test] = ()
    joined: Joined | None = None

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return self.folder.resolve().name if self.joined else str(self.config.exp.name)

    @property
    def target(self) -> Target:
        """What was predicted."""
        return self.predictions.target

    @property
    def part(self) -> str | None:
        """The part whose results count: the last that has any."""
        return next(reversed(self.metrics.metrics), None)

    @property
    def measure(self) -> str | None:
        """The measure that counts."""
        found = self.metrics.metrics.get(self.part or "", {})
        asked = self.manifest.measure if self.joined else self.config.model.measure
        return asked if asked in found else next(iter(found), None)


def read_run(folder: Path, config: Config, config_file: Path | None = None) -> Run:
    """Read a run folder, or that of an ensemble.

    Args:
        folder: the run folder
        config: its config; of an ensemble, that of a member
        config_file: where that is from; the run folder's own if not given

    Raises:
        DataError: a file is missing, damaged, or not of the form that nk writes
    """
    joined = read_joined(folder)
    target = config.data.target or ""
    predictions = _predictions(folder / "predictions.csv", target)
    return Run(
        folder=folder,
        config=config,
        config_file=config_file or folder / CONFIG,
        config_text="" if joined else read_text(folder / CONFIG),
        manifest=read_json(folder / "manifest.json", Manifest),
        metrics=_metrics(folder / "metrics.json", predictions.target),
        groups=read_json(folder / "groups.json", Groups),
        findings=read_json(folder / "audit.json", Audit).findings,
        rows=_tabled(predictions) if joined and not (folder / ROWS).is_file() else _rows(folder / ROWS, target),
        predictions=predictions,
        skipped=_skipped(folder / "skipped.csv"),
        seen=_seen(folder / evaluations.NAME),
        explored=read_explored(folder),
        tests=[_test(one.parent) for one in sorted(folder.glob(f"{TESTS}/*/manifest.json"))],
        joined=joined,
    )


def read_joined(folder: Path) -> Joined | None:
    """What an ensemble has joined, None where the folder is not that of one.

    Raises:
        DataError: it cannot be read
    """
    path = folder / ENSEMBLE
    return read_json(path, Joined) if path.is_file() else None


def _tabled(predictions: Predictions) -> pl.DataFrame:
    """The rows of an ensemble of tables, of which nothing else is known; no recording has an empty digest."""
    columns = ("id", "file", "start", "end", "database", "speaker", "split")
    rows = predictions.frame.unique("id", keep="first", maintain_order=True)
    return rows.select(*columns, pl.lit("").alias("digest"), pl.col("truth").alias(predictions.target.name))


def _test(folder: Path) -> Test:
    metrics, audit = folder / "metrics.json", folder / "audit.json"
    return Test(folder.name, read_json(metrics, Metrics), read_json(audit, Audit).findings)


def read_explored(folder: Path) -> Explored | None:
    """What was explored of the experiment of this folder, None where nothing was.

    Raises:
        DataError: it cannot be read
    """
    path = folder / EXPLORE / LOOK
    if not path.is_file():
        return None
    need_inside(folder / EXPLORE)
    return read_json(path, Explored)


def read_made(folder: Path) -> tuple[Made, str]:
    """When and by what a look at the data was made, and its config; "" where there is none.

    Raises:
        DataError: a file cannot be read
    """
    config = folder / CONFIG
    return read_json(folder / "manifest.json", Made), read_text(config) if config.is_file() else ""


def read_json(path: Path, kind: type[M]) -> M:
    """A JSON file that has to have this form.

    Raises:
        DataError: it is missing or has not
    """
    need_inside(path)
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except ValidationError as error:
        raise _unreadable(path, _first(error)) from error


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    place = ".".join(map(str, found["loc"]))[:_LONGEST]
    text = f"{found['msg']} (`{place}`)" if place else found["msg"]
    return "".join(one if one.isprintable() else "?" for one in text)


def need_inside(path: Path) -> None:
    """A report goes to others: what a link outside of its folder leads to is not read, nor what is no file.

    Raises:
        DataError: it is such a link, or a pipe or device
    """
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(path.parent)):
        raise DataError(f"`{path}` is a link that leads out of its folder", hint="put what it leads to in its place")
    if path.exists() and not path.is_file() and not path.is_dir():
        raise _unreadable(path, "it is no file")


def read_text(path: Path) -> str:
    """A file of text.

    Raises:
        DataError: it cannot be read
    """
    need_inside(path)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise _unreadable(path, str(error)) from error


def _metrics(path: Path, target: Target) -> Metrics:
    """`metrics.json`, which has to tell as much of every part."""
    found = read_json(path, Metrics)
    told = [{*found.baselines_by_part}, {*found.runs}] + ([] if target.is_number else [{*found.risk_coverage}])
    for part, measures in found.metrics.items():
        if not measures or any(part not in each for each in told):
            raise _unreadable(path, f"it does not tell enough of `{part}`")
    return found


def _rows(path: Path, target: str) -> pl.DataFrame:
    need_inside(path)
    try:
        frame = pl.read_parquet(path, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, str(error)) from error
    _need(path, frame, ("id", "file", "start", "end", "database", "digest", target))
    return frame if "split" in frame.columns else frame.with_columns(pl.lit(None, pl.String).alias("split"))


def _skipped(path: Path) -> pl.DataFrame:
    frame = read_table(path, {"reason": pl.String})
    _need(path, frame, ("reason",))
    return frame


def _predictions(path: Path, target: str) -> Predictions:
    """Classes where there are scores of them, else numbers."""
    frame = read_table(path, dict.fromkeys((*_TEXTS, *_TOLD), pl.String()) | _NUMBERS)
    labels = tuple(name.removeprefix("p_") for name in frame.columns if name.startswith("p_"))
    scores = [f"p_{label}" for label in labels]
    _need(path, frame, (*_TEXTS, *_TOLD, "start", "end", "run", *(["uncertainty"] if labels else [])))
    strange = {*frame["predicted"], *frame["truth"].drop_nulls()} - {*labels} if labels else set()
    if strange:
        raise _unreadable(path, f"there are no scores for `{min(map(str, strange))}`")
    try:
        frame = frame.with_columns(pl.col(scores if labels else list(_TOLD)).cast(pl.Float64))
    except pl.exceptions.PolarsError as error:
        raise _unreadable(path, str(error).split("\n")[0]) from error
    known = ["start", "end", *([*scores, "uncertainty"] if labels else ["predicted"])]
    for name in [*known, *([] if labels else ["truth"])]:
        holes = frame[name].null_count() if name in known else 0
        if holes or not frame[name].drop_nulls().is_finite().all():
            raise _unreadable(path, f"`{name}` has values that are no numbers")
    return Predictions(frame, Target(target, labels))


def read_table(path: Path, types: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """A CSV file, with these types where it has such columns.

    Raises:
        DataError: it cannot be read
    """
    need_inside(path)
    try:
        header = pl.read_csv(path, n_rows=0, glob=False).columns
        known = {name: kind for name, kind in (types or {}).items() if name in header}
        return pl.read_csv(path, schema_overrides=known, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unreadable(path, str(error).split("\n")[0]) from error


def _need(path: Path, frame: pl.DataFrame, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise _unreadable(path, f"it has no column `{missing[0]}`")


def _seen(path: Path) -> list[Evaluation]:
    if not path.is_file():
        return []
    need_inside(path)
    try:
        return [evaluations.Evaluation.model_validate_json(line) for line in path.read_bytes().splitlines() if line]
    except ValidationError as error:
        raise _unreadable(path, _first(error)) from error


def _unreadable(path: Path, why: str) -> DataError:
    return DataError(f"`{path}` cannot be read: {why}", hint=_AGAIN)
