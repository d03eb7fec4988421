"""What scores are good for, beside which class is the largest: how true they are, whom to leave to a person, and sets.

What was learnt on rows that the model has not seen (`nk/stages/calibration.py`) is held against the truth here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.intervals import group, interval
from nk.metrics._counts import share
from nk.metrics._rows import labelled
from nk.stages import conformal, rejection, reliability
from nk.stages.evaluate import or_null
from nk.stages.views import View, parts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.stages.calibration import Calibration
    from nk.stages.views import Known
    from nk.tables import Predictions

    Calibrations = Mapping[tuple[int, str], Calibration | None]

_SETS = {"id": pl.String, "split": pl.String, "run": pl.Int64, "fold": pl.String, "size": pl.Int64,
         "classes": pl.String, "holds": pl.Boolean}  # fmt: skip
_BOUND, _THRESHOLD = "\nbound", "\nthreshold"


def certainty(predictions: Predictions, found: Calibrations, *, speakers_are_target: bool = False) -> dict[str, Any]:
    """What there is to know of the scores of classes, for `metrics.json`.

    Args:
        predictions: of all parts, folds and runs
        found: what the scores of each run and fold were calibrated with
        speakers_are_target: the classes are speakers, so intervals are over utterances

    Returns:
        `calibration` {split: as `reliability.error`, with `temperatures` and `by`}, `risk_coverage` {split: `area`, and
        `risk` of all rows} and `sets` {split: as `_held`}, the last only where sets were asked for; dev is in
        `risk_coverage` alone where the scores were calibrated on it
    """
    parts = [] if predictions.target.is_number else parts_of(predictions)
    known = [one for one in found.values() if one]
    about = {
        "temperatures": [or_null(one.temperature) for one in known],
        "by": " or ".join(dict.fromkeys(one.by for one in known)) or None,
    }
    judged = _judged(parts, found)
    errors = {p: reliability.error(predictions, p, speakers_are_target=speakers_are_target) for p in judged}
    return {
        "calibration": {p: {**one, **about} for p, one in errors.items()},
        "risk_coverage": {p: _risk(predictions, p) for p in parts},
        "sets": {p: _held(predictions, p, found, own=speakers_are_target) for p in judged} if known else {},
    }


def _judged(parts: Sequence[str], found: Calibrations) -> list[str]:
    """The parts that what was learnt can be held against: not dev, which is what it was learnt on if there is one."""
    return [part for part in parts if part != "dev" or not any(found.values())]


def decided(predictions: Predictions, known: Known, found: Calibrations) -> list[View]:
    """The rows that are decided on, as a view; none where there is no threshold."""
    if predictions.target.is_number or not any(found.values()):
        return []
    rows = _with(predictions, found)
    sure = pl.col("uncertainty") <= pl.col(_THRESHOLD)
    kept = rows.filter(sure, pl.col("truth").is_not_null()).drop(_BOUND, _THRESHOLD)
    about = {}
    for part in _judged(parts_of(predictions), found):
        before = labelled(predictions, part).frame
        after = kept.filter(pl.col("split") == part)
        lost = {*before["truth"]} - {*after["truth"]}
        about[part] = {
            "wanted": next(one.decided for one in found.values() if one),
            "rows": after.height,
            "left_out": before.height - after.height,
            "share": after.height / before.height,
            "thresholds": [or_null(one.threshold) for one in found.values() if one],
            "classes_without_a_row": [label for label in predictions.target.labels if label in lost],
        }
    return [View("decided", "rows decided on", replace(predictions, frame=kept), known, about)]


def sets(predictions: Predictions, found: Calibrations) -> pl.DataFrame:
    """The set of classes of each row.

    Returns:
        `id`, `split`, `run`, `fold`, `size`, `classes` (joined by `|`, the largest score first) and `holds` (whether
        the truth is in it, null where not known); no row where there is no bound
    """
    labels = predictions.target.labels
    rows = _with(predictions, found).filter(pl.col(_BOUND).is_not_null())
    if not rows.height:  # also where numbers are predicted
        return pl.DataFrame(schema=_SETS)
    scores = rows.select(f"p_{label}" for label in labels).to_numpy()
    inside = conformal.sets(scores, rows[_BOUND].to_numpy())
    order = np.argsort(-scores, axis=1, kind="stable")
    named = ["|".join(labels[k] for k in each if here[k]) for each, here in zip(order, inside, strict=True)]
    place = {label: number for number, label in enumerate(labels)}
    truth = [place.get(label) for label in rows["truth"].cast(pl.String)]
    holds = [None if k is None else bool(here[k]) for k, here in zip(truth, inside, strict=True)]
    columns = {"size": inside.sum(axis=1), "classes": named, "holds": holds}
    keys = rows.select(pl.col(name).cast(_SETS[name]) for name in ("id", "split", "run", "fold"))
    return keys.with_columns(pl.Series(name, values, dtype=_SETS[name]) for name, values in columns.items())


def _held(predictions: Predictions, split: str, found: Calibrations, *, own: bool) -> dict[str, Any]:
    """How often the sets of a part hold the truth; or why there are none, as `why`."""
    first = next(one for one in found.values() if one)
    groups_seen = min(one.groups for one in found.values() if one)
    about = {"wanted": first.coverage, "by": first.kind, "groups": groups_seen}
    rows = labelled(predictions, split)
    given = sets(predictions, found).filter(pl.col("split") == split, pl.col("holds").is_not_null())
    keys = rows.frame.select("id", pl.col("run").cast(_SETS["run"]))
    given = keys.join(given, on=["id", "run"], maintain_order="left")
    if not given.height or given["holds"].null_count():
        return {**about, "why": _too_few(first.coverage, groups_seen, first.kind)}
    groups = group(rows.frame["id"], rows.speakers, speakers_are_target=own)
    values = share(given["holds"].to_numpy(), groups.numbers, len(groups))
    ends = interval(values, "unit", groups, trials=rows.n)
    size = given["size"].to_numpy()
    return {
        **about,
        "held": float(values[0]),
        "low": ends.low,
        "high": ends.high,
        "method": ends.method,
        "mean_size": float(size.mean()),
        "single": float((size == 1).mean()),
        "all": float((size == len(predictions.target.labels)).mean()),
        "n": rows.n,
    }


def _too_few(coverage: float, groups: int, kind: str) -> str:
    most = groups / (groups + 1)
    text = (
        f"sets that hold the truth in {100 * coverage:.0f} % need {conformal.fewest(coverage)} {kind} to be learnt from"
    )
    way = f"`set_coverage = {np.floor(100 * most) / 100:g}` is what they are enough for" if most >= 0.5 else ""
    return f"{text}, and there are {groups}" + (f"; {way}" if way else "")


def _risk(predictions: Predictions, split: str) -> dict[str, Any]:
    uncertain, wrong = _wrong(predictions, split)
    return {"area": rejection.area(uncertain, wrong), "risk": float(wrong.mean()), "n": len(wrong)}


def curve(predictions: Predictions, split: str) -> pl.DataFrame:
    """Risk and coverage of the rows of a part with truth, as `rejection.curve` gives them."""
    return rejection.curve(*_wrong(predictions, split))


def _wrong(predictions: Predictions, split: str) -> tuple[Any, Any]:
    frame = labelled(predictions, split).frame
    return frame["uncertainty"].to_numpy(), (frame["truth"] != frame["predicted"]).to_numpy()


def _with(predictions: Predictions, found: Calibrations) -> pl.DataFrame:
    """The rows with what was learnt for their run and fold."""
    keys = [key for key, one in found.items() if one]
    learnt = pl.DataFrame(
        {
            "run": [run for run, _ in keys],
            "fold": [fold for _, fold in keys],
            _BOUND: [one.bound for one in found.values() if one],
            _THRESHOLD: [one.threshold for one in found.values() if one],
        },
        schema={"run": predictions.frame.schema["run"], "fold": pl.String, _BOUND: pl.Float64, _THRESHOLD: pl.Float64},
    )
    return predictions.frame.join(learnt, on=["run", "fold"], how="left", maintain_order="left")
