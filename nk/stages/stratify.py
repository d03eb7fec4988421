"""Parts that resemble each other: of many drawn splits the one whose parts differ least in what the user names.

The difference of a part from the whole is the Jensen-Shannon divergence (Lin, IEEE Transactions on Information Theory
37, 1991; in bits, so 0 is equal and 1 disjoint) of the shares of a column's values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nk.errors import DataError
from nk.stages.grouping import hashed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Doubles = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

DRAWS = 1000


@dataclass(frozen=True)
class Variable:
    """A column to balance: the number of the value of each row (from 0), and its weight."""

    name: str
    codes: Ints
    weight: float


@dataclass(frozen=True)
class Best:
    """The part of each group, and how far the parts are from the whole: a mean over parts, a value a variable."""

    parts: dict[str, str]
    distances: dict[str, float]


def best_split(
    groups: Sequence[str],
    variables: Sequence[Variable],
    classes: Ints | None,
    shares: Mapping[str, float],
    size_weight: float,
    seed: int,
) -> Best:
    """Draw splits of groups and take the best.

    Args:
        groups: the group of each row; groups are never parted
        variables: what is to be spread alike
        classes: the class of each row (-1: not known), every part having to hold all of them; None for numbers
        shares: per cent of the groups for `test`, and for `dev` where there is one
        size_weight: weight of the difference between a part's share of the rows and that of the groups
        seed: what the draws depend on, beside the names of the groups

    Raises:
        DataError: there are too few groups, or no draw gives every part all classes
    """
    names = sorted(set(groups))
    counts = {part: max(1, int(len(names) * share / 100)) for part, share in shares.items()}
    if sum(counts.values()) >= len(names):
        raise DataError(f"{len(names)} groups are too few for the parts of `balanced`", hint="make `test_size` smaller")
    number = {name: place for place, name in enumerate(names)}
    group = np.array([number[name] for name in groups], dtype=np.int64)
    tables = [_table(group, variable.codes, len(names)) for variable in variables]
    held = _table(group[classes >= 0], classes[classes >= 0], len(names)) if classes is not None else None
    sizes = np.bincount(group, minlength=len(names))
    best: tuple[float, dict[str, Ints], list[float]] | None = None
    for order in _orders(names, seed):
        drawn = _parts(order, counts)
        if held is not None and not all((held[places].sum(axis=0) > 0).all() for places in drawn.values()):
            continue
        tested = [drawn[part] for part in counts]
        distances = [float(np.mean([_divergence(table, places) for places in tested])) for table in tables]
        uneven = np.mean([abs(sizes[drawn[part]].sum() / len(group) - shares[part] / 100) for part in counts])
        score = sum(v.weight * d for v, d in zip(variables, distances, strict=True)) + size_weight * float(uneven)
        if best is None or score < best[0]:
            best = score, drawn, distances
    if best is None:
        hint = "make `test_size` larger, or name the parts with `split_strategy = speakers_stated`"
        raise DataError(f"none of {DRAWS} drawn splits has all classes in every part", hint=hint)
    parts = {names[place]: part for part, places in best[1].items() for place in places.tolist()}
    return Best(parts, {variable.name: found for variable, found in zip(variables, best[2], strict=True)})


def _table(group: Ints, codes: Ints, groups: int) -> Doubles:
    """How many rows of each group have each value, shape (groups, values)."""
    table = np.zeros((groups, int(codes.max()) + 1))
    np.add.at(table, (group, codes), 1)
    return table


def _orders(names: Sequence[str], seed: int) -> list[Ints]:
    """Orders of the groups: each group has a number a draw, mixed from the hash of its name (splitmix64)."""
    start = np.array([int.from_bytes(hashed(name, seed), "big") for name in names], dtype=np.uint64)
    found = []
    for draw in range(DRAWS):
        mixed = start + np.uint64((0x9E3779B97F4A7C15 * draw) % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        found.append(np.argsort(mixed ^ (mixed >> np.uint64(31)), kind="stable"))
    return found


def _parts(order: Ints, counts: Mapping[str, int]) -> dict[str, Ints]:
    parts, start = {}, 0
    for part, count in counts.items():
        parts[part] = order[start : start + count]
        start += count
    return {**parts, "train": order[start:]}


def _divergence(table: Doubles, places: Ints) -> float:
    """Jensen-Shannon divergence of a part's shares from those of the whole, in bits."""
    whole, part = table.sum(axis=0) / table.sum(), table[places].sum(axis=0)
    part = part / part.sum()
    middle = (whole + part) / 2
    return (_entropy(middle) - (_entropy(whole) + _entropy(part)) / 2).item()


def _entropy(shares: Doubles) -> np.float64:
    held = shares[shares > 0]
    found: np.float64 = -(held * np.log2(held)).sum()
    return found
