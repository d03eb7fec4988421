"""How often does the audit warn that text, gender or age tells the label: where they do not, and where they do?

Each corpus has a few speakers who differ in which classes they have, as real ones do. In a clean one text, gender and
age have nothing to do with the class; in a telling one each class has its own text, or gender, in a given share of the
rows. Run `python benchmarks/tells.py --help`.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nk.audit.tells import told
from nk.stages.folds import Fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from nk.stages.folds import Places

ROWS, TEXTS = 20, 10  # of a speaker; of all


def folds(speaker: Places) -> list[Fold]:
    """Leave one speaker out."""
    ids = tuple(map(str, range(len(speaker))))
    return [Fold(str(one), ids, np.arange(0), np.flatnonzero(speaker == one)) for one in np.unique(speaker)]


def corpus(speakers: int, classes: int, rng: np.random.Generator) -> tuple[Places, Places]:
    """Speaker and class of each row."""
    taste = rng.dirichlet(np.full(classes, 2.0), speakers)
    label = np.concatenate([rng.choice(classes, ROWS, p=one) for one in taste])
    return np.repeat(np.arange(speakers), ROWS), label.astype(np.int64)


def warned(columns: list[Places], label: Places, speaker: Places) -> bool:
    """Whether any column is warned of."""
    made = folds(speaker)
    return any(told(column, label, speaker, made).level == "warning" for column in columns)


def clean(speakers: int, classes: int, rng: np.random.Generator) -> bool:
    """Text, gender and age by chance."""
    speaker, label = corpus(speakers, classes, rng)
    gender, age = rng.integers(0, 2, speakers), rng.permutation(np.arange(speakers) * 5 // speakers)
    return warned([rng.integers(0, TEXTS, len(label)), gender[speaker], age[speaker]], label, speaker)


def telling_text(share: float, speakers: int, classes: int, rng: np.random.Generator) -> bool:
    """In a share of the rows each class has a text of its own."""
    speaker, label = corpus(speakers, classes, rng)
    text = np.where(rng.random(len(label)) < share, label, rng.integers(0, TEXTS, len(label)))
    return warned([text], label, speaker)


def telling_gender(share: float, speakers: int, classes: int, rng: np.random.Generator) -> bool:
    """In a share of the rows women have one half of the classes and men the other."""
    gender = rng.permutation(np.arange(speakers) % 2)
    speaker, label = corpus(speakers, classes, rng)
    own = gender[speaker] + 2 * rng.integers(0, classes // 2, len(label))
    return warned([gender[speaker]], np.where(rng.random(len(label)) < share, own, label), speaker)


def main() -> None:
    """Print the shares as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=50, help="corpora a cell")
    sets = parser.parse_args().sets
    kinds: dict[str, tuple[Callable[[int, int, np.random.Generator], bool], int]] = {
        "clean": (clean, 4 * sets),
        "text .2": (partial(telling_text, 0.2), sets),
        "text .4": (partial(telling_text, 0.4), sets),
        "gender .3": (partial(telling_gender, 0.3), sets),
        "gender .6": (partial(telling_gender, 0.6), sets),
    }
    print(f"| speakers | classes | {' | '.join(kinds)} |")
    for speakers in (8, 12, 24):
        for classes in (2, 4, 8):
            rng = np.random.default_rng(0)
            cells = [np.mean([rule(speakers, classes, rng) for _ in range(n)]) for rule, n in kinds.values()]
            print(f"| {speakers} | {classes} | {' | '.join(f'{cell:.3f}' for cell in cells)} |", flush=True)


if __name__ == "__main__":
    main()
