"""What two run folders were made with and of, as far as it differs: packages, config, rows, audio, labels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import yaml

from nk import lock
from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from nk.lock import Lock

_SHOWN = 5
_IDLE = {"matplotlib"}  # no prediction depends on it
_NONE = object()
_NOW = "\nnow"  # no column is called so


def differences(run: Path, again: Path) -> list[str]:
    """What differs between a run and a later one, a sentence each.

    Raises:
        OSError: a file is not there
        ValueError: a file is damaged
    """
    before, now = (json.loads((folder / "manifest.json").read_text(encoding="utf-8")) for folder in (run, again))
    told = [*_versions(before, now), *_of_features(before, now), *_of_config(run, again)]
    then, after = (pl.read_parquet(folder / "dataset.parquet") for folder in (run, again))
    locks, why = _locks(run, again)
    unknown = f"which rows and audio the run had is not known: {why}"
    of_rows = [*_of_rows(*locks), *_without(then, after, *locks)] if locks else [unknown]
    return [*told, *of_rows, *_of_tables(then, after)]


def _versions(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for what in ("nk", "python", "platform"):
        yield from _changed(what, before.get(what, _NONE), now.get(what, _NONE))
    yield from _each("", before.get("packages", {}), now.get("packages", {}), _IDLE)


def _of_features(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    olds, news = ({one["extractor"]: one for one in each.get("features", ())} for each in (before, now))
    for name in olds.keys() & news.keys():
        yield from _each(f"features `{name}`, ", olds[name], news[name])


def _of_config(run: Path, again: Path) -> Iterator[str]:
    before, now = (_keys(yaml.safe_load((folder / "config.yaml").read_text("utf-8"))) for folder in (run, again))
    yield from _each("config ", before, now)


def _keys(section: Any, above: str = "") -> dict[str, Any]:
    """A nested mapping as a flat one, `model.C_val`."""
    if not isinstance(section, dict) or not section:
        return {above: section}
    return {key: value for name, inner in section.items()
            for key, value in _keys(inner, f"{above}.{name}" if above else f"{name}").items()}  # fmt: skip


def _each(what: str, before: Mapping[str, Any], now: Mapping[str, Any], left_out: set[str] | None = None
          ) -> Iterator[str]:  # fmt: skip
    for name in dict.fromkeys([*before, *now]):
        if name not in (left_out or ()):
            yield from _changed(f"{what}`{name}`", before.get(name, _NONE), now.get(name, _NONE))


def _changed(what: str, before: Any, now: Any) -> Iterator[str]:
    if before != now:
        yield f"{what} {_word(now)} (was {_word(before)})"


def _word(value: Any) -> str:
    return "not there" if value is _NONE else f"{value}"


def _locks(run: Path, again: Path) -> tuple[tuple[Lock, Lock] | None, str]:
    """The locks of both, or why they are not known."""
    try:
        return (lock.read(run), lock.read(again)), ""
    except DataError as error:
        return None, f"{error}"


def _of_rows(before: Lock, now: Lock) -> Iterator[str]:
    both = before.rows.join(now.rows, on="id", suffix=_NOW, maintain_order="left")
    yield from _named("with other audio", both.filter(pl.col("digest") != pl.col(f"digest{_NOW}")))
    yield from _named("not there now", before.rows.join(now.rows, on="id", how="anti"))
    yield from _named("not there then", now.rows.join(before.rows, on="id", how="anti"))
    yield from _moved(before, now, both)


def _moved(before: Lock, now: Lock, both: pl.DataFrame) -> Iterator[str]:
    if before.folded != now.folded:
        kinds = ("a cross-validation", "a split")
        yield f"{kinds[not now.folded]} (was {kinds[not before.folded]})"
        return
    kind = "fold" if now.folded else "part"
    yield from _named(f"in another {kind}", both.filter(pl.col(kind) != pl.col(f"{kind}{_NOW}")))


def _without(before: pl.DataFrame, now: pl.DataFrame, old: Lock, new: Lock) -> Iterator[str]:
    """Rows that are in both locks and had features in one run alone."""
    for what, some, others, one in (("now", before, now, new), ("then", now, before, old)):
        yield from _named(f"without features {what}", some.join(others, on="id", how="anti").join(one.rows, on="id"))


def _of_tables(before: pl.DataFrame, now: pl.DataFrame) -> Iterator[str]:
    """Labels, speakers and whatever else the tables say."""
    both = before.join(now, on="id", suffix=_NOW, maintain_order="left")
    for column in before.columns:
        if f"{column}{_NOW}" in both.columns and column not in {"split", "digest"}:
            then, after = (pl.col(name).cast(pl.String) for name in (column, f"{column}{_NOW}"))
            yield from _named(f"with another `{column}`", both.filter(then.ne_missing(after)))


def _named(what: str, rows: pl.DataFrame) -> Iterator[str]:
    if rows.height:
        ids = rows["id"].head(_SHOWN).to_list()
        more = ", ..." if rows.height > _SHOWN else ""
        count = f"{rows.height} row{'' if rows.height == 1 else 's'}"
        yield f"{count} {what}: {', '.join(f'`{one}`' for one in ids)}{more}"
