"""Measure predictions: values with intervals, a class, a speaker, a fold and a run at a time, beside guessing.

Everything here is a pure function of `Predictions`. Rows without truth are left out and counted. Where there are
several runs, their rows are pooled: a value is then about the mean of the runs', and an interval about that, over
speakers (or utterances) as ever. Cross-validation needs nothing special: pooled out-of-fold rows are rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.families import metrics as measures
from nk.intervals import Groups, group, interval
from nk.metrics._counts import Counts, share
from nk.metrics._moments import Moments
from nk.metrics._rows import Rows, labelled
from nk.registry import Options
from nk.tables import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.metrics._rows import Tally
    from nk.registry import Doubles, Measure
    from nk.tables import Predictions, Target

# How many classes a note names before it says "and others".
_NAMED = 3


def evaluate(
    predictions: Predictions, *, split: str, speakers_are_target: bool = False, unit: str = "utterance"
) -> tuple[Metric, ...]:
    """All measures of the task over one part, each with its interval; of decisions without scores those that need none.

    Args:
        predictions: of any parts, folds and runs
        split: the part
        speakers_are_target: the classes are speakers, so intervals are over utterances
        unit: what a row is

    Returns:
        the measures, main one first; none where no row of the part has a truth. A value that is not defined is NaN,
        without an interval. `n` counts utterances with truth, `n_speakers` is None where no speaker is known.

    Raises:
        DataError: a label is none of the target's, a prediction is missing, or a row is double within a run
    """
    rows = labelled(predictions, split)
    if not rows.frame.height:
        return ()
    groups = group(rows.frame["id"], rows.speakers, speakers_are_target=speakers_are_target, unit=unit)
    tally = rows.tally(groups.numbers, len(groups))
    return tuple(_metric(one, tally, rows, groups, split) for one in measures_of(rows.target, scored=rows.scored))


def _metric(one: Measure[Any], tally: Tally, rows: Rows, groups: Groups, split: str) -> Metric:
    values = one.values(tally)
    found = interval(values, one.bounds, groups, trials=_trials(one, tally, rows))
    why = f": {one.undefined}" if math.isnan(values[0]) and one.undefined else ""
    notes = [found.method + why]
    if isinstance(tally, Counts) and one.by_class:
        notes += _alone(tally, rows.target.labels, groups)
    if rows.dropped:
        notes.append(f"{rows.dropped} row{'s' if rows.dropped > 1 else ''} without truth left out")
    return Metric(one.name, float(values[0]), found.low, found.high, rows.n, rows.n_speakers, split, "; ".join(notes))


def _trials(one: Measure[Any], tally: Tally, rows: Rows) -> int:
    """How many rows a share of exactly 0 or 1 rests on.

    Where classes weigh the same, a mean over them is no surer than if every class had as few rows as the smallest.
    """
    if not (isinstance(tally, Counts) and one.by_class):
        return rows.n
    sizes = rows.frame.unique("id")["truth"].value_counts()["count"]
    return len(sizes) * int(np.min(sizes.to_numpy()))


def _alone(tally: Counts, labels: tuple[str, ...], groups: Groups) -> list[str]:
    """A note that names who alone holds a class: without him the mean is over one class less."""
    lost = (tally.truths[1:] == 0) & (tally.truths[0] > 0)
    pairs = [f"`{labels[k]}` is held by {groups.kind} `{groups.names[g]}` alone" for g, k in np.argwhere(lost)]
    if not pairs or len(groups) == 1:
        return []
    more = len(pairs) - _NAMED
    return [", ".join(pairs[:_NAMED]) + (f", and {more} more class{'es' if more > 1 else ''} likewise" * (more > 0))]


def per_class(predictions: Predictions, split: str, *, speakers_are_target: bool = False) -> pl.DataFrame:
    """Results a class.

    Returns:
        `class`, `precision`, `recall`, `f1`, `support` (rows), and the interval of the recall, `low` and `high`, over
        the speakers who have the class; in the order of the labels, null where not defined

    Raises:
        DataError: as `evaluate`
    """
    rows = labelled(predictions, split)
    total = rows.total
    if not isinstance(total, Counts):
        return pl.DataFrame()
    ends = [_recall_ends(rows, k, speakers_are_target=speakers_are_target) for k in range(len(rows.target.labels))]
    columns = {
        "class": rows.target.labels,
        "precision": total.precision[0],
        "recall": total.recall[0],
        "f1": total.f1[0],
        "support": total.truths[0].astype(np.int64),
        "low": [low for low, _ in ends],
        "high": [high for _, high in ends],
    }
    schema = {"low": pl.Float64, "high": pl.Float64}
    return pl.DataFrame(columns, schema_overrides=schema).fill_nan(None)


def _recall_ends(rows: Rows, number: int, *, speakers_are_target: bool) -> tuple[float | None, float | None]:
    own = rows.truth == number
    if not own.any():
        return None, None
    ids, speakers = rows.frame["id"].filter(own), rows.speakers
    speakers = speakers.filter(own) if speakers is not None else None
    groups = group(ids, speakers, speakers_are_target=speakers_are_target)
    values = share(rows.predicted[own] == number, groups.numbers, len(groups))
    found = interval(values, "unit", groups, trials=ids.n_unique())
    return found.low, found.high


def per_speaker(predictions: Predictions, split: str) -> pl.DataFrame:
    """Results a speaker.

    Returns:
        `speaker` (null for rows without one), `n` (rows), and `accuracy` and `uar` (over the classes that the speaker
        has), or `mae`, `rmse` and `bias` (mean of predicted minus truth); correlations of a handful of rows would be
        noise. In the order of the speakers.

    Raises:
        DataError: as `evaluate`
    """
    rows = labelled(predictions, split)
    if not rows.n_speakers:
        return pl.DataFrame()
    names = ("mae", "rmse") if rows.target.is_number else ("accuracy", "uar")
    return _by(rows, ["speaker"], names)


def by_fold(predictions: Predictions, split: str = "test") -> pl.DataFrame:
    """Every measure a run and fold: `run`, `fold`, `n`, `n_speakers`, and a column a measure, null where not defined.

    Raises:
        DataError: as `evaluate`
    """
    rows = labelled(predictions, split)
    return _by(rows, ["run", "fold"], [one.name for one in measures_of(rows.target, scored=rows.scored)])


def by_run(predictions: Predictions, split: str) -> pl.DataFrame:
    """Every measure a run: `run`, `n`, `n_speakers`, and a column a measure, null where not defined.

    Raises:
        DataError: as `evaluate`
    """
    rows = labelled(predictions, split)
    return _by(rows, ["run"], [one.name for one in measures_of(rows.target, scored=rows.scored)])


def _by(rows: Rows, keys: list[str], names: Sequence[str]) -> pl.DataFrame:
    """The measures of these names for each group of rows with equal keys; of speakers, the bias of numbers too."""
    wanted = [one for one in measures_of(rows.target, scored=rows.scored) if one.name in names]
    found = []
    for values, frame in rows.frame.group_by(keys, maintain_order=True):
        part = Rows(frame, rows.target)
        tally = part.total
        row = dict(zip(keys, values, strict=True)) | {"n": frame.height} | values_of(tally, wanted)
        if "speaker" not in keys:
            row["n_speakers"] = part.n_speakers
        elif isinstance(tally, Moments):
            row["bias"] = float(tally.bias[0])
        found.append(row)
    order = [*keys, "n", "n_speakers", *(one.name for one in wanted), "bias"]
    floats = dict.fromkeys((one.name for one in wanted), pl.Float64)
    table = pl.DataFrame(found, schema_overrides=floats, infer_schema_length=None)
    return table.select(name for name in order if name in table.columns).sort(keys)


def across_runs(runs: pl.DataFrame) -> dict[str, dict[str, float | None]]:
    """Mean and sample standard deviation (dividing by runs - 1) over the rows of `by_run`.

    Returns:
        `mean` and `std`, each a value a measure; null where a run has none, and `std` of a single run
    """
    names = [name for name in runs.columns if name not in ("run", "n", "n_speakers")]
    whole = {name: runs[name] for name in names if runs[name].null_count() == 0}
    mean = {name: float(np.mean(whole[name].to_numpy())) if name in whole else None for name in names}
    several = runs.height > 1
    std = {name: float(np.std(whole[name].to_numpy(), ddof=1)) if name in whole and several else None for name in names}
    return {"mean": mean, "std": std}


def uncertainty(scores: Doubles) -> Doubles:
    """Entropy of class scores divided by that of equal ones (ln K): 0 is sure, 1 is no idea.

    Args:
        scores: not negative, summing to one a row, shape (rows, classes)

    Returns:
        shape (rows,), in [0, 1]; 0 where there is one class
    """
    classes = scores.shape[1]
    if classes < 2:
        return np.zeros(len(scores))
    logs = np.log(scores, out=np.zeros(scores.shape), where=scores > 0)
    found: Doubles = np.clip(-(scores * logs).sum(axis=1) / math.log(classes), 0.0, 1.0)
    return found


def measures_of(target: Target, *, scored: bool = True) -> list[Measure[Any]]:
    """The measures of the target's task, main one first; without class scores (`scored`) those that need none."""
    task = "regression" if target.is_number else "classification"
    fitting = [one for one in measures.all() if one.task == task and (scored or not one.by_score)]
    found = [one(Options(), name=one.name) for one in fitting]
    return sorted(found, key=lambda one: (one.place, one.name))


def values_of(tally: Tally, wanted: Sequence[Measure[Any]]) -> dict[str, float | None]:
    """The measures' values over all rows of a tally, null where not defined."""
    return {one.name: or_null(one.values(tally)[0]) for one in wanted}


def or_null(value: float) -> float | None:
    """A number that JSON has a word for."""
    return float(value) if math.isfinite(value) else None
