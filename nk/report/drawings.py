"""The figures of a report, drawn anew from what the run folder holds.

The run's own figures are in the format that its user wants, PNG unless he says otherwise; a report wants SVG or PDF. To
store each in two formats would make every run folder larger for the few that become a report. What was explored cannot
be drawn anew: `nk explore` stores its figures for a report too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nk.config.output import Plot
from nk.report import fonts
from nk.report.exhibits import exhibit_file, sentences
from nk.report.figures import measures
from nk.report.figures.bare import result_of, save_bare
from nk.report.pictures import draw_results
from nk.tables import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.report.files import Run
    from nk.report.shapes import Exhibit, Explored

_TITLES = {
    "measures": "Results beside guessing",
    "confusion": "Confusion matrix",
    "scatter": "Truth and prediction",
    "uncertainty": "Uncertainty",
    "reliability": "How often scores are right",
    "risk_coverage": "What it gains to decide on sure rows alone",
    "runs": "The runs",
}


@dataclass(frozen=True)
class Drawing:
    """A figure in a file, its title, and title and result in sentences, as the figure does not say them."""

    path: Path
    title: str
    said: str = ""


def draw(run: Run, folder: Path, kind: Literal["svg", "pdf"]) -> list[Drawing]:
    """Draw the results of a run into a folder, as `svg` or `pdf`."""
    plot = Plot(format=kind, fill_areas=run.config.plot.fill_areas)
    told: dict[str, list[str]] = {}
    draw_results(folder, run.predictions, run.metrics.model_dump(), plot, measure=run.measure, told=told)
    told |= _draw_measures(run, folder, kind)
    found = []
    for part in run.metrics.metrics:
        for name, title in _TITLES.items():
            stem, whole = f"{name}_{part}", f"{title} ({part})"
            if stem in told:
                found.append(Drawing(folder / f"{stem}.{kind}", whole, sentences([whole, *told[stem]])))
    return found


def _draw_measures(run: Run, folder: Path, kind: str) -> dict[str, list[str]]:
    told = {}
    for part, found in run.metrics.metrics.items():
        metrics = [
            Metric(name=name, split=part, **{**one.model_dump(), "value": one.value})
            for name, one in found.items()
            if name in (*measures.SHARES, *measures.CORRELATIONS) and one.value is not None
        ]
        if metrics:
            guesses = run.metrics.baselines_by_part[part]
            measures.data(metrics, guesses).write_csv(folder / f"measures_{part}.csv")
            with fonts.writing(()):
                figure = measures.draw(metrics, guesses, title=part)
                told[f"measures_{part}"] = result_of(figure)
                save_bare(figure, folder, f"measures_{part}", (kind,))
    return told


def explored(folder: Path, found: Explored | None, kinds: Sequence[str]) -> dict[str, Drawing]:
    """The figure of each exhibit that has one, by its name, in the first of these formats."""
    figures = {one.name: _figure(folder, one, kinds) for one in (found.exhibits if found else ())}
    return {name: figure for name, figure in figures.items() if figure}


def _figure(folder: Path, exhibit: Exhibit, kinds: Sequence[str]) -> Drawing | None:
    paths = [path for kind in kinds if (path := exhibit_file(folder, exhibit, kind))]
    return Drawing(paths[0], exhibit.title) if paths else None
