"""The audit: every check at every run, and what follows from what they find.

A check is a function in a file of `nk/audit`. To add one, write it and name it here: among those of `TABLES`, which
look at the rows and their folds; of `RECORDINGS`, which listen too; or of `RESULTS`, which compare with what the model
reaches.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from nk.audit import (
    few_test_speakers,
    missing_classes,
    missing_words,
    one_label_speakers,
    shared_recordings,
    shared_speakers,
    shared_texts,
    similar_names,
    speakers_in_databases,
    telling_traits,
    unknown_speakers,
    unlabelled,
)
from nk.audit.finding import LEVELS, Finding
from nk.audit.words import counted
from nk.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nk.audio import Channel
    from nk.stages.folds import Fold
    from nk.tables import Dataset, Predictions
    from nk.ui import Ui


@dataclass(frozen=True)
class Before:
    """What checks before the training go by: rows and their folds, the channel of each database, and how to work."""

    dataset: Dataset
    folds: Sequence[Fold]
    channels: Mapping[str, Channel]
    jobs: int
    ui: Ui


@dataclass(frozen=True)
class After:
    """What checks after it go by: what was known before, the predictions, and what was measured of them."""

    before: Before
    predictions: Predictions
    metrics: Mapping[str, Any]


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
RECORDINGS: tuple[Callable[[Before], list[Finding]], ...] = ()
RESULTS: tuple[Callable[[After], list[Finding]], ...] = ()


def before(known: Before) -> tuple[Finding, ...]:
    """What can be found before the training, worst first."""
    found = [finding for check in TABLES for finding in check(known.dataset, known.folds)]
    return by_level([*found, *(finding for check in RECORDINGS for finding in check(known))])


def after(known: After) -> tuple[Finding, ...]:
    """What the model's result has to be compared with, worst first."""
    return by_level(finding for check in RESULTS for finding in check(known))


def by_level(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The worst first, else in the order given."""
    return tuple(sorted(findings, key=lambda finding: -LEVELS.index(finding.level)))


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The content of `audit.json`."""
    return {"schema": 1, "findings": [asdict(finding) for finding in findings]}


def show(findings: Sequence[Finding], ui: Ui) -> None:
    """One panel: what was found, its first examples, and what to do."""
    ui.panel(f"audit: {summary(findings)}", [(one.level, _line(one), one.do) for one in findings])


def summary(findings: Sequence[Finding]) -> str:
    """How many there are of each level."""
    counts = Counter(finding.level for finding in findings)
    return ", ".join(counted(counts[level], level) for level in reversed(LEVELS) if counts[level]) or "nothing found"


def verdict(findings: Sequence[Finding], *, strict: bool) -> DataError | None:
    """Why results could not be trusted, if there is an error among the findings, or with `strict` a warning."""
    bad = [finding for finding in findings if finding.level == "error" or (strict and finding.level == "warning")]
    if not bad:
        return None
    named = ", ".join(f"`{name}`" for name in dict.fromkeys(finding.check for finding in bad))
    hint = "mend what the audit has found"
    if all(finding.level == "warning" for finding in bad):
        hint += ", or set `strict = False` in [EXP]: then a warning stops nothing"
    return DataError(f"the audit stops here: {summary(bad)} ({named})", hint=hint)


def need_sound(findings: Sequence[Finding], *, strict: bool) -> None:
    """Stop where results could not be trusted.

    Raises:
        DataError: there is an error, or with `strict` a warning
    """
    error = verdict(findings, strict=strict)
    if error:
        raise error


def _line(finding: Finding) -> str:
    shown = [example if "`" in example else f"`{example}`" for example in finding.examples]
    more = ["..."] if finding.count > len(shown) > 0 else []
    return finding.what + (f": {', '.join([*shown, *more])}" if shown else "")
