"""What is said of a result, on the terminal and in the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.audit.finding import Finding


@dataclass(frozen=True)
class Told:
    """The content of `metrics.json` and `groups.json`, the main measure (None: the first), what the audit has found."""

    metrics: dict[str, Any]
    groups: dict[str, Any]
    measure: str | None
    findings: Sequence[Finding] = ()
