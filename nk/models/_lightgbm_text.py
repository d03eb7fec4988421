"""LightGBM's text format, read by Python and written anew: LightGBM follows what a file says out of its arrays.

A text is a head, a block a tree and `end of trees`, each of lines `key=value`. Only what predictions need is taken, and
only numbers are: the text that LightGBM gets is made of what was checked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nk.models._tree import check_nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

END = "end of trees\n"
# Arrays of a tree with a value a question, and those with a value a leaf.
WHOLE_QUESTIONS = ("split_feature", "decision_type", "left_child", "right_child", "internal_count")
QUESTIONS = ("split_gain", "threshold", "internal_value", "internal_weight")
LEAVES = ("leaf_value", "leaf_weight")
# A question of a number is an even decision type: how missing values go.
DECISIONS = {"0", "2", "4", "6", "8", "10"}
# LightGBM's own limit of leaves, and of a whole number.
MOST_LEAVES, MOST = 131_072, 2**31 - 1


@dataclass(frozen=True)
class Trees:
    """Boosted trees.

    `outputs` are the trees of a round (classes, or one), `features` how many there are, `blocks` the lines of a tree.
    """

    objective: str
    outputs: int
    features: int
    blocks: tuple[str, ...]

    @property
    def rounds(self) -> int:
        """Rounds of boosting."""
        return len(self.blocks) // self.outputs

    @property
    def ask_nothing(self) -> bool:
        """Whether each tree is a single leaf, so that all predictions are the same."""
        return all(block.startswith("num_leaves=1\n") for block in self.blocks)

    def text(self) -> str:
        """The text that LightGBM reads."""
        blocks = [f"Tree={place}\n{block}\n\n" for place, block in enumerate(self.blocks)]
        names = " ".join(f"Column_{place}" for place in range(self.features))
        head = {
            "version": "v4",
            "num_class": self.outputs,
            "num_tree_per_iteration": self.outputs,
            "label_index": 0,
            "max_feature_idx": self.features - 1,
            "objective": self.objective,
            "feature_names": names,
            "feature_infos": " ".join(["none"] * self.features),
            "tree_sizes": " ".join(str(len(block)) for block in blocks),
        }
        return f"tree\n{_lines(head)}\n\n{''.join(blocks)}{END}"


def read(text: str) -> Trees:
    """Take a text apart and check what is in it.

    Raises:
        ValueError: it is cut, or holds contents that LightGBM would follow out of its arrays
    """
    start, found, _ = text.partition(END)
    if not found:
        raise ValueError("it does not come to the end of its trees")
    head, *trees = start.split("\nTree=")
    # The first line of a head is the kind of model, the first of a tree its number.
    about, outputs = _pairs(head.partition("\n")[2]), 0
    outputs, features = _whole(about["num_tree_per_iteration"]), len(about["feature_names"].split())
    if outputs < 1 or not trees or len(trees) % outputs:
        raise ValueError("a round of boosting has not one tree a class")
    if not features:
        raise ValueError("it has no features")
    return Trees(about["objective"], outputs, features, tuple(_block(tree, features) for tree in trees))


def _block(tree: str, features: int) -> str:
    """The lines of a tree, of its checked values."""
    found = _pairs(tree.partition("\n")[2])
    leaves = _whole(found["num_leaves"])
    if not 1 <= leaves <= MOST_LEAVES or (found["num_cat"], found["is_linear"]) != ("0", "0"):
        raise ValueError("a tree has no leaves, or asks for a category, or has more than a number in a leaf")
    if leaves == 1:
        only = {"num_leaves": 1, "num_cat": 0, "leaf_value": _many(_number, found["leaf_value"], 1)}
        return _lines({**only, "is_linear": 0, "shrinkage": 1})
    _check_questions(found, leaves, features)
    rest = {key: _many(_number, found[key], leaves - 1) for key in QUESTIONS}
    rest |= {key: _many(_whole, found[key], leaves - 1) for key in WHOLE_QUESTIONS}
    rest |= {key: _many(_number, found[key], leaves) for key in LEAVES}
    rest |= {
        "leaf_count": _many(_whole, found["leaf_count"], leaves),
        "shrinkage": _many(_number, found["shrinkage"], 1),
    }
    return _lines({"num_leaves": leaves, "num_cat": 0, **rest, "is_linear": 0})


def _check_questions(found: Mapping[str, str], leaves: int, features: int) -> None:
    """Check that the way through a tree ends in a leaf.

    A child from 0 on is a question, one below 0 is leaf -1 - child; here leaves are numbered after the questions.

    Raises:
        ValueError: it does not
    """
    ends = [[_whole(word) for word in found[key].split()] for key in ("left_child", "right_child")]
    asked = [_whole(word) for word in found["split_feature"].split()]
    if not len(ends[0]) == len(ends[1]) == len(asked) == leaves - 1:
        raise ValueError("the arrays of a tree do not fit each other")
    if max(*ends[0], *ends[1]) >= leaves - 1:
        raise ValueError("the nodes of a tree do not lead to leaves")
    left, right = ([child if child >= 0 else leaves - 2 - child for child in side] for side in ends)
    if not {*found["decision_type"].split()} <= DECISIONS:
        raise ValueError("a tree asks for a category, and features are numbers")
    check_nodes(left + [-1] * leaves, right + [-1] * leaves, asked + [0] * leaves, features)


def _pairs(lines: str) -> dict[str, str]:
    """Lines `key=value` as a dictionary."""
    pairs = [line.partition("=")[::2] for line in lines.splitlines() if line]
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _lines(pairs: Mapping[str, object]) -> str:
    return "\n".join(f"{key}={value}" for key, value in pairs.items())


def _many(kind: Callable[[str], object], words: str, count: int) -> str:
    """Numbers, written anew; their number is that which is due."""
    found = [str(kind(word)) for word in words.split()]
    if len(found) != count:
        raise ValueError("the arrays of a tree do not fit each other")
    return " ".join(found)


def _whole(word: str) -> int:
    number = int(word)
    if abs(number) > MOST:
        raise ValueError(f"{number} is too large a number")
    return number


def _number(word: str) -> float:
    number = float(word)
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a finite number")
    return number
