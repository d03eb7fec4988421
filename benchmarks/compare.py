"""How often does `nk compare` find a difference where there is none? Simulated speakers, and two equally good models.

Each test set has a few speakers who differ in how well they are recognised, as real ones do, and each model suits some
of them better than the other does. Over all speakers there are, the models are equally good: a good test finds a
difference in 5 % of test sets, at a level of 5 %. Beside the tests over speakers (`t`, `flips`) stand the naive ones:
the same jackknife over utterances, and McNemar's test. `--better 0.5` makes one model better: how often is it found?
Run `python benchmarks/compare.py --help`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nk.families import metrics
from nk.intervals import Groups
from nk.metrics._counts import count
from nk.metrics._moments import measure as moments
from nk.paired import ALPHA, Difference, difference, mcnemar
from nk.registry import Options

if TYPE_CHECKING:
    from nk.registry import Doubles, Ints

CLASSES = 4


@dataclass(frozen=True)
class World:
    """How a test set is drawn: `rows` a speaker, how far models differ on one (`taste`) and on all (`better`)."""

    rows: int = 40
    taste: float = 0.2
    better: float = 0.0
    clear: float = 1.6


def classes(speakers: int, world: World, generator: np.random.Generator) -> tuple[Ints, Ints, list[Doubles]]:
    """Speaker and truth of each row, and the class scores of two models, which have much of their noise in common."""
    of = np.repeat(np.arange(speakers), world.rows)
    truth = np.tile(np.arange(CLASSES), -(-len(of) // CLASSES))[: len(of)]
    shape = (speakers, CLASSES)
    clear = generator.normal(world.clear, 0.7, speakers)[:, None] + generator.normal(0, 0.5, shape)
    common = generator.normal(0, 0.7, (len(of), CLASSES)) + generator.normal(0, 0.5, shape)[of]
    models = []
    for better in (world.better, 0.0):
        scores = common + generator.normal(0, 0.7, common.shape) + generator.normal(0, world.taste, shape)[of]
        own = clear + generator.normal(0, world.taste, speakers)[:, None] + better
        scores[np.arange(len(of)), truth] += own[of, truth]
        models.append(scores)
    return of, truth, models


def numbers(speakers: int, world: World, generator: np.random.Generator) -> tuple[Ints, Doubles, list[Doubles]]:
    """Speaker and truth of each row, and the values of two models, with an offset of the speaker's."""
    of = np.repeat(np.arange(speakers), world.rows)
    truth = generator.normal(0, 0.5, speakers)[of] + generator.normal(0, 1, len(of))
    common = generator.normal(0, 0.4, speakers)[of] + generator.normal(0, 0.5, len(of))
    models = []
    for better in (world.better, 0.0):
        slope = 0.6 + 0.2 * better + generator.normal(0, world.taste, speakers)
        offset = generator.normal(0, world.taste, speakers)
        models.append(slope[of] * truth + common + offset[of] + generator.normal(0, 0.5, len(of)))
    return of, truth, models


def p_values(speakers: int, world: World, measure: str, generator: np.random.Generator) -> dict[str, float]:
    """What each test says of a test set; 1 where there is no test."""
    one = metrics.get(measure)(Options(), name=measure)
    draw: Any = classes if one.task == "classification" else numbers
    of, truth, models = draw(speakers, world, generator)

    def tally(said: Any, groups: Groups) -> Any:
        if one.task == "regression":
            return moments(truth, said, groups.numbers, len(groups))
        return count(truth, said.argmax(axis=1), said, groups.numbers, len(groups))

    def tested(numbers: Ints, kind: str) -> Difference:
        groups = Groups(numbers + 1, tuple(map(str, range(numbers.max() + 1))), kind)
        values = [one.values(tally(said, groups)) for said in models]
        return difference(values[0], values[1], one.bounds, groups)

    speaker, utterance = tested(of, "speaker"), tested(np.arange(len(of)), "utterance")
    found = {"t": speaker.p, "flips": speaker.p_flips, "naive t": utterance.p}
    if one.task == "classification":
        right = [scores.argmax(axis=1) == truth for scores in models]
        found["McNemar"] = mcnemar(right[0], right[1])
    return {test: 1.0 if p is None else p for test, p in found.items()}


def rates(speakers: int, world: World, measure: str, sets: int, seed: int) -> dict[str, float]:
    """The share of test sets in which each test finds a difference."""
    generator = np.random.default_rng([seed, speakers])
    found = [p_values(speakers, world, measure, generator) for _ in range(sets)]
    return {test: float(np.mean([each[test] < ALPHA for each in found])) for test in found[0]}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1000, help="test sets a number of speakers")
    parser.add_argument("--rows", type=int, default=40, help="rows a speaker")
    parser.add_argument(
        "--taste", type=float, default=0.2, help="how much it depends on the speaker which suits better"
    )
    parser.add_argument("--better", type=float, default=0.0, help="by how much the first model is better")
    parser.add_argument("--measure", default="uar")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    world = World(options.rows, options.taste, options.better)
    print(f"{options.sets} test sets, {options.measure}; +-{1.96 * (0.0475 / options.sets) ** 0.5:.3f}")
    for speakers in (4, 6, 10, 24):
        found = rates(speakers, world, options.measure, options.sets, options.seed)
        print(f"{speakers:3} speakers  " + "  ".join(f"{test} {rate:.3f}" for test, rate in found.items()))


if __name__ == "__main__":
    main()
