"""What goes with the target though it is no voice: traits of speakers, the database, the way of recording, estimates.

Of each column, whether it is associated with the target, in rows and in speakers, and how well it predicts the label by
itself on speakers that were left out, beside chance (the audit's probe, `nk.audit.probe`). The speaker himself is
tested on other rows of his, as a random split would do it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.audit.cues import CUES, Cue
from nk.audit.probe import ROUNDS, holm
from nk.audit.shortcuts import SHARE, SURE, probe
from nk.explore.columns import Column, column_of, finite
from nk.explore.exhibit import Exhibit, Lead
from nk.explore.hearing import BESIDE, HEARD
from nk.explore.pictures import draw_scores
from nk.explore.relation import main, sample, tests
from nk.explore.statistics.result import LEVEL, p_text
from nk.stages.folds import folds_of
from nk.stages.grouping import by_hash, dealt_evenly
from nk.stages.groups import groups_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nk.audit.shortcuts import Probed, Reached
    from nk.explore.material import Material
    from nk.explore.statistics.result import Result
    from nk.stages.folds import Fold
    from nk.tables import Dataset

_TRAITS = ("speaker", "gender", "age", "database", "gender_pred", "age_pred")
# Estimates of what a voice expresses, which can be what the label is about.
_EXPRESSED = ("arousal_pred", "valence_pred", "dominance_pred", "emotion_pred", "text_pred")
_FOLDS = 10
_TOLD = 0.1  # of the way from guessing to perfection, from which on a trait matters
_LABELS = 20_000_000  # shuffled labels at most: of very many rows fewer rounds
_FEWEST = 199
_UNPROBED = "there are too few speakers to see what a column predicts."


@dataclass(frozen=True)
class Suspect:
    """A column that may tell the target: what is tested of it, and what it predicts alone; None where it cannot."""

    column: Column
    honest: bool
    tests: Sequence[Result]
    probed: Probed | None
    p_holm: float

    @property
    def gained(self) -> float:
        """How much of the way from guessing to perfection it goes."""
        one = self.probed
        return (one.score - one.chance) / (1 - one.chance) if one else math.nan


def show(material: Material, reached: Reached | None = None) -> Iterator[Exhibit]:
    """The bias table, if there is a target; `reached` is what the model of a run has.

    Args:
        material: the rows
        reached: UAR or correlation of a run's model on the same data, None where there is no run
    """
    if not material.target:
        return
    suspects = _suspects(material)
    if not suspects:
        return
    rounds = _rounds(material)
    leads = tuple(found for one in suspects if (found := _lead(one, material, reached)))
    target = column_of(material.unbinned, material.target)
    measure = "Pearson's correlation" if target.is_number else "UAR"
    shown = [one for one in suspects if one.probed]
    chance = shown[0].probed.chance if shown and shown[0].probed else 0.0
    caption = f"{sample(material.frame, [target])}; {_how(material, measure, chance, rounds) if shown else _UNPROBED}"
    title = f"What tells {material.target} by itself"
    draw = draw_scores([_bar(one) for one in shown], chance, measure, title, caption) if shown else None
    notes = _notes(suspects, rounds, reached)
    yield Exhibit("bias", title, _table(suspects, measure), caption, draw, notes, leads)


def _how(material: Material, measure: str, chance: float, rounds: int) -> str:
    """How columns were probed."""
    known = material.dataset.has_speakers and material.target != "speaker"
    left = "speakers left out (`speaker` itself on other rows of the same speakers)" if known else "rows left out"
    text = f"{measure} of each column alone on {left}, chance {chance:.2f}"
    return f"{text}, p by {rounds:,} permutations, Holm-corrected, traits and other columns each for themselves."


def _rounds(material: Material) -> int:
    return int(np.clip(_LABELS // max(len(material.dataset), 1), _FEWEST, ROUNDS))


def _suspects(material: Material) -> list[Suspect]:
    """All columns that may tell the target, those that tell most first."""
    columns = _columns(material)
    target = column_of(material.unbinned, material.target)
    probed = _probed(columns, material)
    p = _corrected(probed)
    known = material.frame["speaker"] if material.dataset.has_speakers and target.name != "speaker" else None
    found = [
        Suspect(
            column,
            _is_honest(column.name, target.name),
            tests(target, column, None if column.name == "speaker" else known),
            probed.get(column.name),
            p.get(column.name, math.nan),
        )
        for column in columns
    ]
    return sorted(found, key=lambda one: -one.gained if one.probed else 1.0)


def _corrected(probed: Mapping[str, Probed]) -> dict[str, float]:
    """Values of p corrected for the number of traits, or of other columns: many cues hide no trait."""
    found: dict[str, float] = {}
    for names in ([name for name in probed if name in _TRAITS], [name for name in probed if name not in _TRAITS]):
        found |= zip(names, holm([probed[name].alone for name in names]), strict=True)
    return found


def _columns(material: Material) -> list[Column]:
    """The columns that are suspected and have more than one value; ages in groups."""
    frame = material.frame
    named = [*_TRAITS, *HEARD, *BESIDE, *(name for name in frame.columns if name.endswith("_pred"))]
    names = [name for name in dict.fromkeys(named) if name in frame.columns and name != material.target]
    varied = [name for name in names if _known(frame[name]).n_unique() > 1]
    plain = material.unbinned
    found = [column_of(plain, name) for name in varied]
    return [_aged(column) if column.name == "age" else column for column in found]


def _known(values: pl.Series) -> pl.Series:
    """The values that are known, of numbers those that are finite."""
    return (finite(values) if values.dtype.is_numeric() else values).drop_nulls()


def _aged(column: Column) -> Column:
    groups = groups_of(column.values.alias("age"))
    return Column("age", groups, tuple(groups.drop_nulls().unique().sort().to_list()))


def _is_honest(name: str, target: str) -> bool:
    """Whether a column can be what the label is about: who is angry is loud, and a speaker has one gender."""
    honest = {cue.name for cue in CUES if cue.honest}
    if name == f"{target}_pred" or (target == "speaker" and name in _TRAITS):
        return True
    return name in {*honest, "snr", "speaker", *_EXPRESSED}


def _probed(columns: Sequence[Column], material: Material) -> dict[str, Probed]:
    """What each column predicts alone; the speaker on other rows, all else on other speakers."""
    dataset = _labelled(material)
    own = [column for column in columns if column.name == "speaker"]
    rest = [column for column in columns if column.name != "speaker"]
    alone = replace(dataset, frame=dataset.frame.drop("speaker", strict=False))
    found: dict[str, Probed] = {}
    for some, rows in ((rest, dataset), (own, alone)):
        folds = _folds(rows, material.seed) if some else []
        if len(folds) > 1:
            found |= _probe(some, rows, folds, material)
    return found


def _labelled(material: Material) -> Dataset:
    """The rows that have a label."""
    dataset = material.dataset
    return replace(dataset, frame=dataset.frame.filter(pl.col(material.target).is_not_null()))


def _probe(columns: Sequence[Column], dataset: Dataset, folds: Sequence[Fold], material: Material) -> dict[str, Probed]:
    cues = [Cue(f"column {column.name}", column.name, column.unit) for column in columns]
    values = {cue.name: column.values for cue, column in zip(cues, columns, strict=True)}
    table = material.dataset.frame.select("id").with_columns(**values)
    found = probe(table, dataset, folds, which=cues, seed=material.seed, rounds=_rounds(material))
    return {one.cue.text: one for one in found}


def _folds(dataset: Dataset, seed: int) -> list[Fold]:
    """Folds by speaker, with about equal shares of classes; by row where speakers are not known or are the target."""
    known = dataset.has_speakers and dataset.target.name != "speaker"
    names = dataset.frame["speaker"].fill_null("").to_list() if known else dataset.ids
    order = {name: place for place, name in enumerate(by_hash(names, seed))}
    count = min(_FOLDS, len(order))
    if count < 2:
        return []
    groups = [order[name] for name in names]
    fold = dealt_evenly(_strata(dataset), groups, count) if known else [place % count for place in groups]
    return folds_of(dataset, [[str(number) for number in fold]])


def _strata(dataset: Dataset) -> list[int]:
    column = dataset.frame[dataset.target.name]
    if dataset.target.is_number:
        return ((column.rank("ordinal") - 1) * 5 // len(column)).cast(pl.Int64).to_list()
    return column.cast(pl.Enum(dataset.target.labels)).to_physical().cast(pl.Int64).to_list()


def _lead(one: Suspect, material: Material, reached: Reached | None) -> Lead | None:
    """What matters, in a sentence, else None.

    A trait, or a database, matters where it goes a tenth of the way from guessing to perfection (p < .05); a cue of how
    it was recorded where it goes half of the way of the model, or of a perfect one, even less its standard error, as
    for the audit (p < .01).
    """
    probed = one.probed
    if probed is None or one.honest or not one.p_holm < (LEVEL if one.column.name in _TRAITS else SURE):
        return None
    best = reached.score if reached and (reached.low or 0) > probed.chance else 1.0
    trait = one.column.name in _TRAITS
    if (trait and one.gained < _TOLD) or (not trait and probed.low - probed.chance < SHARE * (best - probed.chance)):
        return None
    measure = "correlation" if material.dataset.target.is_number else "UAR"
    model = f", the model {reached.score:.2f}" if reached else ""
    name = HEARD.get(one.column.name, (one.column.name, ""))[0].replace("_", " ")
    found = f"{measure} {probed.score:.2f}, chance {probed.chance:.2f}{model}, {p_text(one.p_holm)}"
    text = f"`{name}` alone tells `{material.target}` ({found}): a model may learn that instead."
    return Lead("telling_traits" if trait else "shortcuts", one.column.name, text)


def _bar(one: Suspect) -> tuple[str, float, float, bool]:
    """Name, score, the score less its error, and whether chance hardly explains it."""
    probed = one.probed
    return (
        (one.column.name, probed.score, probed.low, one.p_holm < LEVEL)
        if probed
        else (one.column.name, 0.0, 0.0, False)
    )


def _table(suspects: Sequence[Suspect], measure: str) -> pl.DataFrame:
    rows = [_row(one, measure) for one in suspects]
    return pl.DataFrame(rows, infer_schema_length=None)


def _row(one: Suspect, measure: str) -> dict[str, Any]:
    values, probed = one.column.values, one.probed
    found: dict[str, Any] = {
        "column": one.column.name,
        "kind": "number" if one.column.is_number else f"{len(one.column.labels)} categories",
        "known": values.count(),
        "missing": values.null_count(),
    }
    for unit in ("rows", "speakers"):
        test = main(one.tests, unit)
        found |= {
            f"{unit}_{key}": getattr(test, key) if test else None
            for key in ("test", "effect_name", "effect", "low", "high", "p", "n")
        }
    found |= {
        "measure": measure if probed else None,
        "score": probed.score if probed else None,
        "score_less_error": probed.low if probed and math.isfinite(probed.low) else None,
        "chance": probed.chance if probed else None,
        "gained": one.gained if probed else None,
        "p": probed.alone if probed else None,
        "p_holm": one.p_holm if probed else None,
        "may_be_what_the_label_is_about": one.honest,
    }
    return found


def _notes(suspects: Sequence[Suspect], rounds: int, reached: Reached | None) -> tuple[str, ...]:
    notes = ["line: down to the score less its standard error over speakers; filled: p < .05 after Holm's correction"]
    if reached:
        notes.append(f"the model of the run has {reached.score:.3f}")
    if rounds < ROUNDS:
        notes.append(f"{rounds:,} permutations instead of {ROUNDS:,}, as there are many rows; scores are of all")
    own = next((one for one in suspects if one.column.name == "speaker" and one.probed), None)
    if own and own.gained >= SHARE:
        notes.append(
            "the speaker tells the label on other rows of the same speaker: speakers must not be in train and test both"
        )
    return tuple(notes)
