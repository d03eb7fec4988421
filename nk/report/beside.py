"""What stands beside the main result, in sentences: databases, certain rows, one decision a speaker, scores, sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nk.report.words import counted, interval, listed, measure, number

if TYPE_CHECKING:
    from collections.abc import Mapping

Told = dict[str, Any]


def databases(result: Mapping[str, Any]) -> list[str]:
    """The result on each database, where there are several."""
    return [f"{one['database']}: {_measured(one['measured'])}" for one in result["databases"] if one["measured"]]


def beside(result: Mapping[str, Any]) -> list[str]:
    """All other looks at the predictions of a part, and how far its scores can be trusted."""
    views = [f"{_VIEWS[one['what']](one)}: {_measured(one['measured'], _rows(one))}" for one in result["beside"]]
    calibration, sets = result["calibration"], result["sets"]
    return [
        *([_runs(result)] if result["runs"] else []),
        *views,
        *([_scores(calibration)] if calibration else []),
        *([_sets(sets)] if sets else []),
    ]


def _rows(one: Told) -> int | None:
    """How many rows the words of a view tell of, where they do."""
    return one["rows"] if one["what"] in {"decided", "certain"} else None


def _measured(found: Told | None, rows: int | None = None) -> str:
    """A measure; its n, unless it is the rows that are said before."""
    if not found:
        return "nothing is left to be scored"
    guesses = "".join(f", {base} {number(value)}" for base, value in found["guesses"].items())
    ends = interval(found["low"], found["high"])
    counted_in = f", n {found['n']}" if found["n"] != rows else ""
    return f"{measure(found['measure'])} {number(found['value'])} ({ends}){counted_in}{guesses}"


def _runs(result: Mapping[str, Any]) -> str:
    runs, first = result["runs"], result["measures"][0]["measure"]
    mean, deviation = number(runs["mean"].get(first)), number(runs["std"].get(first))
    return f"Over {len(runs['rows'])} runs, {measure(first)} is {mean} on average, with a deviation of {deviation}"


def _decided(one: Told) -> str:
    left = f"{counted(one['rows'] or 0, 'row')}, {one['left_out']} left out"
    return f"The surest rows, decided on by a threshold that was learnt elsewhere ({left})"


def _certain(one: Told) -> str:
    left = f"{counted(one['rows'] or 0, 'row')}, {one['left_out']} left out"
    return f"Uncertainty below {number(one['threshold'])} ({left})"


def _combined(one: Told) -> str:
    left = f", {one['left_out']} left out with several truths" if one["left_out"] else ""
    return f"One decision a {one['by']} ({one['rule']}{left})"


def _bins(one: Told) -> str:
    left = f", {counted(one['left_out'], 'row')} beyond the edges left out" if one["left_out"] else ""
    return f"In {len(one['labels'])} bins ({listed(one['labels'])}{left})"


_VIEWS = {"decided": _decided, "certain": _certain, "combined": _combined, "bins": _bins}


def _scores(told: Told) -> str:
    perfect = f"{number(told['perfect'])} to {number(told['perfect_high'])} if they were perfect"
    said = f"Scores say {number(told['score'])} and are right in {number(told['right'])}"
    return f"{said}: calibration error {number(told['ece'])} ({perfect})"


def _sets(told: Told) -> str:
    if told["why"] is not None:
        return f"No sets of classes: {told['why']}"
    wanted, held = number(100 * told["wanted"], 0), number(100 * told["held"], 1)
    said = f"Sets of classes that should hold the truth in {wanted} % do so in {held} %"
    return f"{said}, with {number(told['mean_size'], 1)} classes on average"
