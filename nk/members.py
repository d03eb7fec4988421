"""Results of several runs read again and put side by side: the same rows, or an error that shows what differs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nk.config import load_config
from nk.errors import DataError
from nk.runfolder import TESTS
from nk.tables import Predictions, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.config import Config

TABLE = "predictions.csv"
NAMELESS = "truth"  # the target of a table that does not say what it is
_CONFIG = "config.yaml"
_NEEDED = ("id", "file", "start", "end", "predicted")
_TYPES: dict[str, type[pl.DataType]] = {
    "start": pl.Float64, "end": pl.Float64, "uncertainty": pl.Float64, "run": pl.Int64,
}  # fmt: skip
_USUAL = {"database": "", "speaker": None, "split": "test", "run": 0, "fold": "split", "truth": None}
_TEXT = {"database", "speaker", "split", "fold", "truth"}
# Times to the millisecond, as in an id: another decimal is another way of writing, not another row.
Truths = Literal["needed", "checked", "ignored"]
_ROW = ["file", "start_ms", "end_ms"]
_MORE = "\nother"  # no column is called so


@dataclass(frozen=True)
class Member:
    """The predictions of one run; `config` is None where they are a table alone."""

    name: str
    place: Path
    predictions: Predictions
    config: Config | None

    @property
    def measure(self) -> str | None:
        """The main measure that its config names."""
        return self.config.model.measure if self.config else None


def place_of(where: Path) -> Path:
    """Where the predictions of a run are: of a config file, in the folder that it would be run into."""
    if where.is_dir() or where.suffix.lower() == ".csv":
        return where
    config = load_config(where).config
    return Path(config.exp.root) / config.exp.name


def read(where: Path) -> Member:
    """Read the predictions of a run.

    Args:
        where: a run folder, the folder of a test in it, the config file of a run, or a table like `predictions.csv`

    Raises:
        ConfigError: the config is wrong
        DataError: there are no predictions, or they cannot be read
    """
    place = place_of(where)
    table = place if place.suffix.lower() == ".csv" else place / TABLE
    if not table.is_file():
        if place == where:
            hint = "name a folder that `nk run` has written, a config file, or a table of predictions"
            raise DataError(f"`{where}` is no run folder: it has no `{TABLE}`", hint=hint)
        raise DataError(f"there is no run of `{where}`: `{place}` has no `{TABLE}`", hint=f"`nk run {where}` makes one")
    config = _config(place)
    if config and place != where and where.suffix.lower() != ".csv":
        config = config.replaced(report=load_config(where).config.report)  # that of the file which was named
    target = config.data.target if config and config.data.target else _target(place)
    return Member(place.stem if place == table else place.resolve().name, place, _predictions(table, target), config)


def _config(place: Path) -> Config | None:
    """The config of a run, and of a test in its folder."""
    if not place.is_dir():
        return None
    above = place.resolve().parent
    folder = above.parent if above.name == TESTS else place
    return load_config(folder / _CONFIG).config if (folder / _CONFIG).is_file() else None


def _target(place: Path) -> str:
    """The target of what has no config: an ensemble says it in its manifest, a table does not."""
    try:
        found = json.loads((place / "manifest.json").read_text(encoding="utf-8")).get("target")
    except (OSError, ValueError, AttributeError):
        found = None
    return found if isinstance(found, str) else NAMELESS


def _predictions(table: Path, target: str) -> Predictions:
    try:
        frame = pl.read_csv(table, infer_schema=False)
        lacking = [name for name in _NEEDED if name not in frame.columns]
        if lacking:
            text = f"`{table}` is no table of predictions: it lacks columns"
            raise DataError(text, examples=lacking, hint=f"`{TABLE}` of a run folder has them")
        # Columns of the user's stand behind ours, and may be called so too.
        behind = frame.columns[frame.columns.index("predicted") + 1 :]
        labels = tuple(name.removeprefix("p_") for name in takewhile(lambda name: name.startswith("p_"), behind))
        return Predictions(_typed(frame, labels), Target(target, labels))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"`{table}` cannot be read: {error}", hint="run it anew") from error


def _typed(frame: pl.DataFrame, labels: Sequence[str]) -> pl.DataFrame:
    lacking = [pl.lit(value, pl.String if name in _TEXT else None).alias(name)
               for name, value in _USUAL.items() if name not in frame.columns]  # fmt: skip
    frame = frame.with_columns(lacking)
    types: dict[str, Any] = {name: kind for name, kind in _TYPES.items() if name in frame.columns}
    numbers: Any = [f"p_{label}" for label in labels] or ["truth", "predicted"]
    return frame.cast(types | dict.fromkeys(numbers, pl.Float64))


def named(members: Sequence[Member]) -> list[Member]:
    """The same with names of their own: where two are called alike, by their places.

    Raises:
        DataError: one is there twice
    """
    places = [one.place.resolve() for one in members]
    double = sorted({str(one.place) for one, place in zip(members, places, strict=True) if places.count(place) > 1})
    if double:
        raise DataError("a run is named twice", examples=double, hint="name each once")
    names = [one.name for one in members]
    return [one if names.count(one.name) == 1 else replace(one, name=str(one.place)) for one in members]


def matched(members: Sequence[Member], part: str = "test", *, truths: Truths = "needed") -> list[Member]:
    """The rows of one part of each, which have to be the same; they get the ids that the first has.

    Rows are told by file, start and end, and by database where that does not tell them apart; in what order they stand
    does not matter.

    Args:
        members: what was read
        part: of the split
        truths: `needed`: rows without one are left out, and truths and speakers have to be the same; `checked`: they
            have to be the same, and there has to be one; `ignored`: whatever they are

    Raises:
        DataError: rows, classes, truths or speakers differ
    """
    frames = [_rows(one, part, truths) for one in members]
    keys = _keys(frames)
    first, *others = zip(members, frames, strict=True)
    known = first[1].unique(keys, keep="first", maintain_order=True)
    found = [_with_rows(first[0], first[1], first[0].predictions.target)]
    for member, frame in others:
        _check_target(first[0], member)
        _check_rows(known, frame, keys, (first[0].name, member.name), truths)
        ids = known.select(*keys, "id")
        own = frame.drop("id").join(ids, on=keys, how="left", nulls_equal=True).select(frame.columns)
        found.append(_with_rows(member, own, first[0].predictions.target))
    return found


def _rows(member: Member, part: str, truths: Truths) -> pl.DataFrame:
    frame = member.predictions.part(part).frame
    known = frame.filter(pl.col("truth").is_not_null())
    if not (frame if truths == "ignored" else known).height:
        what = f"{part} row" if truths == "ignored" else f"{part} row with a truth"
        hint = "leave it out; `nk ensemble --no-labels` is for rows without a truth"
        raise DataError(f"`{member.name}` has no {what}", hint=hint)
    frame = known if truths == "needed" else frame
    ms = [(pl.col(side) * 1000).round().cast(pl.Int64).alias(f"{side}_ms") for side in ("start", "end")]
    return frame.with_columns(ms)


def _keys(frames: Sequence[pl.DataFrame]) -> list[str]:
    unclear = any(frame.unique([*_ROW, "database"]).height > frame.unique(_ROW).height for frame in frames)
    return [*_ROW, "database"] if unclear else _ROW


def _with_rows(member: Member, frame: pl.DataFrame, target: Target) -> Member:
    frame = frame.drop("start_ms", "end_ms").sort("id", "run")
    double = frame.filter(frame.select("id", "run").is_duplicated())
    if double.height:
        examples = double["id"].unique().sort().to_list()
        raise DataError(f"rows of `{member.name}` stand there twice", rows=double.height, examples=examples)
    return replace(member, predictions=Predictions(frame, target))


def _check_target(first: Member, other: Member) -> None:
    mine, theirs = first.predictions.target, other.predictions.target
    if mine.name != theirs.name and NAMELESS not in (mine.name, theirs.name):
        text = f"`{first.name}` predicts `{mine.name}`, `{other.name}` predicts `{theirs.name}`"
        raise DataError(text, hint="name runs of one target")
    if {*mine.labels} != {*theirs.labels}:
        alone = sorted({*mine.labels} ^ {*theirs.labels})
        text = f"`{first.name}` and `{other.name}` do not have the same classes: in one of them alone are"
        raise DataError(text, examples=alone, hint="set `labels` or `mapping` in [DATA] alike, and run them again")


def _check_rows(
    first: pl.DataFrame, other: pl.DataFrame, keys: list[str], names: tuple[str, str], truths: Truths
) -> None:
    own = other.unique(keys, keep="first", maintain_order=True)
    alone = [one.join(two, on=keys, how="anti", nulls_equal=True) for one, two in ((first, own), (own, first))]
    counts = [f"{some.height} in `{name}` alone" for some, name in zip(alone, names, strict=True) if some.height]
    if counts:
        examples = [key for some in alone for key in some["id"].sort().to_list()[:3]]
        text = f"`{names[0]}` and `{names[1]}` do not have the same rows, {' and '.join(counts)}"
        raise DataError(text, examples=examples, hint="run them with the same split, as by a lock (`split.lock.json`)")
    if truths == "ignored":
        return
    both = first.join(own, on=keys, suffix=_MORE, nulls_equal=True).sort("id")
    for column, plural in (("truth", "truths"), ("speaker", "speakers")):
        apart = both.filter(pl.col(column).ne_missing(pl.col(column + _MORE)))
        if apart.height:
            rows = apart.select("id", column, column + _MORE).head(6).iter_rows()
            examples = [f"{key}: {one} / {two}" for key, one, two in rows]
            text = f"`{names[0]}` and `{names[1]}` have other {plural} of the same rows"
            raise DataError(text, rows=apart.height, examples=examples, hint="run them on the same tables")
