"""What a sweep has to say of the best run and of the choice: the same on the terminal, in its file and in a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk.report.words import interval, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nk.sweeping import Estimate


def lines(one: Estimate) -> list[str]:
    """What there is to say of the best and of the choice."""
    start = f"{one.target}: "
    if one.choice is None:
        return [f"{start}what choosing the best is worth cannot be said: {one.why}"] if one.runs > 1 else []
    found, picked = one.choice.metric, one.choice.chosen
    value = f"{found.name} {_valued(found.value)} ({interval(found.low, found.high)})"
    if one.choice.how == "inner folds":
        return [f"{start}nested, chosen for each fold by its training rows: {value}; that was {_often(picked)}",
                *_alike(one, start)]  # fmt: skip
    if one.choice.how == "dev":
        told = [f"{start}chosen by dev, `{next(iter(picked))}` reaches {value} on the test part"]
    else:
        told = [f"{start}chosen for each test speaker by the other speakers: {value}; that was {_often(picked)}"]
        if one.choice.folded:
            told.append(f"{start}other folds were trained on that speaker, so it may be a little too high: `--nested` "
                        "chooses within the training rows of each fold")  # fmt: skip
    return [*told, *_alike(one, start)]


def _often(picked: Mapping[str, int]) -> str:
    return ", ".join(f"`{name}` {count} times" if count > 1 else f"`{name}` once" for name, count in picked.items())


def _alike(one: Estimate, start: str) -> list[str]:
    return [f"{start}{one.alike} of the {one.runs - 1} others cannot be told apart from the best"] if one.alike else []


def caution(one: Estimate) -> str:
    """What is to be borne in mind of the best run."""
    name, value = one.best.cell.name, _valued(one.best.metric.get("value"))
    start = f"`{name}` is the best of {one.runs} by the rows that it is tested on"
    if one.choice and one.choice.how != "dev" and [*one.choice.chosen] == [name]:
        left = "speaker" if one.choice.how == "other speakers" else "fold"
        return f"{start}: whichever {left} is left out it is chosen, so little of that is luck; say that it was chosen"
    if one.choice:
        reached = _valued(one.choice.metric.value)
        instead = f", not its {one.best.measure} of {value}" if reached != value else ""
        return f"{start}, partly by luck: report what the choice reaches ({reached}){instead}"
    return f"{start}, partly by luck: do not report its {one.best.measure} of {value} as what to expect"


def _valued(value: float | None) -> str:
    return number(None if value is None or value != value else value)
