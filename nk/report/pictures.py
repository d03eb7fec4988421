"""The pictures of a run, each with its numbers beside it as CSV."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl

from nk.report import fonts
from nk.report.figures import (
    confusion,
    reliability,
    remove_title,
    risk_coverage,
    runs,
    save,
    scatter,
    shorten_label,
    uncertainty,
    value_counts,
)
from nk.report.figures.bare import result_of, save_bare
from nk.tables import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from nk.config.output import Plot
    from nk.report.figures import Pen
    from nk.stages.views import View
    from nk.tables import Dataset, Predictions

_LONGEST = 200  # bytes of a file name, which most disks allow 255
_UNSAFE = re.compile(r"[^\w. ()+,@~-]")
# How figures of a view are called: not as in `metrics.json`, where there is one database beside the other.
_CALLED = {"per_database": "database"}


@dataclass(frozen=True)
class Entry:
    """The files of a figure and its numbers; `bare` are those without title and caption."""

    files: list[str]
    bare: list[str] = field(default_factory=list)


@dataclass
class Album:
    """Where figures go, and how: `folder`, the section PLOT, and the pen; `taken` are the names that are taken.

    `bare` is the folder, in that folder, for the same figures without title and caption; None where these are not
    wanted. Where `told` is given, figures are written without them alone, and what they say goes there, by name.
    """

    folder: Path
    plot: Plot
    pen: Pen
    taken: set[str] = field(default_factory=set)
    bare: str | None = None
    told: dict[str, list[str]] | None = None

    def add(self, figure: Figure | None, table: pl.DataFrame, *words: str) -> Entry:
        """Write a figure, if there is one, and its numbers, with a name made of these words."""
        stem = self._free("_".join(_safe(word) for word in (self.plot.name or "", *words) if word))
        table.write_csv(self.folder / f"{stem}.csv")
        if figure is None:
            return Entry([f"{stem}.csv"])
        if self.told is not None:
            self.told[stem] = result_of(figure)
            return Entry([*save_bare(figure, self.folder, stem, (self.plot.format,)), f"{stem}.csv"])
        if not self.plot.titles:
            remove_title(figure)
        bare = save_bare(figure, self.folder / self.bare, stem) if self.bare else []
        save(figure, self.folder / f"{stem}.{self.plot.format}")
        return Entry([f"{stem}.{self.plot.format}", f"{stem}.csv"], [f"{self.bare}/{name}" for name in bare])

    def _free(self, stem: str) -> str:
        short = stem.encode()[:_LONGEST].decode(errors="ignore")
        number = 2
        stem = short
        while stem.casefold() in self.taken:
            stem, number = f"{short}_{number}", number + 1
        self.taken.add(stem.casefold())
        return stem


def draw_results(
    folder: Path,
    predictions: Predictions,
    metrics: dict[str, Any],
    plot: Plot,
    *,
    views: Sequence[View] = (),
    measure: str | None = None,
    counted: Sequence[tuple[str, Dataset]] = (),
    told: dict[str, list[str]] | None = None,
) -> list[str]:
    """Draw every part that has results, its views, its runs, and the databases whose classes are to be counted.

    Args:
        folder: where to; `docs/concepts/run-folder.md` lists the files
        predictions: of all parts
        metrics: the content of `metrics.json`
        plot: the section PLOT
        views: other looks at the predictions
        measure: what to compare runs by; the main one of the task where not given
        counted: the databases whose classes are counted, with the rows that they are among
        told: takes what figures say, by their name, which then have no words; None where they are to have them

    Returns:
        what the user should know of them: characters that could not be written
    """
    with fonts.writing(_texts(predictions, views, plot, counted)) as pen:
        album = Album(folder, plot, pen, told=told)
        for part in metrics["metrics"]:
            _draw_part(album, predictions, metrics, part, measure)
        for view in [one for one in views if one.key != "decided"]:  # that is a point of the risk
            for part in view.about:
                _draw_view(album, view, metrics, part)
        for database, dataset in counted:
            title = f"{shorten_label(dataset.target.name)} in {shorten_label(database)}"
            figure = value_counts.draw(dataset, database, title=title, pen=pen)
            album.add(figure, value_counts.data(dataset, database), "value_counts", database)
    if not pen.lacking:
        return []
    shown = " ".join(sorted(pen.lacking)[:10]) + (" ..." if len(pen.lacking) > 10 else "")
    return [f"no font of this machine can write `{shown}`: in figures classes are numbered, and other texts have `?`"]


def _draw_part(album: Album, predictions: Predictions, metrics: dict[str, Any], part: str, measure: str | None) -> None:
    kind, module = _main(predictions)
    found = _metrics(metrics["metrics"][part], part)
    title = _title(predictions, part)
    album.add(
        module.draw(predictions, found, split=part, title=title, pen=album.pen),
        module.data(predictions, part), kind, part,
    )  # fmt: skip
    if not predictions.target.is_number:
        figure = uncertainty.draw(predictions, split=part, title=title, fill=album.plot.fill_areas, pen=album.pen)
        album.add(figure, uncertainty.data(predictions, part), "uncertainty", part)
        told = metrics["calibration"].get(part)
        if told:
            figure = reliability.draw(predictions, told, split=part, title=title, pen=album.pen)
            album.add(figure, reliability.data(predictions, part), "reliability", part)
        told, decided = metrics["risk_coverage"][part], metrics["decided"].get(part)
        figure = risk_coverage.draw(predictions, told, decided, split=part, title=title, pen=album.pen)
        album.add(figure, risk_coverage.data(predictions, part), "risk_coverage", part)
    repeated = metrics["runs"][part]
    if len(repeated["rows"]) > 1:
        figure = runs.draw(repeated, measure or found[0].name, title=title, pen=album.pen)
        album.add(figure, runs.data(repeated), "runs", part)


def _draw_view(album: Album, view: View, metrics: dict[str, Any], part: str) -> None:
    told = metrics[view.key][part]
    told = told[view.name] if view.name else told
    if not told["metrics"]:
        return
    _, module = _main(view.predictions)
    figure = module.draw(
        view.predictions,
        _metrics(told["metrics"], part),
        split=part,
        title=_title(view.predictions, part, shorten_label(view.title) if view.name else view.title),
        unit="recording" if view.unit == "utterance" else view.unit,
        notes=_NOTES.get(view.key, lambda _: [])(told),
        pen=album.pen,
    )
    album.add(figure, module.data(view.predictions, part), _CALLED.get(view.key, view.key), part, view.name)


def _main(predictions: Predictions) -> tuple[str, Any]:
    return ("scatter", scatter) if predictions.target.is_number else ("confusion", confusion)


def _title(predictions: Predictions, *more: str) -> str:
    return ", ".join([shorten_label(predictions.target.name), *more])


def _of_certain(told: dict[str, Any]) -> list[str]:
    return [f"{told['left_out']:,} left out ({told['left_out_percent']:.1f} %)"]


def _of_combined(told: dict[str, Any]) -> list[str]:
    return [f"{told['left_out']:,} left out: several truths"] if told["left_out"] else []


def _of_bins(told: dict[str, Any]) -> list[str]:
    edges, labels = told["edges"], told["labels"]
    ends = [_ends(*both) for both in pairwise(edges)]
    notes = ["; ".join(f"{shorten_label(name)} {text}" for name, text in zip(labels, ends, strict=True))]
    return notes + ([f"{told['left_out']:,} left out: beyond the edges"] if told["left_out"] else [])


def _ends(low: float | None, high: float | None) -> str:
    if low is None:
        return f"below {high:.4g}"
    return f"from {low:.4g}" + ("" if high is None else f" to {high:.4g}")


_NOTES = {"certain": _of_certain, "combined": _of_combined, "bins": _of_bins}


def _texts(
    predictions: Predictions, views: Sequence[View], plot: Plot, counted: Sequence[tuple[str, Dataset]]
) -> list[str]:
    """All texts of the user's that a figure may show."""
    targets = [predictions.target, *(view.predictions.target for view in views)]
    texts = [text for target in targets for text in (target.name, *target.labels)]
    texts += [plot.combine_per_speaker_col, *(view.name for view in views)]
    for database, dataset in counted:
        genders = dataset.frame["gender"] if "gender" in dataset else pl.Series(dtype=pl.String)
        texts += [database, *genders.cast(pl.String).drop_nulls().unique()]
    return texts


def _safe(name: str) -> str:
    """A name for a file, on any system."""
    return _UNSAFE.sub("_", name).strip(" .")


def _metrics(found: dict[str, dict[str, Any]], part: str) -> list[Metric]:
    return [
        Metric(name=name, split=part, **{**fields, "value": math.nan if fields["value"] is None else fields["value"]})
        for name, fields in found.items()
    ]
