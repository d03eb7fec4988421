"""What is said of a result, on the terminal and in the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.audit.finding import Finding
    from nk.evaluations import Evaluation


@dataclass(frozen=True)
class Told:
    """The content of `metrics.json` and `groups.json`, the main measure (None: the first), what the audit has found.

    `seen` are the evaluations of the test rows, its own the last.
    """

    metrics: dict[str, Any]
    groups: dict[str, Any]
    measure: str | None
    findings: Sequence[Finding] = ()
    seen: Sequence[Evaluation] = ()
