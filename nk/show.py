"""A result on the terminal."""

from __future__ import annotations

import json as json_text
from typing import TYPE_CHECKING, Any

from nk.evaluations import summary
from nk.runfolder import plain
from nk.stages import audit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.evaluations import Evaluation
    from nk.pipeline import Checked, Result, Tests
    from nk.plan import Plan
    from nk.replay import Outcome
    from nk.reporting import Report
    from nk.testing import Tested
    from nk.told import Told
    from nk.ui import Ui


_MOST_SPEAKERS = 20  # the table of more is in the run folder


def show_plan(plan: Plan, ui: Ui, *, json: bool) -> None:
    """Print a plan as JSON on stdout; as text it has been said already."""
    if json:
        ui.out(json_text.dumps({"schema": 1, "plan": plan.lines()}, indent=1, ensure_ascii=False))


def show_checked(checked: Checked, ui: Ui, *, json: bool) -> None:
    """Print what the audit has found as a panel; with `json`, as JSON on stdout besides."""
    audit.show(checked.findings, ui)
    if checked.report:
        say_report(checked.report, ui)
    if json:
        ui.out(json_text.dumps(audit.as_json(checked.findings), indent=1, ensure_ascii=False))


def show(result: Result, ui: Ui, *, json: bool) -> None:
    """Print the tables of a result and the audit beside it; with `json`, on stderr, and the metrics on stdout."""
    _all(result, ui)
    if result.made:
        ui.note(f"these are the results of {_clock(result.made)} in {result.folder}: what they depend on is the same")
        ui.note("`--force` computes them anew")
    else:
        ui.note(f"written to {result.folder}")
    if result.report:
        say_report(result.report, ui)
    if json:
        ui.out(json_text.dumps(result.metrics, indent=1, ensure_ascii=False))


def show_report(report: Report, ui: Ui, *, json: bool) -> None:
    """Print where a report is; with `json`, what it says as JSON on stdout."""
    say_report(report, ui)
    if json:
        ui.out(json_text.dumps(plain(report.document), indent=1, ensure_ascii=False))


def say_report(report: Report, ui: Ui) -> None:
    """Print where a report is, and its short form if it is to be shown; not on stdout where that is kept for data."""
    if report.shown:
        (ui.note if ui.data_only else ui.out)(report.shown.strip())
    ui.note(f"report: {report.page}")


def show_replay(result: Result, outcome: Outcome, run: Path, ui: Ui, *, json: bool) -> None:
    """Print whether a replay has predicted the same; with `json`, that as JSON on stdout."""
    _all(result, ui)
    ui.note(f"written to {result.folder}")
    if result.report:
        say_report(result.report, ui)
    verdict, *reasons = outcome.lines()
    (ui.note if outcome.same else ui.warn)(f"replay of `{run}`: {verdict}")
    for reason in reasons:
        ui.note(reason)
    if json:
        ui.out(json_text.dumps(plain(outcome.as_dict(run)), indent=1, ensure_ascii=False))


def log_results(told: Told, ui: Ui, *, of: str = "") -> None:
    """Put the tables of a result and its audit into the log, which is written before they are shown."""
    _all(told, ui.unheard(), of=of)


def show_told(told: Told, ui: Ui) -> None:
    """Print the tables of a result and the audit beside it."""
    _all(told, ui)


def _clock(made: str) -> str:
    """A time as `2026-11-23 14:51`."""
    return made[:16].replace("T", " ")


def _all(told: Told, ui: Ui, *, of: str = "") -> None:
    _tables(told, ui, folds=ui.verbose)
    audit.show(told.findings, ui, of=of)
    _seen(told.seen, ui)


def _seen(seen: Sequence[Evaluation], ui: Ui, where: str = "") -> None:
    """How often the test rows have been looked at."""
    if seen:
        ui.note(where + summary(seen))


def _tables(told: Told, ui: Ui, *, folds: bool) -> None:
    metrics, measure = told.metrics, told.measure
    for part, found in metrics["metrics"].items():
        _measures(part, found, metrics["baselines_by_part"][part], measure, ui)
    for part, rows in metrics["per_class"].items():
        _classes(part, rows, ui)
    for part, rows in metrics["per_speaker"].items():
        _speakers(part, rows, ui)
    for part, bases in metrics["per_database"].items():
        _databases(part, bases, measure, ui)
    for part, found in metrics["runs"].items():
        _runs(part, found, ui)
    if folds:
        _folds(metrics["folds"], ui)
    _gaps(told.groups, ui)
    for part in metrics["metrics"]:
        _scores(part, metrics, ui)
    for key, words in _BESIDE.items():
        for part, view in metrics[key].items():
            ui.note(f"{part}, {words(view)}: {_in_short(view, measure)}")


def _certain(told: dict[str, Any]) -> str:
    lost = told["classes_without_a_row"]
    more = f"; no row left of {', '.join(f'`{name}`' for name in lost)}" if lost else ""
    left = f"{told['left_out']} of {told['rows'] + told['left_out']} left out ({told['left_out_percent']:.1f} %)"
    return f"uncertainty below {told['threshold']:g}, {left}{more}"


def _combined(told: dict[str, Any]) -> str:
    left = [f"{told['left_out']} left out: several truths"] if told["left_out"] else []
    left += [f"{told['rows_without']} rows without one"] if told["rows_without"] else []
    return ", ".join([f"one decision a {told['by']} ({told['rule']})", *left])


def _bins(told: dict[str, Any]) -> str:
    left = f", {told['left_out']} left out beyond the edges" if told["left_out"] else ""
    return f"in {len(told['labels'])} bins{left}"


def _gaps(groups: dict[str, Any], ui: Ui) -> None:
    """The best and the worst group of each column; those of classes and speakers are tables already."""
    for column, gap in groups["gaps"].items():
        if column == "speaker" or gap["measure"] == "recall":
            continue
        name = gap["measure"]
        best, worst = (groups[column][gap[key]][name] for key in ("best", "worst"))
        apart = f"apart by {_number(gap['value'])}"
        if gap["low"] is not None:
            apart += f" ({_number(gap['low'])} to {_number(gap['high'])})"
        elif best["n_speakers"] and worst["n_speakers"]:
            apart += f" (no interval: {best['n_speakers']} and {worst['n_speakers']} speakers)"
        text = f"{gap['best']} {_number(best['value'])}, {gap['worst']} {_number(worst['value'])}, {apart}"
        ui.note(f"test, {name} by {column}: {text}")


def _decided(told: dict[str, Any]) -> str:
    lost = told["classes_without_a_row"]
    more = f"; no row left of {', '.join(f'`{name}`' for name in lost)}" if lost else ""
    of = told["rows"] + told["left_out"]
    return f"the surest rows, {told['rows']} of {of} ({100 * told['wanted']:.0f} % were aimed at){more}"


def _scores(part: str, metrics: dict[str, Any], ui: Ui) -> None:
    """Whether scores are as often right as they say, and sets of classes."""
    told = metrics["calibration"].get(part)
    if told:
        text = f"scores say {_number(told['score'])} and are right in {_number(told['right'])}"
        perfect = f"{_number(told['perfect'])} to {_number(told['perfect_high'])} if they were perfect"
        ui.note(f"{part}, {text}: calibration error {_number(told['ece'])} ({perfect})")
    told = metrics["sets"].get(part)
    if told and "why" in told:
        ui.note(f"{part}, no sets of classes: {told['why']}")
    elif told:
        text = f"sets of classes that should hold the truth in {100 * told['wanted']:.0f} % do so in"
        text += f" {100 * told['held']:.1f} %"
        ui.note(
            f"{part}, {text}: {told['mean_size']:.1f} classes on average, one alone in {100 * told['single']:.0f} %"
        )


_BESIDE = {"decided": _decided, "certain": _certain, "combined": _combined, "bins": _bins}


def _in_short(told: dict[str, Any], measure: str | None) -> str:
    """The main measure of a view on one line, beside what guessing gives."""
    found = told["metrics"]
    if not found:
        return "nothing is left to be scored"
    name = measure if measure and measure in found else next(iter(found))
    value, ends = _value(found[name])
    bases = ", ".join(f"{base} {_number(values.get(name))}" for base, values in told["baselines"].items())
    return f"{name} {value} ({ends}), {bases}, n {found[name]['n']}"


def _databases(part: str, bases: dict[str, Any], measure: str | None, ui: Ui) -> None:
    found = [told["metrics"] for told in bases.values()]
    name = measure if measure and measure in found[0] else next(iter(found[0]))
    guesses = list(next(iter(bases.values()))["baselines"])
    cells = [
        (base, *_value(told["metrics"][name]), *(_number(told["baselines"][one].get(name)) for one in guesses),
         told["metrics"][name]["n"])
        for base, told in bases.items()
    ]  # fmt: skip
    ui.table(f"{part}, a database", ("", name, "95 % interval", *guesses, "n"), cells)


def show_tests(tests: Tests, ui: Ui, *, json: bool) -> None:
    """Print the tables of a test set, or one table of several; with `json`, everything as JSON on stdout."""
    for one in tests.tested:
        if len(tests.tested) == 1 or ui.verbose:
            _test(one, tests.measure, ui)
    if len(tests.tested) > 1:
        _tests(tests, ui)
    for one in tests.tested:
        audit.show(one.trial.findings, ui, of=one.trial.testset.name)
    for name, seen in tests.seen.items():
        _seen(seen, ui, f"`{name}`: " if len(tests.seen) > 1 else "")
    names = [one.trial.testset.name for one in tests.tested]
    ui.note(f"written to {tests.folder / names[0] if len(names) == 1 else tests.folder}")
    if tests.report:
        say_report(tests.report, ui)
    if json:
        found = {one.trial.testset.name: one.summary for one in tests.tested}
        ui.out(json_text.dumps({"schema": 1, "tests": found}, indent=1, ensure_ascii=False))


def _test(one: Tested, first: str | None, ui: Ui) -> None:
    name, metrics = one.trial.testset.name, one.metrics
    for part, found in metrics["metrics"].items():
        _measures(name, found, metrics["baselines_by_part"][part], first, ui)
        _classes(name, metrics["per_class"].get(part, []), ui)
        _speakers(name, metrics["per_speaker"].get(part, []), ui)


def _tests(tests: Tests, ui: Ui) -> None:
    found = {one.trial.testset.name: one.metrics["metrics"].get("test", {}) for one in tests.tested}
    names = list(next((each for each in found.values() if each), {}))
    names = sorted(names, key=lambda name: name != tests.measure)
    rows = []
    for one, each in zip(tests.tested, found.values(), strict=True):
        some: dict[str, Any] = next(iter(each.values()), {})
        values = ["\n".join(_value(each[name])) if each else "-" for name in names]
        rows.append((one.trial.testset.name, some.get("n", 0), some.get("n_speakers") or "-", *values))
    ui.table("tests, with 95 % intervals", ("", "rows", "speakers", *names), rows)


def _measures(part: str, found: dict[str, Any], baselines: dict[str, Any], first: str | None, ui: Ui) -> None:
    names = sorted(found, key=lambda name: name != first)  # the sort is stable: the others keep their order
    rows = [(name, *_value(found[name]), *(_number(baselines[base].get(name)) for base in baselines)) for name in names]
    some = next(iter(found.values()))
    count = some["n_speakers"]
    speakers = f" of {count} speaker{'' if count == 1 else 's'}" if count else ""
    ui.table(f"{part}: {some['n']} rows{speakers}", ("", "value", "95 % interval", *baselines), rows)
    ui.note(f"interval of {names[0]}: {found[names[0]]['method']}")


def _classes(part: str, rows: list[dict[str, Any]], ui: Ui) -> None:
    if not rows:
        return
    columns = ("precision", "recall", "f1")
    cells = [(row["class"], *(_number(row[column]) for column in columns), row["support"]) for row in rows]
    ui.table(f"{part}, a class", ("", *columns, "support"), cells)


def _speakers(part: str, rows: list[dict[str, Any]], ui: Ui) -> None:
    if len(rows) > _MOST_SPEAKERS:
        ui.note(f"{part}, a speaker: {len(rows)} are in per_speaker.csv")
        return
    if not rows:
        return
    measures = [name for name in rows[0] if name not in {"speaker", "n"}]
    cells = [(row["speaker"], *(_number(row[name]) for name in measures), row["n"]) for row in rows]
    ui.table(f"{part}, a speaker", ("", *measures, "n"), cells)


def _folds(rows: list[dict[str, Any]], ui: Ui) -> None:
    if rows:
        names = [name for name in rows[0] if name not in {"run", "fold", "n", "n_speakers"}]
        cells = [(row["fold"], row["run"], *(_number(row[name]) for name in names), row["n"]) for row in rows]
        ui.table("test, a fold", ("", "run", *names, "n"), cells)


def _runs(part: str, found: dict[str, Any], ui: Ui) -> None:
    count = len(found["rows"])
    if count < 2:
        return
    cells = [(name, _number(mean), _number(found["std"][name])) for name, mean in found["mean"].items()]
    ui.table(f"{part}, over {count} runs (the tables above count the rows of all)", ("", "mean", "deviation"), cells)
    if not any(found["std"].values()):
        ui.note("the runs are equal: nothing in this model depends on the seed")


def _value(found: dict[str, Any]) -> tuple[str, str]:
    low, high = found["low"], found["high"]
    return _number(found["value"]), "-" if low is None else f"{_number(low)} to {_number(high)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value + 0.0 if round(value, 3) else 0.0:.3f}"
