"""What the decision trees share: options, and a look at stored nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from nk.models._sklearn import SklearnModel
from nk.registry import Options

if TYPE_CHECKING:
    from collections.abc import Sequence


class TreeOptions(Options):
    """Options of `tree` and `tree_reg`."""

    max_depth: Annotated[int, Field(ge=1, le=1000, strict=True)] | Literal[False] = Field(
        default=False, description="Questions from root to leaf at most (count); False: no limit"
    )


class OneTree(SklearnModel):
    """A learner that is one tree."""

    weighs = "impurity"

    @classmethod
    def check(cls, estimator: Any) -> None:
        """See `SklearnModel.check`."""
        check_tree(estimator, estimator.n_features_in_)


def check_tree(estimator: Any, features: int) -> None:
    """Check the nodes of a stored tree of scikit-learn.

    Raises:
        ValueError: they do not fit it, or would lead out of its arrays
    """
    tree = estimator.tree_
    if (tree.n_features, tree.n_outputs, estimator.n_outputs_) != (features, 1, 1):
        raise ValueError("the tree is of other features, or of more than one target")
    if tree.max_n_classes != getattr(estimator, "n_classes_", 1):
        raise ValueError("the tree is of other classes")
    check_nodes(tree.children_left, tree.children_right, tree.feature, features)


def check_nodes(left: Sequence[int], right: Sequence[int], feature: Sequence[int], features: int) -> None:
    """Check that the way from the root (node 0) ends in a leaf and asks for features that there are.

    Args:
        left: a child of each node, -1 for a leaf
        right: the other
        feature: what each node asks for
        features: how many there are

    Raises:
        ValueError: a child or feature does not exist, or a node is reached twice, as in a circle
    """
    import numpy as np

    children = np.stack([left, right])
    inner = (children != -1).any(axis=0)
    ends = children[:, inner].ravel()
    asked = np.asarray(feature)[inner]
    # The root is nobody's child and the others are of one node at most: then there is no way back to a node.
    if len(np.unique(ends)) < len(ends) or ((ends < 1) | (ends >= len(inner))).any():
        raise ValueError("the nodes of a tree do not lead to leaves")
    if ((asked < 0) | (asked >= features)).any():
        raise ValueError("a tree asks for a feature that there is not")
