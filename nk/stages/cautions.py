"""What the user should know of what a run does without, or asks for: a sentence each, with a way out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.audit.parts import column_of, in_order
from nk.stages.columns import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nk.stages.folds import Fold
    from nk.stages.train import Recipe
    from nk.tables import Dataset, Features, Skip
    from nk.ui import Ui

_SHOWN = 5


@dataclass(frozen=True)
class Caution:
    """A sentence, and what to do about it."""

    text: str
    hint: str | None = None


def say(found: Iterable[Caution], ui: Ui) -> None:
    """Say what was found."""
    for caution in found:
        ui.warn(caution.text, caution.hint)


def of_scale(dataset: Dataset, folds: Sequence[Fold]) -> list[Caution]:
    """What features scaled within each speaker ask of new speakers, and who has the fewest rows to be scaled by."""
    speakers = column_of(in_order(dataset, folds)["speaker"])
    names, number = speakers.names, speakers.number
    fewest, single = np.full(len(names), len(number) + 1), np.zeros(len(names), dtype=bool)
    for fold in folds:
        tested, *others = (
            np.bincount(number[rows], minlength=len(names)) for rows in (fold.test_rows, fold.dev_rows, fold.train_rows)
        )
        fewest = np.minimum(fewest, np.where(tested, tested, fewest))
        single |= np.any([counts == 1 for counts in (tested, *others)], axis=0)
    least = int(fewest.argmin())
    text = "features are scaled within each speaker, test speakers by their own rows, of which there have to be several"
    text += f": the fewest are {fewest[least]}, of `{names[least]}`"
    if single.any():
        text += f"; of a single row all features become 0: {_named(names[place] for place in np.flatnonzero(single))}"
    return [Caution(text, "`scale = standard` asks nothing of new speakers")]


def of_sizes(features: Features, recipe: Recipe) -> list[Caution]:
    """Features that drown most others, where they are not scaled and the model goes by their size.

    How many count is the participation ratio of their variances, (sum v)^2 / sum v^2: all where these are equal.
    """
    if recipe.scale or not recipe.model.by_size:
        return []
    spread = np.ma.masked_invalid(features.values).astype(np.float64).var(axis=0).filled(0)
    if not spread.any():
        return []
    shares = spread / spread.sum()
    count = 1 / (shares**2).sum()
    if count > len(shares) / 2:
        return []
    widest = _named(features.names[place] for place in shares.argsort(kind="stable")[::-1][:2])
    text = f"features are not scaled, and `{recipe.model.name}` goes by their size: next to {widest} and the like"
    return [Caution(f"{text}, all {len(shares)} count like {count:.0f}", "`scale = standard` in [FEATS]")]


def of_combining(dataset: Dataset, column: str) -> list[Caution]:
    """Who has several truths, so that one decision about him is neither right nor wrong."""
    name = dataset.target.name
    if name == column:
        return []
    counts = dataset.frame.drop_nulls([name, column]).group_by(column).agg(pl.col(name).n_unique()).sort(column)
    several = as_text(counts.filter(pl.col(name) > 1)[column]).to_list()
    if not several:
        return []
    text = f"{len(several)} of {counts.height} values of `{column}` have several values of `{name}`, and are left out"
    text += f" where one decision a {column} is scored: {_named(several)}"
    return [Caution(text, "`combine_per_speaker` is for what holds for a speaker as a whole, such as a diagnosis")]


def of_differing(keys: Sequence[str], folder: object) -> list[Caution]:
    """What a config says otherwise than the run whose model is tested."""
    if not keys:
        return []
    text = f"since the run the config has changed, and the model is still that of `{folder}`: {', '.join(keys)}"
    return [Caution(text, "run it again for a model of the present config")]


def of_versions(changed: Sequence[str]) -> list[Caution]:
    """What has another version than when the model was trained."""
    if not changed:
        return []
    text = f"versions are not those of the training, so that scores may differ: {', '.join(changed)}"
    return [Caution(text, "`manifest.json` of the run says what it was trained with")]


def of_skips(skipped: Sequence[Skip], total: int) -> list[Caution]:
    """How many rows could not be used, if any, by reason, with an example of each."""
    if not skipped:
        return []
    reasons = Counter(skip.reason for skip in skipped)
    first = {skip.reason: skip.file for skip in reversed(skipped)}
    shown = [f"{count} {reason} (`{first[reason]}`)" for reason, count in reasons.most_common(_SHOWN)]
    more = ["..."] if len(reasons) > _SHOWN else []
    return [Caution(f"{len(skipped)} of {total} rows skipped: {'; '.join([*shown, *more])}")]


def _named(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(f"`{name}`" for name in listed[:_SHOWN]) + (", ..." if len(listed) > _SHOWN else "")
