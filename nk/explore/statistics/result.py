"""What a statistical test has found, in numbers and in words that can be cited."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

import polars as pl

from nk.audit.probe import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

Unit = Literal["rows", "speakers"]
LEVEL = 0.05
# From which size on an effect is called small, medium and large: Cohen, Statistical Power Analysis for the Behavioral
# Sciences, 1988; of delta Romano et al., Florida Association of Institutional Research, 2006.
_WORDS = {
    "Cohen's d": (0.2, 0.5, 0.8),
    "Cohen's d by the mean variance": (0.2, 0.5, 0.8),
    "Cohen's dz": (0.2, 0.5, 0.8),
    "Cliff's delta": (0.147, 0.33, 0.474),
    "eta squared (H)": (0.01, 0.06, 0.14),
}
_USUAL = (0.1, 0.3, 0.5)
_SYMBOLS = {
    "Student's t-test": "t",
    "Welch's t-test": "t",
    "paired t-test": "t",
    "Mann-Whitney test": "U",
    "Wilcoxon signed-rank test": "W",
    "Kruskal-Wallis test": "H",
    "Pearson correlation": "t",
    "Spearman correlation": "t",
}


@dataclass(frozen=True)
class Result:
    """One test.

    `of` is what was compared, `statistic` and `df` are None where the test has none, `p_holm` is corrected for all
    pairs that were tested with it, `low` and `high` are the 95 % interval of `effect`, None where there is none, `n`
    counts `unit`, and `why` is the rule that has chosen the test.
    """

    of: str
    test: str
    statistic: float | None
    df: float | None
    p: float
    p_holm: float
    effect_name: str
    effect: float
    low: float | None
    high: float | None
    n: int
    unit: Unit
    why: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether chance hardly explains it, after the correction."""
        return self.p_holm < LEVEL

    @property
    def size(self) -> str:
        """What an effect of this size is called."""
        limits = _WORDS.get(self.effect_name, _USUAL)
        place = sum(abs(self.effect) >= limit for limit in limits)
        return ("negligible", "small", "medium", "large")[place]

    def sentence(self) -> str:
        """Everything in words, as `female | male: Welch's t-test, t(21.4) = 2.31, p = .031, ...`."""
        symbol = _SYMBOLS.get(self.test, "χ²")
        degrees = "" if self.df is None else f"({self.df:.4g})"
        value = "" if self.statistic is None else f", {symbol}{degrees} = {_number(self.statistic)}"
        corrected = "" if self.p_holm == self.p else f", Holm-corrected {p_text(self.p_holm)}"
        found = f"{self.test}{value}, {p_text(self.p)}{corrected}, {self.effect_text()}, n = {self.n:,} {self.unit}"
        return f"{self.of}: {found}"

    def effect_text(self) -> str:
        """`Cohen's d 0.43 (95 % interval 0.11 to 0.75; small)`."""
        if math.isnan(self.effect):
            return f"{self.effect_name} not defined"
        ends = "" if self.low is None or self.high is None else f"95 % interval {self.low:.2f} to {self.high:.2f}; "
        return f"{self.effect_name} {self.effect:.2f} ({ends}{self.size})"


def _number(statistic: float) -> str:
    """Four digits, or all before the point."""
    return f"{statistic:.4g}" if abs(statistic) < 10_000 else f"{statistic:,.0f}"


def p_text(p: float) -> str:
    """`p = .031`, or `p < .001`."""
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)


def corrected(results: Sequence[Result]) -> list[Result]:
    """The same with p values corrected for their number, after Holm."""
    return [replace(one, p_holm=p) for one, p in zip(results, holm([one.p for one in results]), strict=True)]


def as_table(results: Sequence[Result]) -> pl.DataFrame:
    """A row a test, with what it is in words at the end."""
    rows = [{**asdict(one), "size": one.size, "sentence": one.sentence()} for one in results]
    numbers = dict.fromkeys(("statistic", "df", "p", "p_holm", "effect", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema_overrides=numbers, infer_schema_length=None)
