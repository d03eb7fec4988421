"""How often do the 95 % intervals of `nk.intervals` hold the true value? Simulated speakers, few and clustered.

Each test set has a few speakers who differ in how well they are recognised, as real ones do; the true value is that of
very many speakers. A good interval holds it in 95 % of test sets. Run `python benchmarks/coverage.py --help`.
`--over utterances` shows for comparison what leaving out single rows gives, as if they were independent; `--clear 4.5`
what happens near the end of the range, where few speakers have any error (true UAR .98).
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from nk.families import metrics
from nk.intervals import Groups, interval
from nk.metrics._counts import Counts, count
from nk.metrics._moments import Moments, measure
from nk.registry import Options

if TYPE_CHECKING:
    from nk.registry import Ints, Measure

CLASSES = 4


def classes(speakers: int, options: argparse.Namespace, rng: np.random.Generator) -> tuple[Counts, Groups]:
    """Rows of balanced classes whose score is raised by as much as the speaker is clear in that class."""
    of = np.repeat(np.arange(speakers), options.rows)
    truth = np.tile(np.arange(CLASSES), len(of) // CLASSES)
    clear = rng.normal(options.clear, 0.7, speakers)[:, None] + rng.normal(0, 0.5, (speakers, CLASSES))
    habit = rng.normal(0, 0.5, (speakers, CLASSES))
    scores = rng.normal(0, 1, (len(truth), CLASSES)) + habit[of]
    scores[np.arange(len(truth)), truth] += clear[of, truth]
    groups = _groups(of, options.over)
    return count(truth, scores.argmax(axis=1), scores, groups.numbers, len(groups)), groups


def numbers(speakers: int, options: argparse.Namespace, rng: np.random.Generator) -> tuple[Moments, Groups]:
    """Rows whose prediction has an offset and a slope of the speaker's."""
    of = np.repeat(np.arange(speakers), options.rows)
    truth = rng.normal(0, 0.5, speakers)[of] + rng.normal(0, 1, len(of))
    slope, offset, noise = rng.normal(0.6, 0.15, speakers), rng.normal(0, 0.4, speakers), rng.gamma(8, 0.08, speakers)
    predicted = slope[of] * truth + offset[of] + noise[of] * rng.normal(0, 1, len(of))
    groups = _groups(of, options.over)
    return measure(truth, predicted, groups.numbers, len(groups)), groups


def _groups(of: Ints, over: str) -> Groups:
    if over == "speakers":
        return Groups(of + 1, tuple(map(str, range(of.max() + 1))), "speaker")
    return Groups(np.arange(1, len(of) + 1), tuple(map(str, range(len(of)))), "utterance")


def coverage(one: Measure[Any], tallies: list[tuple[Any, Groups]], truth: float) -> tuple[float, float]:
    """Share of intervals that hold the truth (no interval holds nothing), and their median width."""
    found = [interval(one.values(tally), one.bounds, groups, trials=len(groups.numbers)) for tally, groups in tallies]
    ends = np.array([(made.low, made.high) for made in found if made.low is not None])
    inside = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    return float(inside.sum() / len(found)), float(np.median(ends[:, 1] - ends[:, 0]))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=400, help="test sets a number of speakers")
    parser.add_argument("--rows", type=int, default=40, help="rows a speaker")
    parser.add_argument("--clear", type=float, default=1.6, help="by how much the right class scores higher")
    parser.add_argument("--over", choices=["speakers", "utterances"], default="speakers", help="what is left out")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    sizes = (4, 6, 10, 24)
    print(f"{options.sets} test sets of {options.rows} rows a speaker; +-{1.96 * (0.0475 / options.sets) ** 0.5:.3f}")
    print("measure   true" + "".join(f"{size:>8} speakers" for size in sizes) + "   (coverage, median width)")
    for task, draw in (("classification", classes), ("regression", numbers)):
        truths, _ = draw(2000, options, rng)
        sets = {size: [draw(size, options, rng) for _ in range(options.sets)] for size in sizes}
        for one in (found(Options(), name=found.name) for found in metrics.all() if found.task == task):
            true = float(one.values(truths)[0])
            cells = (coverage(one, sets[size], true) for size in sizes)
            print(f"{one.name:9}{true:5.2f}" + "".join(f"{held:11.3f} {width:5.2f}" for held, width in cells))


if __name__ == "__main__":
    main()
