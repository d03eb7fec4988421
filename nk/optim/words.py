"""What a search has to say: the same on the terminal, in its file and in a report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nk.optim.nested import Nested
    from nk.optim.result import Searched
    from nk.optim.search import Strategy
    from nk.optim.space import Dimension

_NAMED = 3  # combinations that are named of those that outer folds have chosen


def tried(one: Dimension, how: Strategy) -> str:
    """The values of an option that are tried, or those between which they are drawn."""
    values = one.values
    if one.endless and how.kind != "grid":
        return f"{values[0]:.4g} to {values[-1]:.4g}{' by ratio' if one.span and one.span.log else ''}"
    some = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in [*values[:8], values[-1]]]
    return ", ".join(some[:-1]) if len(values) <= 8 else f"{', '.join(some[:3])}, ... {some[-1]}"


def shown(values: Mapping[str, Any]) -> str:
    """A combination in words, as `C_val = 1, gamma = scale`."""
    texts = {key: f"{value:.4g}" if isinstance(value, float) else str(value) for key, value in values.items()}
    return ", ".join(f"{key} = {text}" for key, text in texts.items())


def lines(done: Searched) -> list[str]:
    """What there is to say of the best, and of the search."""
    last, others = done.where.rungs[-1], len(done.compared)
    kind, aim = done.where.way.kind, done.setting.aim.called
    told = [f"best: {shown(done.best.values)}, {aim} {done.value:.3f} in {len(last.folds)} inner folds of {kind}"]
    if others:
        which = "others" if others == len(done.complete) - 1 else "next best"
        told.append(f"{done.alike} of the {others} {which} tried on all {kind} cannot be told apart from the best")
    if done.nested:
        told += _nested(done.nested, aim)
    elif done.why:
        told.append(f"what the search is worth cannot be said: {done.why}")
    return told


def _nested(found: Nested, aim: str) -> list[str]:
    value = "not defined" if found.value is None else f"{found.value:.3f}"
    ends = "" if found.low is None or found.high is None else f" ({found.low:.3f} to {found.high:.3f})"
    often = Counter(shown(one["values"]) for one in found.chosen).most_common()
    times = "; ".join(f"{text}" + (f" ({count} times)" if count > 1 else "") for text, count in often[:_NAMED])
    more = len(often) - _NAMED
    times += f"; and {more} other{'s' if more > 1 else ''}" if more > 0 else ""
    whom = "speakers that neither search nor training has heard" if found.n_speakers else "rows that it has not seen"
    return [
        f"nested: such a search reaches {aim} {value}{ends} on {whom}",
        f"nested: chosen in {len(found.chosen)} outer folds: {times}",
    ]


def caution(done: Searched) -> str:
    """Why the best value is not to be reported, and what is."""
    best = f"{done.value:.3f} is the best of {len(done.trials)} by the rows that it was chosen on, partly by luck"
    if done.nested:
        other = "" if done.folded else f", or what `nk run` finds on the test part with `{done.file}`"
        return f"{best}: report the nested value instead{other}"
    if done.folded:
        return f"{best}, and so will be what `nk run` finds in folds of the same rows: `--nested` says what to expect"
    return f"{best}: report what `nk run` finds on the test part with `{done.file}`, or `--nested`"
