"""Boosted trees of LightGBM for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from nk.models._lightgbm import Light, LightOptions

if TYPE_CHECKING:
    from nk.models._common import About
    from nk.registry import Task


class LgbrOptions(LightOptions):
    """Options of `lgbr`."""

    eval_metric: Literal["rmse", "mae"] = Field(
        default="rmse", description="What early stopping watches: root mean square or mean absolute error (target unit)"
    )


class Lgbr(Light):
    """LightGBM with the squared error."""

    name = "lgbr"
    task: ClassVar[Task] = "regression"
    options_type = LgbrOptions

    @classmethod
    def objective(cls, about: About) -> str:  # noqa: ARG003 - there is one task
        """LightGBM's name of the task, as it stands in a stored file."""
        return "regression"

    def metric(self, about: About) -> str:  # noqa: ARG002 - as above
        """LightGBM's name of what early stopping watches."""
        metric: str = self.options.eval_metric
        return metric
