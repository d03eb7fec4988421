"""Boosted trees for classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from nk.models._boost import Boosted, BoostOptions, FittedBooster
from nk.models._common import About, balanced, spread

if TYPE_CHECKING:
    from nk.registry import Doubles, Floats, Task


class XgbOptions(BoostOptions):
    """Options of `xgb`."""

    eval_metric: Literal["logloss", "mlogloss", "error", "merror"] = Field(
        default="logloss",
        description="What early stopping watches: log loss (nats) or the share of errors; `m` or not is the same",
    )
    class_weight: bool = Field(default=False, description="Weight classes by inverse frequency")


class FittedXgb(FittedBooster):
    """Trained trees for classes."""

    def predict(self, x: Floats) -> Doubles:
        """Class scores that sum to one, shape (rows, classes)."""
        import numpy as np

        raw = self.raw(x)
        scores = raw if raw.ndim == 2 else np.column_stack([1 - raw, raw])
        # The softmax is computed in single precision.
        return spread(scores / scores.sum(axis=1, keepdims=True), self.about)


class Xgb(Boosted):
    """XGBoost with the softmax, or the logistic loss for two classes."""

    name = "xgb"
    task: ClassVar[Task] = "classification"
    options_type = XgbOptions
    fitted_type = FittedXgb

    @classmethod
    def objective(cls, about: About) -> dict[str, Any]:
        """XGBoost's parameters for the task."""
        if len(about.present) == 2:
            return {"objective": "binary:logistic"}
        return {"objective": "multi:softprob", "num_class": len(about.present)}

    def metric(self, about: About) -> str:
        """XGBoost's name of what early stopping watches."""
        plain: str = self.options.eval_metric.removeprefix("m")
        return plain if len(about.present) == 2 else f"m{plain}"

    def weights(self, y: Any) -> Doubles | None:
        """Those that balance the classes, or nothing."""
        return balanced(y) if self.options.class_weight else None
