"""What is the best of many models worth? Simulated speakers, and models that see a part of the features each.

Beside the best model's own value on the rows that it was chosen by stands what `nk flags` reports (`choice`), what
nested cross-validation over speakers would (`nested`), and what the best model reaches with many new speakers (`new`),
as means over studies. A good estimate is near `new`. In `nothing` there is nothing to be learnt, in `something` each
model can learn a little, some more than others. Run `python benchmarks/choice.py --help`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from nk.chosen import by_others
from nk.comparing import measure_of
from nk.tables import Predictions, Target

if TYPE_CHECKING:
    from nk.registry import Doubles, Ints

TARGET = Target("emotion", ("anger", "joy"))
MODELS, FEATURES, ROWS, NEW = 15, 6, 16, 60  # models, features each, rows a speaker, new speakers


@dataclass(frozen=True)
class Rows:
    """`values` of shape (rows, models, features), `truth` 0 or 1, `speaker` from 0."""

    values: Doubles
    truth: Ints
    speaker: Ints


def draw(speakers: int, clear: Doubles, generator: np.random.Generator) -> Rows:
    """Rows of new speakers, who differ in their features; `clear` says how well a model's features tell the classes."""
    truth = generator.integers(0, 2, speakers * ROWS)
    speaker = np.repeat(np.arange(speakers), ROWS)
    shape = (MODELS, FEATURES)
    values = generator.normal(size=(len(truth), *shape)) + generator.normal(0, 0.7, (speakers, *shape))[speaker]
    return Rows(values + clear[:, None] * (2 * truth - 1)[:, None, None], truth, speaker)


def said(train: Rows, test: Rows, inside: Doubles, model: int) -> Ints:
    """What ridge regression on the classes' signs, trained on the rows `inside`, says of other rows."""
    one = np.column_stack([train.values[inside, model], np.ones(int(inside.sum()))])
    weights = np.linalg.solve(one.T @ one + np.eye(FEATURES + 1), one.T @ (2 * train.truth[inside] - 1))
    found: Ints = (np.column_stack([test.values[:, model], np.ones(len(test.truth))]) @ weights > 0).astype(np.int64)
    return found


def folded(rows: Rows, inside: Doubles, model: int) -> Ints:
    """What each speaker among the rows `inside` is said by a model of the others; -1 for the others."""
    found = np.full(len(rows.truth), -1)
    for speaker in np.unique(rows.speaker[inside]):
        own = rows.speaker == speaker
        found[own] = said(rows, Rows(rows.values[own], rows.truth[own], rows.speaker[own]), inside & ~own, model)
    return found


def uar(truth: Ints, predicted: Ints) -> float:
    """Unweighted average recall."""
    return float(np.mean([(predicted[truth == one] == one).mean() for one in (0, 1)]))


def nested(rows: Rows) -> float:
    """For each speaker the model that is best in a cross-validation of the others."""
    found = np.empty_like(rows.truth)
    for speaker in np.unique(rows.speaker):
        rest = rows.speaker != speaker
        inner = [uar(rows.truth[rest], folded(rows, rest, model)[rest]) for model in range(MODELS)]
        own = Rows(rows.values[~rest], rows.truth[~rest], rows.speaker[~rest])
        found[~rest] = said(rows, own, rest, int(np.argmax(inner)))
    return uar(rows.truth, found)


def predictions(rows: Rows, predicted: Ints) -> Predictions:
    """As nk has them."""
    labels = np.array(TARGET.labels)
    frame = pl.DataFrame(
        {
            "id": [f"{number:05}" for number in range(len(predicted))],
            "speaker": [f"s{number}" for number in rows.speaker],
            "split": "test",
            "run": 0,
            "fold": "split",
            "truth": labels[rows.truth],
            "predicted": labels[predicted],
            "p_anger": 1.0 - predicted,
            "p_joy": 1.0 * predicted,
        }
    )
    return Predictions(frame, TARGET)


def study(speakers: int, most: float, generator: np.random.Generator, *, split: bool) -> tuple[float, ...]:
    """Best, choice, nested (NaN for a split) and new."""
    clear = generator.uniform(0, most, MODELS)
    rows, new = draw(speakers, clear, generator), draw(NEW, clear, generator)
    tested = draw(speakers, clear, generator) if split else rows
    everything = np.ones(len(rows.truth), dtype=bool)
    each = [said(rows, tested, everything, k) if split else folded(rows, everything, k) for k in range(MODELS)]
    values = [uar(tested.truth, one) for one in each]
    best = int(np.argmax(values))
    names = [str(model) for model in range(MODELS)]
    choice = by_others([predictions(tested, one) for one in each], names, measure_of("uar", TARGET)).metric.value
    inner = float("nan") if split else nested(rows)
    return values[best], choice, inner, uar(new.truth, said(rows, new, everything, best))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=50)
    parser.add_argument("--speakers", type=int, default=8)
    asked = parser.parse_args()
    print(f"{'':26}{'best':>7}{'choice':>8}{'nested':>8}{'new':>7}   UAR, chance .5; +- standard error of choice - new")
    for how in ("split", "folds"):
        for what, most in (("nothing", 0.0), ("something", 0.25)):
            found = np.array([study(asked.speakers, most, np.random.default_rng(seed), split=how == "split")
                              for seed in range(asked.studies)])  # fmt: skip
            best, choice, inner, new = found.mean(axis=0)
            error = (found[:, 1] - found[:, 3]).std() / np.sqrt(len(found))
            print(f"{how + ', ' + what:26}{best:7.3f}{choice:8.3f}{inner:8.3f}{new:7.3f}   +- {error:.3f}")


if __name__ == "__main__":
    main()
