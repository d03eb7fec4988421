"""Several runs side by side: what they are, their measures, and how far these are from the first run's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk.report.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nk.report.files import Run

Told = dict[str, Any]


def compare(runs: Sequence[Run], told: Sequence[Told]) -> Told | None:
    """The comparison of runs with their summaries; None of a single one.

    Returns:
        `rows` (a sentence on whether all tested the same rows), `runs`, `facts` (`what`, and a text `each`), and
        `measures`: `measure`, and `each` run's value, interval and `difference` to the first, None where it has none
    """
    if len(told) < 2:
        return None
    return {
        "rows": _rows(runs),
        "runs": [{"name": one["name"]} for one in told],
        "facts": [{"what": what, "each": [text(one) for one in told]} for what, text in _FACTS.items()],
        "measures": [_measure(name, told) for name in _names(told)],
    }


def _rows(runs: Sequence[Run]) -> str:
    """Differences mean little where the rows differ."""
    ids = [{*run.predictions.part(run.part or "").frame["id"]} for run in runs]
    common, every = set.intersection(*ids), set.union(*ids)
    if common == every:
        return f"All have tested the same {counted(len(every), 'row')}."
    return f"They have not tested the same rows: {len(common):,} of {len(every):,} are common to all."


def _found(told: Told) -> dict[str, Told]:
    return {one["measure"]: one for result in told["results"][-1:] for one in result["measures"]}


def _names(told: Sequence[Told]) -> list[str]:
    return list(dict.fromkeys(name for one in told for name in _found(one)))


def _measure(name: str, told: Sequence[Told]) -> Told:
    first = _found(told[0]).get(name, {}).get("value")
    each = []
    for place, one in enumerate(told):
        found = _found(one).get(name)
        value = found["value"] if found else None
        difference = None if place == 0 or first is None or value is None else value - first
        each.append(
            {key: found[key] for key in ("value", "low", "high")} | {"difference": difference} if found else None
        )
    return {"measure": name, "each": each}


def _tested(told: Told) -> str:
    found = told["headline"]
    return f"{found['part']}, {counted(found['n'], 'recording')}" if found else "-"


def _speakers(told: Told) -> str:
    found = told["headline"]
    return str(found["n_speakers"]) if found and found["n_speakers"] else "-"


def _protocol(told: Told) -> str:
    folds = told["task"]["folds"]
    return f"{folds} folds" if folds else "split"


def _warned(told: Told) -> str:
    return str(sum(one["level"] in {"error", "warning"} for one in told["leads"]))


_FACTS: dict[str, Callable[[Told], str]] = {
    "target": lambda one: str(one["task"]["target"]),
    "model": lambda one: str(one["task"]["model"]),
    "features": lambda one: listed(one["task"]["features"]),
    "protocol": _protocol,
    "tested": _tested,
    "speakers": _speakers,
    "warnings": _warned,
    "made": lambda one: str(one["made"])[:10],
}
