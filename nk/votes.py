"""Late fusion: what a method gets, and what it has to do; it is of the plug-ins of `nk/registry.py`."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from nk.registry import Plugin

if TYPE_CHECKING:
    from nk.registry import Doubles, Ints, Task


@dataclass(frozen=True)
class Votes:
    """What several models say of the same rows, in the same order.

    `scores` has shape (models, rows, classes), or (models, rows, 1) with the values of numbers. `uncertainty` is in
    [0, 1], shape (models, rows); of numbers it is 0. `truth` are class numbers or values, shape (rows,), of rows that
    an ensemble may learn from, and None of those that it is to predict.
    """

    scores: Doubles
    uncertainty: Doubles
    truth: Ints | Doubles | None = None


class Ensemble(Plugin):
    """Joins what several models say: `nk/ensembles/`; `tasks` are those that it can do."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification",)

    @property
    def learns(self) -> bool:
        """Whether it learns from rows with truth, which are never those that it predicts."""
        return False

    @abstractmethod
    def combine(self, votes: Votes, learnt: Votes | None) -> Doubles:
        """Join the votes.

        Args:
            votes: of the rows to predict, without truth
            learnt: of other rows, with truth; None unless it `learns`

        Returns:
            class scores that sum to one, the largest of which (the first of equal ones) is the class that is predicted,
            shape (rows, classes); or values, shape (rows, 1)

        Raises:
            DataError: weights do not fit the models
        """
