"""The audit: every check at every run, and what follows from what they find.

A check is a function in a file of `nk/audit`. To add one, write it and name it here: in `TABLES`, if it looks at the
rows and their folds alone; in `listen` and `of_recordings`, if it has to hear them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from nk.audit import (
    cues,
    duplicates,
    few_test_speakers,
    missing_classes,
    missing_words,
    one_label_speakers,
    shared_recordings,
    shared_speakers,
    shared_texts,
    shortcuts,
    similar_names,
    speakers_in_databases,
    telling_traits,
    unknown_speakers,
    unlabelled,
)
from nk.audit.finding import LEVELS
from nk.audit.words import counted, short
from nk.errors import DataError
from nk.stages.folds import holdout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nk.audio import Channel
    from nk.audit.finding import Finding, Level
    from nk.audit.shortcuts import Probed, Reached
    from nk.stages.folds import Fold
    from nk.tables import Dataset, Target
    from nk.ui import Ui


@dataclass(frozen=True)
class Heard:
    """What was found by listening: how far each cue of the recording gets alone, and what else needs no model."""

    cues: Sequence[Probed]
    findings: Sequence[Finding]


_NOTHING = "nothing found"
_ENOUGH = 120  # characters of examples that are shown
TABLES: tuple[Callable[[Dataset, Sequence[Fold]], list[Finding]], ...] = (
    shared_speakers.find,
    unknown_speakers.find,
    few_test_speakers.find,
    shared_recordings.find,
    missing_classes.find,
    similar_names.find,
    missing_words.find,
    telling_traits.find,
    shared_texts.find,
    unlabelled.find,
    one_label_speakers.find,
    speakers_in_databases.find,
)


def of_tables(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:
    """What can be known before any recording is heard."""
    return by_level(finding for check in TABLES for finding in check(dataset, folds))


def of_test(dataset: Dataset, seen: Sequence[Finding]) -> list[Finding]:
    """What is to be known of rows that a stored model is tested on, with what it has `seen` of them before."""
    return by_level([*few_test_speakers.find(dataset, [holdout(dataset)]), *seen])


def listen(
    dataset: Dataset,
    folds: Sequence[Fold],
    *,
    channels: Mapping[str, Channel],
    jobs: int,
    ui: Ui,
    fresh: bool = False,
) -> Heard:
    """Listen to the recordings, or take from the cache what was heard before.

    Args:
        dataset: the rows, with `path` and `digest`
        folds: those of the run
        channels: which channel is used, a database
        jobs: how many files to work on at once
        ui: where progress is shown
        fresh: listen again, whatever the cache has
    """
    measured = cues.measure(dataset, channels=channels, jobs=jobs, ui=ui, fresh=fresh)
    copies = duplicates.measure(dataset, channels=channels, jobs=jobs, ui=ui, fresh=fresh)
    return Heard(shortcuts.probe(measured, dataset, folds), duplicates.find(copies, dataset, folds))


def of_recordings(heard: Heard, target: Target, model: Reached | None = None) -> list[Finding]:
    """What the recordings tell: beside a model that was trained, or before, beside a perfect one.

    What is a warning before the training is one after it too.
    """
    return by_level([*heard.findings, *shortcuts.judged(heard.cues, target, model)])


def together(tables: Sequence[Finding], recordings: Sequence[Finding]) -> list[Finding]:
    """All that was found, worst first; of equal files nothing is said twice, where copies of any kind were heard."""
    heard = any(one.check == "duplicates" and one.level != "note" for one in recordings)
    again = [heard and one.check == "shared_recordings" and one.level != "note" for one in tables]
    return by_level([*(one for one, said in zip(tables, again, strict=True) if not said), *recordings])


def by_level(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first, else in the order given."""
    return sorted(findings, key=lambda finding: -LEVELS.index(finding.level))


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The content of `audit.json`."""
    return {"schema": 1, "findings": [_plain(finding) for finding in findings]}


def _plain(finding: Finding) -> dict[str, Any]:
    return {key: value for key, value in vars(finding).items() if value is not None}


def show(findings: Sequence[Finding], ui: Ui, *, of: str = "") -> None:
    """One panel: what was found, its first examples, and what to do; `of` says of what, where there are several."""
    title = f"audit{f' of `{of}`' if of else ''}: {summary(findings)}"
    ui.panel(title, [(one.level, _line(one), one.do) for one in findings])


def summary(findings: Sequence[Finding], *, named: bool = False) -> str:
    """How many there are of each level; `named` says which checks found them."""
    counts = Counter(finding.level for finding in findings)
    found = [(level, counted(counts[level], level)) for level in reversed(LEVELS) if counts[level]]
    return ", ".join(text + (f" ({_names(findings, level)})" if named else "") for level, text in found) or _NOTHING


def _names(findings: Sequence[Finding], level: Level) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(one.check for one in findings if one.level == level))


def verdict(findings: Sequence[Finding], *, strict: bool) -> DataError | None:
    """Why results could not be trusted, if there is an error among the findings, or with `strict` a warning."""
    bad = [finding for finding in findings if finding.level == "error" or (strict and finding.level == "warning")]
    if not bad:
        return None
    hint = "mend what the audit has found"
    if all(finding.level == "warning" for finding in bad):
        hint += ", or set `strict = False` in [EXP]: then a warning stops nothing"
    return DataError(f"the audit stops here: {summary(bad, named=True)}", hint=hint)


def need_sound(findings: Sequence[Finding], ui: Ui, *, strict: bool, of: str = "") -> None:
    """Stop where results could not be trusted, and show why.

    Raises:
        DataError: there is an error, or with `strict` a warning
    """
    error = verdict(findings, strict=strict)
    if error:
        show(findings, ui, of=of)
        raise error


def _line(finding: Finding) -> str:
    """What was found with examples, fewer of long ones."""
    examples = [example if "`" in example else f"`{short(example)}`" for example in finding.examples]
    lengths = accumulate(len(example) for example in examples)
    shown = [example for example, length in zip(examples, lengths, strict=True) if length <= _ENOUGH] or examples[:1]
    more = ["..."] if finding.count > len(shown) > 0 else []
    return finding.what + (f": {', '.join([*shown, *more])}" if shown else "")
