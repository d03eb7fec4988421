"""A decision tree: boxes with questions, and leaves with what they say."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from nk.report.figures import PEN, Pen, blank, decimals, write_caption, write_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nk.explore.tree import Node

_WIDEST = 20  # characters of a line
_WORD: dict[str, Any] = {
    "fontsize": 7,
    "ha": "center",
    "va": "center",
    "color": "0.2",
    "backgroundcolor": "white",
    "zorder": 2,
}


def draw(nodes: Sequence[Node], labels: Sequence[str] = (), *, title: str, caption: str, pen: Pen = PEN) -> Figure:
    """Draw the tree from its root downwards.

    Args:
        nodes: each before its children
        labels: the classes in order, none for numbers
        title: what to put above
        caption: what to put below
        pen: how texts are written
    """
    leaves = [node for node in nodes if not node.feature]
    depth = max(node.depth for node in nodes)
    figure, axes = blank(max(5.0, 1.55 * len(leaves) + 0.6), 1.35 * (depth + 1) + 1.2)
    across = _across(nodes)
    said = dict(zip(labels, pen.labels(labels), strict=True))
    by_place = {node.place: node for node in nodes}
    for node in nodes:
        for child, word in ((node.yes, "yes"), (node.no, "no")) if node.feature else ():
            ends = (across[node.place], across[child]), (-node.depth, -by_place[child].depth)
            axes.plot(*ends, color="0.4", linewidth=1, zorder=1)
            axes.text(sum(ends[0]) / 2, sum(ends[1]) / 2, word, **_WORD)
        _box(axes, node, said.get(node.said, node.said), across[node.place], pen)
    axes.set_xlim(-0.6, len(leaves) - 0.4)
    axes.set_ylim(-depth - 0.45, 0.45)
    axes.axis("off")
    write_title(figure, [pen.text(title)])
    write_caption(figure, [pen.text(caption)])
    return figure


def _across(nodes: Sequence[Node]) -> dict[int, float]:
    """Where nodes stand: leaves one beside the other, a question in the middle of its children."""
    found: dict[int, float] = {}
    number = 0
    for node in nodes:
        if not node.feature:
            found[node.place], number = float(number), number + 1
    for node in reversed(nodes):
        if node.feature:
            found[node.place] = (found[node.yes] + found[node.no]) / 2
    return found


def _box(axes: Axes, node: Node, said: str, across: float, pen: Pen) -> None:
    share = "" if math.isnan(node.share) else f"{100 * node.share:.0f} %, "
    if node.feature:
        limit = f"{node.threshold:.{decimals(node.threshold)}f}"
        text = f"{_wrapped(pen.text(node.feature))}\n≤ {limit}?\nn = {node.rows:,}: {said}"
    else:
        text = f"{said}\n{share}n = {node.rows:,}"
    style = {"boxstyle": "round,pad=0.4", "edgecolor": "0.2", "facecolor": "white" if node.feature else "0.88"}
    axes.text(
        across, -node.depth, text, ha="center", va="center", fontsize=7.5, bbox=style, zorder=3,
        weight="normal" if node.feature else "bold",
    )  # fmt: skip


def _wrapped(name: str) -> str:
    """A long name in lines, broken behind `_`."""
    lines = [""]
    for piece in re.findall("[^_]+_?|_", name):
        if lines[-1] and len(lines[-1] + piece) > _WIDEST:
            lines.append("")
        lines[-1] += piece
    return "\n".join(lines)
