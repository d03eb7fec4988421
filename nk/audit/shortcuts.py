"""Does the recording give the label away? Each cue of how it was made is let predict the label alone.

On clean corpora too nearly every cue predicts the label a little, and significantly so. So a cue is a warning only
where it comes near the model: see `judged`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.audit.cues import CUES
from nk.audit.finding import SHOWN, Finding
from nk.audit.probe import ROUNDS, Task, binned, holm, p_value, predicted, scores
from nk.families import metrics
from nk.intervals import group, standard_error
from nk.metrics._counts import count
from nk.metrics._moments import measure as moments
from nk.metrics._rows import numbers
from nk.registry import Options
from nk.stages.evaluate import or_null
from nk.stages.folds import shared_ids
from nk.tables import positions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.audit.cues import Cue
    from nk.audit.finding import Level
    from nk.metrics._rows import Tally
    from nk.registry import Ints
    from nk.stages.folds import Fold
    from nk.tables import Dataset, Target

SURE = 0.01  # p, corrected for the number of cues
SHARE = 0.5  # of what the model has above chance
_MEND = (
    "find out whether place, device, format or cutting differ between labels: make them alike, or test where they are"
)
_KNOW = "that is common, and harmless unless recordings of some labels were made in another way"
_HONEST = "that can be what the label is about, unless gain or cutting differ between labels"


@dataclass(frozen=True)
class Probed:
    """How well a cue alone predicts the label on the test rows of all folds.

    `score` is UAR, or Pearson's correlation for numbers, `low` what is left of it less its standard error, and `chance`
    what guessing gives; `p` is corrected for the number of cues, and `alone` is not.
    """

    cue: Cue
    score: float
    low: float
    chance: float
    p: float
    alone: float = 1.0

    @property
    def text(self) -> str:
        """As an example of a finding."""
        return f"`{self.cue.text}` {self.score:.3f}"


@dataclass(frozen=True)
class Reached:
    """What the model has on the test rows of all folds: UAR or Pearson's correlation, and its interval's lower end."""

    score: float
    low: float | None


def find(
    cues: pl.DataFrame, dataset: Dataset, folds: Sequence[Fold], model: Reached | None = None, *, seed: int = 0
) -> list[Finding]:
    """Cues that predict the label, each alone: `probe`, then `judged`."""
    return judged(probe(cues, dataset, folds, seed=seed), dataset.target, model)


def judged(cues: Sequence[Probed], target: Target, model: Reached | None = None) -> list[Finding]:
    """A warning for the cues that may be what the model has learnt, a note on others that predict the label.

    A cue is warned of where chance hardly explains its score (p < .01 after Holm's correction) and it has at least half
    of what the model has above chance, even less its standard error. A model whose interval holds chance cannot be said
    to have learnt a cue: then, as without a model, it takes half of what a perfect one would have, so that it holds for
    any. Loudness and duration can be what the label is about, and are only noted.

    Args:
        cues: what `probe` has found
        target: what they predict
        model: what it has; None where there is none

    Returns:
        at most three: a warning, a note on other cues, and a note on loudness and duration
    """
    found = [one for one in cues if one.p < SURE]
    hidden = [one for one in found if not one.cue.honest]
    near = [one for one in hidden if _is_near(one, model)]
    groups: list[tuple[Level, list[Probed], str]] = [
        ("warning", near, _MEND),
        ("note", [one for one in hidden if one not in near], _MEND if near else _KNOW),
        ("note", [one for one in found if one.cue.honest], _HONEST),
    ]
    return [_finding(level, some, target, model, do) for level, some, do in groups if some]


def reached(metrics: Mapping[str, Any], target: Target) -> Reached | None:
    """What `judged` asks of the model, of the content of `metrics.json`; None where there is none."""
    found = metrics["metrics"].get("test", {}).get(_measure(target), {})
    return None if found.get("value") is None else Reached(found["value"], found["low"])


def probe(
    cues: pl.DataFrame,
    dataset: Dataset,
    folds: Sequence[Fold],
    *,
    which: Sequence[Cue] = CUES,
    seed: int = 0,
    rounds: int = ROUNDS,
) -> list[Probed]:
    """Let each cue that is not the same for all rows predict the label of the test rows, from that of training rows.

    Args:
        cues: `id` and a column for each of `which`
        dataset: the rows
        folds: what is tested, and trained on
        which: the cues
        seed: what labels are shuffled with
        rounds: how often

    Returns:
        the cues, best first; none where there are no test rows with a label, or all have the same

    Raises:
        DataError: a row has no cues
    """
    rows = _rows(cues, dataset)
    task = _task(rows, dataset.target, folds)
    labels = np.unique(task.labels[task.test_rows])
    if len(labels) < 2:
        return []
    bins = {cue.name: _bins(rows[cue.name], task.classes) for cue in which}
    bins = {name: places for name, places in bins.items() if places.max() > 0}
    found = scores(bins, task, seed=seed, rounds=rounds)
    alone = {name: p_value(values) for name, values in found.items()}
    p = dict(zip(found, holm([*alone.values()]), strict=True))
    chance = 1 / len(labels) if task.classes else 0.0
    return sorted(
        (
            Probed(
                cue,
                float(found[cue.name][0]),
                _low(bins[cue.name], task, rows, dataset.target),
                chance,
                p[cue.name],
                alone[cue.name],
            )
            for cue in which
            if cue.name in found
        ),
        key=lambda one: -one.score,
    )


def _rows(cues: pl.DataFrame, dataset: Dataset) -> pl.DataFrame:
    """The rows with a label, in the order of their ids: `id`, `label`, `speaker` (null if not known) and the cues."""
    label = pl.col(dataset.target.name).alias("label")
    if dataset.target.is_number:
        label = pl.when(label.cast(pl.Float64).is_finite()).then(label.cast(pl.Float64)).alias("label")
    speaker = pl.col("speaker") if "speaker" in dataset else pl.lit(None, pl.String).alias("speaker")
    found = cues[positions(cues["id"].to_list(), dataset.ids)]
    rows = dataset.frame.select("id", label, speaker).hstack(found.drop("id"))
    return rows.filter(pl.col("label").is_not_null()).sort("id")


def _low(bins: Ints, task: Task, rows: pl.DataFrame, target: Target) -> float:
    """A cue's score less its standard error, by leaving out speakers in turn.

    Where there are too few speakers for that, rows are left out and it is twice the standard error: rows of a speaker
    succeed or fail together.
    """
    tested, truth, said = rows[task.test_rows], task.labels[task.test_rows], predicted(bins, task)
    groups = group(tested["id"], tested["speaker"], speakers_are_target=target.name == "speaker")
    one = metrics.get(_measure(target))
    tally: Tally
    if target.is_number:
        tally = moments(truth, said, groups.numbers, len(groups))
    else:
        tally = count(truth, said, np.eye(task.classes)[said], groups.numbers, len(groups))
    values = one(Options(), name=one.name).values(tally)
    without = values[1:][~np.isnan(values[1:])]
    errors = 1 if groups.kind == "speaker" else 2
    return float(values[0]) - (errors * standard_error(without) if len(without) else 0.0)


def _bins(column: pl.Series, classes: int) -> Ints:
    if column.dtype != pl.String:
        return binned(column, classes)
    places = column.rank("dense").cast(pl.Int64)
    return (places.fill_null(int(str(places.max() or 0)) + 1) - 1).to_numpy()  # not known is a value too


def _task(rows: pl.DataFrame, target: Target, folds: Sequence[Fold]) -> Task:
    number = {key: place for place, key in enumerate(rows["id"].to_list())}
    # Of a row of the folds its place among the labelled ones, or -1.
    place = np.array([number.get(key, -1) for key in shared_ids(folds)], dtype=np.int64)
    tests = [place[fold.test_rows] for fold in folds]
    outs = [np.delete(place, fold.train_rows) for fold in folds]
    test_rows, test_folds = _joined(tests)
    out_rows, out_folds = _joined(outs)
    return Task(
        labels=_labels(rows["label"], target),
        classes=len(target.labels),
        speakers=_speakers(rows, target),
        folds=len(folds),
        test_rows=test_rows,
        test_folds=test_folds,
        out_rows=out_rows,
        out_folds=out_folds,
    )


def _joined(parts: Sequence[Ints]) -> tuple[Ints, Ints]:
    """All labelled rows of the folds' parts, and the fold of each."""
    rows, folds = np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return rows[rows >= 0], folds[rows >= 0]


def _labels(column: pl.Series, target: Target) -> Any:
    """Class numbers; or values in standard deviations from their mean, which a correlation does not notice."""
    values = numbers(column, target)
    spread = values.std() if target.is_number and len(values) else 0.0
    return (values - values.mean()) / spread if spread else values


def _speakers(rows: pl.DataFrame, target: Target) -> Ints:
    """A number a speaker, those that are not known being one; a row each where none is, or speakers are the target."""
    names = rows["speaker"]
    if names.null_count() == len(names) or target.name == "speaker":
        return np.arange(len(names))
    return names.fill_null("").rank("dense").to_numpy().astype(np.int64) - 1


def _is_near(one: Probed, model: Reached | None) -> bool:
    """Whether it has at least half of what there is above chance, even less its standard error."""
    return one.low > one.chance and one.low - one.chance >= SHARE * (_most(one, model) - one.chance)


def _most(one: Probed, model: Reached | None) -> float:
    """The score of the model, or of a perfect one where none is shown to be better than chance."""
    return model.score if model and _beats(model, one.chance) else 1.0


def _beats(model: Reached, chance: float) -> bool:
    return model.low is not None and model.low > chance


def _measure(target: Target) -> str:
    return "pcc" if target.is_number else "uar"


def _finding(level: Level, some: Sequence[Probed], target: Target, model: Reached | None, do: str) -> Finding:
    chance = some[0].chance
    than = "the model" if model and _beats(model, chance) else "a perfect model"
    how = f"at least half as well as {than}" if level == "warning" else "better than by chance"
    beside = "" if model is None else f"the model {model.score:.3f}, "
    measure = "correlation" if target.is_number else "UAR"
    who = "loudness or duration" if some[0].cue.honest else "the way of recording"
    what = f"{who} alone predicts `{target.name}` {how} ({measure}: {beside}chance {chance:.3f})"
    scores = {
        "measure": _measure(target),
        "model": model and model.score,
        "chance": chance,
        "cues": {one.cue.name: {"score": one.score, "low": or_null(one.low), "p": one.p} for one in some},
    }
    return Finding("shortcuts", level, len(some), tuple(one.text for one in some[:SHOWN]), what, do, scores)
