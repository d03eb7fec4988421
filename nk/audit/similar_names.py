"""Classes and speakers that differ in their spelling alone, and are probably one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.audit.finding import Finding
from nk.audit.words import first

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nk.stages.folds import Fold
    from nk.tables import Dataset

_DO = "spell them alike in the table if they are the same"


def find(dataset: Dataset, folds: Sequence[Fold]) -> list[Finding]:  # noqa: ARG001 - the form of a check
    """Names that are equal but for capitals, blanks around them, or the `.0` of a number."""
    name, found = dataset.target.name, []
    if not dataset.target.is_number:
        found += _alike(f"classes of `{name}`", dataset.target.labels)
    if dataset.has_speakers and name != "speaker":
        found += _alike("speakers", dataset.frame["speaker"].drop_nulls().unique().sort())
    return found


def _alike(what: str, names: Iterable[str]) -> list[Finding]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.strip().casefold().removesuffix(".0"), []).append(name)
    alike = [" and ".join(f"`{name}`" for name in group) for group in groups.values() if len(group) > 1]
    if not alike:
        return []
    text = f"{what} that differ in their spelling alone count as different"
    return [Finding("similar_names", "warning", len(alike), first(alike), text, _DO)]
