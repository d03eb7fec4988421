"""Which features go together: rank correlations, clustered, and groups that say nearly the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from nk.explore.exhibit import Exhibit
from nk.explore.matrix import matrix
from nk.report.figures import correlations as picture
from nk.report.figures import count_text
from nk.stages.columns import free

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nk.registry import Doubles
    from nk.tables import Dataset, Features

MOST = 300
_ALIKE = 0.9
_OWN = ("feature", "group")
_NAMED = 5  # groups in the caption, and members of each


def exhibit(dataset: Dataset, features: Features, order: Sequence[int]) -> list[Exhibit]:
    """Spearman's correlation of every two features, like ones beside each other; none where fewer than two vary.

    Args:
        dataset: the rows
        features: of the rows
        order: places of features, the most important first: those are taken where there are too many
    """
    x = matrix(dataset, features)[:, list(order[:MOST])]
    varies = np.array([len(np.unique(column[~np.isnan(column)])) > 1 for column in x.T], dtype=bool)
    places = np.array(order[:MOST], dtype=np.int64)[varies]
    if len(places) < 2:
        return []
    found = spearman(x[:, varies])
    tree = linkage(squareform(1 - np.abs(found), checks=False), "average", optimal_ordering=len(places) <= MOST)
    sorted_places = leaves_list(tree)
    groups = fcluster(tree, 1 - _ALIKE, "distance")
    names = [features.names[places[one]] for one in sorted_places]
    alike = _groups(groups[sorted_places], names)
    found = found[np.ix_(sorted_places, sorted_places)]
    columns = {free(name, _OWN): found[:, number] for number, name in enumerate(names)}
    table = pl.DataFrame(dict(zip(_OWN, (names, _numbers(names, alike)), strict=True))).hstack(pl.DataFrame(columns))
    title = f"Which of {count_text(len(names), 'feature')} go together"
    caption = f"{count_text(len(dataset), 'recording')}; Spearman's correlation, ordered by average linkage of 1 - |r|."
    caption += f" {_alike_text(alike, len(names))}"
    return [
        Exhibit(
            name="feature_correlations",
            title=title,
            table=table,
            caption=caption,
            draw=lambda pen: picture.draw(names, found, alike, title=title, caption=caption, pen=pen),
            notes=_notes(len(features.names), len(order), int((~varies).sum())),
        )
    ]


def spearman(x: Doubles) -> Doubles:
    """Spearman's correlation of columns, shape (columns, columns); a gap counts as the median of its column.

    Args:
        x: shape (rows, columns), columns that vary
    """
    whole = np.where(np.isnan(x), np.nanmedian(x, axis=0), x)
    ranks = rankdata(whole, axis=0)
    same = ranks.min(axis=0) == ranks.max(axis=0)  # where the gaps were what varied
    with np.errstate(all="ignore"):
        found = np.corrcoef(ranks, rowvar=False)
    found = np.clip(np.where(same[:, None] | same, 0.0, found), -1, 1)
    np.fill_diagonal(found, 1.0)
    return found


def _groups(numbers: Sequence[int], names: Sequence[str]) -> list[tuple[str, ...]]:
    """The members of each group of several, largest first."""
    by_number: dict[int, list[str]] = {}
    for number, name in zip(numbers, names, strict=True):
        by_number.setdefault(int(number), []).append(name)
    return sorted((tuple(group) for group in by_number.values() if len(group) > 1), key=lambda group: -len(group))


def _numbers(names: Sequence[str], alike: Sequence[tuple[str, ...]]) -> pl.Series:
    """The number of each feature's group, null where it stands alone."""
    number = {name: place for place, group in enumerate(alike, start=1) for name in group}
    return pl.Series([number.get(name) for name in names], dtype=pl.Int64)


def _alike_text(alike: Sequence[tuple[str, ...]], count: int) -> str:
    if not alike:
        return f"No group of features has |r| of {_ALIKE} or more on average."
    shown = "; ".join(", ".join(group[:_NAMED]) + (", ..." if len(group) > _NAMED else "") for group in alike[:_NAMED])
    more = "; and more" if len(alike) > _NAMED else ""
    left = count - sum(len(group) - 1 for group in alike)
    return f"Nearly the same (|r| {_ALIKE} or more on average), so that {left} would do: {shown}{more}."


def _notes(features: int, ordered: int, constant: int) -> tuple[str, ...]:
    notes = [f"the {MOST} most important of {features:,} features"] if ordered > MOST else []
    if constant:
        notes.append(f"{count_text(constant, 'constant feature')} left out")
    return tuple(notes)
