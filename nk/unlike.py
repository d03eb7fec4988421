"""Runs side by side that were tested on other rows, or for another target: what can be said of them, and what not.

Two runs on other speakers are compared like two independent samples: the difference of their measures over the root of
the sum of their squared standard errors (jackknife over speakers, as `nk/intervals.py`), Student's t with the degrees
of freedom of Welch (Biometrika 34, 1947). What that finds may be the recordings and not the model, which no test tells.
Runs for other targets are not tested at all, as their measures stand beside another chance.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import comparing, members, runfolder
from nk.comparing import Pair
from nk.errors import DataError, NkError
from nk.intervals import standard_error
from nk.manifest import manifest
from nk.metrics._rows import labelled
from nk.paired import Difference, holm, student, widest
from nk.stages.evaluate import or_null

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.comparing import Compared
    from nk.config.output import Plot
    from nk.members import Member
    from nk.registry import Bounds, Doubles
    from nk.tables import Metric
    from nk.ui import Ui

_OTHERS = "Welch over the speakers of each"
_CAUTIONS = {
    "target": "other targets have another chance, so that their values are not tested against each other",
    "databases": "on other recordings a difference may be that of the recordings, and not of what was trained on",
}


@dataclass(frozen=True)
class Side:
    """A run: its name, what it is about (its target, or its databases), its main measure and what guessing reaches."""

    name: str
    about: str
    metric: Metric
    guesses: dict[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        """For JSON, and as a row of a table."""
        one = self.metric
        told = {"run": self.name, "about": self.about, "measure": one.name, "value": or_null(one.value)}
        return {**told, "low": one.low, "high": one.high, "n": one.n, "n_speakers": one.n_speakers, **self.guesses}


@dataclass(frozen=True)
class Unlike:
    """Runs that differ in `key`, and the pairs of them, none where they cannot be tested."""

    key: str
    runs: tuple[Side, ...]
    pairs: tuple[Pair, ...]

    @property
    def caution(self) -> str:
        """What is to be borne in mind."""
        return _CAUTIONS[self.key]

    @property
    def lines(self) -> list[str]:
        """What there is to say."""
        return [*(_line(one) for one in self.runs), *(self._words(pair) for pair in self.pairs)]

    def _words(self, pair: Pair) -> str:
        found, sides = pair.difference, {one.name: one.metric.n_speakers for one in self.runs}
        if pair.p_holm is None:
            return f"`{pair.one}` and `{pair.other}`: no test, {found.why}"
        if not pair.apart:
            basis = f"{sides[pair.one]} and {sides[pair.other]} test speakers"
            return f"`{pair.one}` and `{pair.other}`: not distinguishable with {basis}"
        return f"`{pair.one}` and `{pair.other}` are apart by {abs(found.value):.3f} (p {pair.p_holm:.3f}, {pair.test})"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        pairs = [{"one": pair.one, "other": pair.other, **vars(pair.difference), "test": pair.test, "p": pair.p,
                  "p_holm": pair.p_holm, "apart": pair.apart, "words": self._words(pair)}
                 for pair in self.pairs]  # fmt: skip
        runs = [one.as_dict() for one in self.runs]
        return {"schema": 1, "differ_in": self.key, "runs": runs, "pairs": pairs, "cautions": [self.caution]}


def _line(one: Side) -> str:
    metric = one.metric
    value = "not defined" if math.isnan(metric.value) else f"{metric.value:.3f}"
    ends = "" if metric.low is None else f" ({metric.low:.3f} to {metric.high:.3f})"
    guess = "".join(f", {name} {found:.3f}" for name, found in one.guesses.items() if found is not None)
    return f"`{one.name}`, {one.about}: {metric.name} {value}{ends}{guess}"


def compare(some: Sequence[Member], key: str) -> Unlike:
    """Put runs side by side.

    Args:
        some: the runs, the first with the measure that counts
        key: what they differ in, `target` or `databases`

    Raises:
        ConfigError: that measure does not fit a run
        DataError: a run has no row with a truth, or its metrics cannot be read
    """
    known = {one.name: one for one in some}
    measure = some[0].measure if key == "databases" else None
    ranked = [comparing.ranked([one], measure)[0] for one in some]
    sides = [_side(known[one.name], one, key, measure) for one in ranked]
    pairs = _pairs(some, measure) if key == "databases" else ()
    return Unlike(key, tuple(sides), pairs)


def _side(member: Member, found: Compared, key: str, measure: str | None) -> Side:
    name = comparing.measure_of(measure or member.measure, member.predictions.target).name
    about = member.predictions.target.name
    if key == "databases":
        about = "+".join(sorted(member.config.data.databases)) if member.config else ""
    return Side(member.name, about, found.metrics[name], _guesses(member.place, name))


def _guesses(place: Path, measure: str) -> dict[str, float | None]:
    try:
        found = json.loads((place / "metrics.json").read_text(encoding="utf-8"))["baselines_by_part"]["test"]
        return {name: each.get(measure) for name, each in found.items()}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise DataError(f"`{place / 'metrics.json'}` cannot be read: {error}", hint="run it anew") from error


def _pairs(some: Sequence[Member], measure: str | None) -> tuple[Pair, ...]:
    found = [_pair(one, other, measure) for one, other in combinations(some, 2)]
    corrected = holm([pair.p for pair in found])
    return tuple(
        Pair(pair.one, pair.other, pair.difference, pair.test, pair.p, p)
        for pair, p in zip(found, corrected, strict=True)
    )


def _pair(one: Member, other: Member, measure: str | None) -> Pair:
    try:
        return comparing.of_members(members.matched([one, other]), measure).pairs[0]
    except NkError as error:  # other rows, which is what this is for
        found = _independent(one, other, measure, str(error))
    return Pair(one.name, other.name, found, _OTHERS, found.p, None)


def _independent(one: Member, other: Member, measure: str | None, unmatched: str) -> Difference:
    """Two samples of speakers; `unmatched` is why they cannot be compared row by row."""
    metric = comparing.measure_of(measure or one.measure, one.predictions.target)
    value = float("nan")
    labels = [{*each.predictions.target.labels} for each in (one, other)]
    if labels[0] != labels[1]:
        return Difference(value, why="they have other classes")
    rows = [labelled(each.predictions, "test") for each in (one, other)]
    heard = [{*each.frame.select("database", "speaker").drop_nulls().iter_rows()} for each in rows]
    groups = [comparing.groups_of(each) for each in rows]
    if any(each.kind != "speaker" for each in groups):
        return Difference(value, why="the speakers of one are not known, or too few")
    if {*rows[0].frame["id"]} == {*rows[1].frame["id"]}:
        return Difference(value, why=unmatched)
    if heard[0] & heard[1]:
        return Difference(value, why="they share speakers, but not all rows")
    values = [metric.values(each.tally(own.numbers, len(own))) for each, own in zip(rows, groups, strict=True)]
    return independent(values[0], values[1], metric.bounds)


def independent(one: Doubles, other: Doubles, bounds: Bounds) -> Difference:
    """Compare what two models reach on rows of different speakers.

    Args:
        one: the first model's measure over all its rows, then with each of its speakers left out: shape (1 + speakers,)
        other: the second model's, of its own rows and speakers
        bounds: the range of the measure
    """
    value, counts = float(one[0] - other[0]), [len(each) - 1 for each in (one, other)]
    spreads = [standard_error(each[1:]) ** 2 for each in (one, other)]
    if min(counts) < 2 or not math.isfinite(value + sum(spreads)):
        return Difference(value, why="the measure is not defined without some speaker")
    if sum(spreads) == 0:
        return Difference(value, why="no speaker changes either value")
    degrees = sum(spreads) ** 2 / sum(spread**2 / (count - 1) for spread, count in zip(spreads, counts, strict=True))
    low, high, p = student(value, math.sqrt(sum(spreads)), degrees)
    return Difference(value, max(low, -widest(bounds)), min(high, widest(bounds)), p)


def write_folder(place: Path, found: Unlike, plot: Plot, ui: Ui, *, way_out: str) -> None:
    """Write runs side by side into a folder of their own, which takes the place of an earlier one.

    Raises:
        DataError: there is something else, or it cannot be written
    """
    with runfolder.writing(place.parent, place.name, way_out=way_out) as folder:
        told = found.as_dict()
        folder.json(comparing.NAME, told)
        folder.csv("runs.csv", pl.DataFrame(told["runs"], infer_schema_length=None))
        if found.pairs:
            folder.csv("pairs.csv", pl.DataFrame(told["pairs"], infer_schema_length=None))
        _draw(folder.path, found, plot, ui)
        folder.text("log.txt", "\n".join(ui.lines) + "\n")
        folder.json("manifest.json", manifest(seed=0, seconds={}, command="compare"))
    ui.note(f"written to {place}")


def _draw(folder: Path, found: Unlike, plot: Plot, ui: Ui) -> None:
    """A figure a measure, as values of several share no axis."""
    from nk.report import fonts
    from nk.report.figures import beside
    from nk.report.pictures import Album

    with fonts.writing([text for one in found.runs for text in (one.name, one.about)]) as pen:
        for measure in dict.fromkeys(one.metric.name for one in found.runs):
            some = pl.DataFrame([one.as_dict() for one in found.runs if one.metric.name == measure])
            figure = beside.draw(some, measure=measure, caption=found.caution, pen=pen)
            Album(folder, plot, pen).add(figure, some, f"comparison_{measure}")
    if pen.lacking:
        ui.warn("no font of this machine can write all names in the figure", "install one; the tables have all names")
