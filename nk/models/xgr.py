"""Boosted trees for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from nk.models._boost import Boosted, BoostOptions

if TYPE_CHECKING:
    from nk.models._common import About
    from nk.registry import Task


class XgrOptions(BoostOptions):
    """Options of `xgr`."""

    eval_metric: Literal["rmse", "mae"] = Field(
        default="rmse", description="What early stopping watches: root mean square or mean absolute error (target unit)"
    )


class Xgr(Boosted):
    """XGBoost with the squared error."""

    name = "xgr"
    task: ClassVar[Task] = "regression"
    options_type = XgrOptions

    @classmethod
    def objective(cls, about: About) -> dict[str, Any]:  # noqa: ARG003 - there is one task
        """XGBoost's parameters for the task."""
        return {"objective": "reg:squarederror"}

    def metric(self, about: About) -> str:  # noqa: ARG002 - as above
        """XGBoost's name of what early stopping watches."""
        metric: str = self.options.eval_metric
        return metric
