"""Boosted trees of LightGBM for classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from nk.models._common import About, balanced, spread
from nk.models._lightgbm import FittedLight, Light, LightOptions

if TYPE_CHECKING:
    from nk.registry import Doubles, Floats, Task


class LgbmOptions(LightOptions):
    """Options of `lgbm`."""

    eval_metric: Literal["logloss", "mlogloss", "error", "merror"] = Field(
        default="logloss",
        description="What early stopping watches: log loss (nats) or the share of errors; `m` or not is the same",
    )
    class_weight: bool = Field(default=False, description="Weight classes by inverse frequency")


class FittedLgbm(FittedLight):
    """Trained trees for classes."""

    def predict(self, x: Floats) -> Doubles:
        """Class scores that sum to one, shape (rows, classes)."""
        import numpy as np

        raw = self.raw(x)
        return spread(raw if raw.ndim == 2 else np.column_stack([1 - raw, raw]), self.about)


class Lgbm(Light):
    """LightGBM with the softmax, or the logistic loss for two classes."""

    name = "lgbm"
    task: ClassVar[Task] = "classification"
    options_type = LgbmOptions
    fitted_type = FittedLgbm

    @classmethod
    def objective(cls, about: About) -> str:
        """LightGBM's name of the task, as it stands in a stored file."""
        classes = len(about.present)
        return "binary sigmoid:1" if classes == 2 else f"multiclass num_class:{classes}"

    def metric(self, about: About) -> str:
        """LightGBM's name of what early stopping watches."""
        plain: str = self.options.eval_metric.removeprefix("m")
        return f"{'binary' if len(about.present) == 2 else 'multi'}_{plain}"

    def weights(self, y: Any) -> Doubles | None:
        """Those that balance the classes, or nothing."""
        return balanced(y) if self.options.class_weight else None
