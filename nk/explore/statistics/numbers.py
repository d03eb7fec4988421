"""Do groups differ in a number? Of rows, and of speakers, as rows of one speaker are not independent.

Of two groups: where both are near normal a t-test, Student's where their variances do not differ (Brown and Forsythe,
p > .05), else Welch's; otherwise Mann and Whitney's. A group is near normal if, of fewer than 30 values, Shapiro and
Wilk's test finds nothing (p > .05), or of 30 and more its skewness is within 1: their mean then is. Of more than two
groups, all together by Kruskal and Wallis, then all pairs, corrected after Holm.

Of speakers, where most have one group, likewise with a mean a speaker, those of several left out. Where half of them or
more are in several groups, each is compared with himself: a paired t-test of the differences of his means where they
are near normal, else Wilcoxon's; all groups together by Friedman, with the speakers who are in all. Of more than twelve
groups, pairs are left out.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from nk.explore.statistics import effects, small
from nk.explore.statistics.result import LEVEL, Result, Unit, corrected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nk.explore.statistics.effects import Effect
    from nk.registry import Doubles

FEWEST = 3  # values in a group
TOGETHER = "all"  # what is compared by a test of all groups at once
_MOST_PAIRED = 12  # groups of which all pairs are compared
DIGITS = 12  # means of equal numbers are a rounding apart
_MANY = 30
_SHOWN = 5  # names of groups that are left out
_SKEWED = 1.0


def compare(group: pl.Series, number: pl.Series, speaker: pl.Series | None, names: Sequence[str]) -> list[Result]:
    """All tests of whether groups differ in a number: of rows first, then of speakers, where they are known.

    Args:
        group: of each row, null where not known
        number: of each row, likewise
        speaker: of each row; None where there are none
        names: the groups in their order
    """
    columns = {"group": group.cast(pl.String), "number": number.cast(pl.Float64).fill_nan(None)}
    frame = pl.DataFrame(columns | ({} if speaker is None else {"speaker": speaker})).drop_nulls(["group", "number"])
    frame = frame.filter(pl.col("number").is_finite())
    if frame["number"].n_unique() < 2:
        return []
    found = _of_groups(frame, names, "rows")
    if speaker is None or not frame["speaker"].count():
        return found
    return [*found, *_of_speakers(frame.drop_nulls(), names)]


def _of_speakers(frame: pl.DataFrame, names: Sequence[str]) -> list[Result]:
    mean = pl.col("number").mean().round_sig_figs(DIGITS)
    means = frame.group_by("speaker", "group").agg(mean).sort("speaker", "group")
    own = means.filter(pl.len().over("speaker") == 1)
    count = means["speaker"].n_unique()
    if own.height * 2 <= count:
        return _paired(means, [name for name in names if name in means["group"]])
    found, several = _of_groups(own, names, "speakers"), count - own.height
    left = f"; {several} of {count} speakers left out, who are in several groups" if several else ""
    return [replace(one, why=f"{one.why}{left}") for one in found]


def is_near_normal(values: Doubles) -> bool:
    """See the rule above."""
    from scipy.stats import shapiro, skew

    if not np.ptp(values):
        return False
    return bool(abs(skew(values)) <= _SKEWED) if len(values) >= _MANY else bool(shapiro(values).pvalue > LEVEL)


def _arrays(frame: pl.DataFrame, names: Sequence[str]) -> dict[str, Doubles]:
    """The numbers of each group that has enough of them."""
    parts = frame.partition_by("group", as_dict=True)
    found = {name: parts[(name,)]["number"].to_numpy() for name in names if (name,) in parts}
    return {name: values for name, values in found.items() if len(values) >= FEWEST}


def _of_groups(frame: pl.DataFrame, names: Sequence[str], unit: Unit) -> list[Result]:
    """Tests of groups that share no row or speaker; `why` names the groups that are too small for a test."""
    groups = _arrays(frame, names)
    few = [name for name in names if name not in groups and (frame["group"] == name).any()]
    shown = ", ".join(few[:_SHOWN]) + (f" and {len(few) - _SHOWN} more" if len(few) > _SHOWN else "")
    left = f"; left out, with fewer than {FEWEST} {unit}: {shown}" if few else ""
    return [replace(one, why=f"{one.why}{left}") for one in _independent(groups, unit)]


def _independent(groups: Mapping[str, Doubles], unit: Unit) -> list[Result]:
    if len(groups) < 2 or np.ptp(np.concatenate([*groups.values()])) == 0:
        return []
    normal = {name: is_near_normal(values) for name, values in groups.items()}
    some = combinations(groups, 2) if len(groups) <= _MOST_PAIRED else ()
    pairs = corrected([_pair(one, other, groups, normal[one] and normal[other], unit) for one, other in some])
    return pairs if len(groups) == 2 else [_kruskal([*groups.values()], unit), *pairs]


def _pair(one: str, other: str, groups: Mapping[str, Doubles], normal: bool, unit: Unit) -> Result:  # noqa: FBT001
    from scipy import stats

    first, second = groups[one], groups[other]
    rule = _rule(len(first), len(second))
    if not normal:
        done, how = small.mann_whitney(first, second)
        why = f"a group is not near normal ({rule}){how}"
        effect = effects.cliffs_delta(first, second)
        return _result(f"{one} | {other}", "Mann-Whitney test", done, None, effect, len(first) + len(second), unit, why)
    equal = bool(stats.levene(first, second, center="median").pvalue > LEVEL)
    done = stats.ttest_ind(second, first, equal_var=equal)
    why = f"both near normal ({rule}), variances {'do not differ' if equal else 'differ'} (Brown-Forsythe)"
    test = "Student's t-test" if equal else "Welch's t-test"
    effect = effects.cohens_d(first, second) if equal else effects.mean_variance_d(first, second)
    return _result(f"{one} | {other}", test, done, float(done.df), effect, len(first) + len(second), unit, why)


def _rule(*sizes: int) -> str:
    """What has told whether groups of these sizes are near normal."""
    return " and ".join(sorted({"skewness" if size >= _MANY else "Shapiro-Wilk" for size in sizes}))


def _result(of: str, test: str, done: Any, df: float | None, effect: Effect, n: int, unit: Unit, why: str) -> Result:
    p = float(done.pvalue)
    ends = effect.low, effect.high
    return Result(of, test, float(done.statistic), df, p, p, effect.name, effect.value, *ends, n, unit, why)


def _kruskal(groups: Sequence[Doubles], unit: Unit) -> Result:
    from scipy import stats

    done, n = stats.kruskal(*groups), sum(map(len, groups))
    effect = effects.eta_squared(float(done.statistic), len(groups), n)
    why = f"{len(groups)} groups{_unpaired(len(groups))}"
    return _result(TOGETHER, "Kruskal-Wallis test", done, len(groups) - 1, effect, n, unit, why)


def _unpaired(groups: int) -> str:
    return f", too many for tests of pairs (more than {_MOST_PAIRED})" if groups > _MOST_PAIRED else ""


def _paired(means: pl.DataFrame, names: Sequence[str]) -> list[Result]:
    """Tests of speakers who are in several groups, each compared with himself."""
    own = {name: means.filter(pl.col("group") == name).select("speaker", "number") for name in names}
    pairs = []
    for one, other in combinations(names, 2) if len(names) <= _MOST_PAIRED else ():
        first, second = _of_same([own[one], own[other]]).T
        differences = _without_rounding(first, second)
        if len(differences) >= FEWEST and differences.any():
            pairs.append(_differences(f"{one} | {other}", differences))
    pairs = corrected(pairs)
    whole = _of_same([*own.values()])
    return [*(_friedman(whole) if len(names) > 2 and len(whole) >= FEWEST else []), *pairs]


def _of_same(own: Sequence[pl.DataFrame]) -> Doubles:
    """The means of the speakers who are in all groups: shape (speakers, groups)."""
    found = own[0]
    for place, one in enumerate(own[1:]):
        found = found.join(one, on="speaker", suffix=str(place), maintain_order="left")
    return found.drop("speaker").to_numpy()


def _without_rounding(one: Doubles, other: Doubles) -> Doubles:
    """The other less the one, to as many digits as the means have."""
    unit = max(abs(one).max(initial=0), abs(other).max(initial=0)) * 10.0 ** (2 - DIGITS)
    differences: Doubles = np.round((other - one) / unit) * unit if unit else other - one
    return differences


def _differences(of: str, differences: Doubles) -> Result:
    from scipy import stats

    if is_near_normal(differences):
        done: Any = stats.ttest_1samp(differences, 0.0)
        why = f"speakers in both groups, differences near normal ({_rule(len(differences))})"
        effect = effects.cohens_dz(differences)
        return _result(of, "paired t-test", done, float(done.df), effect, len(differences), "speakers", why)
    done = stats.wilcoxon(differences)
    why = f"speakers in both groups, differences not near normal ({_rule(len(differences))})"
    effect = effects.rank_biserial(differences)
    return _result(of, "Wilcoxon signed-rank test", done, None, effect, len(differences), "speakers", why)


def _friedman(whole: Doubles) -> list[Result]:
    from scipy import stats

    if not np.ptp(whole, axis=1).any():
        return []
    done, (n, groups) = stats.friedmanchisquare(*whole.T), whole.shape
    effect = effects.kendalls_w(stats.rankdata(whole, axis=1))
    why = f"{groups} groups, speakers who are in all{_unpaired(groups)}"
    return [_result(TOGETHER, "Friedman test", done, groups - 1, effect, n, "speakers", why)]
