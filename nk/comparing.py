"""`nk compare`: whether runs over the same rows can be told apart, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import polars as pl

from nk import members as reading
from nk import runfolder
from nk.config.output import Plot
from nk.errors import ConfigError, Problem
from nk.families import metrics as measures
from nk.intervals import FEWEST_SPEAKERS, Groups, group
from nk.manifest import manifest
from nk.metrics._rows import Rows, labelled
from nk.paired import ALPHA, difference, holm, mcnemar
from nk.registry import Options
from nk.stages.evaluate import evaluate, measures_of, or_null

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nk.members import Member
    from nk.paired import Difference
    from nk.registry import Measure
    from nk.runfolder import RunFolder
    from nk.tables import Metric, Target
    from nk.ui import Ui

NAME = "comparison.json"
_ELSEWHERE = "name another folder with `--output`"
_MOST = 15  # pairs that are told in words; the table has all
_NOT_KNOWN = "speakers are not known, so rows count as independent, which they are not if a speaker has several: "
_NAIVE = "differences are then found where there are none (benchmarks/compare.py)"


@dataclass(frozen=True)
class Compared:
    """A run among those that are compared, with all its measures, and its name."""

    name: str
    place: Path
    metrics: dict[str, Metric]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        found = {
            name: {"value": or_null(metric.value), "low": metric.low, "high": metric.high, "method": metric.method}
            for name, metric in self.metrics.items()
        }
        return {"name": self.name, "folder": self.place.name, "metrics": found}


@dataclass(frozen=True)
class Pair:
    """Two runs, the better one first; `p` is that of `test`, `p_holm` corrected for the number of pairs."""

    one: str
    other: str
    difference: Difference
    test: str
    p: float | None
    p_holm: float | None

    @property
    def apart(self) -> bool:
        """Whether the two can be told apart, at a level of 5 % over all pairs."""
        return self.p_holm is not None and self.p_holm < ALPHA


@dataclass(frozen=True)
class Comparison:
    """Runs from the best to the worst by `measure`, all pairs of them, and what the tests go by."""

    measure: Measure[Any]
    target: Target
    runs: tuple[Compared, ...]
    pairs: tuple[Pair, ...]
    groups: Groups
    rows: int
    cautions: tuple[str, ...]

    @property
    def basis(self) -> str:
        """What there were to go by, as `4 test speakers`."""
        return f"{len(self.groups)} test {self.groups.kind}{'' if len(self.groups) == 1 else 's'}"

    def words(self, pair: Pair) -> str:
        """What there is to say of a pair."""
        found = pair.difference
        if pair.p_holm is None:
            return f"`{pair.one}` and `{pair.other}`: no test, {found.why}"
        if not pair.apart:
            alone = f"p is {pair.p:.3f}, and {pair.p_holm:.3f} corrected for {len(self.pairs)} pairs"
            more = f" ({alone})" if pair.p is not None and pair.p < ALPHA else ""
            return f"`{pair.one}` and `{pair.other}`: not distinguishable with {self.basis}{more}"
        text = f"`{pair.one}` is better than `{pair.other}` by {abs(found.value):.3f}"
        if found.p_flips is not None and found.p_flips >= ALPHA:
            text += f" (by sign flips p is {found.p_flips:.3f}: with {self.basis}, take it as a hint)"
        return text

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "schema": 1,
            "measure": self.measure.name,
            "greater_is_better": self.measure.greater_is_better,
            "target": self.target.name,
            "rows": self.rows,
            "over": str(self.groups),
            "runs": [one.as_dict() for one in self.runs],
            "pairs": [
                {"one": pair.one, "other": pair.other, **vars(pair.difference), "test": pair.test, "p": pair.p,
                 "p_holm": pair.p_holm, "apart": pair.apart, "words": self.words(pair)}
                for pair in self.pairs
            ],
            "cautions": list(self.cautions),
        }  # fmt: skip


def compare(places: Sequence[Path], measure: str | None = None) -> Comparison:
    """Compare runs that were tested on the same rows.

    Args:
        places: run folders, config files of runs, or tables of predictions
        measure: by which; that of the first run's config, else the main one of the task, where not given

    Raises:
        ConfigError: fewer than two are named, or there is no such measure
        DataError: they cannot be read, or their rows, truths, classes or speakers differ
    """
    if len(places) < 2:
        raise ConfigError([Problem("nk", 0, "two runs or more are needed", "write `nk compare results/a results/b`")])
    return of_members(reading.matched(reading.named([reading.read(place) for place in places])), measure)


def of_members(members: Sequence[Member], measure: str | None = None) -> Comparison:
    """Compare runs whose rows are the same; the rest as `compare`."""
    target = members[0].predictions.target
    one = measure_of(measure or members[0].measure, target)
    rows = [labelled(member.predictions, "test") for member in members]
    runs = ranked(members, one.name)
    of = {member.name: some for member, some in zip(members, rows, strict=True)}
    pairs = _pairs([run.name for run in runs], [of[run.name] for run in runs], one)
    once = Rows(rows[0].frame.unique("id", maintain_order=True), target)
    return Comparison(one, target, runs, pairs, groups_of(once), rows[0].n, _cautions(members, rows[0], one))


def groups_of(rows: Rows) -> Groups:
    """What is left out: speakers, also where they are too few; rows where none is known, or they are the target."""
    own, known = rows.target.name == "speaker", rows.n_speakers or 0
    if own or rows.speakers is None or not 0 < known < FEWEST_SPEAKERS:
        return group(rows.frame["id"], rows.speakers, speakers_are_target=own)
    numbers = rows.speakers.rank("dense").fill_null(0).to_numpy().astype("int64")
    return Groups(numbers, tuple(rows.speakers.drop_nulls().unique().sort()), "speaker")


def ranked(members: Sequence[Member], measure: str | None = None) -> tuple[Compared, ...]:
    """All measures of each, from the best to the worst by one of them."""
    target = members[0].predictions.target
    one, own = measure_of(measure or members[0].measure, target), target.name == "speaker"
    found = []
    for member in members:
        metrics = evaluate(member.predictions, split="test", speakers_are_target=own)
        found.append(Compared(member.name, member.place, {metric.name: metric for metric in metrics}))
    return tuple(sorted(found, key=lambda run: _rank(run.metrics[one.name].value, one)))


def measure_of(name: str | None, target: Target) -> Measure[Any]:
    """The measure of a name; without, the main one of the task.

    Raises:
        ConfigError: it does not measure this target
    """
    fitting = {one.name: one for one in measures_of(target)}
    if name is None:
        return next(iter(fitting.values()))
    if name not in fitting:
        text = f"`{name}` does not measure `{target.name}`"
        raise ConfigError([Problem("nk", 0, text, f"measures are {', '.join(f'`{one}`' for one in fitting)}")])
    return measures.get(name)(Options(), name=name)


def _rank(value: float, measure: Measure[Any]) -> tuple[bool, float]:
    """The best first, and what is not defined last."""
    return value != value, -value if measure.greater_is_better else value


def _pairs(names: Sequence[str], rows: Sequence[Rows], one: Measure[Any]) -> tuple[Pair, ...]:
    groups = [groups_of(some) for some in rows]
    values = [one.values(some.tally(own.numbers, len(own))) for some, own in zip(rows, groups, strict=True)]
    naive = not rows[0].n_speakers and not rows[0].target.is_number
    found = []
    for first, second in combinations(range(len(names)), 2):
        apart = difference(values[first], values[second], one.bounds, groups[first])
        spread = apart.low is not None or apart.p is None
        test, p = f"{'jackknife-t' if spread else 'sign flips'} over {groups[first].kind}s", apart.p
        if naive:
            test, p = "McNemar over rows", _mcnemar(rows[first], rows[second])
        found.append((names[first], names[second], apart, test, p))
    corrected = holm([p for *_, p in found])
    return tuple(Pair(*each, each_p) for each, each_p in zip(found, corrected, strict=True))


def _mcnemar(one: Rows, other: Rows) -> float:
    """Of the first run of each."""
    right = []
    for some in (one, other):
        first = Rows(some.frame.unique("id", keep="first", maintain_order=True), some.target)
        right.append(first.truth == first.predicted)
    return mcnemar(right[0], right[1])


def _cautions(members: Sequence[Member], rows: Rows, one: Measure[Any]) -> tuple[str, ...]:
    found = []
    if not rows.n_speakers:
        test = (
            f"McNemar's test is of right and wrong rows, whatever {one.name} says; "
            if not rows.target.is_number
            else ""
        )
        found.append(_NOT_KNOWN + test + _NAIVE)
    folds = {
        member.name: member.predictions.frame.select("id", "fold").unique().sort("id", "fold") for member in members
    }
    first, *others = folds.items()
    differ = [name for name, each in others if not each.equals(first[1])]
    if differ:
        text = f"`{first[0]}` and {', '.join(f'`{name}`' for name in differ)} were folded otherwise"
        found.append(f"{text}: they were not trained on the same rows, which is part of their difference")
    return tuple(found)


def lines(found: Comparison) -> list[str]:
    """What there is to say of the pairs: of many, those that can be told apart."""
    told = found.pairs if len(found.pairs) <= _MOST else [pair for pair in found.pairs if pair.apart]
    left = len(found.pairs) - len(told)
    more = [f"{left} more pairs: not distinguishable with {found.basis}"] if left else []
    return [found.words(pair) for pair in told] + more


def write(folder: RunFolder, found: Comparison, plot: Plot, ui: Ui) -> None:
    """Write a comparison: `comparison.json`, `runs.csv`, `pairs.csv` and the picture with its numbers."""
    told = found.as_dict()
    folder.json(NAME, told)
    runs = [
        {"run": one["name"], "measure": name, **{key: each[key] for key in ("value", "low", "high")}}
        for one in told["runs"] for name, each in one["metrics"].items()
    ]  # fmt: skip
    folder.csv("runs.csv", pl.DataFrame(runs, infer_schema_length=None))
    folder.csv("pairs.csv", pl.DataFrame(told["pairs"], infer_schema_length=None))
    draw(folder.path, found, plot, ui)


def draw(folder: Path, found: Comparison, plot: Plot, ui: Ui, name: str = "comparison") -> None:
    """Draw a comparison into a folder."""
    from nk.report import fonts
    from nk.report.figures import critical
    from nk.report.pictures import Album

    runs = [(run.name, run.metrics[found.measure.name]) for run in found.runs]
    apart = {(pair.one, pair.other) for pair in found.pairs if pair.apart}
    with fonts.writing([found.target.name, *(run.name for run in found.runs)]) as pen:
        figure = critical.draw(runs, apart, measure=found.measure.name, basis=found.basis,
                               title=f"{found.target.name}: {len(runs)} runs on the same rows", pen=pen)  # fmt: skip
        Album(folder, plot, pen).add(figure, critical.data(runs, apart), name)
    if pen.lacking:
        ui.warn("no font of this machine can write all names in the figure", "install one; the tables have all names")


def write_folder(place: Path, found: Comparison, ui: Ui, plot: Plot | None = None) -> None:
    """Write a comparison into a folder of its own, which takes the place of an earlier one.

    Raises:
        DataError: there is something else, or it cannot be written
    """
    with runfolder.writing(place.parent, place.name, way_out=_ELSEWHERE) as folder:
        write(folder, found, plot or Plot(), ui)
        folder.text("log.txt", "\n".join(ui.lines) + "\n")
        folder.json("manifest.json", manifest(seed=0, seconds={}, command="compare"))
    ui.note(f"written to {place}")
