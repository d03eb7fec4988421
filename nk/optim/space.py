"""What a search tries: the values of each option, and every combination of them, or some that are drawn.

A list is its values. Of `(low, high, step)` they are low, low + step, ... up to high. Of `(low, high)` a grid tries, by
the option: each whole number; doublings of the lowest (`nnodes`, `batch_size`); 5 to 8 values at equal ratios
(`learning_rate`, and any number that reaches over a factor of 10); else 5 at equal distances. What draws, draws a
number from anywhere between low and high, by its logarithm where the grid goes by ratios; of doublings it draws one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import numpy as np

from nk.config.spaces import COUNTS, SHORT, Range, is_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nk.config.plugins import Definition

MOST = 100_000  # combinations of a grid
_DOUBLED = ("nnodes", "batch_size")
_EVEN = ("drop",)
_BY_RATIO = ("learning_rate",)
_FEWEST, _LARGEST = 5, 8  # values of a range of numbers
_DIGITS = 4  # of what is drawn


@dataclass(frozen=True)
class Span:
    """Numbers from `low` to `high`, in steps where there is one; `log` where ratios count and not distances."""

    low: float
    high: float
    step: float | None = None
    whole: bool = False
    log: bool = False


@dataclass(frozen=True)
class Dimension:
    """An option: its key as in [OPTIM], what a grid tries, and the numbers between which others may be drawn."""

    key: str
    values: Sequence[Any]
    span: Span | None = None

    @property
    def endless(self) -> bool:
        """Whether there are numbers between any two."""
        return self.span is not None and self.span.step is None and not self.span.whole

    def draw(self, generator: np.random.Generator) -> Any:
        """A value by chance."""
        if self.span is None or not self.endless:
            return self.values[int(generator.integers(len(self.values)))]
        low, high = self.span.low, self.span.high
        drawn = math.exp(generator.uniform(math.log(low), math.log(high))) if self.span.log else None
        drawn = generator.uniform(low, high) if drawn is None else drawn
        return min(max(float(f"{drawn:.{_DIGITS}g}"), low), high)


def dimensions(space: Mapping[str, Any], model: Definition) -> tuple[Dimension, ...]:
    """The options of a model that are searched, in the order of the config, without those that it does not have."""
    found = []
    for key, values in space.items():
        option = "layers" if key in COUNTS else SHORT.get(key, key)
        spot = model.spots.get(option.lower())
        if spot is None:
            continue
        counted = key in COUNTS or is_whole(spot)
        ranged = isinstance(values, Range)
        name = key if key in COUNTS else option
        found.append(_ranged(key, name, values, whole=counted) if ranged else Dimension(key, _unique(values)))
    return tuple(found)


def _unique(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple({repr(value): value for value in values}.values())


def _ranged(key: str, name: str, ends: Range, *, whole: bool) -> Dimension:
    # What comes back from the store is to be the very same value.
    low, high, *step = (int(one) if whole else float(one) for one in ends)
    if low == high:
        return Dimension(key, (low,))
    if step:
        values = _stepped(low, high, step[0], whole=whole)
        return (
            Dimension(key, values, Span(low, values[-1], step[0], whole)) if len(values) > 1 else Dimension(key, values)
        )
    if name in _DOUBLED:
        return Dimension(key, tuple(int(low) * 2**power for power in range(int(math.log2(high / low)) + 1)))
    if whole:
        return Dimension(key, range(int(low), int(high) + 1), Span(int(low), int(high), whole=True))
    log = low > 0 and name not in _EVEN and (name in _BY_RATIO or high / low >= 10)
    return Dimension(key, _by_ratio(low, high) if log else _evenly(low, high), Span(low, high, log=log))


def _stepped(low: float, high: float, step: float, *, whole: bool) -> tuple[Any, ...]:
    count = math.floor((high - low) / step + 1e-9) + 1
    if whole:
        return tuple(int(low) + int(step) * place for place in range(count))
    return tuple(round(low + step * place, 10) for place in range(count))


def _by_ratio(low: float, high: float) -> tuple[float, ...]:
    """Two values a factor of 10, no fewer than 5 and no more than 8."""
    count = min(_LARGEST, max(_FEWEST, round(2 * math.log10(high / low)) + 1))
    return _between(low, high, np.geomspace(low, high, count)[1:-1])


def _evenly(low: float, high: float) -> tuple[float, ...]:
    return _between(low, high, np.linspace(low, high, _FEWEST)[1:-1])


def _between(low: float, high: float, inner: Any) -> tuple[float, ...]:
    return (low, *(float(f"{value:.{_DIGITS}g}") for value in inner), high)


def size(dims: Sequence[Dimension], *, drawn: bool) -> float:
    """How many combinations there are: of a grid, or of what can be `drawn`, which may be endless."""
    if drawn and any(one.endless for one in dims):
        return math.inf
    return math.prod(len(one.values) for one in dims)


def grid(dims: Sequence[Dimension]) -> list[dict[str, Any]]:
    """Every combination, the values of the last option changing first."""
    return [dict(zip([one.key for one in dims], each, strict=True)) for each in product(*(one.values for one in dims))]


def drawn(dims: Sequence[Dimension], count: int, seed: int) -> list[dict[str, Any]]:
    """Different combinations by chance: of a larger count the first are those of a smaller one; all if there are few.

    Args:
        dims: the options
        count: how many
        seed: equal seeds draw equal ones
    """
    count = min(count, int(min(size(dims, drawn=True), MOST)))
    generator, found = np.random.default_rng(seed % 2**64), dict[str, dict[str, Any]]()
    for one in islice(
        _stream(dims, generator), 1000 * count
    ):  # far more than it takes, unless values run into each other
        found.setdefault(repr(one), one)
        if len(found) == count:
            break
    return list(found.values())


def _stream(dims: Sequence[Dimension], generator: np.random.Generator) -> Iterator[dict[str, Any]]:
    while True:
        yield {one.key: one.draw(generator) for one in dims}


def options(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a combination sets in [MODEL]: `lr` is `learning_rate`, `nlayers` layers of `nnodes` are `layers`."""
    found = {SHORT.get(key, key): value for key, value in values.items() if key not in COUNTS}
    if "nlayers" in values and "nnodes" in values:
        found["layers"] = (values["nnodes"],) * values["nlayers"]
    return found
