"""A search over options as a report says it: the best, what the search is worth, all trials, the config to run."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.report.drawn import draw_with
from nk.report.files import read_json, read_text
from nk.report.frame import frame, made_with
from nk.report.leads import lead
from nk.report.parts import figure, part, sentences, table, written
from nk.report.shapes_of_many import Study
from nk.report.words import counted, interval, measure, number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.report.drawings import Drawing
    from nk.report.drawn import Kind
    from nk.report.parts import Kind as Cells
    from nk.report.shapes import Made
    from nk.report.shapes_of_many import Measured, Trial

NAME = "study.json"
_KINDS = (bool, int, float, str)
_FEW = 12  # values that stand side by side in a figure; texts of more cannot be drawn
_LOOKS = {
    True: "There is no test part: the search goes by all rows, and so does a run of the best in folds of these.",
    False: "The search has used no test row, so it counts as no look at them; `nk run` of the best is one.",
}


class Searched:
    """The report of a search."""

    def __init__(self, folder: Path) -> None:
        """Read the search of a folder.

        Raises:
            DataError: it cannot be read
        """
        self.found = read_json(folder / NAME, Study)
        self.best = read_text(folder / self.found.file)

    def told(self, name: str, made: Made, config: str) -> dict[str, Any]:
        """All that there is to say, as `nk.report.frame.frame` has it."""
        return told(self.found, self.best, name, made, config)

    def draw(self, folder: Path, kind: Kind) -> dict[str, Drawing]:
        """The value of each trial, and what that has to do with each option."""
        return drawn(self.found, folder, kind) if _is_drawn(self.found) else {}


def told(found: Study, best: str, name: str, made: Made, config: str) -> dict[str, Any]:
    """The search in a plain dict; `best` is the config with the best values."""
    said = f"It is `{found.file}` in the folder of the search: `nk run {found.file}` runs it there."
    return frame(
        name,
        made.made,
        openings=[_opening(found)],
        leads=_leads(found),
        methods=_methods(found, made),
        parts=[
            _searched(found),
            _trials(found),
            *_outer(found),
            part("The best config", [said], text=best),
        ],
        config=config,
        made_with=made_with(made),
    )


def _opening(found: Study) -> dict[str, Any]:
    """The nested value, or that of the best, where there is no other."""
    value, trials = found.nested or found.best, counted(len(found.trials), "trial")
    what = "nested, what such a search reaches" if found.nested else f"the best of {trials} by inner folds, so too good"
    ends = "no interval" if value.low is None else f"95 % interval {interval(value.low, value.high)}"
    return {
        "big": f"{measure(found.measure)} {number(value.value)}",
        "small": f"{ends} · {found.target}: {what}",
        "said": sentences(found.words),
    }


def _leads(found: Study) -> list[dict[str, str]]:
    failed = [one for one in found.trials if one.state == "failed"]
    text = f"{len(failed)} of {counted(len(found.trials), 'trial')} failed"
    return [
        lead("warning", found.caution),
        *([lead("warning", text, "their errors are in the table of trials")] if failed else []),
    ]


def _searched(found: Study) -> dict[str, Any]:
    rows = [[one.key, one.tried, found.best.values.get(one.key)] for one in found.options]
    columns: list[tuple[str, Cells]] = [("option", "text"), ("tried", "text"), ("best", "option")]
    said = [*sentences(one for one in found.plan if not one.startswith("options: ")), _LOOKS[found.folded]]
    return part("What was searched", said, tables=[table("The options and their values.", columns, rows)])


def _trials(found: Study) -> dict[str, Any]:
    """All trials, the best first, and both figures."""
    keys, called = [one.key for one in found.options], measure(found.measure)
    of_speakers = any(one.speakers is not None for one in found.trials)
    columns: list[tuple[str, Cells]] = [("trial", "count"), *((key, "option") for key in keys)]
    columns += [(called, "number"), ("95 % interval", "interval"), ("spread", "number")]
    columns += [("speakers" if of_speakers else "rows", "count"), ("seconds", "seconds")]
    columns += [("not complete", "note")] if any(map(_state, found.trials)) else []
    rows = [_row(one, keys, of_speakers=of_speakers)[: len(columns)] for one in _ranked(found)]
    caption = "All trials, the best first, those on fewer speakers and those that failed last. The spread is the "
    caption += "standard deviation over the inner folds."
    figures = [figure("search", f"{called} of each trial in their order."),
               *([figure("options", f"{called} against each option.")] if _drawable(found) else [])]  # fmt: skip
    drawn = figures if _is_drawn(found) else []
    return part("Trials", tables=[table(caption, columns, rows)], figures=drawn)


def _row(one: Trial, keys: Sequence[str], *, of_speakers: bool) -> list[Any]:
    """With all columns that there may be, the state last."""
    ends = None if one.low is None else [one.low, one.high]
    tried = one.speakers if of_speakers else one.rows
    values = [one.values.get(key) for key in keys]
    return [one.trial, *values, one.value, ends, one.spread, tried, one.seconds, _state(one)]


def _state(one: Trial) -> str:
    """What became of a trial that is not complete."""
    return "" if one.state == "complete" else f"{one.state}: {one.error}" if one.error else one.state


def _ranked(found: Study) -> list[Trial]:
    """As on the terminal: those tried on all speakers, then by how many, those that failed last."""
    sign = -1 if found.greater_is_better else 1

    def order(one: Trial) -> tuple[bool, int, float, int]:
        tried = one.speakers if one.speakers is not None else one.rows or 0
        return one.state == "failed", -tried, sign * one.value if one.value is not None else 0.0, one.trial

    return sorted(found.trials, key=order)


def _outer(found: Study) -> list[dict[str, Any]]:
    """What was chosen in each outer fold of a nested search."""
    if not found.nested:
        return []
    keys = [one.key for one in found.options]
    columns: list[tuple[str, Cells]] = [("outer fold", "text"), *((key, "option") for key in keys)]
    columns.append((f"{measure(found.measure)} in inner folds", "number"))
    rows = [[one.fold, *(one.values.get(key) for key in keys), one.inner] for one in found.nested.chosen]
    return [part("Nested search", tables=[table("What was chosen in each outer fold.", columns, rows)])]


def _methods(found: Study, made: Made) -> str:
    options = ", ".join(f"{one.key} ({one.tried})" for one in found.options)
    where = f"in {counted(found.inner_folds, 'inner fold')} of {'all rows' if found.folded else 'the training part'}"
    best = ", ".join(f"{key} {written('option', value)}" for key, value in found.best.values.items())
    trials = f"Of {counted(len(found.trials), 'trial')} the best by {measure(found.measure)} had {_with(found.best)}"
    luck = "" if found.nested else ", on rows that it was chosen by"
    told = [
        f"The options of {found.model} for {found.target} were searched {where}: {options}.",
        f"{trials} ({best}){luck}.",
    ]
    if found.nested:
        outer = f"Repeated in {counted(len(found.nested.chosen), 'outer fold')}, such a search reaches"
        whom = f" of {counted(found.nested.n_speakers, 'speaker')}" if found.nested.n_speakers else ""
        rows = f" on {counted(found.nested.n, 'recording')}{whom}" if found.nested.n else ""
        told.append(f"{outer} {_with(found.nested)}{rows}.")
    return " ".join([*told, *([f"Made with nk {made.nk} and Python {made.python}."] if made.nk else [])])


def _with(one: Measured) -> str:
    """A value with its interval."""
    how = f", {one.method}" if one.method else ""
    return number(one.value) + (f" (95 % interval {interval(one.low, one.high)}{how})" if one.low is not None else "")


def _is_drawn(found: Study) -> bool:
    return any(one.value is not None and one.state == "complete" for one in found.trials)


def _drawable(found: Study) -> dict[str, Sequence[Any]]:
    """The options that a figure can show, with their values: of many values a scale, so they have to be numbers."""
    drawn = {one.key: [*one.values] if _is_plain(found, one.key) else [*map(str, one.values)]
             for one in found.options if one.varied}  # fmt: skip
    columns = {key: _column(found, key) for key in drawn}
    numbers = {key: all(isinstance(value, int | float) for value in values) for key, values in columns.items()}
    few = {key: len(values) <= _FEW and {*columns[key]} <= {*values} for key, values in drawn.items()}
    return {key: values for key, values in drawn.items() if numbers[key] or few[key]}


def _column(found: Study, key: str) -> list[Any]:
    """The values of an option as tables have them: as text where they are of several kinds."""
    values = [one.values.get(key) for one in found.trials]
    return values if _is_plain(found, key) else [str(value) for value in values]


def _is_plain(found: Study, key: str) -> bool:
    kinds = {type(one.values.get(key)) for one in found.trials}
    return len(kinds) == 1 and kinds <= {*_KINDS}


def _frame(found: Study) -> pl.DataFrame:
    about = {key: [getattr(one, key) for one in found.trials] for key in ("trial", "state", "value")}
    return pl.DataFrame({**{one.key: _column(found, one.key) for one in found.options}, **about}, strict=False)


def drawn(found: Study, folder: Path, kind: Kind) -> dict[str, Drawing]:
    """Both figures, as the command draws them."""
    from nk.report.figures import search as figures

    trials, options = figures.data(_frame(found), greater=found.greater_is_better), _drawable(found)
    title = [f"{found.target}: {counted(len(found.trials), 'trial')} of {found.model}"]
    texts = [*title, *options, *(str(value) for one in found.trials for value in one.values.values())]
    draw = partial(figures.draw, trials, measure=found.measure, title=title)
    made = {"search": draw_with(lambda pen: draw(pen=pen), folder / f"search.{kind}", title[0], texts)}
    if options:
        beside = partial(
            figures.draw_options, trials, options, measure=found.measure, best=found.best.trial, title=title
        )
        path = folder / f"options.{kind}"
        made["options"] = draw_with(lambda pen: beside(pen=pen), path, "The trials by their options", texts)
    return made
