"""What has to be read before any number: the findings for the first screen of a report, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nk import evaluations
from nk.report.words import LOWER, counted, interval, measure, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nk.report.files import Run, Test
    from nk.report.shapes import Explored, Finding, Lead

_ORDER = ("error", "warning", "finding", "note")


def leads(run: Run | None, explored: Explored | None) -> list[dict[str, str]]:
    """The findings, each with `level` (error, warning, finding), `text`, `do` and `of` (where it is from)."""
    found = [*_explored(explored, run)]
    if run:
        found += [_audit(one) for one in run.findings if one.level != "note"]
        found += [one for test in run.tests for one in _of_test(test)]
        found += [*_guessing(run), *_gaps(run), *_looks(run), *lost(run.skipped.height)]
    return sorted(found, key=lambda one: _ORDER.index(one["level"]))


def notes(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """All that the audit has found."""
    return [_audit(one) for one in findings]


def lead(level: str, text: str, do: str = "", of: str = "result") -> dict[str, str]:
    """Something that has to be read first, and what to do about it."""
    return {"level": level, "text": text, "do": do, "of": of}


def _audit(one: Finding) -> dict[str, str]:
    more = ", ..." if one.count > len(one.examples) else ""
    shown = f": {', '.join(one.examples)}{more}" if one.examples else ""
    return lead(one.level, f"{one.what}{shown}", one.do, f"audit, {one.check}")


def _of_test(test: Test) -> Iterator[dict[str, str]]:
    for one in test.findings:
        if one.level != "note":
            found = _audit(one)
            yield {**found, "text": f"test on {test.name}: {found['text']}"}


def _explored(explored: Explored | None, run: Run | None) -> Iterator[dict[str, str]]:
    """What exploring has found, but for what the run says itself."""
    for one in explored.exhibits if explored else ():
        said = [each.text for each in one.leads if not run or not _is_said(each, run)]
        text = " ".join(said) if one.leads else one.lead
        if text:
            yield lead("finding", text, of=f"explored: {one.title}")


def _is_said(told: Lead, run: Run) -> bool:
    """Whether the run tells of the same: its gaps between groups, a trait by its name, or any cue of the recording."""
    warned = [one for one in run.findings if one.level != "note" and one.check == told.check]
    return told.check == "groups" or any(told.check == "shortcuts" or f"`{told.about}`" in one.what for one in warned)


def _guessing(run: Run) -> Iterator[dict[str, str]]:
    """Whether the result is any better than guessing, as far as its interval tells."""
    part, name = run.part, run.measure
    if not part or not name:
        return
    found = run.metrics.metrics[part][name]
    guesses = [each.get(name) for each in run.metrics.baselines_by_part.get(part, {}).values()]
    known = [one for one in guesses if one is not None]
    if not known or found.low is None or found.high is None:
        return
    best = min(known) if name in LOWER else max(known)
    text = f"the {measure(name)} of {number(found.value)} ({interval(found.low, found.high)}) is"
    if (found.low > best) if name in LOWER else (found.high < best):
        yield lead("warning", f"{text} worse than guessing ({number(best)})",
                    "look for what is wrong: features without `scale`, or a split that parts classes")  # fmt: skip
    elif (found.high >= best) if name in LOWER else (found.low <= best):
        yield lead("warning", f"{text} not surely better than guessing ({number(best)})",
                    "more speakers make the interval narrower")  # fmt: skip


def _gaps(run: Run) -> Iterator[dict[str, str]]:
    """Groups of people or recordings that the model serves differently, for certain."""
    for column, gap in run.groups.gaps.items():
        if column in {"speaker", run.target.name} or gap.low is None or gap.low <= 0:
            continue
        values = {name: run.groups.columns[column][name][gap.measure].value for name in (gap.best, gap.worst)}
        told = " and ".join(f"{number(value)} for {column} {name}" for name, value in values.items())
        text = f"the model does not serve all alike: {measure(gap.measure)} {told}"
        yield lead("warning", f"{text}, apart by {number(gap.value)} ({interval(gap.low, gap.high)})",
                    "say so where the model is used, and look for the cause", "groups")  # fmt: skip


def _looks(run: Run) -> Iterator[dict[str, str]]:
    """Whether the test rows have been chosen by."""
    if not run.seen:
        return
    own = [one for one in run.seen if one.target == run.seen[-1].target]
    if len({one.config for one in own}) > 1:
        yield lead("warning", evaluations.summary(run.seen), "report the result of a fresh test set", "locks")


def lost(rows: int) -> list[dict[str, str]]:
    """That rows could not be used."""
    text = f"{counted(rows, 'row')} could not be used"
    return [lead("warning", text, "their reasons are under Data", "data")] if rows else []
