"""A small decision tree, for looking at: which few questions about features part the classes best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.explore.exhibit import Exhibit
from nk.explore.learners import labelled
from nk.explore.matrix import matrix
from nk.report.figures import count_text
from nk.report.figures import tree as picture
from nk.stages import gaps
from nk.stages.fit import truth_of

if TYPE_CHECKING:
    from nk.tables import Dataset, Features, Target

_DEPTH = 3
_LEAST = 0.01  # of the rows, in a leaf


@dataclass(frozen=True)
class Node:
    """A question, or a leaf where `feature` is empty.

    `yes` and `no` are the places of its children, `yes` that of values up to `threshold`; `said` is what most of its
    `rows` are, or their mean, and `share` how many of them are so, NaN for numbers.
    """

    place: int
    depth: int
    feature: str
    threshold: float
    yes: int
    no: int
    rows: int
    said: str
    share: float


def exhibit(dataset: Dataset, features: Features, *, seed: int) -> Exhibit:
    """A tree of a few questions about features in their own units, grown on all rows whose target is known.

    Args:
        dataset: the rows
        features: of the rows
        seed: which of equal questions is asked

    Raises:
        DataError: a row has no features
    """
    known = labelled(dataset)
    raw = matrix(known, features).astype(np.float32)
    x = gaps.filled(raw, gaps.fill_values(raw, "median"))
    truth, target = truth_of(known.frame, known.target), known.target
    least = max(1, round(_LEAST * len(x)))
    grown = _maker(target)(max_depth=_DEPTH, min_samples_leaf=least, random_state=seed).fit(x, truth)
    nodes = _nodes(grown, features.names, target)
    measure = f"R2 {grown.score(x, truth):.2f}" if target.is_number else f"right on {100 * grown.score(x, truth):.0f} %"
    title = f"A tree of at most {_DEPTH} questions for {target.name}"
    caption = (
        f"Grown on {count_text(len(x), 'recording')}, at least {count_text(least, 'recording')} in a leaf; {measure}"
    )
    caption += " of these very rows: a view, no result. To the left if the answer is yes."
    return Exhibit(
        name="tree",
        title=title,
        table=_table(nodes, grown, target),
        caption=caption,
        draw=lambda pen: picture.draw(nodes, target.labels, title=title, caption=caption, pen=pen),
    )


def _maker(target: Target) -> Any:
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    return DecisionTreeRegressor if target.is_number else DecisionTreeClassifier


def _nodes(grown: Any, names: tuple[str, ...], target: Target) -> list[Node]:
    """The nodes from the root on, each before its children."""
    tree, found = grown.tree_, []
    todo = [(0, 0)]
    while todo:
        place, depth = todo.pop()
        yes, no = int(tree.children_left[place]), int(tree.children_right[place])
        value = tree.value[place, 0]
        best = int(value.argmax())
        said = f"{value[0]:.4g}" if target.is_number else target.labels[int(grown.classes_[best])]
        share = float("nan") if target.is_number else float(value[best] / value.sum())
        feature = "" if yes < 0 else names[int(tree.feature[place])]
        rows = int(tree.n_node_samples[place])
        found.append(Node(place, depth, feature, float(tree.threshold[place]), yes, no, rows, said, share))
        todo += [] if yes < 0 else [(no, depth + 1), (yes, depth + 1)]
    return found


def _table(nodes: list[Node], grown: Any, target: Target) -> pl.DataFrame:
    leaf = [not node.feature for node in nodes]
    table = pl.DataFrame(
        {
            "node": [node.place for node in nodes],
            "depth": [node.depth for node in nodes],
            "feature": [node.feature or None for node in nodes],
            "threshold": [None if end else node.threshold for node, end in zip(nodes, leaf, strict=True)],
            "yes": [None if end else node.yes for node, end in zip(nodes, leaf, strict=True)],
            "no": [None if end else node.no for node, end in zip(nodes, leaf, strict=True)],
            "n": [node.rows for node in nodes],
        },
        schema_overrides={"feature": pl.String, "threshold": pl.Float64, "yes": pl.Int64, "no": pl.Int64},
    )
    values = grown.tree_.value[[node.place for node in nodes], 0]
    if target.is_number:
        return table.with_columns(pl.Series("mean", values[:, 0]))
    shares = values / values.sum(axis=1, keepdims=True)
    names = [target.labels[int(one)] for one in grown.classes_]
    return table.with_columns(*(pl.Series(f"share_{name}", shares[:, place]) for place, name in enumerate(names)))
